/* One payload made into an ESP packet (RFC 4303 section 3.3). */
#ifndef ESPD_ENCAP_H
#define ESPD_ENCAP_H

#include "espd/ivpool.h"
#include "espd/sa.h"

/* Where the payload begins in the packet. */
static inline size_t
encap_off(const struct sa *s)
{
	return (size_t)CRYPT_HDR + s->iv_len;
}

/*
 * esp has sa_packed(s, n) bytes, n bytes of payload stand at encap_off().
 * crypt: the calling thread's.  -1: the cipher failed.
 */
int encap_seal(const struct sa *, struct crypt *, struct ivpool *,
    uint64_t seq, uint8_t next, uint8_t *esp, size_t n);

#endif
