#include "lib/conf/check.h"

#include <stdlib.h>
#include <string.h>

static void
policy_text(const struct conf_obj *o, struct buf *b)
{
	static const unsigned props[] = { CONF_POLICY_SRC_ADDRESS,
		CONF_POLICY_DST_ADDRESS, CONF_POLICY_PROTOCOL,
		CONF_POLICY_SRC_PORT, CONF_POLICY_DST_PORT };
	size_t i;

	for (i = 0; i < sizeof(props) / sizeof(props[0]); i++) {
		val_fmt(obj_prop(o, props[i]), &o->val[props[i]], b);
		buf_u8(b, ' ');
	}
}

static bool
is_host(const struct prefix *p)
{
	return p != NULL && p->bits == addr_bits(&p->addr);
}

/* Bit 1: has IPv4, bit 2: has IPv6. */
static unsigned
families(const struct conf_obj *o, unsigned prop)
{
	const struct prefix *p;
	unsigned f = 0;
	size_t i, n;

	p = conf_prefixes(o, prop, &n);
	for (i = 0; i < n; i++)
		f |= p[i].addr.family == AF_INET ? 1 : 2;
	return f;
}

/* A transport policy's address from the peer's, when it was not given. */
static void
derive_address(struct conf_obj *o, unsigned prop, const struct addr *a)
{
	struct conf_val *v = &o->val[prop];

	if (v->n > 0 || (v->u.pfx = calloc(8, sizeof(*v->u.pfx))) == NULL)
		return;
	v->u.pfx[0].addr = *a;
	v->u.pfx[0].bits = addr_bits(a);
	v->n = 1;
}

/* prop must be one host, and that host when a is known. */
static void
check_endpoint(const struct conf_obj *o, unsigned prop, const struct addr *a,
    const char *whose, struct conf_report *rep)
{
	const struct prefix *p;
	char want[ADDR_STRLEN];
	size_t n;

	p = conf_prefixes(o, prop, &n);
	if (n == 0)
		check_error(rep, o, -1, "a policy in transport mode needs %s=",
		    obj_prop(o, prop)->name);
	else if (n > 1 || !is_host(p))
		check_error(rep, o, (int)prop, "transport mode is between two "
		    "hosts, expected one address; for nets say tunnel=yes");
	else if (a != NULL && !addr_equal(&p->addr, a))
		check_error(rep, o, (int)prop, "is not %s %s, as transport "
		    "mode needs; for other hosts say tunnel=yes", whose,
		    addr_fmt(a, want, sizeof(want)));
}

static void
check_transport(struct conf *c, struct conf_obj *o, struct conf_report *rep)
{
	const struct conf_obj *peer = conf_ref(c, o, CONF_POLICY_PEER);
	const struct prefix *to = conf_prefix(peer, CONF_PEER_ADDRESS);
	const struct addr *local = conf_addr(peer, CONF_PEER_LOCAL_ADDRESS);
	const struct addr *remote = is_host(to) ? &to->addr : NULL;

	if (local->family == AF_UNSPEC)
		local = NULL;
	if (local != NULL)
		derive_address(o, CONF_POLICY_SRC_ADDRESS, local);
	if (remote != NULL)
		derive_address(o, CONF_POLICY_DST_ADDRESS, remote);
	check_endpoint(o, CONF_POLICY_SRC_ADDRESS, local,
	    "the local-address", rep);
	check_endpoint(o, CONF_POLICY_DST_ADDRESS, remote,
	    "the peer's address", rep);
}

static void
check_ports(const struct conf_obj *o, struct conf_report *rep)
{
	int64_t proto = conf_num(o, CONF_POLICY_PROTOCOL);
	int prop = conf_num(o, CONF_POLICY_SRC_PORT) != 0 ?
	    CONF_POLICY_SRC_PORT : conf_num(o, CONF_POLICY_DST_PORT) != 0 ?
	    CONF_POLICY_DST_PORT : -1;

	if (prop == -1 || proto == 6 || proto == 17 || proto == 33 ||
	    proto == 132 || proto == 136)
		return;
	check_error(rep, o, prop, "a port goes with protocol=tcp, udp, dccp, "
	    "sctp or udp-lite alone");
}

/* As families; an address that is not given, or ::/0, is of both. */
static unsigned
template_families(const struct conf_obj *o, unsigned prop)
{
	const struct prefix *p;
	size_t n;

	p = conf_prefixes(o, prop, &n);
	if (n == 0 || (n == 1 && p->bits == 0 && p->addr.family == AF_INET6))
		return 3;
	return families(o, prop);
}

static void
check_template(const struct conf_obj *o, struct conf_report *rep)
{
	static const unsigned unused[] = { CONF_POLICY_PEER,
		CONF_POLICY_TUNNEL, CONF_POLICY_ACTION };
	size_t i;

	for (i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
		if (conf_is_set(o, unused[i]))
			check_warn(rep, o, (int)unused[i],
			    "has no effect in a template");
	if ((template_families(o, CONF_POLICY_SRC_ADDRESS) &
	    template_families(o, CONF_POLICY_DST_ADDRESS)) == 0)
		check_error(rep, o, CONF_POLICY_DST_ADDRESS, "is not of the "
		    "same family (IPv4, IPv6) as src-address");
	check_ports(o, rep);
}

static void
check_policy(struct conf *c, struct conf_obj *o, struct conf_report *rep)
{
	bool encrypt =
	    conf_num(o, CONF_POLICY_ACTION) == CONF_ACTION_ENCRYPT;
	unsigned errors = rep->errors;

	if (encrypt && conf_ref(c, o, CONF_POLICY_PEER) == NULL) {
		/* A name that nobody has was found before. */
		if (o->val[CONF_POLICY_PEER].n == 0)
			check_error(rep, o, -1, "a policy with "
			    "action=encrypt needs peer=");
		return;
	}
	if (encrypt && !conf_bool(o, CONF_POLICY_TUNNEL))
		check_transport(c, o, rep);
	else if (o->val[CONF_POLICY_SRC_ADDRESS].n == 0)
		check_error(rep, o, -1, "the policy needs src-address=");
	else if (o->val[CONF_POLICY_DST_ADDRESS].n == 0)
		check_error(rep, o, -1, "the policy needs dst-address=");
	if (rep->errors == errors && families(o, CONF_POLICY_SRC_ADDRESS) !=
	    families(o, CONF_POLICY_DST_ADDRESS))
		check_error(rep, o, CONF_POLICY_DST_ADDRESS, "is not of the "
		    "same family (IPv4, IPv6) as src-address");
	check_ports(o, rep);
}

void
check_policies(struct conf *c, struct conf_report *rep)
{
	struct seen seen = { .text = policy_text };
	const struct conf_obj *other;
	struct conf_obj *o;

	hash_init(&seen.h, 0);
	CONF_FOREACH(c, CONF_POLICY, o) {
		if (o->flags & CONF_F_DISABLED)
			continue;
		if (o->flags & CONF_F_TEMPLATE) {
			check_template(o, rep);
			continue;
		}
		if (o->flags & CONF_F_BUILTIN) {
			check_error(rep, o, CONF_POLICY_TEMPLATE,
			    "the built-in entry stays a template");
			continue;
		}
		check_policy(c, o, rep);
		if ((other = seen_before(&seen, o)) == NULL)
			continue;
		obj_invalid(o, "the policy of line %u has the same "
		    "src-address, dst-address, protocol and ports",
		    other->line);
		check_warn(rep, o, -1, "this policy is invalid and not used: "
		    "%s", o->reason);
	}
	hash_free(&seen.h);
}
