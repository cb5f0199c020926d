#include "tests/sim/sim.h"
#include "ikepd/tsel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
sim_conf_default(struct sim_conf *c)
{
	memset(c, 0, sizeof(*c));
	c->encr[0] = "aes-128-gcm";
	c->prf[0] = "sha256";
	c->group[0] = "x25519";
	c->esp_encr[0] = "aes-128-gcm";
	c->policies = 1;
	c->ike_life = 86400;
	c->dpd = 120;
	c->cookie_threshold = 100;
	c->fragment_size = 1280;
}

static void
add_names(struct offer *o, enum suite_kind kind, unsigned phase,
    const char *const *names)
{
	unsigned i;

	for (i = 0; i < 4 && names[i] != NULL; i++) {
		const struct alg *a = suite_by_name(kind, phase, names[i]);

		if (a == NULL || offer_add(o, a) == -1) {
			fprintf(stderr, "no algorithm %s\n", names[i]);
			abort();
		}
	}
}

static void
net(struct ts_list *l, const char *text)
{
	struct prefix p;
	struct ts ts;

	if (prefix_parse(&p, text, false) == -1)
		abort();
	ts_from_prefix(&ts, &p, 0, -1);
	if (tsel_add(l, &ts) == -1)
		abort();
}

static void
make_policy(struct sim *s, struct ike_policy *p, unsigned node, unsigned i,
    const struct sim_conf *c)
{
	struct ts_list local = { 0 }, remote = { 0 };
	char text[PREFIX_STRLEN], a[ADDR_STRLEN];

	p->id = 30 + i;
	p->peer = c->templates ? 0 : 20;
	p->proposal = 11;
	p->template = c->templates;
	p->group = 5;
	p->transport = c->transport;
	if (c->transport) {
		net(&local, addr_fmt(&s->node[node].addr, a, sizeof(a)));
		net(&remote, addr_fmt(s->nat && node == 1 ? &s->nat_addr :
		    &s->node[1 - node].addr, a, sizeof(a)));
		if (ike_policy_set_ts(p, &local, &remote) == -1)
			abort();
		return;
	}
	snprintf(text, sizeof(text), "10.%u.%u.0/24", node + 1, i);
	net(&local, c->template_net != NULL ? c->template_net :
	    c->templates ? "0.0.0.0/0" : text);
	if (c->templates && c->any6)
		net(&local, "::/0");
	snprintf(text, sizeof(text), "10.%u.%u.0/24", 2 - node, i);
	net(&remote, c->templates ? "0.0.0.0/0" :
	    c->wide != NULL && i == 0 ? c->wide : text);
	if (c->templates && c->any6)
		net(&remote, "::/0");
	if (ike_policy_set_ts(p, &local, &remote) == -1)
		abort();
}

