#include "ikepd/config.h"
#include "lib/log.h"
#include "ikepd/tsel.h"

#include <stdio.h>
#include <stdlib.h>

static void
add_algs(struct offer *o, const struct conf_obj *obj, unsigned prop)
{
	const struct alg *const *a;
	size_t n, i;

	a = conf_algs(obj, prop, &n);
	for (i = 0; i < n; i++)
		if ((a[i]->flags & ALG_NONE) || suite_usable(a[i]))
			(void)offer_add(o, a[i]);
}

static void
check_offer(const struct offer *o, const char *menu, const char *name)
{
	const char *why;

	if (offer_check(o, &why) == -1)
		log_warn(LOG_T_IPSEC, "%s %s cannot be used with IKEv2: %s",
		    menu, name, why);
}

static void
read_profile(struct ike_profile *p, const struct conf_obj *o)
{
	p->id = o->id;
	snprintf(p->name, sizeof(p->name), "%s", conf_name(o));
	offer_init(&p->offer, PROTO_IKE);
	add_algs(&p->offer, o, CONF_PROFILE_ENC);
	add_algs(&p->offer, o, CONF_PROFILE_PRF);
	add_algs(&p->offer, o, CONF_PROFILE_HASH);
	add_algs(&p->offer, o, CONF_PROFILE_DH);
	check_offer(&p->offer, "profile", p->name);
	p->lifetime_s = (uint32_t)conf_num(o, CONF_PROFILE_LIFETIME);
	p->dpd_s = (uint32_t)conf_num(o, CONF_PROFILE_DPD_INTERVAL);
}

static void
read_proposal(struct ike_proposal *p, const struct conf_obj *o)
{
	int64_t esn = conf_num(o, CONF_PROPOSAL_ESN);

	p->id = o->id;
	snprintf(p->name, sizeof(p->name), "%s", conf_name(o));
	offer_init(&p->offer, PROTO_ESP);
	add_algs(&p->offer, o, CONF_PROPOSAL_ENC);
	add_algs(&p->offer, o, CONF_PROPOSAL_AUTH);
	add_algs(&p->offer, o, CONF_PROPOSAL_PFS);
	(void)offer_add_esn(&p->offer, esn != CONF_ESN_NO,
	    esn != CONF_ESN_YES);
	check_offer(&p->offer, "proposal", p->name);
	p->lifetime_s = (uint32_t)conf_num(o, CONF_PROPOSAL_LIFETIME);
}

static const enum peer_mode modes[] = {
	[CONF_MODE_MAIN] = PEER_MAIN,
	[CONF_MODE_AGGRESSIVE] = PEER_AGGRESSIVE,
	[CONF_MODE_BASE] = PEER_BASE,
	[CONF_MODE_IKE2] = PEER_IKE2,
};

static void
read_peer(struct ike_peer *p, const struct conf_obj *o, uint16_t ike_port)
{
	const struct prefix *address = conf_prefix(o, CONF_PEER_ADDRESS);
	const char *text = conf_str(o, CONF_PEER_ADDRESS);
	struct prefix literal;
	int64_t port = conf_num(o, CONF_PEER_PORT);

	p->id = o->id;
	snprintf(p->name, sizeof(p->name), "%s", conf_name(o));
	if (address != NULL)
		p->address = *address;
	if (text[0] != '\0' && prefix_parse(&literal, text, false) == -1)
		snprintf(p->dns, sizeof(p->dns), "%s", text);
	p->port = port == 0 ? ike_port : (uint16_t)port;
	p->local = *conf_addr(o, CONF_PEER_LOCAL_ADDRESS);
	p->mode = modes[conf_num(o, CONF_PEER_EXCHANGE_MODE) & 3];
	p->passive = conf_bool(o, CONF_PEER_PASSIVE);
	p->initial_contact = conf_bool(o, CONF_PEER_SEND_INITIAL_CONTACT);
	p->profile = conf_ref_id(o, CONF_PEER_PROFILE);
}

