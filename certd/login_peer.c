/* The peer authenticates by a signature. */
#include "certd/login_job.h"

#include "certd/certid.h"
#include "certd/keycheck.h"
#include "certd/watch.h"

#include <stdio.h>
#include <string.h>

#define OCTETS_MAX	(64 * 1024)

static struct cert *
pin_of(const struct login_job *j, const struct conf_obj *o)
{
	const char *name = conf_str(o, CONF_IDENTITY_REMOTE_CERTIFICATE);

	return name[0] == '\0' || j->env->store == NULL ? NULL :
	    store_get(j->env->store, name);
}

/* A peer may leave out a certificate that is known (RFC 7296 section 3.6). */
static void
show_pin(struct login_job *j)
{
	const struct cert *pin;
	size_t i;

	for (i = 0; i < j->n && j->shown.key == NULL; i++) {
		pin = pin_of(j, j->c[i]);
		if (pin == NULL || (pin->leaf != NULL && pin->key == NULL &&
		    cert_is_ca(pin->leaf) && pin->trusted))
			continue;
		shown_free(&j->shown);
		(void)shown_from_cert(&j->shown, pin);
	}
}

/* In a thread: only what the job holds. */
static void
check_run(void *arg)
{
	struct login_job *j = arg;
	struct part octets = { j->octets.data, j->octets.len };
	bool weak = j->trust->allow_weak;
	char why[120];

	if (j->shown.leaf == NULL) {
		if (!key_check(j->shown.key, weak, why, sizeof(why)))
			snprintf(j->leaf_why, sizeof(j->leaf_why),
			    "the peer shows %s", why);
	} else if (!verify_leaf(j->shown.leaf, weak, j->now, j->leaf_why) &&
	    j->leaf_why[0] == '\0')
		snprintf(j->leaf_why, sizeof(j->leaf_why), "not accepted");
	/* An unsound key is not even tried. */
	if (j->leaf_why[0] != '\0')
		return;
	if (sign_verify(j->l->method, &j->l->auth, j->shown.key, &octets,
	    weak, &j->used, j->sig_why) == -1)
		return;
	if (j->shown.leaf != NULL)
		j->chain = verify_chain(j->trust, j->shown.leaf,
		    j->shown.others, j->now, j->chain_why);
}

static bool
in_chain(const struct login_job *j, const X509 *x)
{
	int i;

	for (i = 0; i < sk_X509_num(j->chain); i++)
		if (X509_cmp(sk_X509_value(j->chain, i), x) == 0)
			return true;
	return false;
}

/* remote-certificate: this very one, or a CA it must come from. */
static bool
fits_pin(const struct login_job *j, const char *name, const struct cert *pin,
    char *why)
{
	char got[100], have[100];

	if (pin == NULL) {
		snprintf(why, VERIFY_WHY_MAX, "remote-certificate %s is not "
		    "there", name);
		return false;
	}
	if (memcmp(pin->fp, j->shown.fp, CERT_FP_LEN) == 0)
		return true;
	if (j->shown.leaf == NULL) {
		/* A certificate's key alone would outlive its validity. */
		if (pin->leaf == NULL &&
		    EVP_PKEY_eq(pin->pub, j->shown.key) == 1)
			return true;
	} else if (pin->leaf != NULL && cert_is_ca(pin->leaf)) {
		if (in_chain(j, pin->leaf))
			return true;
		snprintf(why, VERIFY_WHY_MAX, "the certificate does not come "
		    "from the CA %.60s%s%.90s", name, j->chain == NULL ? ": " : "",
		    j->chain == NULL ? j->chain_why : "");
		return false;
	}
	if (j->shown.leaf != NULL && pin->leaf != NULL)
		snprintf(why, VERIFY_WHY_MAX, "the peer shows certificate "
		    "\"%.50s\", not remote-certificate %.40s (\"%.50s\")",
		    cert_subject(j->shown.leaf, got, sizeof(got)), name,
		    cert_subject(pin->leaf, have, sizeof(have)));
	else
		snprintf(why, VERIFY_WHY_MAX, "the peer shows another %s than "
		    "remote-certificate %s", j->shown.leaf != NULL ?
		    "certificate" : "key", name);
	return false;
}

/*
 * A CA's certificate signs others; whoever has that key is not thereby one
 * of the users.  One that is imported or named itself is meant.
 */
static bool
is_issuer(const struct login_job *j, const struct cert *pin)
{
	return sk_X509_num(j->chain) > 1 && cert_is_ca(j->shown.leaf) &&
	    (pin == NULL || memcmp(pin->fp, j->shown.fp, CERT_FP_LEN) != 0);
}

/*
 * Who connects to a gateway that may have any name must not find one of the
 * gateway's other users there.
 */
static bool
is_user(const struct login_job *j, const struct ikeid *expected,
    const struct cert *pin)
{
	return j->l->parts.initiator && j->shown.leaf != NULL &&
	    ikeid_is_open(expected) &&
	    (pin == NULL || memcmp(pin->fp, j->shown.fp, CERT_FP_LEN) != 0) &&
	    verify_is_client(j->shown.leaf);
}

