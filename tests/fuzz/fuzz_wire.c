/*
 * Everything that reads bytes of a peer before and after decryption, as
 * libFuzzer calls it.  Also linked into a unit test that feeds it mutated
 * messages, so that it runs without libFuzzer.
 *
 * Input: one byte that says how the rest is taken, then the rest.  0..15:
 * the body of one kind of payload; 16: the content of an SK payload, its
 * first type in the next byte; else: a datagram.
 */
#include "ikepd/proposal.h"
#include "ikepd/tsel.h"
#include "ikepd/wire/body.h"
#include "ikepd/wire/header.h"
#include "ikepd/wire/payload.h"
#include "lib/ikeid.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What can be asserted about any input is checked; a miss is a crash. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
result(int rv, const struct wire_err *e)
{
	must(rv == 0 || (rv == -1 && e->why != NULL && e->notify != 0));
}

static void
offers_make(struct offer *ike, struct offer *esp)
{
	static const enum suite_kind kinds[] = { SUITE_ENCR, SUITE_PRF,
		SUITE_INTEG, SUITE_KE };

	offer_init(ike, PROTO_IKE);
	offer_init(esp, PROTO_ESP);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct alg *a = NULL;

		while ((a = suite_next(kinds[i], ALG_PHASE1, a)) != NULL)
			offer_add(ike, a);
		a = NULL;
		while (kinds[i] != SUITE_PRF &&
		    (a = suite_next(kinds[i], ALG_PHASE2, a)) != NULL)
			offer_add(esp, a);
	}
	must(offer_add_esn(esp, true, true) == 0);
}

static void
negotiate(const struct offer *o, const struct sa_payload *sa, unsigned flags)
{
	struct prop_choice c, again;
	struct sa_payload answer;
	struct prop_why why;
	struct buf b;
	struct cur cur;
	char s[1024];

	if (prop_select(&c, o, sa, flags, 14, &why) == -1) {
		must(why.reason != NULL && why.n <= PROP_REJECTS_MAX);
		for (unsigned i = 0; i < why.n; i++)
			prop_reject_fmt(&why.rej[i], s, 80);
		prop_why_fmt(&why, o, sa, flags, s, sizeof(s));
		prop_check_answer(&c, o, sa, flags, &why);
		return;
	}
	must(c.encr != NULL && (c.integ != NULL) ==
	    ((c.encr->flags & ALG_AEAD) == 0));
	prop_choice_fmt(&c, s, sizeof(s));
	/* What was chosen reads back as chosen. */
	buf_init(&b, 4096);
	prop_put_choice(&b, &c, sa->p[0].spi, sa->p[0].spi_len);
	must(buf_error(&b) == 0);
	cur_init(&cur, b.data, b.len);
	must(sa_parse(&answer, cur, NULL) == 0);
	must(answer.nproposals == 1);
	answer.p[0].num = 1;
	if (prop_select(&again, o, &answer, flags, 14, &why) == 0)
		must(again.encr == c.encr && again.integ == c.integ &&
		    again.prf == c.prf && again.ke == c.ke);
	buf_free(&b);
}

static void
feed_sa(struct cur c)
{
	static struct offer ike, esp;
	static struct sa_payload sa;
	struct wire_err e = { 0 };
	char s[256];
	int rv = sa_parse(&sa, c, &e);

	result(rv, &e);
	if (rv == -1)
		return;
	if (ike.proto == 0)
		offers_make(&ike, &esp);
	sa_fmt(&sa, s, sizeof(s));
	negotiate(&ike, &sa, 0);
	negotiate(&ike, &sa, PROP_REKEY_IKE);
	negotiate(&esp, &sa, 0);
	negotiate(&esp, &sa, PROP_NO_KE);
}

static void
policy_make(struct ts_list *l)
{
	struct prefix p;
	struct ts t;

	l->n = 0;
	prefix_parse(&p, "10.0.0.0/8", true);
	ts_from_prefix(&t, &p, 0, -1);
	tsel_add(l, &t);
	prefix_parse(&p, "0.0.0.0/0", true);
	ts_from_prefix(&t, &p, 17, 53);
	tsel_add(l, &t);
	prefix_parse(&p, "2001:db8::/32", true);
	ts_from_prefix(&t, &p, 0, -1);
	tsel_add(l, &t);
}