struct ike_conf *
sim_conf(struct sim *s, unsigned node, const struct sim_conf *c)
{
	struct ike_conf *k = ike_conf_new();
	struct ike_peer *peer;
	unsigned i;

	k->set.cookie_threshold = c->cookie_threshold;
	k->set.encap = c->encap;
	k->set.fragment_size = c->fragment_size;
	k->profiles = calloc(1, sizeof(*k->profiles));
	k->proposals = calloc(1, sizeof(*k->proposals));
	k->peers = calloc(1, sizeof(*k->peers));
	k->identities = calloc(1, sizeof(*k->identities));
	k->policies = calloc(c->policies + 1, sizeof(*k->policies));
	k->nprofiles = k->nproposals = k->npeers = k->nidentities = 1;
	k->npolicies = c->policies;
	k->profiles->id = 10;
	snprintf(k->profiles->name, CONF_NAME_MAX, "prof");
	offer_init(&k->profiles->offer, PROTO_IKE);
	add_names(&k->profiles->offer, SUITE_ENCR, ALG_PHASE1, c->encr);
	add_names(&k->profiles->offer, SUITE_PRF, ALG_PHASE1, c->prf);
	add_names(&k->profiles->offer, SUITE_INTEG, ALG_PHASE1, c->integ);
	add_names(&k->profiles->offer, SUITE_KE, ALG_PHASE1, c->group);
	k->profiles->lifetime_s = c->ike_life;
	k->profiles->dpd_s = c->dpd;
	k->proposals->id = 11;
	snprintf(k->proposals->name, CONF_NAME_MAX, "prop");
	offer_init(&k->proposals->offer, PROTO_ESP);
	add_names(&k->proposals->offer, SUITE_ENCR, ALG_PHASE2, c->esp_encr);
	add_names(&k->proposals->offer, SUITE_INTEG, ALG_PHASE2,
	    c->esp_integ);
	add_names(&k->proposals->offer, SUITE_KE, ALG_PHASE2, c->pfs);
	(void)offer_add_esn(&k->proposals->offer, false, true);
	peer = k->peers;
	peer->id = 20;
	snprintf(peer->name, CONF_NAME_MAX, "peer%u", 1 - node);
	peer->port = c->port == 0 ? 500 : c->port;
	peer->mode = c->mode;
	peer->passive = c->passive;
	peer->initial_contact = !c->no_contact;
	peer->profile = 10;
	peer->address.addr = s->nat && node == 1 ? s->nat_addr :
	    s->node[1 - node].addr;
	peer->address.bits = addr_bits(&peer->address.addr);
	if (c->peer_prefix != NULL)
		(void)prefix_parse(&peer->address, c->peer_prefix, false);
	k->identities->id = 50;
	k->identities->peer = 20;
	k->identities->group = 5;
	k->identities->certs = c->certs;
	k->identities->cfg = c->cfg;
	k->identities->generate = c->templates && !c->no_generate ? GEN_STRICT : GEN_NO;
	if (c->no_identity)
		k->nidentities = 0;
	for (i = 0; i < c->policies; i++)
		make_policy(s, &k->policies[i], node, i, c);
	return k;
}

