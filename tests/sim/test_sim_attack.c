/*
 * Somebody on the way who has no keys: garbage, what was heard before,
 * flipped bits, forged Notify and Delete payloads, huge counts.  Nothing of
 * it may change what stands.
 */
#include "tests/sim/sim.h"
#include "ikepd/core.h"
#include "ikepd/exchange.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"
#include "ikepd/wire/writer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct sim *s;
static struct sim_conf c;

#define HEARD_MAX	512
static struct {
	struct ike_path in;
	unsigned to;
	uint8_t data[1500];
	size_t len;
} heard[HEARD_MAX];
static unsigned nheard;

static enum sim_fate
listen_in(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)sim;
	if (nheard == HEARD_MAX || *len > sizeof(heard[0].data))
		return SIM_PASS;
	heard[nheard].in = (struct ike_path){ .local = path->remote,
		.remote = path->local, .natt = path->natt };
	heard[nheard].to = 1 - from;
	memcpy(heard[nheard].data, data, *len);
	heard[nheard++].len = *len;
	return SIM_PASS;
}

/* What must not change. */
struct state {
	struct ike_show a, b;
	unsigned children;
	uint32_t spi_in[2];
};

static void
note(struct state *st)
{
	ck_assert(sim_ike(s, 0, &st->a) && sim_ike(s, 1, &st->b));
	st->children = sim_children(s, 0);
	st->spi_in[0] = sim_child_at(s, 0, 0)->r.spi_in;
	st->spi_in[1] = sim_child_at(s, 1, 0)->r.spi_in;
}

static void
check_same(const struct state *st)
{
	struct state is;
	const char *why;

	note(&is);
	ck_assert_uint_eq(st->a.spi_own, is.a.spi_own);
	ck_assert_uint_eq(st->b.spi_own, is.b.spi_own);
	ck_assert(endpoint_equal(&st->a.path.remote, &is.a.path.remote));
	ck_assert(endpoint_equal(&st->b.path.remote, &is.b.path.remote));
	ck_assert_uint_eq(st->children, is.children);
	ck_assert_uint_eq(st->spi_in[0], is.spi_in[0]);
	ck_assert_uint_eq(st->spi_in[1], is.spi_in[1]);
	why = sim_agree(s);
	ck_assert_msg(why == NULL, "%s", why);
	why = sim_sound(s);
	ck_assert_msg(why == NULL, "%s", why);
}

/* The tunnel still does what it should. */
static void
check_works(void)
{
	uint32_t spi = sim_child_at(s, 0, 0)->r.spi_in;

	engine_expire(s->node[0].engine, spi, false);
	sim_run(s, 10);
	ck_assert_uint_ne(sim_child_at(s, 0, 0)->r.spi_in, spi);
	ck_assert(sim_agree(s) == NULL);
}

static void
setup(void)
{
	const char *why;

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
	nheard = 0;
	s = sim_new(7);
	s->tap = listen_in;
	sim_conf_default(&c);
	c.policies = 2;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	engine_expire(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    false);
	sim_run(s, 5);
}

static void
teardown(void)
{
	sim_free(s);
}

static struct ike_path
stranger(unsigned to)
{
	struct ike_path p = { .local = { s->node[to].addr, 500 } };

	(void)addr_parse(&p.remote.addr, "203.0.113.77");
	p.remote.port = 4711;
	return p;
}

START_TEST(test_garbage)
{
	struct engine_stats before, after;
	struct state st;
	uint8_t junk[300];
	unsigned i, to;
	size_t j, n;

	note(&st);
	sim_stats(s, 1, &before);
	for (i = 0; i < 20000; i++) {
		struct ike_path p;

		to = i & 1;
		p = i & 2 ? stranger(to) : heard[to].in;
		n = sim_below(s, sizeof(junk));
		for (j = 0; j < n; j++)
			junk[j] = (uint8_t)sim_random(s);
		/* Half of it looks like IKEv2 at the first glance. */
		if (n >= 28 && (i & 4)) {
			memcpy(junk, heard[i % nheard].data, 16);
			junk[16] = (uint8_t)(33 + sim_below(s, 16));
			junk[17] = 0x20;
			junk[18] = (uint8_t)(34 + sim_below(s, 4));
			junk[20] = junk[21] = junk[22] = 0;
			junk[24] = junk[25] = 0;
			junk[26] = (uint8_t)(n >> 8);
			junk[27] = (uint8_t)n;
		}
		sim_inject(s, to, &p, junk, n);
		sim_run_ms(s, 1);
	}
	sim_run(s, 60);
	check_same(&st);
	sim_stats(s, 1, &after);
	ck_assert_uint_gt(after.rx_malformed, before.rx_malformed + 1000);
	check_works();
}
END_TEST

