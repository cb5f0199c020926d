#include "ikepd/wire/writer.h"

#include "ikepd/wire/body.h"

#define NEXT_IN_HDR	16	/* offset of the header's next payload field */
#define LENGTH_IN_HDR	24

void
msg_begin(struct msg_writer *w, struct buf *b, const struct ike_hdr *hdr)
{
	struct ike_hdr h = *hdr;

	*w = (struct msg_writer){ .b = b, .start = b->len,
	    .next_off = b->len + NEXT_IN_HDR };
	h.next = PL_NONE;
	h.length = 0;
	ike_hdr_put(b, &h);
}

/* Patches the length of the payload that begins at off and ends here. */
static void
patch_payload(struct msg_writer *w, size_t off)
{
	size_t len;

	if (buf_error(w->b) == -1)
		return;
	len = w->b->len - off;
	if (len > UINT16_MAX) {
		w->b->failed = true;
		return;
	}
	buf_set_u16(w->b, off + 2, (uint16_t)len);
}

static void
payload_close(struct msg_writer *w)
{
	if (w->payload != 0)
		patch_payload(w, w->payload);
	w->payload = 0;
}

static size_t
payload_open(struct msg_writer *w, uint8_t type)
{
	size_t off = w->b->len;

	payload_close(w);
	if (buf_error(w->b) == 0)
		buf_set_u8(w->b, w->next_off, type);
	w->next_off = off;
	buf_u32(w->b, 0);
	return off;
}

void
msg_payload(struct msg_writer *w, uint8_t type)
{
	w->payload = payload_open(w, type);
}

void
msg_add(struct msg_writer *w, uint8_t type, const void *body, size_t len)
{
	msg_payload(w, type);
	buf_put(w->b, body, len);
}

void
msg_notify(struct msg_writer *w, uint16_t type, const void *data, size_t len)
{
	msg_notify_spi(w, PROTO_NONE, NULL, 0, type, data, len);
}

void
msg_notify_spi(struct msg_writer *w, uint8_t proto, const void *spi,
    size_t spi_len, uint16_t type, const void *data, size_t len)
{
	msg_payload(w, PL_NOTIFY);
	notify_put(w->b, proto, spi, spi_len, type, data, len);
}

void
msg_sk_begin(struct msg_writer *w, size_t iv_len)
{
	w->sk = payload_open(w, PL_SK);
	w->sk_head = PAYLOAD_HDR_LEN;
	buf_zero(w->b, iv_len);
	w->inner = w->b->len;
}

void
msg_skf_begin(struct msg_writer *w, uint8_t first, uint16_t num,
    uint16_t total, size_t iv_len)
{
	w->sk = payload_open(w, PL_SKF);
	w->sk_head = PAYLOAD_HDR_LEN + SKF_HDR_LEN;
	if (num == 1 && buf_error(w->b) == 0)
		buf_set_u8(w->b, w->sk, first);
	buf_u16(w->b, num);
	buf_u16(w->b, total);
	buf_zero(w->b, iv_len);
	w->inner = w->b->len;
}

size_t
msg_sk_close(struct msg_writer *w)
{
	payload_close(w);
	return buf_error(w->b) == -1 ? 0 : w->b->len - w->inner;
}

static int
msg_finish(struct msg_writer *w)
{
	size_t len = w->b->len - w->start;

	if (buf_error(w->b) == -1)
		return -1;
	if (len > UINT32_MAX) {
		w->b->failed = true;
		return -1;
	}
	buf_set_u32(w->b, w->start + LENGTH_IN_HDR, (uint32_t)len);
	return buf_error(w->b);
}

int
msg_sk_end(struct msg_writer *w, size_t total)
{
	size_t have;

	payload_close(w);
	if (buf_error(w->b) == -1)
		return -1;
	have = w->b->len - w->sk - w->sk_head;
	if (w->sk == 0 || total < have) {
		w->b->failed = true;
		return -1;
	}
	buf_zero(w->b, total - have);
	patch_payload(w, w->sk);
	return msg_finish(w);
}

size_t
msg_sk_aad(const struct msg_writer *w)
{
	return w->sk + w->sk_head - w->start;
}

const uint8_t *
msg_sk_inner(const struct msg_writer *w, uint8_t *first)
{
	*first = w->b->data[w->sk];
	return w->b->data + w->inner;
}

int
msg_end(struct msg_writer *w)
{
	payload_close(w);
	return msg_finish(w);
}

uint8_t *
msg_bytes(const struct msg_writer *w)
{
	return w->b->data + w->start;
}

size_t
msg_len(const struct msg_writer *w)
{
	return w->b->len - w->start;
}
