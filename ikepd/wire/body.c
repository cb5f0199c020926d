#include "ikepd/wire/body.h"

int
skf_parse(struct skf_body *s, struct cur c, struct wire_err *e)
{
	if (cur_u16(&c, &s->num) == -1 || cur_u16(&c, &s->total) == -1)
		return wire_fail(e, PL_SKF, "payload is cut off");
	if (s->num == 0 || s->num > s->total)
		return wire_fail(e, PL_SKF, "fragment number is out of range");
	s->rest = c;
	return 0;
}

int
ke_parse(struct ke_body *k, struct cur c, struct wire_err *e)
{
	if (cur_u16(&c, &k->group) == -1 || cur_skip(&c, 2) == -1)
		return wire_fail(e, PL_KE, "payload is cut off");
	if (cur_left(&c) == 0)
		return wire_fail(e, PL_KE, "no key exchange data");
	k->data = c;
	return 0;
}

int
id_parse(struct id_body *i, struct cur c, uint8_t payload, struct wire_err *e)
{
	i->body = c;
	if (cur_u8(&c, &i->type) == -1 || cur_skip(&c, 3) == -1)
		return wire_fail(e, payload, "payload is cut off");
	if (i->type == 0)
		return wire_fail(e, payload, "ID type zero is reserved");
	i->data = c;
	return 0;
}

int
auth_parse(struct auth_body *a, struct cur c, struct wire_err *e)
{
	if (cur_u8(&c, &a->method) == -1 || cur_skip(&c, 3) == -1)
		return wire_fail(e, PL_AUTH, "payload is cut off");
	a->data = c;
	return 0;
}

int
cert_parse(struct cert_body *b, struct cur c, uint8_t payload,
    struct wire_err *e)
{
	if (cur_u8(&c, &b->encoding) == -1)
		return wire_fail(e, payload, "payload is cut off");
	/* A request may name no authority at all (RFC 7296 3.7). */
	if (payload == PL_CERT && cur_left(&c) == 0)
		return wire_fail(e, payload, "no certificate data");
	b->data = c;
	return 0;
}

int
nonce_parse(struct cur *nonce, struct cur c, struct wire_err *e)
{
	if (cur_left(&c) < NONCE_MIN)
		return wire_fail(e, PL_NONCE, "nonce is shorter than 16 bytes");
	if (cur_left(&c) > NONCE_MAX)
		return wire_fail(e, PL_NONCE, "nonce is longer than 256 bytes");
	*nonce = c;
	return 0;
}

/*
 * RFC 7296 3.10: no SPI concerning the IKE SA itself, four bytes for AH and
 * ESP.  Peers set the protocol without an SPI in notifies that need none, so
 * a size of zero is taken from anybody.
 */
int
notify_parse(struct notify_body *n, struct cur c, struct wire_err *e)
{
	uint8_t spi_len;

	if (cur_u8(&c, &n->proto) == -1 || cur_u8(&c, &spi_len) == -1 ||
	    cur_u16(&c, &n->type) == -1)
		return wire_fail(e, PL_NOTIFY, "payload is cut off");
	if (spi_len != 0 &&
	    (((n->proto == PROTO_AH || n->proto == PROTO_ESP) &&
	    spi_len != 4) || (n->proto == PROTO_IKE && spi_len != 8)))
		return wire_fail(e, PL_NOTIFY,
		    "SPI size does not fit the protocol");
	if (cur_sub(&c, &n->spi, spi_len) == -1)
		return wire_fail(e, PL_NOTIFY,
		    "SPI is longer than the payload");
	n->data = c;
	return 0;
}

int
notify_group(const struct notify_body *n, uint16_t *group)
{
	struct cur c = n->data;

	if (cur_left(&c) != 2)
		return -1;
	return cur_u16(&c, group);
}

uint64_t
notify_spi(const struct notify_body *n, size_t len)
{
	struct cur c = n->spi;
	uint64_t v = 0;
	uint8_t b;

	if (cur_left(&c) != len || len > 8)
		return 0;
	while (cur_u8(&c, &b) == 0)
		v = v << 8 | b;
	return v;
}

