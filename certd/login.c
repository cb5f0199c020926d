#include "certd/login.h"

#include "lib/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT	128	/* of an ID in a reason */

/* RFC 7296 section 3.8 and RFC 7427; for the reason. */
static const struct {
	uint8_t method;
	const char *name;
} methods[] = {
	{ 0, "no AUTH payload (EAP?)" },
	{ 1, "an RSA signature" },
	{ 2, "a pre-shared key" },
	{ 3, "a DSS signature" },
	{ 9, "an ECDSA-256 signature" },
	{ 10, "an ECDSA-384 signature" },
	{ 11, "an ECDSA-521 signature" },
	{ 13, "nothing (NULL authentication)" },
	{ 14, "a digital signature" },
};

static const char *
method_name(uint8_t method)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].method == method)
			return methods[i].name;
	return "an unknown method";
}

static void __attribute__((format(printf, 3, 4)))
refuse(struct login_answer *a, enum login_status status, const char *fmt, ...)
{
	va_list ap;

	a->status = status;
	va_start(ap, fmt);
	vsnprintf(a->reason, sizeof(a->reason), fmt, ap);
	va_end(ap);
}

static int
id_get(const struct part *body, struct ikeid *id, const char **why)
{
	struct cur c;

	cur_init(&c, body->p, body->len);
	return ikeid_get_body(id, &c, why);
}

static const char *
id_text(const struct ikeid *id, char text[ID_TEXT])
{
	char full[IKEID_STRLEN];

	snprintf(text, ID_TEXT, "%s", ikeid_fmt(id, full, sizeof(full)));
	return text;
}

/* The identities to try; *n 0 after a refusal. */
static void
choose(const struct idents *is, const struct login *l,
    const struct ikeid *remote, const struct conf_obj **out, size_t *n,
    struct login_answer *a)
{
	char got[ID_TEXT], have[ID_TEXT];

	*n = 0;
	if (l->identity != 0) {
		out[0] = ident_by_id(is, l->peer, l->identity);
		if (out[0] == NULL)
			refuse(a, LOGIN_NO_IDENTITY, "the identity is no "
			    "longer in the configuration");
		else if (remote != NULL && !ikeid_admits(conf_id(out[0],
		    CONF_IDENTITY_REMOTE_ID), remote))
			refuse(a, LOGIN_NO_IDENTITY, "the peer is %s, its "
			    "remote-id is to be %s", id_text(remote, got),
			    id_text(conf_id(out[0], CONF_IDENTITY_REMOTE_ID),
			    have));
		else
			*n = 1;
		return;
	}
	*n = ident_candidates(is, l->peer, remote, out, IDENT_TRY_MAX);
	if (*n > 0)
		return;
	if (remote == NULL)
		refuse(a, LOGIN_NO_IDENTITY, "the peer has no identity with "
		    "a pre-shared key");
	else
		refuse(a, LOGIN_NO_IDENTITY, "no identity of the peer admits "
		    "remote ID %s; configured: %s", id_text(remote, got),
		    ident_list(is, l->peer, have, sizeof(have)));
}

/* Does the initiator ask for us as this identity calls us? */
static bool
asked_fits(const struct login *l, const struct ikeid *asked,
    const struct conf_obj *o)
{
	struct ikeid mine;

	ident_my_id(o, &l->local, &mine);
	return ikeid_equal(&mine, asked);
}

/* Candidates under whose name the initiator asks for us come first. */
static void
prefer_asked(const struct login *l, const struct ikeid *asked,
    const struct conf_obj **c, size_t n)
{
	const struct conf_obj *o;
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (!asked_fits(l, asked, c[i]))
			continue;
		o = c[i];
		memmove(&c[k + 1], &c[k], (i - k) * sizeof(c[0]));
		c[k++] = o;
	}
}

static const struct conf_obj *
verify(const struct login *l, const struct ikeid *remote,
    const struct conf_obj **c, size_t n, struct login_answer *a)
{
	char got[ID_TEXT];
	size_t i;

	if (l->method != AUTH_METHOD_PSK) {
		refuse(a, LOGIN_BAD_METHOD, "the peer authenticates by %s, a "
		    "pre-shared key is wanted", method_name(l->method));
		return NULL;
	}
	for (i = 0; i < n; i++)
		if (auth_psk_ok(&l->parts, &l->id_peer,
		    conf_secret(c[i], CONF_IDENTITY_SECRET), &l->auth))
			return c[i];
	refuse(a, LOGIN_BAD_AUTH, "authentication failed (pre-shared key) "
	    "for remote ID %s: the secrets differ%s", id_text(remote, got),
	    n > 1 ? ", none of the identities' fits" : "");
	return NULL;
}

static void
make(const struct login *l, const struct conf_obj *o, struct login_answer *a)
{
	struct part body;
	struct buf b;

	ident_my_id(o, &l->local, &a->id_own);
	buf_init(&b, IKEID_MAX + 4);
	ikeid_put_body(&b, &a->id_own);
	body = (struct part){ b.data, b.len };
	if (buf_error(&b) == -1 || auth_psk(&l->parts, AUTH_OWN, &body,
	    conf_secret(o, CONF_IDENTITY_SECRET), a->auth) == -1)
		refuse(a, LOGIN_BAD_REQUEST, "AUTH cannot be computed");
	else
		a->auth_len = l->parts.prf->out_len;
	buf_free(&b);
}

/* IDr must be ours: RFC 7296 2.15, requirements 1.6 "my-id". */
static bool
check_asked(const struct login *l, const struct ikeid *asked,
    const struct conf_obj *o, struct login_answer *a)
{
	char want[ID_TEXT], have[ID_TEXT];
	struct ikeid mine;

	if (asked_fits(l, asked, o))
		return true;
	ident_my_id(o, &l->local, &mine);
	refuse(a, LOGIN_BAD_ASKED_ID, "the peer asks for %s, we are %s",
	    id_text(asked, want), id_text(&mine, have));
	return false;
}

/* IDs and candidates are there. */
static void
decide_among(const struct login *l, const struct ikeid *remote,
    const struct ikeid *asked, const struct conf_obj **c, size_t n,
    struct login_answer *a)
{
	const struct conf_obj *o = c[0];

	if (asked != NULL)
		prefer_asked(l, asked, c, n);
	if (l->verify && (o = verify(l, remote, c, n, a)) == NULL)
		return;
	if (!l->verify)
		o = c[0];
	a->identity = o->id;
	if (asked != NULL && !check_asked(l, asked, o, a))
		return;
	if (l->make)
		make(l, o, a);
}

void
login_decide(const struct idents *is, const struct login *l,
    struct login_answer *a)
{
	const struct conf_obj *c[IDENT_TRY_MAX];
	struct ikeid remote, asked;
	bool has_asked = l->id_asked.len > 0;
	const char *why;
	size_t n;

	memset(a, 0, sizeof(*a));
	if (auth_parts_check(&l->parts, &why) == -1) {
		refuse(a, LOGIN_BAD_REQUEST, "%s", why);
		return;
	}
	if ((l->verify && id_get(&l->id_peer, &remote, &why) == -1) ||
	    (has_asked && id_get(&l->id_asked, &asked, &why) == -1)) {
		refuse(a, LOGIN_BAD_REQUEST, "%s", why);
		return;
	}
	if (is == NULL) {
		refuse(a, LOGIN_NO_IDENTITY, "no configuration yet");
		return;
	}
	choose(is, l, l->verify ? &remote : NULL, c, &n, a);
	if (n > 0)
		decide_among(l, &remote, has_asked ? &asked : NULL, c, n, a);
}