static enum cfg_role
read_role(const struct conf_obj *mode)
{
	size_t npools;

	if (!conf_bool(mode, CONF_MODE_CONFIG_RESPONDER))
		return CFG_ASKS;
	(void)conf_strs(mode, CONF_MODE_CONFIG_POOLS, &npools);
	return npools > 0 || conf_addr(mode,
	    CONF_MODE_CONFIG_ADDRESS)->family != AF_UNSPEC ? CFG_GIVES :
	    CFG_NONE;
}

static void
read_identity(struct ike_identity *i, const struct conf *conf,
    const struct conf_obj *o)
{
	static const enum gen_policy gen[] = {
		[CONF_GENERATE_NO] = GEN_NO,
		[CONF_GENERATE_PORT_OVERRIDE] = GEN_STRICT,
		[CONF_GENERATE_PORT_STRICT] = GEN_STRICT,
	};
	int64_t g = conf_num(o, CONF_IDENTITY_GENERATE_POLICY);
	const struct conf_obj *mode;

	i->id = o->id;
	i->peer = conf_ref_id(o, CONF_IDENTITY_PEER);
	i->generate = g >= 0 && g <= CONF_GENERATE_PORT_STRICT ? gen[g] :
	    GEN_NO;
	i->group = conf_ref_id(o, CONF_IDENTITY_GROUP);
	i->certs = conf_num(o, CONF_IDENTITY_AUTH_METHOD) ==
	    CONF_AUTH_DIGITAL_SIGNATURE;
	mode = conf_ref(conf, o, CONF_IDENTITY_MODE_CONFIG);
	if (mode != NULL)
		i->cfg = read_role(mode);
}

/*
 * No prefix at all means any address of either family, and so does ::/0 in a
 * template.  In transport mode the addresses of the IKE SA are taken out of
 * it when a child is negotiated.
 */
static void
read_side(struct ts_list *l, const struct conf_obj *o, unsigned addr_prop,
    unsigned port_prop)
{
	static const struct prefix any[] = {
		{ .addr = { .family = AF_INET } },
		{ .addr = { .family = AF_INET6 } },
	};
	uint8_t proto = (uint8_t)conf_num(o, CONF_POLICY_PROTOCOL);
	int64_t port = conf_num(o, port_prop);
	const struct prefix *p;
	struct ts ts;
	size_t n, i;

	p = conf_prefixes(o, addr_prop, &n);
	if (n == 0 || (n == 1 && p->bits == 0 &&
	    p->addr.family == AF_INET6 && conf_bool(o, CONF_POLICY_TEMPLATE))) {
		p = any;
		n = 2;
	}
	for (i = 0; i < n; i++) {
		ts_from_prefix(&ts, &p[i], proto, port == 0 ? -1 : (int)port);
		if (tsel_add(l, &ts) == -1)
			log_warn(LOG_T_IPSEC, "a policy has more than %d "
			    "selectors on one side; the rest is left out",
			    TS_MAX);
	}
}

static int
read_policy(struct ike_policy *p, const struct conf_obj *o)
{
	struct ts_list local = { 0 }, remote = { 0 };

	p->id = o->id;
	p->template = conf_bool(o, CONF_POLICY_TEMPLATE);
	p->peer = p->template ? 0 : conf_ref_id(o, CONF_POLICY_PEER);
	p->proposal = conf_ref_id(o, CONF_POLICY_PROPOSAL);
	p->group = conf_ref_id(o, CONF_POLICY_GROUP);
	p->transport = !p->template && !conf_bool(o, CONF_POLICY_TUNNEL);
	p->acquire_only = conf_num(o, CONF_POLICY_LEVEL) == CONF_LEVEL_USE;
	read_side(&local, o, CONF_POLICY_SRC_ADDRESS, CONF_POLICY_SRC_PORT);
	read_side(&remote, o, CONF_POLICY_DST_ADDRESS, CONF_POLICY_DST_PORT);
	return ike_policy_set_ts(p, &local, &remote);
}

