#include "ikepd/wire/sa.h"

#include <string.h>

#define PROPOSAL_HDR_LEN	8
#define TRANSFORM_HDR_LEN	8
#define LAST			0
#define MORE_PROPOSALS		2
#define MORE_TRANSFORMS		3

static int
sa_fail(struct wire_err *e, const char *why)
{
	return wire_fail(e, PL_SA, why);
}

/*
 * RFC 7296 3.3.5.  The only attribute in use is the key length; whatever
 * else is found makes the transform unusable, not the payload malformed.
 */
static int
attrs_parse(struct sa_transform *t, struct cur c, struct wire_err *e)
{
	uint16_t type, value;
	bool seen = false;

	while (cur_left(&c) > 0) {
		if (cur_u16(&c, &type) == -1 || cur_u16(&c, &value) == -1)
			return sa_fail(e, "transform attribute is cut off");
		if ((type & ATTR_AF) == 0) {
			if (cur_skip(&c, value) == -1)
				return sa_fail(e, "transform attribute is "
				    "longer than its transform");
			t->unusable = true;
		} else if ((type & ~ATTR_AF) != ATTR_KEY_LENGTH || seen ||
		    value == 0) {
			t->unusable = true;
		} else {
			t->bits = value;
			seen = true;
		}
	}
	return 0;
}

/* Takes one transform off c.  *last tells what its first field says. */
static int
transform_parse(struct sa_transform *t, struct cur *c, bool *last,
    struct wire_err *e)
{
	uint8_t more, reserved;
	uint16_t len;
	struct cur attrs;

	*t = (struct sa_transform){ 0 };
	if (cur_u8(c, &more) == -1 || cur_u8(c, &reserved) == -1 ||
	    cur_u16(c, &len) == -1 || cur_u8(c, &t->type) == -1 ||
	    cur_u8(c, &reserved) == -1 || cur_u16(c, &t->id) == -1)
		return sa_fail(e, "transform is cut off");
	if (len < TRANSFORM_HDR_LEN)
		return sa_fail(e, "transform is shorter than its header");
	if (cur_sub(c, &attrs, len - TRANSFORM_HDR_LEN) == -1)
		return sa_fail(e, "transform is longer than its proposal");
	if (more != LAST && more != MORE_TRANSFORMS)
		return sa_fail(e, "transform: bad Last Substruc field");
	*last = more == LAST;
	return attrs_parse(t, attrs, e);
}

static int
transforms_parse(struct sa_payload *sa, struct sa_proposal *p, struct cur c,
    struct wire_err *e)
{
	bool last = true;

	if (p->ntransforms > SA_TRANSFORMS_MAX ||
	    sa->ntransforms + p->ntransforms > SA_TRANSFORMS_ALL)
		return sa_fail(e, "too many transforms");
	p->first = (uint16_t)sa->ntransforms;
	for (unsigned i = 0; i < p->ntransforms; i++) {
		if (transform_parse(&sa->t[sa->ntransforms++], &c, &last,
		    e) == -1)
			return -1;
		if (last != (i + 1 == p->ntransforms))
			return sa_fail(e, "number of transforms differs from "
			    "their Last Substruc fields");
	}
	if (cur_end(&c) == -1)
		return sa_fail(e, "bytes behind the last transform");
	return 0;
}

/* RFC 7296 3.3.1; of other protocols the size is not known. */
static bool
spi_len_ok(uint8_t proto, uint8_t len)
{
	switch (proto) {
	case PROTO_IKE:
		return len == 0 || len == 8;
	case PROTO_AH:
	case PROTO_ESP:
		return len == 4;
	default:
		return len <= SA_SPI_MAX;
	}
}

