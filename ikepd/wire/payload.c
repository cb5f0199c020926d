#include "ikepd/wire/payload.h"

#define FLAG_CRITICAL	0x80
#define TYPE_FIRST	PL_SA
#define TYPE_LAST	PL_SKF

/*
 * How many payloads of a type one message may carry; 0: the type is unknown.
 * RFC 7296 names one of most; certificates, notifies and the like repeat.
 */
static const uint8_t limits[] = {
	[PL_SA - TYPE_FIRST] = 1,
	[PL_KE - TYPE_FIRST] = 1,
	[PL_IDI - TYPE_FIRST] = 1,
	[PL_IDR - TYPE_FIRST] = 1,
	[PL_CERT - TYPE_FIRST] = 16,
	[PL_CERTREQ - TYPE_FIRST] = 8,
	[PL_AUTH - TYPE_FIRST] = 1,
	[PL_NONCE - TYPE_FIRST] = 1,
	[PL_NOTIFY - TYPE_FIRST] = 48,
	[PL_DELETE - TYPE_FIRST] = 8,
	[PL_VENDOR - TYPE_FIRST] = 32,
	[PL_TSI - TYPE_FIRST] = 1,
	[PL_TSR - TYPE_FIRST] = 1,
	[PL_SK - TYPE_FIRST] = 1,
	[PL_CP - TYPE_FIRST] = 1,
	[PL_EAP - TYPE_FIRST] = 1,
	[PL_SKF - TYPE_FIRST] = 1,
};
#define NLIMITS	(sizeof(limits) / sizeof(limits[0]))

/* All payloads of a message, skipped ones too, so that a datagram of empty
 * unknown payloads costs no more than one of known ones. */
#define CHAIN_MAX	(2 * MSG_PAYLOADS_MAX)

static unsigned
type_limit(uint8_t type)
{
	if (type < TYPE_FIRST || type > TYPE_LAST)
		return 0;
	return limits[type - TYPE_FIRST];
}

static bool
type_is_sk(uint8_t type)
{
	return type == PL_SK || type == PL_SKF;
}

/* Splits the payload at c; the body goes to p, the next type to *next. */
static int
payload_split(struct payload *p, struct cur *c, uint8_t *next, bool *critical,
    struct wire_err *e)
{
	uint16_t len;
	uint8_t flags;

	if (cur_u8(c, next) == -1 || cur_u8(c, &flags) == -1 ||
	    cur_u16(c, &len) == -1)
		return wire_fail(e, p->type, "payload header is cut off");
	if (len < PAYLOAD_HDR_LEN)
		return wire_fail(e, p->type,
		    "payload is shorter than its header");
	if (cur_sub(c, &p->body, len - PAYLOAD_HDR_LEN) == -1)
		return wire_fail(e, p->type,
		    "payload is longer than the message");
	*critical = (flags & FLAG_CRITICAL) != 0;
	return 0;
}

static int
payload_keep(struct msg_payloads *m, const struct payload *p,
    uint8_t count[NLIMITS], bool inner, struct wire_err *e)
{
	if (inner && type_is_sk(p->type))
		return wire_fail(e, p->type,
		    "encrypted payload within an encrypted payload");
	if (++count[p->type - TYPE_FIRST] > type_limit(p->type))
		return wire_fail(e, p->type, "too many payloads of this type");
	if (m->n == MSG_PAYLOADS_MAX)
		return wire_fail(e, p->type, "too many payloads in a message");
	m->pl[m->n++] = *p;
	return 0;
}

int
payloads_parse(struct msg_payloads *m, uint8_t first, struct cur c,
    bool inner, struct wire_err *e)
{
	uint8_t count[NLIMITS] = { 0 };
	struct payload p;
	bool critical = false;
	uint8_t next = PL_NONE;

	m->n = m->skipped = 0;
	for (uint8_t type = first; type != PL_NONE; type = next) {
		p = (struct payload){ .type = type };
		if (payload_split(&p, &c, &next, &critical, e) == -1)
			return -1;
		if (type_limit(type) == 0) {
			/* RFC 7296 2.5 */
			if (critical)
				return wire_fail_with(e, type,
				    N_UNSUPPORTED_CRITICAL_PAYLOAD,
				    "unknown payload marked critical");
			if (++m->skipped + m->n > CHAIN_MAX)
				return wire_fail(e, type,
				    "too many payloads in a message");
			continue;
		}
		if (type_is_sk(type)) {
			/* Last in the message; its next-payload field is the
			 * type of what is inside (RFC 7296 3.14). */
			p.first = next;
			next = PL_NONE;
		}
		if (payload_keep(m, &p, count, inner, e) == -1)
			return -1;
	}
	if (cur_end(&c) == -1)
		return wire_fail(e, m->n == 0 ? 0 : m->pl[m->n - 1].type,
		    "bytes behind the last payload");
	return 0;
}

size_t
payload_sk_aad(const struct payload *sk, const void *msg)
{
	return (size_t)(sk->body.p - (const uint8_t *)msg);
}

const struct payload *
payload_get(const struct msg_payloads *m, uint8_t type)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->pl[i].type == type)
			return &m->pl[i];
	return NULL;
}

const struct payload *
payload_next(const struct msg_payloads *m, const struct payload *p)
{
	for (const struct payload *q = p + 1; q < m->pl + m->n; q++)
		if (q->type == p->type)
			return q;
	return NULL;
}