static bool
negotiates(const struct conf_obj *o)
{
	if ((conf_num(o, CONF_POLICY_IPSEC_PROTOCOLS) & CONF_PROTO_ESP) == 0)
		return false;
	return conf_bool(o, CONF_POLICY_TEMPLATE) ||
	    (conf_num(o, CONF_POLICY_ACTION) == CONF_ACTION_ENCRYPT &&
	    conf_ref_id(o, CONF_POLICY_PEER) != 0);
}

static void
read_settings(struct ike_settings *s, const struct conf *conf, bool own_esp)
{
	const struct conf_obj *o = conf_single(conf, CONF_SETTINGS);
	unsigned encap;

	if (o == NULL)
		return;
	s->port_ike = (uint16_t)conf_num(o, CONF_SETTINGS_IKE_PORT);
	s->port_natt = (uint16_t)conf_num(o, CONF_SETTINGS_NATT_PORT);
	s->keepalive_s = (uint32_t)conf_num(o, CONF_SETTINGS_NATT_KEEPALIVE);
	encap = (unsigned)conf_num(o, CONF_SETTINGS_UDP_ENCAP);
	s->encap = encap == CONF_ENCAP_ALWAYS ||
	    (encap == CONF_ENCAP_AUTO && own_esp);
	s->cookie_threshold = (uint32_t)conf_num(o,
	    CONF_SETTINGS_COOKIE_THRESHOLD);
	s->half_open_max = (uint32_t)conf_num(o, CONF_SETTINGS_HALF_OPEN_MAX);
	s->fragment_size = (uint16_t)conf_num(o, CONF_SETTINGS_FRAGMENT_SIZE);
}

/* Room for all objects of a menu. */
#define ROOM(conf, menu, dst)						\
	(((dst) = calloc(conf_count((conf), (menu)) + 1,		\
	    sizeof(*(dst)))) == NULL ? -1 : 0)

struct ike_conf *
ike_conf_build(const struct conf *conf, unsigned worker, unsigned workers,
    bool own_esp)
{
	struct ike_conf *c = ike_conf_new();
	struct conf_obj *o;

	if (c == NULL)
		return NULL;
	if (ROOM(conf, CONF_PROFILE, c->profiles) == -1 ||
	    ROOM(conf, CONF_PROPOSAL, c->proposals) == -1 ||
	    ROOM(conf, CONF_PEER, c->peers) == -1 ||
	    ROOM(conf, CONF_IDENTITY, c->identities) == -1 ||
	    ROOM(conf, CONF_POLICY, c->policies) == -1) {
		ike_conf_free(c);
		return NULL;
	}
	read_settings(&c->set, conf, own_esp);
	c->set.worker = worker;
	c->set.workers = workers;
	CONF_FOREACH(conf, CONF_PROFILE, o)
		read_profile(&c->profiles[c->nprofiles++], o);
	CONF_FOREACH(conf, CONF_PROPOSAL, o)
		if (conf_usable(conf, o))
			read_proposal(&c->proposals[c->nproposals++], o);
	CONF_FOREACH(conf, CONF_PEER, o)
		if (conf_usable(conf, o))
			read_peer(&c->peers[c->npeers++], o,
			    c->set.port_ike);
	CONF_FOREACH(conf, CONF_IDENTITY, o)
		if (conf_usable(conf, o))
			read_identity(&c->identities[c->nidentities++], conf,
			    o);
	CONF_FOREACH(conf, CONF_POLICY, o)
		if (conf_usable(conf, o) && negotiates(o) &&
		    read_policy(&c->policies[c->npolicies++], o) == -1) {
			ike_conf_free(c);
			return NULL;
		}
	return c;
}