static int
proposal_parse(struct sa_payload *sa, struct sa_proposal *p, struct cur *c,
    bool *last, struct wire_err *e)
{
	uint8_t more, reserved;
	uint16_t len;
	struct cur body;

	memset(p, 0, sizeof(*p));
	if (cur_u8(c, &more) == -1 || cur_u8(c, &reserved) == -1 ||
	    cur_u16(c, &len) == -1)
		return sa_fail(e, "proposal is cut off");
	if (len < PROPOSAL_HDR_LEN)
		return sa_fail(e, "proposal is shorter than its header");
	if (cur_sub(c, &body, len - 4) == -1)
		return sa_fail(e, "proposal is longer than the SA payload");
	if (more != LAST && more != MORE_PROPOSALS)
		return sa_fail(e, "proposal: bad Last Substruc field");
	*last = more == LAST;
	if (cur_u8(&body, &p->num) == -1 || cur_u8(&body, &p->proto) == -1 ||
	    cur_u8(&body, &p->spi_len) == -1 ||
	    cur_u8(&body, &p->ntransforms) == -1)
		return sa_fail(e, "proposal is cut off");
	if (!spi_len_ok(p->proto, p->spi_len))
		return sa_fail(e, "proposal: SPI size does not fit the "
		    "protocol");
	if (cur_copy(&body, p->spi, p->spi_len) == -1)
		return sa_fail(e, "proposal: SPI is cut off");
	return transforms_parse(sa, p, body, e);
}

int
sa_parse(struct sa_payload *sa, struct cur c, struct wire_err *e)
{
	struct sa_proposal *p;
	bool last = true;

	sa->nproposals = sa->ntransforms = 0;
	do {
		if (sa->nproposals == SA_PROPOSALS_MAX)
			return sa_fail(e, "too many proposals");
		p = &sa->p[sa->nproposals];
		if (proposal_parse(sa, p, &c, &last, e) == -1)
			return -1;
		if (sa->nproposals > 0 && p->num != (uint8_t)(p[-1].num + 1))
			return sa_fail(e, "proposal numbers do not rise by "
			    "one");
		if (last != (cur_left(&c) == 0))
			return sa_fail(e, last ? "bytes behind the last "
			    "proposal" : "proposal announced but not there");
		sa->nproposals++;
	} while (!last);
	return 0;
}

uint64_t
sa_spi(const struct sa_proposal *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < p->spi_len; i++)
		v = v << 8 | p->spi[i];
	return v;
}

void
sa_begin(struct sa_writer *w, struct buf *b)
{
	*w = (struct sa_writer){ .b = b, .proposal = SIZE_MAX,
	    .transform = SIZE_MAX };
}

static void
patch_len(struct sa_writer *w, size_t off)
{
	size_t len = w->b->len - off;

	if (len > UINT16_MAX) {
		w->b->failed = true;
		return;
	}
	buf_set_u16(w->b, off + 2, (uint16_t)len);
}

/* Ends the open proposal; more: another follows. */
static void
proposal_end(struct sa_writer *w, bool more)
{
	if (w->proposal == SIZE_MAX || buf_error(w->b) == -1)
		return;
	if (w->transform != SIZE_MAX)
		buf_set_u8(w->b, w->transform, LAST);
	buf_set_u8(w->b, w->proposal, more ? MORE_PROPOSALS : LAST);
	buf_set_u8(w->b, w->proposal + 7, w->ntransforms);
	patch_len(w, w->proposal);
}

void
sa_put_proposal(struct sa_writer *w, uint8_t num, uint8_t proto,
    const uint8_t *spi, size_t spi_len)
{
	if (spi_len > SA_SPI_MAX) {
		w->b->failed = true;
		return;
	}
	proposal_end(w, true);
	w->proposal = w->b->len;
	w->transform = SIZE_MAX;
	w->ntransforms = 0;
	buf_u32(w->b, 0);
	buf_u8(w->b, num);
	buf_u8(w->b, proto);
	buf_u8(w->b, (uint8_t)spi_len);
	buf_u8(w->b, 0);
	buf_put(w->b, spi, spi_len);
}

void
sa_put_transform(struct sa_writer *w, uint8_t type, uint16_t id,
    uint16_t bits)
{
	if (w->proposal == SIZE_MAX || w->ntransforms == UINT8_MAX) {
		w->b->failed = true;
		return;
	}
	w->transform = w->b->len;
	w->ntransforms++;
	buf_u8(w->b, MORE_TRANSFORMS);
	buf_u8(w->b, 0);
	buf_u16(w->b, TRANSFORM_HDR_LEN + (bits != 0 ? 4 : 0));
	buf_u8(w->b, type);
	buf_u8(w->b, 0);
	buf_u16(w->b, id);
	if (bits != 0) {
		buf_u16(w->b, ATTR_AF | ATTR_KEY_LENGTH);
		buf_u16(w->b, bits);
	}
}

void
sa_end(struct sa_writer *w)
{
	proposal_end(w, false);
	w->proposal = SIZE_MAX;
}