/* Does this identity take what the peer showed and says it is? */
static bool
fits(const struct login_job *j, const struct conf_obj *o, char *why)
{
	const char *name = conf_str(o, CONF_IDENTITY_REMOTE_CERTIFICATE);
	const struct ikeid *expected = conf_id(o, CONF_IDENTITY_REMOTE_ID);
	char got[ID_TEXT], subject[100];

	if (!ikeid_admits(expected, &j->remote)) {
		snprintf(why, VERIFY_WHY_MAX, "remote ID %s is not the "
		    "identity's", login_id_text(&j->remote, got));
		return false;
	}
	if (name[0] != '\0') {
		if (!fits_pin(j, name, pin_of(j, o), why))
			return false;
	} else if (j->shown.leaf == NULL) {
		snprintf(why, VERIFY_WHY_MAX, "a raw public key is taken only "
		    "with remote-certificate=");
		return false;
	} else if (j->chain == NULL) {
		snprintf(why, VERIFY_WHY_MAX, "%s", j->chain_why);
		return false;
	}
	if (is_issuer(j, pin_of(j, o))) {
		snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\" is a CA's; "
		    "such a one is taken only when remote-certificate= names "
		    "it", cert_subject(j->shown.leaf, subject,
		    sizeof(subject)));
		return false;
	}
	if (is_user(j, expected, pin_of(j, o))) {
		snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\" is a "
		    "client's (extendedKeyUsage has clientAuth alone) and any "
		    "name would do; set remote-id=", cert_subject(
		    j->shown.leaf, subject, sizeof(subject)));
		return false;
	}
	/* A raw key has no names; it is known by itself (RFC 7670). */
	if (expected->type == IKEID_IGNORE || j->shown.leaf == NULL ||
	    certid_has(j->shown.leaf, &j->remote))
		return true;
	snprintf(why, VERIFY_WHY_MAX, "remote ID %.90s is not in its "
	    "certificate \"%.60s\"", login_id_text(&j->remote, got),
	    cert_subject(j->shown.leaf, subject, sizeof(subject)));
	return false;
}

static void
on_revocation(void *arg, bool good, const char *why)
{
	struct login_job *j = arg;

	if (good) {
		watch_of(j->chain, j->shown.fp, &j->a.watch);
		j->a.watched = true;
		login_chosen(j, j->fits);
		return;
	}
	login_refuse(j, LOGIN_BAD_CERT, "%s", why);
	login_finish(j);
}

static void
ask_revocation(struct login_job *j)
{
	if (j->env->check_revocation == NULL || j->shown.leaf == NULL) {
		login_chosen(j, j->fits);
		return;
	}
	/* Pinned, or it would not fit. */
	if (j->chain == NULL)
		j->chain = verify_pinned_chain(j->trust, j->shown.leaf);
	if (j->chain != NULL && j->env->check_revocation(j->env->revocation, j->chain,
	    j->shown.fp, j->shown.ocsp, j->shown.nocsp, j->now, on_revocation,
	    j) == 0)
		return;
	login_refuse(j, LOGIN_BUSY, "no memory to check for revocation");
	login_finish(j);
}

/* The peer's subject, or the kind of its raw key. */
static const char *
peer_text(const struct login_job *j, char *dst, size_t size)
{
	return j->shown.leaf != NULL ? cert_subject(j->shown.leaf, dst, size) :
	    key_text(j->shown.key, dst, size);
}

static void
note_peer(struct login_job *j)
{
	memcpy(j->a.fp, j->shown.fp, sizeof(j->a.fp));
	(void)peer_text(j, j->a.subject, sizeof(j->a.subject));
}

/* Back in the loop. */
static void
check_done(void *arg)
{
	struct login_job *j = arg;
	char why[VERIFY_WHY_MAX], first[VERIFY_WHY_MAX] = "", got[100];
	size_t i;

	if (j->leaf_why[0] != '\0') {
		login_refuse(j, LOGIN_BAD_CERT, "%s", j->leaf_why);
		login_finish(j);
		return;
	}
	if (j->sig_why[0] != '\0') {
		login_refuse(j, LOGIN_BAD_AUTH, "%s; certificate \"%s\"",
		    j->sig_why, peer_text(j, got, sizeof(got)));
		login_finish(j);
		return;
	}
	for (i = 0; i < j->n; i++) {
		if (fits(j, j->c[i], why)) {
			j->fits = j->c[i];
			note_peer(j);
			ask_revocation(j);
			return;
		}
		if (i == 0)
			snprintf(first, sizeof(first), "%s", why);
	}
	login_refuse(j, LOGIN_BAD_CERT, "%s", first);
	login_finish(j);
}

void
login_verify_cert(struct login_job *j)
{
	show_pin(j);
	if (j->shown.key == NULL || j->env->store == NULL) {
		login_refuse(j, LOGIN_BAD_CERT, "the peer sent no certificate "
		    "and remote-certificate names none");
		login_finish(j);
		return;
	}
	j->trust = trust_ref(store_trust(j->env->store));
	buf_init(&j->octets, OCTETS_MAX);
	if (auth_octets(&j->l->parts, AUTH_PEER, &j->l->id_peer,
	    &j->octets) == -1) {
		login_refuse(j, LOGIN_BAD_REQUEST, "AUTH cannot be computed");
		login_finish(j);
		return;
	}
	login_run(j, check_run, check_done);
}