static void
feed_ts(struct cur c)
{
	struct ts_list l, policy = { 0 }, out;
	struct wire_err e = { 0 };
	struct prefix p[8];
	uint16_t port, mask;
	char s[300];
	int rv = ts_parse(&l, c, PL_TSI, &e);

	result(rv, &e);
	if (rv == -1)
		return;
	must(l.n <= TS_MAX);
	tsel_fmt(&l, s, sizeof(s));
	policy_make(&policy);
	if (tsel_narrow(&out, &l, &policy) != TSEL_NONE) {
		must(out.n > 0 && out.n <= TS_MAX);
		must(tsel_covers(&l, &out) && tsel_covers(&policy, &out));
	}
	for (unsigned i = 0; i < l.n; i++) {
		ts_prefixes(&l.ts[i], p, 8);
		ts_port_mask(&l.ts[i], &port, &mask);
		must(ts_covers(&l.ts[i], &l.ts[i]));
	}
}

static void
feed_id(struct cur c)
{
	struct wire_err e = { 0 };
	const char *why = NULL;
	struct id_body id;
	struct ikeid ikeid;
	char s[IKEID_STRLEN];
	int rv = id_parse(&id, c, PL_IDI, &e);

	result(rv, &e);
	if (rv == 0 && ikeid_get_body(&ikeid, &id.body, &why) == 0)
		ikeid_fmt(&ikeid, s, sizeof(s));
}

static void
feed_notify(struct cur c)
{
	struct wire_err e = { 0 };
	struct notify_body n;
	uint16_t group;
	int rv = notify_parse(&n, c, &e);

	result(rv, &e);
	if (rv == -1)
		return;
	notify_group(&n, &group);
	notify_spi(&n, 4);
	notify_spi(&n, 8);
	must(ike_notify_name(n.type) != NULL);
}

static void
feed_delete(struct cur c)
{
	struct wire_err e = { 0 };
	struct delete_body d;
	int rv = delete_parse(&d, c, &e);

	result(rv, &e);
	for (unsigned i = 0; rv == 0 && i <= d.n; i++)
		delete_spi(&d, i);
}

static void
feed_body(uint8_t type, struct cur c)
{
	struct wire_err e = { 0 };
	union {
		struct ke_body ke;
		struct auth_body auth;
		struct cert_body cert;
		struct cp_body cp;
		struct skf_body skf;
		struct cur cur;
	} u;

	switch (type) {
	case PL_SA:
		feed_sa(c);
		break;
	case PL_KE:
		result(ke_parse(&u.ke, c, &e), &e);
		break;
	case PL_IDI:
	case PL_IDR:
		feed_id(c);
		break;
	case PL_CERT:
	case PL_CERTREQ:
		result(cert_parse(&u.cert, c, type, &e), &e);
		break;
	case PL_AUTH:
		result(auth_parse(&u.auth, c, &e), &e);
		break;
	case PL_NONCE:
		result(nonce_parse(&u.cur, c, &e), &e);
		break;
	case PL_NOTIFY:
		feed_notify(c);
		break;
	case PL_DELETE:
		feed_delete(c);
		break;
	case PL_TSI:
	case PL_TSR:
		feed_ts(c);
		break;
	case PL_CP:
		result(cp_parse(&u.cp, c, &e), &e);
		break;
	case PL_SKF:
		result(skf_parse(&u.skf, c, &e), &e);
		break;
	}
}

static void
feed_chain(uint8_t first, struct cur c, bool inner)
{
	struct wire_err e = { 0 };
	struct msg_payloads m;
	int rv = payloads_parse(&m, first, c, inner, &e);

	result(rv, &e);
	if (rv == -1)
		return;
	must(m.n <= MSG_PAYLOADS_MAX);
	for (unsigned i = 0; i < m.n; i++) {
		must(m.pl[i].body.p >= c.p && m.pl[i].body.end <= c.end);
		must(payload_get(&m, m.pl[i].type) != NULL);
		payload_next(&m, &m.pl[i]);
		feed_body(m.pl[i].type, m.pl[i].body);
	}
}

static void
feed_datagram(const uint8_t *data, size_t len)
{
	struct wire_err e = { 0 };
	struct ike_hdr h;
	struct cur c;

	switch (ike_hdr_parse(&h, data, len, &e)) {
	case IKE_HDR_V2:
		must(len >= IKE_HDR_LEN && h.length == len);
		cur_init(&c, data + IKE_HDR_LEN, len - IKE_HDR_LEN);
		feed_chain(h.next, c, false);
		break;
	case IKE_HDR_V1:
		must(ike_v1_exchange_name(h.exchange) != NULL);
		break;
	case IKE_HDR_NEWER:
		must(e.notify == N_INVALID_MAJOR_VERSION);
		break;
	case IKE_HDR_BAD:
		must(e.why != NULL);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cur c;
	uint8_t how, first;

	cur_init(&c, data, len);
	if (cur_u8(&c, &how) == -1)
		return 0;
	if (how < 16)
		feed_body(PL_SA + how, c);
	else if (how == 16 && cur_u8(&c, &first) == 0)
		feed_chain(first, c, true);
	else
		feed_datagram(c.p, cur_left(&c));
	return 0;
}