START_TEST(test_replay)
{
	struct state st;
	unsigned i, n = nheard;

	note(&st);
	for (i = 0; i < 50 * n; i++) {
		unsigned k = sim_below(s, n);
		struct ike_path p = i & 1 ? heard[k].in :
		    stranger(heard[k].to);

		sim_inject(s, heard[k].to, &p, heard[k].data, heard[k].len);
		sim_run_ms(s, 3);
	}
	sim_run(s, 60);
	check_same(&st);
	check_works();
}
END_TEST

START_TEST(test_flipped_bits)
{
	unsigned i, n = nheard;
	struct state st;
	uint8_t copy[1500];
	size_t bit;

	note(&st);
	for (i = 0; i < n; i++)
		for (bit = 0; bit < heard[i].len * 8; bit += 3) {
			memcpy(copy, heard[i].data, heard[i].len);
			copy[bit / 8] ^= (uint8_t)(1 << (bit % 8));
			sim_inject(s, heard[i].to, &heard[i].in, copy,
			    heard[i].len);
			sim_run_ms(s, 1);
		}
	sim_run(s, 60);
	check_same(&st);
	check_works();
}
END_TEST

/* Every message is preceded by each of its damaged copies. */
static unsigned damage;

static enum sim_fate
damaged_first(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	struct ike_path in = { .local = path->remote,
		.remote = path->local, .natt = path->natt };
	uint8_t copy[2000];
	unsigned i;

	if (*len > sizeof(copy))
		return SIM_PASS;
	for (i = 0; i < 20; i++) {
		memcpy(copy, data, *len);
		copy[sim_below(sim, (unsigned)*len)] ^=
		    (uint8_t)(1 + sim_below(sim, 255));
		/* An answer in clear is proven by IKE_AUTH alone; leave what
		 * would be a valid one to that. */
		if (*len > 19 && data[18] == 34)
			copy[27] ^= 1;
		sim_inject(sim, 1 - from, &in, copy, *len);
		damage++;
	}
	return SIM_PASS;
}

START_TEST(test_damaged_exchange)
{
	struct engine_stats st;

	damage = 0;
	sim_restart(s, 0);
	sim_restart(s, 1);
	s->tap = damaged_first;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 10);
	ck_assert_uint_eq(sim_children(s, 0), 2);
	ck_assert(sim_agree(s) == NULL);
	sim_stats(s, 1, &st);
	ck_assert_uint_gt(st.rx_bad_sk, 0);
	ck_assert_uint_gt(damage, 100);
	check_works();
}
END_TEST

/* An unprotected message with the right SPIs. */
static void
forge(unsigned to, uint8_t exchange, bool response, uint32_t msgid,
    uint16_t notify, bool del)
{
	struct ike_show to_row;
	struct msg_writer w;
	struct ike_hdr h;
	struct buf b;
	bool to_initiator;

	ck_assert(sim_ike(s, to, &to_row));
	to_initiator = to_row.side == SIDE_INITIATOR;
	h = (struct ike_hdr){
		.ispi = to_initiator ? to_row.spi_own : to_row.spi_peer,
		.rspi = to_initiator ? to_row.spi_peer : to_row.spi_own,
		.exchange = exchange,
		.flags = (to_initiator ? 0 : IKE_FLAG_INITIATOR) |
		    (response ? IKE_FLAG_RESPONSE : 0),
		.msgid = msgid,
	};
	buf_init(&b, 4096);
	msg_begin(&w, &b, &h);
	if (del) {
		msg_payload(&w, PL_DELETE);
		delete_put_ike(&b);
	} else
		msg_notify(&w, notify, NULL, 0);
	ck_assert_int_eq(msg_end(&w), 0);
	sim_inject(s, to, &heard[to == 1 ? 0 : 1].in, msg_bytes(&w),
	    msg_len(&w));
	buf_free(&b);
}

