#include "ikepd/natt.h"

#include "lib/secret.h"
#include "lib/suite/prf.h"

int
natt_hash(uint8_t out[NATT_HASH_LEN], uint64_t ispi, uint64_t rspi,
    const struct endpoint *ep)
{
	uint8_t head[16], port[2] = { ep->port >> 8, ep->port & 0xff };
	const struct part parts[] = {
		{ head, sizeof(head) },
		{ ep->addr.b, addr_len(&ep->addr) },
		{ port, sizeof(port) },
	};

	for (unsigned i = 0; i < 8; i++) {
		head[i] = (uint8_t)(ispi >> (56 - 8 * i));
		head[8 + i] = (uint8_t)(rspi >> (56 - 8 * i));
	}
	return hash_parts(HASH_SHA1, parts, 3, out);
}

int
natt_hash_wrong(uint8_t out[NATT_HASH_LEN], uint64_t ispi, uint64_t rspi,
    const struct endpoint *ep)
{
	const struct endpoint nowhere = { .addr = ep->addr };

	return natt_hash(out, ispi, rspi, &nowhere);
}

bool
natt_match(const struct cur *data, uint64_t ispi, uint64_t rspi,
    const struct endpoint *ep)
{
	uint8_t want[NATT_HASH_LEN];

	return natt_hash(want, ispi, rspi, ep) == 0 &&
	    secret_equal(data->p, cur_left(data), want, sizeof(want));
}

bool
natt_match_wrong(const struct cur *data, uint64_t ispi, uint64_t rspi,
    const struct endpoint *ep)
{
	const struct endpoint nowhere = { .addr = ep->addr };

	return natt_match(data, ispi, rspi, &nowhere);
}
