#include "tests/sim/inner.h"
#include "ikepd/core.h"
#include "ikepd/exchange.h"
#include "ikepd/wire/body.h"

#include <check.h>
#include <string.h>

bool
under_seal(struct sim *sim, unsigned from, uint8_t *data, size_t *len,
    inner_fn change)
{
	const size_t aad = IKE_HDR_LEN + PAYLOAD_HDR_LEN;
	struct wire_err err;
	struct inner in;
	struct sk_dir dir;
	struct ike_hdr h;
	struct ike_sa *sa;
	const char *why;
	uint8_t *plain, iv[CIPHER_IV_MAX] = { 0 };
	size_t n, total, i;
	bool changed;

	if (*len > INNER_MAX ||
	    ike_hdr_parse(&h, data, *len, &err) != IKE_HDR_V2 ||
	    h.next != PL_SK)
		return false;
	sa = store_get(sim->node[from].engine,
	    h.flags & IKE_FLAG_INITIATOR ? h.ispi : h.rspi);
	if (sa == NULL || sa->k->d_len == 0)
		return false;
	dir = sa->k->out;
	in.first = data[IKE_HDR_LEN];
	ck_assert_int_eq(sk_open(&dir, data, aad, *len, &plain, &n, &why), 0);
	memcpy(in.b, plain, n);
	in.n = n;
	changed = change(sim, &h, &in);
	total = aad + sk_len(&dir, in.n);
	data[IKE_HDR_LEN] = in.first;
	data[IKE_HDR_LEN + 2] = (uint8_t)((total - IKE_HDR_LEN) >> 8);
	data[IKE_HDR_LEN + 3] = (uint8_t)(total - IKE_HDR_LEN);
	for (i = 0; i < 4; i++)
		data[24 + i] = (uint8_t)(total >> (24 - 8 * i));
	memcpy(data + aad + sk_iv_len(&dir), in.b, in.n);
	ck_assert_int_eq(sk_seal(&dir, data, aad, in.n, iv, &why), 0);
	*len = total;
	return changed;
}