START_TEST(test_forged)
{
	static const uint16_t notifies[] = { N_INVALID_IKE_SPI,
		N_AUTHENTICATION_FAILED, N_INVALID_SYNTAX,
		N_NO_PROPOSAL_CHOSEN, N_INVALID_MESSAGE_ID,
		N_INITIAL_CONTACT, N_UNSUPPORTED_CRITICAL_PAYLOAD };
	struct state st;
	uint32_t id;
	uint8_t x;
	size_t i;

	note(&st);
	for (x = IKE_SA_INIT; x <= INFORMATIONAL; x++)
		for (id = 0; id < 6; id++) {
			for (i = 0; i < 7; i++) {
				forge(0, x, id & 1, id, notifies[i], false);
				forge(1, x, id & 1, id, notifies[i], false);
			}
			forge(0, x, id & 1, id, 0, true);
			forge(1, x, id & 1, id, 0, true);
			sim_run_ms(s, 5);
		}
	sim_run(s, 60);
	check_same(&st);
	ck_assert(sim_logged(s, "unprotected IKE_AUTH ignored"));
	check_works();
}
END_TEST

/* Errors in clear do not end an attempt at once, RFC 7296 2.21.1. */
static enum sim_fate
forge_answer(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	struct ike_path in = { .local = path->local, .remote = path->remote };
	struct msg_writer w;
	struct ike_hdr h;
	struct buf b;

	if (from != 0 || data[18] != IKE_SA_INIT)
		return SIM_PASS;
	ck_assert_int_eq(ike_hdr_parse(&h, data, *len, NULL), IKE_HDR_V2);
	h.flags = IKE_FLAG_RESPONSE;
	buf_init(&b, 4096);
	msg_begin(&w, &b, &h);
	msg_notify(&w, N_AUTHENTICATION_FAILED, NULL, 0);
	ck_assert_int_eq(msg_end(&w), 0);
	sim_inject(sim, 0, &in, msg_bytes(&w), msg_len(&w));
	buf_free(&b);
	return SIM_PASS;
}

START_TEST(test_forged_answer)
{
	sim_restart(s, 0);
	sim_restart(s, 1);
	s->tap = forge_answer;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 10);
	ck_assert_uint_eq(sim_children(s, 0), 2);
	ck_assert(sim_agree(s) == NULL);
}
END_TEST

/* IKE_SA_INIT from many addresses that never come back. */
START_TEST(test_flood)
{
	struct engine_stats st;
	struct state before;
	unsigned i;
	uint8_t copy[1500];

	note(&before);
	for (i = 0; i < 5000; i++) {
		struct ike_path p = heard[0].in;

		memcpy(copy, heard[0].data, heard[0].len);
		copy[0] ^= (uint8_t)(i >> 8);
		copy[1] ^= (uint8_t)i;
		p.remote.port = (uint16_t)(1024 + i);
		sim_inject(s, 1, &p, copy, heard[0].len);
		sim_run_ms(s, 1);
	}
	sim_stats(s, 1, &st);
	ck_assert_uint_le(st.half_open_now, 100);
	ck_assert_uint_gt(st.cookies_sent, 4000);
	/* The peer gets through meanwhile, by way of a cookie. */
	sim_restart(s, 0);
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_children(s, 0), 2);
	sim_run(s, 60);
	sim_stats(s, 1, &st);
	ck_assert_uint_eq(st.half_open_now, 0);
	ck_assert_uint_eq(st.ike_now, 1);
	ck_assert(sim_agree(s) == NULL);
}
END_TEST

START_TEST(test_huge_counts)
{
	struct ike_path p = stranger(1);
	struct ike_hdr h = { .ispi = 5, .exchange = IKE_SA_INIT,
		.flags = IKE_FLAG_INITIATOR };
	struct msg_writer w;
	struct state st;
	struct buf b;
	unsigned i;

	note(&st);
	buf_init(&b, 65535);
	/* Thousands of Notify payloads */
	msg_begin(&w, &b, &h);
	for (i = 0; i < 8000; i++)
		msg_notify(&w, N_COOKIE, NULL, 0);
	ck_assert_int_eq(msg_end(&w), 0);
	sim_inject(s, 1, &p, msg_bytes(&w), msg_len(&w));
	sim_run(s, 1);
	/* Thousands of transforms */
	buf_reset(&b);
	msg_begin(&w, &b, &h);
	msg_payload(&w, PL_SA);
	buf_u32(&b, 8 + 8 * 7000);
	buf_u8(&b, 1);
	buf_u8(&b, PROTO_IKE);
	buf_u8(&b, 0);
	buf_u8(&b, 255);
	for (i = 0; i < 7000; i++) {
		buf_u32(&b, 0x03000008);
		buf_u32(&b, 0x01000003);
	}
	ck_assert_int_eq(msg_end(&w), 0);
	sim_inject(s, 1, &p, msg_bytes(&w), msg_len(&w));
	sim_run(s, 1);
	buf_free(&b);
	check_same(&st);
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 1);
}
END_TEST

