#include "espd/encap.h"

#include "espd/wire.h"

/* RFC 4303 section 2.4: 1, 2, 3, ..., then their number, then the type. */
static void
put_trailer(uint8_t *p, size_t pad, uint8_t next)
{
	for (size_t i = 0; i < pad; i++)
		p[i] = (uint8_t)(i + 1);
	p[pad] = (uint8_t)pad;
	p[pad + 1] = next;
}

/* The sequence number never repeats under a key, so it makes a counter. */
static int
put_iv(const struct sa *s, struct ivpool *pool, uint64_t seq, uint8_t *iv)
{
	if (s->iv_len == 0)
		return 0;
	if (!(s->conf.encr->flags & ALG_COUNTER))
		return ivpool_get(pool, iv, s->iv_len);
	put64(iv, seq);
	return 0;
}

int
encap_seal(const struct sa *s, struct crypt *c, struct ivpool *pool,
    uint64_t seq, uint8_t next, uint8_t *esp, size_t n)
{
	size_t len = sa_packed(s, n) - s->icv_len, off = encap_off(s);

	put32(esp, s->conf.spi);
	put32(esp + 4, (uint32_t)seq);
	if (put_iv(s, pool, seq, esp + CRYPT_HDR) == -1)
		return -1;
	put_trailer(esp + off + n, len - off - n - 2, next);
	return crypt_seal(c, esp, len, (uint32_t)(seq >> 32));
}