int
delete_parse(struct delete_body *d, struct cur c, struct wire_err *e)
{
	if (cur_u8(&c, &d->proto) == -1 || cur_u8(&c, &d->spi_len) == -1 ||
	    cur_u16(&c, &d->n) == -1)
		return wire_fail(e, PL_DELETE, "payload is cut off");
	switch (d->proto) {
	case PROTO_IKE:
		/* The number says nothing without SPIs; some send 1. */
		if (d->spi_len != 0)
			return wire_fail(e, PL_DELETE,
			    "SPIs in the deletion of an IKE SA");
		break;
	case PROTO_AH:
	case PROTO_ESP:
		if (d->spi_len != 4)
			return wire_fail(e, PL_DELETE,
			    "SPI size does not fit the protocol");
		break;
	default:
		return wire_fail(e, PL_DELETE, "unknown protocol");
	}
	if (cur_left(&c) != (size_t)d->spi_len * d->n)
		return wire_fail(e, PL_DELETE,
		    "number of SPIs does not fit the length");
	d->spis = c;
	return 0;
}

uint32_t
delete_spi(const struct delete_body *d, unsigned i)
{
	struct cur c = d->spis;
	uint32_t v;

	if (d->spi_len != 4 || cur_skip(&c, (size_t)i * 4) == -1 ||
	    cur_u32(&c, &v) == -1)
		return 0;
	return v;
}

int
cp_parse(struct cp_body *cp, struct cur c, struct wire_err *e)
{
	uint16_t type, len;

	cp->n = 0;
	if (cur_u8(&c, &cp->type) == -1 || cur_skip(&c, 3) == -1)
		return wire_fail(e, PL_CP, "payload is cut off");
	while (cur_left(&c) > 0) {
		struct cp_attr *a = &cp->attrs[cp->n];

		if (cp->n == CP_ATTRS_MAX)
			return wire_fail(e, PL_CP, "too many attributes");
		if (cur_u16(&c, &type) == -1 || cur_u16(&c, &len) == -1)
			return wire_fail(e, PL_CP, "attribute is cut off");
		if (cur_sub(&c, &a->value, len) == -1)
			return wire_fail(e, PL_CP,
			    "attribute is longer than the payload");
		a->type = type & 0x7fff;
		cp->n++;
	}
	return 0;
}

void
ke_put(struct buf *b, uint16_t group, const void *data, size_t len)
{
	buf_u16(b, group);
	buf_u16(b, 0);
	buf_put(b, data, len);
}

/* ID and AUTH are laid out alike: a byte, three reserved, data. */
void
id_put(struct buf *b, uint8_t type, const void *data, size_t len)
{
	buf_u8(b, type);
	buf_zero(b, 3);
	buf_put(b, data, len);
}

void
auth_put(struct buf *b, uint8_t method, const void *data, size_t len)
{
	id_put(b, method, data, len);
}

void
cert_put(struct buf *b, uint8_t encoding, const void *data, size_t len)
{
	buf_u8(b, encoding);
	buf_put(b, data, len);
}

void
notify_put(struct buf *b, uint8_t proto, const void *spi, size_t spi_len,
    uint16_t type, const void *data, size_t len)
{
	buf_u8(b, proto);
	buf_u8(b, (uint8_t)spi_len);
	buf_u16(b, type);
	buf_put(b, spi, spi_len);
	buf_put(b, data, len);
}

void
delete_put_ike(struct buf *b)
{
	buf_u8(b, PROTO_IKE);
	buf_u8(b, 0);
	buf_u16(b, 0);
}

void
delete_put_esp(struct buf *b, const uint32_t *spis, unsigned n)
{
	buf_u8(b, PROTO_ESP);
	buf_u8(b, 4);
	buf_u16(b, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		buf_u32(b, spis[i]);
}

void
cp_put(struct buf *b, uint8_t type)
{
	buf_u8(b, type);
	buf_zero(b, 3);
}

void
cp_put_attr(struct buf *b, uint16_t type, const void *value, size_t len)
{
	if (len > UINT16_MAX) {
		b->failed = true;
		return;
	}
	buf_u16(b, type & 0x7fff);
	buf_u16(b, (uint16_t)len);
	buf_put(b, value, len);
}
