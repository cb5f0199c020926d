#include "espd/gro.h"

#include "espd/csum.h"
#include "espd/vnet.h"
#include "espd/wire.h"

#include <netinet/in.h>
#include <stdlib.h>

#define SLOTS		8	/* flows at a time */
#define VNET		sizeof(struct vnet)
/* Of UDP: what any kernel takes at a time (UDP_MAX_SEGMENTS). */
#define UDP_AT_ONCE	64

#define TCP_PSH		0x08
#define TCP_ACK		0x10

struct slot {
	struct flow flow;
	bool used;
	unsigned n;		/* packets in it */
	size_t len;		/* of the packet that grows */
	size_t l4, hdr;		/* offset of the payload */
	size_t size;		/* payload of the first packet */
	uint8_t buf[VNET + PKT_MAX];
};

struct gro {
	bool udp;
	void (*emit)(void *, uint8_t *, size_t);
	void *arg;
	struct slot slot[SLOTS];
};

struct gro *
gro_new(bool udp, void (*emit)(void *, uint8_t *, size_t), void *arg)
{
	struct gro *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->udp = udp;
	g->emit = emit;
	g->arg = arg;
	return g;
}

void
gro_free(struct gro *g)
{
	free(g);
}

/* Checksums are left to the TUN, which cuts again if it must. */
static void
finish(const struct slot *s, uint8_t *ip)
{
	bool tcp = s->flow.proto == IPPROTO_TCP;
	struct vnet v = { .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_UDP,
		.hdr_len = (uint16_t)s->hdr, .gso_size = (uint16_t)s->size,
		.csum_start = (uint16_t)s->l4, .csum_offset = tcp ? 16 : 6 };
	uint8_t *h = ip + s->l4;

	if (tcp)
		v.gso_type = s->flow.version == 4 ? VNET_GSO_TCP4 :
		    VNET_GSO_TCP6;
	else
		put16(h + 4, (uint16_t)(s->len - s->l4));
	if (s->flow.version == 6)
		put16(ip + 4, (uint16_t)(s->len - s->l4));
	else {
		put16(ip + 2, (uint16_t)s->len);
		csum_ipv4(ip);
	}
	csum_put_partial(h + v.csum_offset,
	    csum_pseudo(ip, s->flow.proto, s->len - s->l4));
	memcpy(ip - VNET, &v, VNET);
}

static void
flush(struct gro *g, struct slot *s)
{
	s->used = false;
	if (s->n == 1)
		memset(s->buf, 0, VNET);
	else
		finish(s, s->buf + VNET);
	g->emit(g->arg, s->buf, VNET + s->len);
}

void
gro_flush(struct gro *g)
{
	for (int i = 0; i < SLOTS; i++)
		if (g->slot[i].used)
			flush(g, &g->slot[i]);
}

/*
 * A packet whose headers say nothing that a super-packet could not say, with
 * right checksums: nobody will look at them again.
 */
static bool
plain(const struct gro *g, const struct pkt *k, size_t l4len)
{
	const uint8_t *h = k->p + k->l4;

	if (l4len == 0 || k->len == k->l4 + l4len || k->ext ||
	    (k->version == 4 && (k->l4 != 20 ||
	    !csum_ok(csum_add(0, k->p, 20)))))
		return false;
	if (k->proto == IPPROTO_TCP) {
		if ((h[13] & ~TCP_PSH) != TCP_ACK)
			return false;
	} else if (!g->udp || get16(h + 4) != k->len - k->l4 ||
	    get16(h + 6) == 0)
		return false;
	return csum_ok(csum_add(csum_pseudo(k->p, k->proto, k->len - k->l4),
	    h, k->len - k->l4));
}

/* Ids go on by one as they will when cut; with DF they mean nothing (RFC
 * 6864), but only equal bits are put together. */
static bool
same_ip(const struct slot *s, const struct pkt *k)
{
	const uint8_t *a = s->buf + VNET, *b = k->p;

	if (k->version == 6)
		return memcmp(a, b, 4) == 0 && a[7] == b[7];
	return a[1] == b[1] && a[6] == b[6] && a[8] == b[8] &&
	    (k->df || get16(b + 4) == (uint16_t)(get16(a + 4) + s->n));
}

/* Acknowledgement, window and options are equal, and it is the next. */
static bool
same_l4(const struct slot *s, const struct pkt *k)
{
	const uint8_t *a = s->buf + VNET + s->l4, *b = k->p + k->l4;
	size_t n = s->hdr - s->l4;

	if (k->proto == IPPROTO_UDP)
		return true;
	return get32(b + 4) == get32(a + 4) + (uint32_t)(s->len - s->hdr) &&
	    memcmp(a + 8, b + 8, 4) == 0 && a[12] == b[12] &&
	    memcmp(a + 14, b + 14, 2) == 0 &&
	    memcmp(a + 18, b + 18, n - 18) == 0;
}

static bool
joins(const struct slot *s, const struct pkt *k, size_t l4len)
{
	size_t n = k->len - k->l4 - l4len;

	if (k->proto == IPPROTO_UDP && s->n == UDP_AT_ONCE)
		return false;
	return l4len == s->hdr - s->l4 && n <= s->size &&
	    s->len + n <= PKT_MAX && same_ip(s, k) && same_l4(s, k);
}

static bool
pushed(const struct pkt *k)
{
	return k->proto == IPPROTO_TCP && (k->p[k->l4 + 13] & TCP_PSH) != 0;
}

/* A short packet, or one that is pushed, is the last. */
static void
join(struct gro *g, struct slot *s, const struct pkt *k)
{
	size_t n = k->len - s->hdr;

	memcpy(s->buf + VNET + s->len, k->p + s->hdr, n);
	s->len += n;
	s->n++;
	if (pushed(k))
		s->buf[VNET + s->l4 + 13] |= TCP_PSH;
	if (n < s->size || pushed(k))
		flush(g, s);
}

static void
start(struct slot *s, const struct pkt *k, const struct flow *f, size_t l4len)
{
	s->used = true;
	s->flow = *f;
	s->n = 1;
	s->len = k->len;
	s->l4 = k->l4;
	s->hdr = k->l4 + l4len;
	s->size = k->len - s->hdr;
	memcpy(s->buf + VNET, k->p, k->len);
}

bool
gro_add(struct gro *g, const struct pkt *k, const struct flow *f)
{
	struct slot *s = &g->slot[flow_hash(f, 0) % SLOTS];
	size_t l4len = pkt_l4_len(k);
	bool ours = s->used && flow_equal(&s->flow, f);
	bool fit = plain(g, k, l4len);

	if (ours && fit && joins(s, k, l4len)) {
		join(g, s, k);
		return true;
	}
	if (s->used && (ours || fit))
		flush(g, s);
	if (!fit || pushed(k))
		return false;
	start(s, k, f, l4len);
	return true;
}