/* ---- a peer with keys that does not keep to the rules ---- */

static struct ike_sa *
sa_of(unsigned node)
{
	struct ike_show row;

	ck_assert(sim_ike(s, node, &row));
	return store_get(s->node[node].engine, row.spi_own);
}

/* Sends what m holds as node 0's next request. */
static void
send_request(struct outmsg *m)
{
	struct ike_sa *sa = sa_of(0);

	ck_assert_ptr_nonnull(work_new(s->node[0].engine, sa, false,
	    TASK_LIVENESS));
	ck_assert_int_eq(out_request(s->node[0].engine, sa, m), 0);
}

START_TEST(test_unknown_critical)
{
	struct engine_stats before, after;
	struct state st;
	struct outmsg m;

	note(&st);
	sim_stats(s, 1, &before);
	/* INFORMATIONAL { 200(critical) } -->
	 * <-- INFORMATIONAL { N(UNSUPPORTED_CRITICAL_PAYLOAD, 200) } */
	out_begin(&m, sa_of(0), INFORMATIONAL, false);
	msg_payload(&m.w, 200);
	m.b.data[m.b.len - 3] |= 0x80;
	buf_u32(&m.b, 42);
	send_request(&m);
	sim_run(s, 3);
	check_same(&st);
	ck_assert(sim_logged(s, "INFORMATIONAL request refused"));
	sim_stats(s, 1, &after);
	ck_assert_uint_eq(after.ike_deleted, before.ike_deleted);
	check_works();
}
END_TEST

START_TEST(test_unknown_not_critical)
{
	struct state st;
	struct outmsg m;

	note(&st);
	/* INFORMATIONAL { 200 } --> <-- INFORMATIONAL {} */
	out_begin(&m, sa_of(0), INFORMATIONAL, false);
	msg_payload(&m.w, 200);
	buf_u32(&m.b, 42);
	send_request(&m);
	sim_run(s, 3);
	check_same(&st);
	check_works();
}
END_TEST

START_TEST(test_bad_syntax)
{
	struct outmsg m;

	c.passive = true;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	/* INFORMATIONAL { D(half a header) } -->
	 * <-- INFORMATIONAL { N(INVALID_SYNTAX) }: both sides end the SA,
	 * RFC 7296 2.21.3 */
	out_begin(&m, sa_of(0), INFORMATIONAL, false);
	msg_payload(&m.w, PL_DELETE);
	buf_u8(&m.b, PROTO_ESP);
	send_request(&m);
	sim_run(s, 3);
	ck_assert_uint_eq(sim_ikes(s, 0, NULL), 0);
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 0);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "reason=invalid-syntax"));
}
END_TEST

START_TEST(test_missing_payload)
{
	struct outmsg m;

	c.passive = true;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	/* CREATE_CHILD_SA { Ni } --> */
	out_begin(&m, sa_of(0), CREATE_CHILD_SA, false);
	msg_add(&m.w, PL_NONCE, "0123456789abcdef", 16);
	send_request(&m);
	sim_run(s, 3);
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 0);
	ck_assert(sim_logged(s, "a required payload is missing"));
}
END_TEST

START_TEST(test_delete_unknown)
{
	static const uint32_t spis[] = { 1, 2, 0xffffffff, 0x12345678 };
	struct state st;
	struct outmsg m;

	note(&st);
	/* INFORMATIONAL { D(ESP, unknown SPIs) } --> <-- INFORMATIONAL {} */
	out_begin(&m, sa_of(0), INFORMATIONAL, false);
	msg_payload(&m.w, PL_DELETE);
	delete_put_esp(&m.b, spis, 4);
	send_request(&m);
	sim_run(s, 3);
	check_same(&st);
	check_works();
}
END_TEST

START_TEST(test_rekey_unknown)
{
	struct engine *e = s->node[0].engine;
	struct ike_sa *sa = sa_of(0);
	struct child *ch = child_get(e, sim_child_at(s, 0, 0)->r.spi_in);
	const char *why;

	/* The peer lost a child without a word: CREATE_CHILD_SA
	 * { N(REKEY_SA) } --> <-- CREATE_CHILD_SA { N(CHILD_SA_NOT_FOUND) },
	 * and a new one is made, RFC 7296 2.25 */
	child_remove(s->node[1].engine, child_get(s->node[1].engine,
	    ch->spi_out));
	engine_expire(e, ch->spi_in, false);
	sim_run(s, 5);
	ck_assert(sim_logged(s, "the peer does not know the child SA"));
	ck_assert_uint_eq(sim_children(s, 0), 2);
	why = sim_agree(s);
	ck_assert_msg(why == NULL, "%s", why);
	ck_assert_ptr_eq(sa, sa_of(0));
}
END_TEST

