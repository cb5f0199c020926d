#include "certd/login.h"

#include "certd/certid.h"
#include "certd/login_job.h"

#include "lib/buf.h"

#include <openssl/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

const char *
login_method_name(uint8_t method)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].method == method)
			return methods[i].name;
	return "an unknown method";
}

void
login_refuse(struct login_job *j, enum login_status status, const char *fmt,
    ...)
{
	va_list ap;

	j->a.status = status;
	va_start(ap, fmt);
	vsnprintf(j->a.reason, sizeof(j->a.reason), fmt, ap);
	va_end(ap);
}

static void
job_free(struct login_job *j)
{
	size_t i;

	idents_unref(&j->is);
	shown_free(&j->shown);
	trust_unref(&j->trust);
	buf_free(&j->octets);
	sk_X509_pop_free(j->chain, X509_free);
	cert_unref(&j->own);
	buf_free(&j->auth);
	for (i = 0; i < VERIFY_CERTS_MAX; i++)
		OPENSSL_free(j->ders[i]);
	secret_wipe(j, sizeof(*j));
	free(j);
}

void
login_finish(struct login_job *j)
{
	j->env->pending--;
	ERR_clear_error();
	j->cb(j->arg, &j->a);
	job_free(j);
}

void
login_run(struct login_job *j, pool_fn run, pool_fn done)
{
	if (j->env->pool == NULL) {
		run(j);
		done(j);
	} else if (pool_run(j->env->pool, run, done, j) == -1) {
		login_refuse(j, LOGIN_BUSY, "too many logins at once");
		login_finish(j);
	}
}

static int
id_get(const struct part *body, struct ikeid *id, const char **why)
{
	struct cur c;

	cur_init(&c, body->p, body->len);
	return ikeid_get_body(id, &c, why);
}

const char *
login_id_text(const struct ikeid *id, char text[ID_TEXT])
{
	char full[IKEID_STRLEN];

	snprintf(text, ID_TEXT, "%s", ikeid_fmt(id, full, sizeof(full)));
	return text;
}

/* Which identities the peer's way to authenticate leaves. */
static unsigned
kinds_of(const struct login *l)
{
	if (!l->verify)
		return IDENT_ANY;
	if (l->method == AUTH_METHOD_PSK)
		return IDENT_PSK;
	return sign_is_method(l->method) ? IDENT_CERT : 0;
}

static const char *
wanted(unsigned kinds)
{
	return kinds == IDENT_PSK ? "a pre-shared key" :
	    kinds == IDENT_CERT ? "a digital signature" :
	    "a pre-shared key or a digital signature";
}

static void
refuse_method(struct login_job *j, unsigned kinds)
{
	login_refuse(j, LOGIN_BAD_METHOD, "the peer authenticates by %s, %s "
	    "is wanted", login_method_name(j->l->method), wanted(kinds));
}

/* By number, as ikepd knows it from before. */
static void
choose_known(struct login_job *j, const struct ikeid *remote)
{
	const struct conf_obj *o;
	char got[ID_TEXT], have[ID_TEXT];

	o = ident_by_id(j->is, j->l->peer, j->l->identity);
	if (o == NULL) {
		login_refuse(j, LOGIN_NO_IDENTITY, "the identity is no "
		    "longer in the configuration");
	} else if (remote != NULL && !ikeid_admits(conf_id(o,
	    CONF_IDENTITY_REMOTE_ID), remote)) {
		login_refuse(j, LOGIN_NO_IDENTITY, "the peer is %s, its "
		    "remote-id is to be %s", login_id_text(remote, got),
		    login_id_text(conf_id(o, CONF_IDENTITY_REMOTE_ID),
		    have));
	} else if ((ident_kind(o) & kinds_of(j->l)) == 0) {
		refuse_method(j, ident_kind(o));
	} else {
		j->c[0] = o;
		j->n = 1;
	}
}

/* The certificate the peer shows is some identities' remote-certificate. */
static void
choose_by_cert(struct login_job *j)
{
	struct cert *names[8];
	size_t i, n;

	if (j->env->store == NULL || j->shown.key == NULL)
		return;
	n = store_by_fp(j->env->store, j->shown.fp, names, 8);
	for (i = 0; i < n; i++)
		j->n += ident_by_cert(j->is, j->l->peer, names[i]->name,
		    j->c + j->n, IDENT_TRY_MAX - j->n);
	j->nbycert = j->n;
}

