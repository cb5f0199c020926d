#include "lib/conf/check.h"

#include <ctype.h>
#include <string.h>

/* Bits of a secret below which a warning is due, if it were random. */
#define PSK_BITS	112

/* Two peers of the same mode that no packet can tell apart. */
static void
peer_text(const struct conf_obj *o, struct buf *b)
{
	static const unsigned props[] = { CONF_PEER_ADDRESS,
		CONF_PEER_EXCHANGE_MODE, CONF_PEER_LOCAL_ADDRESS };
	size_t i;

	for (i = 0; i < sizeof(props) / sizeof(props[0]); i++) {
		val_fmt(obj_prop(o, props[i]), &o->val[props[i]], b);
		buf_u8(b, ' ');
	}
}

static void
check_peer(struct conf_obj *o, struct conf_report *rep)
{
	const struct prefix *to = conf_prefix(o, CONF_PEER_ADDRESS);
	const struct addr *local = conf_addr(o, CONF_PEER_LOCAL_ADDRESS);
	const struct conf_word *w;

	w = val_word(obj_prop(o, CONF_PEER_EXCHANGE_MODE),
	    conf_num(o, CONF_PEER_EXCHANGE_MODE));
	if (w != NULL && !w->live)
		check_error(rep, o, -1, "exchange-mode=%s (the default) is "
		    "not supported yet, say exchange-mode=ike2", w->name);
	if (to != NULL && local->family != AF_UNSPEC &&
	    to->addr.family != local->family &&
	    !(to->bits == 0 && !conf_is_set(o, CONF_PEER_ADDRESS)))
		check_error(rep, o, CONF_PEER_LOCAL_ADDRESS, "is not of the "
		    "same family (IPv4, IPv6) as the address of the peer");
}

void
check_peers(struct conf *c, struct conf_report *rep)
{
	struct seen seen = { .text = peer_text };
	const struct conf_obj *other;
	struct conf_obj *o;

	hash_init(&seen.h, 0);
	CONF_FOREACH(c, CONF_PEER, o) {
		if (o->flags & CONF_F_DISABLED)
			continue;
		check_peer(o, rep);
		if ((other = seen_before(&seen, o)) == NULL)
			continue;
		obj_invalid(o, "peer \"%s\" has the same address, "
		    "exchange-mode and local-address", conf_name(other));
		check_warn(rep, o, -1, "peer \"%s\" is invalid and not used: "
		    "%s", conf_name(o), o->reason);
	}
	hash_free(&seen.h);
}

/* log2 in hundredths, straight lines between the powers of two. */
static unsigned
log2_hundredths(unsigned n)
{
	unsigned p = 0;

	while ((2u << p) <= n)
		p++;
	return p * 100 + (n - (1u << p)) * 100 / (1u << p);
}

static unsigned
secret_bits(const struct secret *s)
{
	bool lower = false, upper = false, digit = false, sign = false;
	unsigned alphabet;
	size_t i;

	for (i = 0; i < s->len; i++) {
		if (s->data[i] < ' ' || s->data[i] > '~')
			return (unsigned)s->len * 8;	/* hexadecimal */
		lower |= islower(s->data[i]) != 0;
		upper |= isupper(s->data[i]) != 0;
		digit |= isdigit(s->data[i]) != 0;
		sign |= !isalnum(s->data[i]);
	}
	alphabet = lower * 26u + upper * 26u + digit * 10u + sign * 33u;
	return (unsigned)s->len * log2_hundredths(alphabet) / 100;
}

static void
identity_text(const struct conf_obj *o, struct buf *b)
{
	val_fmt(obj_prop(o, CONF_IDENTITY_PEER),
	    &o->val[CONF_IDENTITY_PEER], b);
	buf_u8(b, ' ');
	/* auto and ignore admit the same */
	if (!ikeid_is_open(conf_id(o, CONF_IDENTITY_REMOTE_ID)))
		val_fmt(obj_prop(o, CONF_IDENTITY_REMOTE_ID),
		    &o->val[CONF_IDENTITY_REMOTE_ID], b);
	if (conf_num(o, CONF_IDENTITY_AUTH_METHOD) == CONF_AUTH_PSK)
		return;
	buf_u8(b, ' ');
	val_fmt(obj_prop(o, CONF_IDENTITY_REMOTE_CERTIFICATE),
	    &o->val[CONF_IDENTITY_REMOTE_CERTIFICATE], b);
	buf_u8(b, (uint8_t)conf_num(o, CONF_IDENTITY_MATCH_BY));
}

