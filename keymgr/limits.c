#include "keymgr/limits.h"

#include <stdlib.h>

/*
 * Under one key, two blocks of ciphertext become equal, and say something of
 * the plaintext, at about the square root of all blocks: long before it, an
 * SA ends.  With 64-bit blocks that is soon.
 */
#define SMALL_BLOCK_BYTES	(UINT64_C(1) << 30)
#define ESN_PACKETS		(UINT64_C(1) << 40)
/* RFC 4303 section 3.3.3: a sequence number must not cycle. */
#define PACKETS			UINT64_C(0xffffffff)

uint64_t
limits_soft(uint64_t hard)
{
	uint64_t tenth = hard / 10, less = hard / 20 + 1;

	if (less > UINT32_MAX)
		less = UINT32_MAX;
	return hard - 2 * tenth - arc4random_uniform((uint32_t)less);
}

static uint64_t
least(uint64_t configured, uint64_t most)
{
	return configured == 0 || (most != 0 && most < configured) ? most :
	    configured;
}

void
limits_set(struct bk_limits *l, const struct km_proposal *p,
    const struct alg *encr, bool esn)
{
	bool small = encr->mode == ALG_M_CBC && encr->block <= 8;

	l->hard_bytes = least(p->lifebytes, small ? SMALL_BLOCK_BYTES : 0);
	l->hard_packets = least(p->lifepackets, esn ? ESN_PACKETS : PACKETS);
	l->soft_bytes = limits_soft(l->hard_bytes);
	l->soft_packets = limits_soft(l->hard_packets);
}
