#include "ikepd/wire/ts.h"

#include <string.h>

#define TS_HDR_LEN	8	/* type, protocol, length, ports */

static size_t
type_addr_len(uint8_t type)
{
	switch (type) {
	case TS_IPV4_ADDR_RANGE:
		return 4;
	case TS_IPV6_ADDR_RANGE:
		return 16;
	default:
		return 0;
	}
}

/* The body behind type, protocol and length. */
static int
ts_parse_one(struct ts *t, struct cur c, size_t alen, uint8_t payload,
    struct wire_err *e)
{
	const uint8_t *lo, *hi;

	if (cur_u16(&c, &t->port_lo) == -1 || cur_u16(&c, &t->port_hi) == -1 ||
	    cur_ref(&c, &lo, alen) == -1 || cur_ref(&c, &hi, alen) == -1 ||
	    cur_end(&c) == -1 || addr_from_bytes(&t->lo, lo, alen) == -1 ||
	    addr_from_bytes(&t->hi, hi, alen) == -1)
		return wire_fail(e, payload,
		    "selector's length does not fit its type");
	if (memcmp(lo, hi, alen) > 0)
		return wire_fail(e, payload,
		    "selector's address range is turned round");
	/* 65535..0 means OPAQUE (RFC 7296 3.13.1) */
	if (t->port_lo > t->port_hi &&
	    (t->port_lo != UINT16_MAX || t->port_hi != 0))
		return wire_fail(e, payload,
		    "selector's port range is turned round");
	return 0;
}

static int
ts_parse_next(struct ts_list *l, struct cur *c, uint8_t payload,
    struct wire_err *e)
{
	struct ts t = { 0 };
	struct cur body;
	uint16_t len;
	uint8_t type;
	size_t alen;

	if (cur_u8(c, &type) == -1 || cur_u8(c, &t.proto) == -1 ||
	    cur_u16(c, &len) == -1)
		return wire_fail(e, payload, "selector is cut off");
	if (len < 4)
		return wire_fail(e, payload,
		    "selector is shorter than its header");
	if (cur_sub(c, &body, len - 4) == -1)
		return wire_fail(e, payload,
		    "selector is longer than its payload");
	if ((alen = type_addr_len(type)) == 0) {
		l->ignored++;
		return 0;
	}
	if (ts_parse_one(&t, body, alen, payload, e) == -1)
		return -1;
	/* Ports of no protocol match nothing; that must not be fatal. */
	if (l->n < TS_MAX &&
	    (t.proto != 0 || (t.port_lo == 0 && t.port_hi == UINT16_MAX)))
		l->ts[l->n++] = t;
	else
		l->ignored++;
	return 0;
}

int
ts_parse(struct ts_list *l, struct cur c, uint8_t payload,
    struct wire_err *e)
{
	uint8_t n;

	l->n = l->ignored = 0;
	if (cur_u8(&c, &n) == -1 || cur_skip(&c, 3) == -1)
		return wire_fail(e, payload, "payload is cut off");
	if (n == 0)
		return wire_fail(e, payload, "payload has no selector");
	for (unsigned i = 0; i < n; i++)
		if (ts_parse_next(l, &c, payload, e) == -1)
			return -1;
	if (cur_end(&c) == -1)
		return wire_fail(e, payload, "bytes behind the last selector");
	return 0;
}

void
ts_put(struct buf *b, const struct ts_list *l)
{
	buf_u8(b, (uint8_t)l->n);
	buf_zero(b, 3);
	for (unsigned i = 0; i < l->n; i++) {
		const struct ts *t = &l->ts[i];
		size_t alen = addr_len(&t->lo);

		buf_u8(b, alen == 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
		buf_u8(b, t->proto);
		buf_u16(b, (uint16_t)(TS_HDR_LEN + 2 * alen));
		buf_u16(b, t->port_lo);
		buf_u16(b, t->port_hi);
		buf_put(b, t->lo.b, alen);
		buf_put(b, t->hi.b, alen);
	}
}