START_TEST(test_eap_asked)
{
	struct ike_sa *sa;
	struct sim_node *a = &s->node[0];
	struct outmsg m;
	size_t at = 0;

	/* IKE_AUTH { IDi, SAi2, TSi, TSr } without AUTH -->
	 * <-- IKE_AUTH { N(AUTHENTICATION_FAILED) } */
	sim_restart(s, 0);
	sim_restart(s, 1);
	a->help.auth_lost = 1000;
	sim_configure(s, &c);
	engine_start(a->engine);
	sim_run(s, 1);
	sa = hash_next(&a->engine->by_spi, &at);
	ck_assert_ptr_nonnull(sa);
	ck_assert_int_eq(sa->state, SA_AUTH_MAKE);
	out_begin(&m, sa, IKE_AUTH, false);
	msg_payload(&m.w, PL_IDI);
	id_put(&m.b, ID_FQDN, "a.example", 9);
	sa->state = SA_AUTH_SENT;
	ck_assert_int_eq(out_request(a->engine, sa, &m), 0);
	sim_run(s, 1);
	ck_assert(sim_logged(s, "reason=auth-method: id=fqdn:a.example sent "
	    "no AUTH: it wants EAP"));
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 0);
}
END_TEST

/* ---- what is not IKEv2 ---- */

START_TEST(test_other_versions)
{
	struct ike_path p = heard[0].in;
	uint8_t h[28] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned n = s->sent;

	h[16] = 1;
	h[17] = 0x10;
	h[27] = 28;
	h[18] = 2;
	sim_inject(s, 1, &p, h, sizeof(h));
	h[18] = 4;
	sim_inject(s, 1, &p, h, sizeof(h));
	sim_run(s, 1);
	ck_assert(sim_logged(s, "the peer speaks IKEv1"));
	ck_assert(sim_logged(s, "aggressive"));
	ck_assert_uint_eq(s->sent, n);
	/* <-- N(INVALID_MAJOR_VERSION), RFC 7296 2.5 */
	h[17] = 0x30;
	h[18] = 34;
	h[19] = 8;
	sim_inject(s, 1, &p, h, sizeof(h));
	sim_run(s, 1);
	ck_assert_uint_eq(s->sent, n + 1);
}
END_TEST

START_TEST(test_unknown_spi)
{
	struct ike_path p = heard[0].in;
	uint8_t h[28] = { 1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1 };
	unsigned n = s->sent, i;
	struct state st;

	note(&st);
	h[17] = 0x20;
	h[18] = 37;
	h[19] = 8;
	h[27] = 28;
	/* INFORMATIONAL --> <-- INFORMATIONAL { N(INVALID_IKE_SPI) }, but
	 * not for ever, RFC 7296 2.21.4 */
	for (i = 0; i < 1000; i++)
		sim_inject(s, 1, &p, h, sizeof(h));
	sim_run_ms(s, 20);
	ck_assert_uint_gt(s->sent, n);
	ck_assert_uint_lt(s->sent, n + 100);
	/* A response is never answered. */
	n = s->sent;
	h[19] = 0x28;
	sim_inject(s, 1, &p, h, sizeof(h));
	sim_run_ms(s, 20);
	ck_assert_uint_eq(s->sent, n);
	check_same(&st);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_attack");
	TCase *t = tcase_create("attacks");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_garbage);
	tcase_add_test(t, test_replay);
	tcase_add_test(t, test_flipped_bits);
	tcase_add_test(t, test_damaged_exchange);
	tcase_add_test(t, test_forged);
	tcase_add_test(t, test_forged_answer);
	tcase_add_test(t, test_flood);
	tcase_add_test(t, test_huge_counts);
	tcase_add_test(t, test_unknown_critical);
	tcase_add_test(t, test_unknown_not_critical);
	tcase_add_test(t, test_bad_syntax);
	tcase_add_test(t, test_missing_payload);
	tcase_add_test(t, test_delete_unknown);
	tcase_add_test(t, test_rekey_unknown);
	tcase_add_test(t, test_eap_asked);
	tcase_add_test(t, test_other_versions);
	tcase_add_test(t, test_unknown_spi);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