static void
check_psk(const struct conf_obj *o, struct conf_report *rep)
{
	const struct secret *s = conf_secret(o, CONF_IDENTITY_SECRET);
	unsigned bits;

	if (s->len == 0) {
		check_error(rep, o, -1, "an identity with "
		    "auth-method=pre-shared-key needs secret=");
		return;
	}
	if ((bits = secret_bits(s)) < PSK_BITS)
		check_warn(rep, o, CONF_IDENTITY_SECRET, "a weak pre-shared "
		    "key, worth %u bits at most and open to guessing by "
		    "whoever answers the peer; take 20 random characters or "
		    "more", bits);
}

static bool
group_has_template(struct conf *c, uint32_t group)
{
	const struct conf_obj *o;

	CONF_FOREACH(c, CONF_POLICY, o)
		if ((o->flags & CONF_F_TEMPLATE) != 0 &&
		    (o->flags & CONF_F_DISABLED) == 0 &&
		    conf_ref_id(o, CONF_POLICY_GROUP) == group)
			return true;
	return false;
}

static void
check_generate(struct conf *c, const struct conf_obj *o,
    struct conf_report *rep)
{
	const struct conf_obj *group = conf_ref(c, o, CONF_IDENTITY_GROUP);

	if (conf_num(o, CONF_IDENTITY_GENERATE_POLICY) == CONF_GENERATE_NO) {
		check_given(c, o, rep);
		return;
	}
	/* A name that nobody has was found before. */
	if (group == NULL && o->val[CONF_IDENTITY_GROUP].n == 0)
		check_error(rep, o, CONF_IDENTITY_GENERATE_POLICY,
		    "needs policy-template-group");
	else if (group != NULL && !group_has_template(c, group->id))
		check_warn(rep, o, CONF_IDENTITY_GENERATE_POLICY, "group "
		    "\"%s\" has no template, so nothing will be allowed",
		    conf_name(group));
	else
		check_given(c, o, rep);
}

static void
check_identity(struct conf *c, const struct conf_obj *o,
    struct conf_report *rep)
{
	if (o->val[CONF_IDENTITY_PEER].n == 0) {
		check_error(rep, o, -1, "an identity needs peer=");
		return;
	}
	if (conf_num(o, CONF_IDENTITY_AUTH_METHOD) == CONF_AUTH_PSK)
		check_psk(o, rep);
	check_identity_cert(c, o, rep);
	check_generate(c, o, rep);
	if (conf_id(o, CONF_IDENTITY_MY_ID)->type == IKEID_IGNORE)
		check_error(rep, o, CONF_IDENTITY_MY_ID, "found \"ignore\", "
		    "which only remote-id can be");
}

static void
check_peers_identities(struct conf *c, struct hash *with,
    struct conf_report *rep)
{
	const struct conf_obj *o;

	CONF_FOREACH(c, CONF_PEER, o)
		if ((o->flags & (CONF_F_DISABLED | CONF_F_INVALID)) == 0 &&
		    hash_get(with, o->id) == NULL)
			check_warn(rep, o, -1, "peer \"%s\" has no identity "
			    "and cannot authenticate", conf_name(o));
}

void
check_identities(struct conf *c, struct conf_report *rep)
{
	struct seen seen = { .text = identity_text };
	const struct conf_obj *other;
	struct conf_obj *o;
	struct hash with;

	hash_init(&seen.h, 0);
	hash_init(&with, 0);
	CONF_FOREACH(c, CONF_IDENTITY, o) {
		if (o->flags & CONF_F_DISABLED)
			continue;
		check_identity(c, o, rep);
		if (o->val[CONF_IDENTITY_PEER].n == 0)
			continue;
		(void)hash_set(&with, conf_ref_id(o, CONF_IDENTITY_PEER), o);
		if ((other = seen_before(&seen, o)) != NULL)
			check_warn(rep, o, -1, "ambiguous: the identity of "
			    "line %u has the same peer and remote-id; %s",
			    other->line, conf_num(o,
			    CONF_IDENTITY_AUTH_METHOD) == CONF_AUTH_PSK ?
			    "only the secrets can tell them apart" :
			    "the first one is taken");
	}
	if (rep->errors == 0)
		check_peers_identities(c, &with, rep);
	hash_free(&seen.h);
	hash_free(&with);
}
