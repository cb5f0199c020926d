#include "espd/decap.h"

#include "espd/wire.h"

#define TRAILER		2

static enum stat
count(_Atomic uint64_t *n, enum stat what)
{
	uint64_t v = atomic_load_explicit(n, memory_order_relaxed);

	atomic_store_explicit(n, v + 1, memory_order_relaxed);
	return what;
}

static bool
length_ok(const struct sa *s, size_t len)
{
	size_t rest = (size_t)CRYPT_HDR + s->iv_len + s->icv_len;

	return len >= rest + TRAILER &&
	    ((len - rest) & (s->conf.encr->block - 1u)) == 0;
}

/* RFC 4303 section 2.4: the bytes are 1, 2, 3, ..., which says that what was
 * decrypted is what was encrypted. */
static bool
padding_ok(const uint8_t *p, size_t pad)
{
	uint8_t diff = 0;

	for (size_t i = 0; i < pad; i++)
		diff |= p[i] ^ (uint8_t)(i + 1);
	return diff == 0;
}

static enum stat
trailer(struct decap *d, uint8_t *p, size_t len)
{
	size_t pad = p[len - 2];

	if (pad + TRAILER > len ||
	    !padding_ok(p + len - TRAILER - pad, pad))
		return STAT_IN_STATE_PROTOCOL_ERRORS;
	d->p = p;
	d->len = len - TRAILER - pad;
	d->next = p[len - 1];
	return STAT_NONE;
}

enum stat
decap_open(struct sa *s, uint8_t *esp, size_t len, struct decap *d)
{
	size_t off = (size_t)CRYPT_HDR + s->iv_len, body;

	if (!length_ok(s, len))
		return STAT_IN_HEADER_ERRORS;
	body = len - off - s->icv_len;
	if ((d->seq = replay_check(s->replay, get32(esp + 4))) == 0)
		return count(&s->live->errors_replay,
		    STAT_IN_STATE_SEQUENCE_ERRORS);
	if (crypt_open(s->crypt, esp, off + body,
	    (uint32_t)(d->seq >> 32)) == -1)
		return count(&s->live->errors_integ,
		    STAT_IN_STATE_PROTOCOL_ERRORS);
	d->newest = d->seq > atomic_load_explicit(&s->replay->top,
	    memory_order_relaxed);
	replay_accept(s->replay, d->seq);
	if (d->newest)
		atomic_store_explicit(&s->live->seq, d->seq,
		    memory_order_relaxed);
	return trailer(d, esp + off, body);
}