/* What there is when nothing of the peer's kind was found. */
static void
refuse_none(struct login_job *j, const struct ikeid *remote)
{
	const struct conf_obj *o[IDENT_TRY_MAX];
	unsigned kinds = 0;
	char got[ID_TEXT], have[ID_TEXT];
	size_t i, n;

	n = ident_candidates(j->is, j->l->peer, IDENT_ANY, remote, o,
	    IDENT_TRY_MAX);
	for (i = 0; i < n; i++)
		kinds |= ident_kind(o[i]);
	if (remote == NULL)
		login_refuse(j, LOGIN_NO_IDENTITY, "the peer has no identity "
		    "to authenticate with");
	else if (kinds != 0 && (kinds & kinds_of(j->l)) == 0)
		refuse_method(j, kinds);
	else
		login_refuse(j, LOGIN_NO_IDENTITY, "no identity of the peer "
		    "admits remote ID %s; configured: %s",
		    login_id_text(remote, got), ident_list(j->is, j->l->peer,
		    have, sizeof(have)));
}

/* The identities to try; j->n 0 after a refusal. */
static void
choose(struct login_job *j, const struct ikeid *remote)
{
	const struct login *l = j->l;

	if (l->identity != 0) {
		choose_known(j, remote);
		return;
	}
	if (kinds_of(l) == IDENT_CERT)
		choose_by_cert(j);
	j->n += ident_candidates(j->is, l->peer, kinds_of(l), remote,
	    j->c + j->n, IDENT_TRY_MAX - j->n);
	if (j->n == 0)
		refuse_none(j, remote);
}

/* The certificate of an identity; NULL: none there. */
static struct cert *
own_cert(const struct login_job *j, const struct conf_obj *o)
{
	if (ident_kind(o) != IDENT_CERT || j->env->store == NULL)
		return NULL;
	return store_get(j->env->store,
	    conf_str(o, CONF_IDENTITY_CERTIFICATE));
}

/*
 * requirements 1.6 "my-id": auto is our address with a secret; with a
 * certificate who that says we are, and then the name by which the initiator
 * asks for us if it is one of the certificate's.
 */
int
login_my_id(const struct login_job *j, const struct conf_obj *o,
    struct ikeid *id)
{
	const struct ikeid *mine = conf_id(o, CONF_IDENTITY_MY_ID);
	const struct cert *own = own_cert(j, o);

	if (mine != NULL && !ikeid_is_open(mine)) {
		*id = *mine;
	} else if (own == NULL || own->leaf == NULL) {
		ikeid_from_addr(id, &j->l->local);
	} else if (j->has_asked && certid_has(own->leaf, &j->asked)) {
		*id = j->asked;
	} else
		return certid_first(own->leaf, id);
	return 0;
}

/* Does the initiator ask for us as this identity calls us? */
static bool
asked_fits(const struct login_job *j, const struct conf_obj *o)
{
	struct ikeid mine;

	return login_my_id(j, o, &mine) == 0 && ikeid_equal(&mine, &j->asked);
}

/*
 * First the name by which the initiator asks for us, then that its very
 * certificate is named, then whether it can use ours.  A secret suits all.
 */
static unsigned
rank(const struct login_job *j, size_t i)
{
	const struct cert *own = own_cert(j, j->c[i]);
	unsigned r = j->has_asked && asked_fits(j, j->c[i]) ? 8 : 0;

	if (i < j->nbycert)
		r += 4;
	if (ident_kind(j->c[i]) != IDENT_CERT)
		return r + 3;
	return own == NULL || own->key == NULL ? r :
	    r + login_own_rank(j, own);
}

/* The best first; those alike stay in the order of the configuration. */
static void
prefer(struct login_job *j)
{
	const struct conf_obj *o;
	unsigned r[IDENT_TRY_MAX], this;
	size_t i, k;

	for (i = 0; i < j->n; i++)
		r[i] = rank(j, i);
	for (i = 1; i < j->n; i++) {
		o = j->c[i];
		this = r[i];
		for (k = i; k > 0 && r[k - 1] < this; k--) {
			j->c[k] = j->c[k - 1];
			r[k] = r[k - 1];
		}
		j->c[k] = o;
		r[k] = this;
	}
}

