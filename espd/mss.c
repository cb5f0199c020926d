#include "espd/mss.h"

#include "espd/csum.h"
#include "espd/wire.h"

#include <netinet/in.h>

#define TCP_SYN		0x02
#define TCP_CSUM	16
#define OPT_END		0
#define OPT_NOP		1
#define OPT_MSS		2

/* The sum is over words; an option may begin at an odd place. */
static void
lower(uint8_t *tcp, size_t at, uint16_t mss)
{
	size_t from = at & ~(size_t)1;
	uint16_t a = get16(tcp + from), b = 0;

	if (at & 1)
		b = get16(tcp + from + 2);
	put16(tcp + at, mss);
	csum_fix(tcp + TCP_CSUM, a, get16(tcp + from));
	if (at & 1)
		csum_fix(tcp + TCP_CSUM, b, get16(tcp + from + 2));
}

void
mss_clamp(const struct pkt *k, size_t mtu)
{
	uint8_t *tcp = k->p + k->l4;
	size_t len = pkt_l4_len(k), at = 20, n;
	size_t hdrs = (k->version == 4 ? 20 : 40) + 20;

	if (k->proto != IPPROTO_TCP || len == 0 || !(tcp[13] & TCP_SYN) ||
	    mtu <= hdrs)
		return;
	while (at < len && tcp[at] != OPT_END) {
		if (tcp[at] == OPT_NOP) {
			at++;
			continue;
		}
		if (at + 2 > len || (n = tcp[at + 1]) < 2 || at + n > len)
			return;
		if (tcp[at] == OPT_MSS && n == 4 &&
		    get16(tcp + at + 2) > mtu - hdrs)
			lower(tcp, at + 2, (uint16_t)(mtu - hdrs));
		at += n;
	}
}