void
sim_configure(struct sim *s, const struct sim_conf *c)
{
	struct sim_conf other = *c;

	other.passive = true;
	engine_conf(s->node[0].engine, sim_conf(s, 0, c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
}

unsigned
sim_children(const struct sim *s, unsigned node)
{
	unsigned i, n = 0;

	for (i = 0; i < SIM_CHILDREN; i++)
		n += s->node[node].child[i].used &&
		    s->node[node].child[i].installed;
	return n;
}

struct sim_child *
sim_child_at(struct sim *s, unsigned node, unsigned n)
{
	unsigned i;

	for (i = 0; i < SIM_CHILDREN; i++) {
		struct sim_child *c = &s->node[node].child[i];

		if (c->used && c->installed && n-- == 0)
			return c;
	}
	return NULL;
}

struct find {
	const char *state;
	unsigned n;
	struct ike_show row;
	uint64_t spi_own, spi_peer;
	bool match;
};

static void
count_row(void *arg, const struct ike_show *row)
{
	struct find *f = arg;

	if (f->state != NULL && strcmp(f->state, row->state) != 0)
		return;
	f->n++;
	f->row = *row;
	if (row->spi_own == f->spi_peer && row->spi_peer == f->spi_own)
		f->match = true;
}

unsigned
sim_ikes(struct sim *s, unsigned node, const char *state)
{
	struct find f = { .state = state };

	engine_show(s->node[node].engine, count_row, &f);
	return f.n;
}

bool
sim_ike(struct sim *s, unsigned node, struct ike_show *row)
{
	struct find f = { .state = "established" };

	engine_show(s->node[node].engine, count_row, &f);
	*row = f.row;
	return f.n == 1;
}

void
sim_stats(struct sim *s, unsigned node, struct engine_stats *st)
{
	engine_stats(s->node[node].engine, st);
}

bool
sim_logged(const struct sim *s, const char *text)
{
	return strstr(s->log, text) != NULL;
}

static bool
same(const struct blob *a, const struct blob *b)
{
	return a->len == b->len && (a->len == 0 ||
	    memcmp(a->p, b->p, a->len) == 0);
}

static const char *
children_agree(const struct sim_child *a, const struct sim_child *b,
    bool nat)
{
	if (a->r.spi_out != b->r.spi_in)
		return "SPIs differ";
	if (!same(&a->r.encr_in, &b->r.encr_out) ||
	    !same(&a->r.encr_out, &b->r.encr_in) ||
	    !same(&a->r.integ_in, &b->r.integ_out) ||
	    !same(&a->r.integ_out, &b->r.integ_in))
		return "keys differ";
	if (a->r.encr_in.len == 0 || same(&a->r.encr_in, &a->r.encr_out))
		return "keys are no keys";
	if (a->r.encr != b->r.encr || a->r.encr_bits != b->r.encr_bits ||
	    a->r.integ != b->r.integ || a->r.esn != b->r.esn ||
	    a->r.pfs_group != b->r.pfs_group)
		return "suites differ";
	if (a->r.transport != b->r.transport || a->r.encap != b->r.encap)
		return "modes differ";
	if (!(nat && a->r.transport) && (!tsel_equal(&a->local, &b->remote) ||
	    !tsel_equal(&a->remote, &b->local)))
		return "selectors differ";
	return NULL;
}

static const char *
one_side(struct sim *s, unsigned node)
{
	struct sim_child *a, *b;
	const char *why;
	unsigned i, j;

	for (i = 0; (a = sim_child_at(s, node, i)) != NULL; i++) {
		for (j = 0; (b = sim_child_at(s, 1 - node, j)) != NULL; j++)
			if (b->r.spi_out == a->r.spi_in)
				break;
		if (b == NULL)
			return "a child has no counterpart";
		/* Adopted children came without keys. */
		if (a->r.encr_in.len == 0 || b->r.encr_in.len == 0)
			continue;
		why = children_agree(a, b, s->nat);
		if (why != NULL)
			return why;
	}
	return NULL;
}

struct pairing {
	struct sim *s;
	unsigned other;
	const char *why;
};

static void
pair_row(void *arg, const struct ike_show *row)
{
	struct pairing *p = arg;
	struct find f = { .state = "established", .spi_own = row->spi_own,
		.spi_peer = row->spi_peer };

	if (strcmp(row->state, "established") != 0) {
		p->why = "an IKE SA is not settled";
		return;
	}
	engine_show(p->s->node[p->other].engine, count_row, &f);
	if (!f.match)
		p->why = "an IKE SA has no counterpart";
}

const char *
sim_agree(struct sim *s)
{
	const char *why;
	unsigned i;

	for (i = 0; i < SIM_NODES; i++) {
		struct pairing p = { .s = s, .other = 1 - i };

		if ((why = one_side(s, i)) != NULL)
			return why;
		engine_show(s->node[i].engine, pair_row, &p);
		if (p.why != NULL)
			return p.why;
	}
	return NULL;
}

const char *
sim_sound(struct sim *s)
{
	struct engine_stats st;
	unsigned i;

	for (i = 0; i < SIM_NODES; i++) {
		struct sim_node *n = &s->node[i];
		unsigned known = 0, j;

		sim_stats(s, i, &st);
		for (j = 0; j < SIM_CHILDREN; j++)
			known += n->child[j].used;
		if (st.children_now > known)
			return "the engine has a child that keymgr has not";
		if (known > st.children_now)
			return "keymgr has a child that the engine has not";
		if (st.ike_now > 0 &&
		    mono_is_never(engine_next(n->engine)) &&
		    sim_ikes(s, i, "established") != st.ike_now)
			return "an IKE SA waits without a timer";
		if (st.half_open_now > st.ike_now)
			return "half-open SAs are counted wrongly";
	}
	return NULL;
}

unsigned
sim_sessions(const struct sim *s, unsigned node)
{
	unsigned i, n = 0;

	for (i = 0; i < SIM_SESSIONS; i++)
		n += s->node[node].session[i].used;
	return n;
}
