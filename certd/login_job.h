/* A login under way; certd/login*.c alone. */
#ifndef CERTD_LOGIN_JOB_H
#define CERTD_LOGIN_JOB_H

#include "certd/login.h"

#define ID_TEXT	128	/* of an ID in a reason */

struct login_job {
	struct login_env *env;
	const struct login *l;
	login_cb cb;
	void *arg;
	struct idents *is;	/* a reference; holds the identities */
	struct ikeid remote, asked;
	bool has_asked;
	const struct conf_obj *c[IDENT_TRY_MAX];	/* to be tried */
	size_t n;
	size_t nbycert;		/* of these, found by the certificate */
	struct login_answer a;
	time_t now;

	/* the peer's signature; a thread fills in the results */
	struct shown shown;
	struct trust *trust;		/* a reference */
	struct buf octets;
	char leaf_why[VERIFY_WHY_MAX];	/* "": it is good */
	char sig_why[SIGN_WHY_MAX];	/* "": it verifies */
	const struct sign_row *used;	/* by the peer */
	STACK_OF(X509) *chain;		/* NULL: chain_why */
	char chain_why[VERIFY_WHY_MAX];
	const struct conf_obj *fits;	/* waits for revocation */

	/* ours */
	struct cert *own;		/* a reference */
	const struct sign_row *row;
	struct buf auth;
	int sign_rc;
	uint8_t *ders[VERIFY_CERTS_MAX];
};

void login_refuse(struct login_job *, enum login_status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Calls back and frees the job. */
void login_finish(struct login_job *);
/* The identity is found: checks what was asked for and makes our AUTH. */
void login_chosen(struct login_job *, const struct conf_obj *);
const char *login_id_text(const struct ikeid *, char text[ID_TEXT]);
/* Our ID under an identity; -1: there is none. */
int login_my_id(const struct login_job *, const struct conf_obj *,
    struct ikeid *);
/* The peer's method in words. */
const char *login_method_name(uint8_t method);

/* login_peer.c: the peer authenticates by a signature. */
void login_verify_cert(struct login_job *);
/* login_own.c: so do we. */
void login_make_cert(struct login_job *, const struct conf_obj *);
/*
 * How well our certificate suits the peer: 2, the key can sign with a hash it
 * announced, and 1, it comes from a CA the peer asks for.
 */
unsigned login_own_rank(const struct login_job *, const struct cert *);
/* Runs in a thread, or at once when there are none. */
void login_run(struct login_job *, pool_fn run, pool_fn done);

#endif
