#include "ikepd/sa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ike_sa *
sa_new(void)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa));
	int i;

	if (sa == NULL)
		return NULL;
	sa->k = calloc(1, sizeof(*sa->k));
	if (sa->k == NULL) {
		free(sa);
		return NULL;
	}
	for (i = 0; i < DUE_N; i++)
		sa->due[i] = MONO_NEVER;
	return sa;
}

void
handshake_free(struct handshake *hs)
{
	if (hs == NULL)
		return;
	secret_free(&hs->msg_own);
	secret_free(&hs->msg_peer);
	secret_free(&hs->nonce_own);
	secret_free(&hs->nonce_peer);
	secret_free(&hs->cookie);
	secret_free(&hs->certreq);
	secret_wipe(hs, sizeof(*hs));
	free(hs);
}

void
sa_free(struct ike_sa *sa)
{
	if (sa == NULL)
		return;
	handshake_free(sa->hs);
	free(sa->req);
	free(sa->resp);
	frag_free(&sa->frag_req);
	frag_free(&sa->frag_resp);
	secret_wipe(sa->k, sizeof(*sa->k));
	free(sa->k);
	free(sa);
}

int
sa_set_ids(struct ike_sa *sa, const struct blob *own, const struct blob *peer)
{
	struct sa_keep *k;

	if (own->len > UINT16_MAX || peer->len > UINT16_MAX)
		return -1;
	k = malloc(sizeof(*k) + own->len + peer->len);
	if (k == NULL)
		return -1;
	memcpy(k, sa->k, sizeof(*k));
	k->id_own_len = (uint16_t)own->len;
	k->id_peer_len = (uint16_t)peer->len;
	if (own->len > 0)
		memcpy(k->ids, own->p, own->len);
	if (peer->len > 0)
		memcpy(k->ids + own->len, peer->p, peer->len);
	secret_wipe(sa->k, sizeof(*sa->k));
	free(sa->k);
	sa->k = k;
	return 0;
}

struct blob
sa_id_own(const struct ike_sa *sa)
{
	return (struct blob){ sa->k->ids, sa->k->id_own_len };
}

struct blob
sa_id_peer(const struct ike_sa *sa)
{
	return (struct blob){ sa->k->ids + sa->k->id_own_len,
		sa->k->id_peer_len };
}

int
sa_set_keys(struct ike_sa *sa, const struct ike_keys *keys, const char **why)
{
	struct sa_keep *k = sa->k;
	const struct alg *encr = suite_row(k->encr);
	const struct alg *integ = suite_row(k->integ);
	bool i = k->initiator;

	*why = "the keys do not suit the algorithms";
	if (keys->d_len > sizeof(k->sk_d))
		return -1;
	if (integ != NULL && (integ->flags & ALG_NONE))
		integ = NULL;
	if (sk_init(&k->out, encr, integ, i ? keys->sk_ei : keys->sk_er,
	    integ == NULL ? NULL : i ? keys->sk_ai : keys->sk_ar) == -1 ||
	    sk_init(&k->in, encr, integ, i ? keys->sk_er : keys->sk_ei,
	    integ == NULL ? NULL : i ? keys->sk_ar : keys->sk_ai) == -1)
		return -1;
	k->d_len = keys->d_len;
	memcpy(k->sk_d, keys->sk_d, keys->d_len);
	return 0;
}

uint64_t
sa_ispi(const struct ike_sa *sa)
{
	return sa->k->initiator ? sa->k->spi_own : sa->k->spi_peer;
}

uint64_t
sa_rspi(const struct ike_sa *sa)
{
	return sa->k->initiator ? sa->k->spi_peer : sa->k->spi_own;
}

static const char *const state_names[SA_STATES] = {
	[SA_INIT_KE] = "starting",
	[SA_INIT_SENT] = "message-1-sent",
	[SA_INIT_DERIVE] = "message-2-received",
	[SA_INIT_REPLY] = "message-1-received",
	[SA_INIT_DONE] = "message-2-sent",
	[SA_AUTH_MAKE] = "message-2-received",
	[SA_AUTH_SENT] = "message-3-sent",
	[SA_AUTH_VERIFY] = "message-4-received",
	[SA_AUTH_CHECK] = "message-3-received",
	[SA_REKEY_NEW] = "rekeying",
	[SA_ESTABLISHED] = "established",
	[SA_REPLACED] = "replaced",
	[SA_DELETING] = "deleting",
	[SA_CLOSED] = "closed",
};

const char *
sa_state_name(enum sa_state s)
{
	return (unsigned)s < SA_STATES ? state_names[s] : "?";
}

bool
sa_half_open(const struct ike_sa *sa)
{
	return sa->state < SA_REKEY_NEW;
}

const char *
sa_suite(const struct ike_sa *sa, char *dst, size_t size)
{
	const struct alg *encr = suite_row(sa->k->encr);
	const struct alg *prfa = suite_row(sa->k->prf);
	const struct alg *ke = suite_row(sa->k->ke);

	dst[0] = '\0';
	if (sa->k->d_len == 0 || encr == NULL || prfa == NULL)
		return dst;
	snprintf(dst, size, "%s/%s/%s", suite_name(encr, ALG_PHASE1),
	    suite_name(prfa, ALG_PHASE1),
	    ke == NULL ? "none" : suite_name(ke, ALG_PHASE1));
	return dst;
}