static void
verify_psk(struct login_job *j)
{
	const struct login *l = j->l;
	size_t i;

	for (i = 0; i < j->n; i++)
		if (auth_psk_ok(&l->parts, &l->id_peer, conf_secret(j->c[i],
		    CONF_IDENTITY_SECRET), &l->auth)) {
			login_chosen(j, j->c[i]);
			return;
		}
	login_refuse(j, LOGIN_BAD_AUTH, "the secrets differ%s",
	    j->n > 1 ? ", none of the identities' fits" : "");
	login_finish(j);
}

static void
make_psk(struct login_job *j, const struct conf_obj *o)
{
	const struct login *l = j->l;
	struct part body;
	struct buf b;

	buf_init(&b, IKEID_MAX + 4);
	ikeid_put_body(&b, &j->a.id_own);
	body = (struct part){ b.data, b.len };
	if (buf_error(&b) == -1 || auth_psk(&l->parts, AUTH_OWN, &body,
	    conf_secret(o, CONF_IDENTITY_SECRET), j->a.auth) == -1) {
		login_refuse(j, LOGIN_BAD_REQUEST, "AUTH cannot be computed");
	} else {
		j->a.auth_len = l->parts.prf->out_len;
		j->a.method = AUTH_METHOD_PSK;
	}
	buf_free(&b);
}

/* IDr must be ours: RFC 7296 2.15, requirements 1.6 "my-id". */
static bool
check_asked(struct login_job *j)
{
	char want[ID_TEXT], have[ID_TEXT];

	if (!j->has_asked || ikeid_equal(&j->a.id_own, &j->asked))
		return true;
	login_refuse(j, LOGIN_BAD_ASKED_ID, "the peer asks for %s, we are %s",
	    login_id_text(&j->asked, want),
	    login_id_text(&j->a.id_own, have));
	return false;
}

void
login_chosen(struct login_job *j, const struct conf_obj *o)
{
	j->a.identity = o->id;
	if (login_my_id(j, o, &j->a.id_own) == -1)
		login_refuse(j, LOGIN_NO_KEY, "our certificate has no "
		    "name, my-id= must be given");
	else if (!check_asked(j))
		;
	else if (j->l->make && ident_kind(o) == IDENT_CERT) {
		login_make_cert(j, o);
		return;
	} else if (j->l->make)
		make_psk(j, o);
	login_finish(j);
}

/* Everything that needs neither key nor certificate.  False: refused. */
static bool
begin(struct login_job *j)
{
	const struct login *l = j->l;
	const char *why;
	char text[VERIFY_WHY_MAX];

	j->has_asked = l->id_asked.len > 0;
	if (auth_parts_check(&l->parts, &why) == -1 ||
	    (l->verify && id_get(&l->id_peer, &j->remote, &why) == -1) ||
	    (j->has_asked && id_get(&l->id_asked, &j->asked, &why) == -1)) {
		login_refuse(j, LOGIN_BAD_REQUEST, "%s", why);
		return false;
	}
	if (j->is == NULL) {
		login_refuse(j, LOGIN_BUSY, "certd has no configuration yet");
		return false;
	}
	if (kinds_of(l) == IDENT_CERT &&
	    shown_read(&j->shown, l->certs, l->ncerts, text) == -1) {
		login_refuse(j, LOGIN_BAD_CERT, "%s", text);
		return false;
	}
	choose(j, l->verify ? &j->remote : NULL);
	return j->n > 0;
}

void
login_start(struct login_env *env, const struct login *l, login_cb cb,
    void *arg)
{
	static const struct login_answer busy = { .status = LOGIN_BUSY,
		.reason = "too many logins at once" };
	struct login_job *j;

	if (env->pending >= LOGIN_PENDING_MAX ||
	    (j = calloc(1, sizeof(*j))) == NULL) {
		cb(arg, &busy);
		return;
	}
	env->pending++;
	j->env = env;
	j->l = l;
	j->cb = cb;
	j->arg = arg;
	j->is = env->is != NULL ? idents_ref(env->is) : NULL;
	j->now = env->now != NULL ? env->now() : time(NULL);
	buf_init(&j->auth, SIGN_MAX);
	if (!begin(j)) {
		login_finish(j);
		return;
	}
	if (l->make && j->n > 1)
		prefer(j);
	if (!l->verify)
		login_chosen(j, j->c[0]);
	else if (l->method == AUTH_METHOD_PSK)
		verify_psk(j);
	else
		login_verify_cert(j);
}
