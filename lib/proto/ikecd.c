#include "lib/proto/ikecd.h"

#include <string.h>

static void
blob_put(struct buf *b, const struct cd_blob *v)
{
	if (v->len > UINT16_MAX) {
		b->failed = true;
		return;
	}
	buf_u16(b, (uint16_t)v->len);
	buf_put(b, v->p, v->len);
}

static int
blob_get(struct cur *c, struct cd_blob *v, size_t max)
{
	uint16_t n;

	if (cur_u16(c, &n) == -1 || n > max || cur_ref(c, &v->p, n) == -1)
		return -1;
	v->len = n;
	return 0;
}

static void
certs_put(struct buf *b, const struct cd_cert *certs, size_t n)
{
	size_t i;

	if (n > CD_CERTS_MAX) {
		b->failed = true;
		return;
	}
	buf_u8(b, (uint8_t)n);
	for (i = 0; i < n; i++) {
		buf_u8(b, certs[i].encoding);
		blob_put(b, &certs[i].data);
	}
}

static int
certs_get(struct cur *c, struct cd_cert certs[CD_CERTS_MAX], size_t *ncerts)
{
	size_t left = CD_CERTS_LEN_MAX;
	uint8_t n;
	size_t i;

	if (cur_u8(c, &n) == -1 || n > CD_CERTS_MAX)
		return -1;
	for (i = 0; i < n; i++) {
		if (cur_u8(c, &certs[i].encoding) == -1 ||
		    blob_get(c, &certs[i].data, left) == -1)
			return -1;
		left -= certs[i].data.len;
	}
	*ncerts = n;
	return 0;
}

static int
certreq_get(struct cur *c, struct cd_blob *v)
{
	return blob_get(c, v, CD_CERTREQ_MAX) == -1 ||
	    v->len % CD_CA_HASH_LEN != 0 ? -1 : 0;
}

void
cd_auth_put(struct buf *b, const struct cd_auth *a)
{
	buf_u8(b, a->what);
	buf_u8(b, a->initiator);
	buf_u32(b, a->peer);
	buf_u32(b, a->identity);
	buf_u16(b, a->prf);
	buf_addr(b, &a->local);
	buf_addr(b, &a->remote);
	blob_put(b, &a->msg_own);
	blob_put(b, &a->msg_peer);
	blob_put(b, &a->nonce_own);
	blob_put(b, &a->nonce_peer);
	blob_put(b, &a->sk_own);
	blob_put(b, &a->sk_peer);
	blob_put(b, &a->id_peer);
	blob_put(b, &a->id_asked);
	buf_u8(b, a->method);
	blob_put(b, &a->auth);
	certs_put(b, a->certs, a->ncerts);
	blob_put(b, &a->certreq);
	buf_u16(b, a->hashes);
}

int
cd_auth_get(struct cur *c, struct cd_auth *a, const char **why)
{
	uint8_t initiator;

	memset(a, 0, sizeof(*a));
	*why = "malformed authentication request";
	if (cur_u8(c, &a->what) == -1 || a->what == 0 ||
	    (a->what & ~(CD_VERIFY | CD_MAKE)) != 0 ||
	    cur_u8(c, &initiator) == -1 || initiator > 1 ||
	    cur_u32(c, &a->peer) == -1 || cur_u32(c, &a->identity) == -1 ||
	    cur_u16(c, &a->prf) == -1 || cur_addr(c, &a->local) == -1 ||
	    cur_addr(c, &a->remote) == -1 ||
	    blob_get(c, &a->msg_own, CD_MSG_MAX) == -1 ||
	    blob_get(c, &a->msg_peer, CD_MSG_MAX) == -1 ||
	    blob_get(c, &a->nonce_own, 256) == -1 ||
	    blob_get(c, &a->nonce_peer, 256) == -1 ||
	    blob_get(c, &a->sk_own, 64) == -1 ||
	    blob_get(c, &a->sk_peer, 64) == -1 ||
	    blob_get(c, &a->id_peer, CD_ID_MAX) == -1 ||
	    blob_get(c, &a->id_asked, CD_ID_MAX) == -1 ||
	    cur_u8(c, &a->method) == -1 ||
	    blob_get(c, &a->auth, CD_AUTH_MAX) == -1 ||
	    certs_get(c, a->certs, &a->ncerts) == -1 ||
	    certreq_get(c, &a->certreq) == -1 ||
	    cur_u16(c, &a->hashes) == -1 || cur_end(c) == -1)
		return -1;
	a->initiator = initiator == 1;
	return 0;
}

void
cd_result_put(struct buf *b, const struct cd_result *r)
{
	buf_u8(b, (uint8_t)r->status);
	buf_u32(b, r->identity);
	buf_str(b, r->reason);
	blob_put(b, &r->id_own);
	buf_u8(b, r->method);
	blob_put(b, &r->auth);
	certs_put(b, r->certs, r->ncerts);
	buf_put(b, r->fp, sizeof(r->fp));
	buf_str(b, r->subject);
	blob_put(b, &r->watch);
}

int
cd_result_get(struct cur *c, struct cd_result *r, const char **why)
{
	uint8_t status;

	memset(r, 0, sizeof(*r));
	*why = "malformed authentication result";
	if (cur_u8(c, &status) == -1 || status >= CD_STATUS_MAX ||
	    cur_u32(c, &r->identity) == -1 ||
	    cur_str(c, r->reason, sizeof(r->reason)) == -1 ||
	    blob_get(c, &r->id_own, CD_ID_MAX) == -1 ||
	    cur_u8(c, &r->method) == -1 ||
	    blob_get(c, &r->auth, CD_AUTH_MAX) == -1 ||
	    certs_get(c, r->certs, &r->ncerts) == -1 ||
	    cur_copy(c, r->fp, sizeof(r->fp)) == -1 ||
	    cur_str(c, r->subject, sizeof(r->subject)) == -1 ||
	    blob_get(c, &r->watch, CD_WATCH_MAX) == -1 ||
	    cur_end(c) == -1)
		return -1;
	r->status = (enum cd_status)status;
	return 0;
}

void
cd_trust_put(struct buf *b, const struct cd_trust *t)
{
	buf_u16(b, t->hashes);
	buf_u8(b, t->flags);
	blob_put(b, &t->certreq);
}

int
cd_trust_get(struct cur *c, struct cd_trust *t, const char **why)
{
	*why = "malformed list of trusted CAs";
	if (cur_u16(c, &t->hashes) == -1 || cur_u8(c, &t->flags) == -1 ||
	    (t->flags & ~CD_TRUST_CERTS) != 0 ||
	    certreq_get(c, &t->certreq) == -1 || cur_end(c) == -1)
		return -1;
	return 0;
}

void
cd_revoked_put(struct buf *b, const uint8_t fp[CD_FP_LEN])
{
	buf_put(b, fp, CD_FP_LEN);
}

int
cd_revoked_get(struct cur *c, uint8_t fp[CD_FP_LEN], const char **why)
{
	*why = "malformed fingerprint";
	if (cur_copy(c, fp, CD_FP_LEN) == -1 || cur_end(c) == -1)
		return -1;
	return 0;
}
