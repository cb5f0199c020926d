#include "ikepd/wire/header.h"

#define IKE_MAJOR	2

int
ike_hdr_get(struct ike_hdr *h, struct cur *c)
{
	uint8_t version;

	if (cur_u64(c, &h->ispi) == -1 || cur_u64(c, &h->rspi) == -1 ||
	    cur_u8(c, &h->next) == -1 || cur_u8(c, &version) == -1 ||
	    cur_u8(c, &h->exchange) == -1 || cur_u8(c, &h->flags) == -1 ||
	    cur_u32(c, &h->msgid) == -1 || cur_u32(c, &h->length) == -1)
		return -1;
	h->major = version >> 4;
	h->minor = version & 0x0f;
	return 0;
}

enum ike_hdr_kind
ike_hdr_parse(struct ike_hdr *h, const void *dgram, size_t len,
    struct wire_err *e)
{
	struct cur c;

	cur_init(&c, dgram, len);
	if (ike_hdr_get(h, &c) == -1) {
		wire_fail(e, 0, "shorter than an IKE header");
		return IKE_HDR_BAD;
	}
	if (h->major == 1)
		return IKE_HDR_V1;
	if (h->major > IKE_MAJOR) {
		wire_fail_with(e, 0, N_INVALID_MAJOR_VERSION,
		    "IKE version above 2");
		return IKE_HDR_NEWER;
	}
	if (h->major != IKE_MAJOR)
		wire_fail(e, 0, "IKE version 0");
	else if (h->length != len)
		wire_fail(e, 0, "length in the IKE header is not that of the "
		    "datagram");
	else if (h->ispi == 0)
		wire_fail(e, 0, "initiator's SPI is zero");
	else
		return IKE_HDR_V2;
	return IKE_HDR_BAD;
}

void
ike_hdr_put(struct buf *b, const struct ike_hdr *h)
{
	buf_u64(b, h->ispi);
	buf_u64(b, h->rspi);
	buf_u8(b, h->next);
	buf_u8(b, IKE_MAJOR << 4);
	buf_u8(b, h->exchange);
	buf_u8(b, h->flags);
	buf_u32(b, h->msgid);
	buf_u32(b, h->length);
}
