#include "espd/frag.h"

#include "espd/csum.h"
#include "espd/wire.h"

#define IP4_LEN		20
#define IP4_MF		0x2000
#define IP4_OFF		0x1fff
#define OPT_END		0
#define OPT_NOP		1
#define OPT_COPIED	0x80

int
frag_plan(struct frag *f, const struct pkt *k, size_t mtu)
{
	if (k->version != 4 || k->df || mtu < (size_t)k->l4 + 8 ||
	    (get16(k->p + 6) & IP4_OFF) * 8u + k->len > PKT_MAX)
		return -1;
	f->pkt = k;
	f->piece = (mtu - k->l4) / 8 * 8;
	f->n = (unsigned)((k->len - k->l4 + f->piece - 1) / f->piece);
	return 0;
}

size_t
frag_len(const struct frag *f, unsigned i)
{
	size_t left = f->pkt->len - f->pkt->l4 - i * f->piece;

	return f->pkt->l4 + (left < f->piece ? left : f->piece);
}

/* Options without the copied flag stand in the first fragment only. */
static void
blank_options(uint8_t *ip, size_t hdr)
{
	size_t at = IP4_LEN, n;

	while (at < hdr && ip[at] != OPT_END) {
		n = ip[at] == OPT_NOP || at + 1 >= hdr ? 1 : ip[at + 1];
		if (n == 0 || at + n > hdr)
			return;
		if (!(ip[at] & OPT_COPIED))
			memset(ip + at, OPT_NOP, n);
		at += n;
	}
}

/* A fragment may be fragmented again: its own offset and flag count. */
void
frag_write(const struct frag *f, unsigned i, uint8_t *dst)
{
	const struct pkt *k = f->pkt;
	size_t len = frag_len(f, i), at = i * f->piece;
	uint16_t off = get16(k->p + 6);

	memcpy(dst, k->p, k->l4);
	memcpy(dst + k->l4, k->p + k->l4 + at, len - k->l4);
	off = (uint16_t)(off + at / 8);
	if (i + 1 < f->n)
		off |= IP4_MF;
	put16(dst + 6, off);
	put16(dst + 2, (uint16_t)len);
	if (i > 0)
		blank_options(dst, k->l4);
	csum_ipv4(dst);
}
