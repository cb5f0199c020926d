#include "certd/auth.h"

#include "lib/buf.h"

#include <string.h>

#define IKE_HDR_LEN	28
#define IKE_MAJOR_2	2
#define IKE_SA_INIT	34
#define FLAG_INITIATOR	0x08
#define FLAG_RESPONSE	0x20
#define PLD_NONE	0
#define PLD_NONCE	40
#define PLD_HDR_LEN	4
#define NONCE_MIN	16
#define NONCE_MAX	256

static const char key_pad[] = "Key Pad for IKEv2";

struct ike_hdr {
	uint64_t ispi, rspi;
	uint8_t next, version, exchange, flags;
	uint32_t msgid, length;
};

static int
hdr_get(struct cur *c, struct ike_hdr *h)
{
	if (cur_u64(c, &h->ispi) == -1 || cur_u64(c, &h->rspi) == -1 ||
	    cur_u8(c, &h->next) == -1 || cur_u8(c, &h->version) == -1 ||
	    cur_u8(c, &h->exchange) == -1 || cur_u8(c, &h->flags) == -1 ||
	    cur_u32(c, &h->msgid) == -1 || cur_u32(c, &h->length) == -1)
		return -1;
	return 0;
}

/* Walks the payloads to the end; there must be one nonce, the one given. */
static const char *
nonce_check(struct cur *c, uint8_t next, const struct part *nonce)
{
	const uint8_t *body;
	uint8_t type, reserved;
	uint16_t len;
	unsigned n = 0;

	while (next != PLD_NONE) {
		type = next;
		if (cur_u8(c, &next) == -1 || cur_u8(c, &reserved) == -1 ||
		    cur_u16(c, &len) == -1 || len < PLD_HDR_LEN ||
		    cur_ref(c, &body, len - PLD_HDR_LEN) == -1)
			return "a message with malformed payloads";
		if (type != PLD_NONCE)
			continue;
		if (n++ > 0 || (size_t)(len - PLD_HDR_LEN) != nonce->len ||
		    memcmp(body, nonce->p, nonce->len) != 0)
			return "a message with another nonce";
	}
	if (cur_end(c) == -1)
		return "a message with trailing bytes";
	return n == 1 ? NULL : "a message without a nonce";
}

/* request: the initiator's message, else the responder's. */
static const char *
msg_check(const struct part *msg, bool request, const struct part *nonce,
    struct ike_hdr *h)
{
	const uint8_t want = request ? FLAG_INITIATOR : FLAG_RESPONSE;
	struct cur c;

	if (nonce->len < NONCE_MIN || nonce->len > NONCE_MAX)
		return "a nonce of a forbidden length";
	cur_init(&c, msg->p, msg->len);
	if (hdr_get(&c, h) == -1 || h->length != msg->len)
		return "a message of another length than its header says";
	if (h->version >> 4 != IKE_MAJOR_2 || h->exchange != IKE_SA_INIT ||
	    h->msgid != 0)
		return "a message that is no IKE_SA_INIT";
	if ((h->flags & (FLAG_INITIATOR | FLAG_RESPONSE)) != want)
		return "a message of the wrong side";
	if (h->ispi == 0 || (h->rspi == 0) != request)
		return "a message with impossible SPIs";
	return nonce_check(&c, h->next, nonce);
}

int
auth_parts_check(const struct auth_parts *a, const char **why)
{
	struct ike_hdr own, peer;

	if ((*why = msg_check(&a->msg_own, a->initiator, &a->nonce_own,
	    &own)) != NULL ||
	    (*why = msg_check(&a->msg_peer, !a->initiator, &a->nonce_peer,
	    &peer)) != NULL)
		return -1;
	if (own.ispi != peer.ispi)
		*why = "messages of two IKE SAs";
	else if (a->sk_own.len != a->prf->key_len ||
	    a->sk_peer.len != a->prf->key_len)
		*why = "keys that do not fit the PRF";
	return *why == NULL ? 0 : -1;
}

/* One's own message, the other's nonce, prf(SK_p, one's own ID). */
static int
octets_of(const struct auth_parts *a, enum auth_side side,
    const struct part *id, uint8_t maced_id[PRF_MAX], struct part octets[3])
{
	const struct part *sk = side == AUTH_OWN ? &a->sk_own : &a->sk_peer;

	octets[0] = side == AUTH_OWN ? a->msg_own : a->msg_peer;
	octets[1] = side == AUTH_OWN ? a->nonce_peer : a->nonce_own;
	octets[2] = (struct part){ maced_id, a->prf->out_len };
	return prf(a->prf, sk->p, sk->len, id, 1, maced_id);
}

int
auth_octets(const struct auth_parts *a, enum auth_side side,
    const struct part *id, struct buf *out)
{
	uint8_t maced_id[PRF_MAX];
	struct part octets[3];
	size_t i;
	int rc;

	rc = octets_of(a, side, id, maced_id, octets);
	for (i = 0; rc == 0 && i < 3; i++)
		buf_put(out, octets[i].p, octets[i].len);
	secret_wipe(maced_id, sizeof(maced_id));
	return rc == 0 ? buf_error(out) : -1;
}

int
auth_psk(const struct auth_parts *a, enum auth_side side,
    const struct part *id, const struct secret *psk, uint8_t out[PRF_MAX])
{
	const struct part pad = { key_pad, sizeof(key_pad) - 1 };
	uint8_t key[PRF_MAX], maced_id[PRF_MAX];
	struct part octets[3];
	int rc = -1;

	if (octets_of(a, side, id, maced_id, octets) == -1 ||
	    prf(a->prf, psk->data, psk->len, &pad, 1, key) == -1 ||
	    prf(a->prf, key, a->prf->out_len, octets, 3, out) == -1)
		goto out;
	rc = 0;
out:
	secret_wipe(key, sizeof(key));
	secret_wipe(maced_id, sizeof(maced_id));
	return rc;
}

bool
auth_psk_ok(const struct auth_parts *a, const struct part *id,
    const struct secret *psk, const struct part *auth)
{
	uint8_t want[PRF_MAX];
	bool ok;

	ok = auth_psk(a, AUTH_PEER, id, psk, want) == 0 &&
	    secret_equal(want, a->prf->out_len, auth->p, auth->len);
	secret_wipe(want, sizeof(want));
	return ok;
}
