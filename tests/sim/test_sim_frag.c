/*
 * IKE fragments (RFC 7383) between two engines, on a network that throws
 * away what is longer than its MTU; and what a hostile peer, or somebody
 * without keys, can send.
 *
 * SIM_FRAG_SEEDS: how many random networks (default 40).
 */
#include "tests/sim/sim.h"
#include "ikepd/core.h"
#include "ikepd/exchange.h"
#include "ikepd/work.h"
#include "ikepd/wire/body.h"
#include "ikepd/wire/writer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PAD	2000	/* bytes that make IKE_AUTH long */

static struct sim *s;
static struct sim_conf c;
static size_t longest;
static unsigned fragments[2];
static unsigned drop_from_1;

static void
setup(void)
{
	const char *why;

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
	s = sim_new(1);
	sim_conf_default(&c);
}

static void
teardown(void)
{
	sim_free(s);
}

/* Counts, and loses the first so many fragments of node 1. */
static enum sim_fate
watch(struct sim *sim, unsigned from, struct ike_path *path, uint8_t *data,
    size_t *len)
{
	(void)sim;
	(void)path;
	if (*len > longest)
		longest = *len;
	if (data[16] != PL_SKF)
		return SIM_PASS;
	fragments[from]++;
	if (from == 1 && drop_from_1 > 0) {
		drop_from_1--;
		return SIM_DROP;
	}
	return SIM_PASS;
}

static void
bring_up(size_t pad, unsigned seconds)
{
	longest = 0;
	fragments[0] = fragments[1] = drop_from_1 = 0;
	s->tap = watch;
	s->node[0].auth_pad = s->node[1].auth_pad = pad;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, seconds);
}

static void
check_up(void)
{
	const char *why;
	struct ike_show row;

	ck_assert(sim_ike(s, 0, &row));
	ck_assert(sim_ike(s, 1, &row));
	why = sim_agree(s);
	ck_assert_msg(why == NULL, "%s", why);
	why = sim_sound(s);
	ck_assert_msg(why == NULL, "%s", why);
	ck_assert_uint_eq(s->node[0].engine->frag_held, 0);
	ck_assert_uint_eq(s->node[1].engine->frag_held, 0);
}

static struct ike_sa *
sa_of(unsigned node)
{
	size_t at = 0;

	return hash_next(&s->node[node].engine->by_spi, &at);
}

/* Node 0 asks whether node 1 lives, with so many bytes of chatter. */
static void
ask(size_t bytes)
{
	static const uint8_t chatter[4096];
	struct engine *e = s->node[0].engine;
	struct ike_sa *sa = sa_of(0);
	struct outmsg m;

	eng_enter(e);
	ck_assert_ptr_nonnull(work_new(e, sa, false, TASK_LIVENESS));
	out_begin(&m, sa, INFORMATIONAL, false);
	for (; bytes > sizeof(chatter); bytes -= sizeof(chatter))
		msg_notify(&m.w, 0xa000, chatter, sizeof(chatter) - 8);
	msg_notify(&m.w, 0xa000, chatter, bytes - 8);
	ck_assert_int_eq(out_request(e, sa, &m), 0);
	eng_leave(e);
}

/* 20 kB: 17 or 18 fragments, none longer than the path takes. */
START_TEST(test_large)
{
	unsigned n = 17 + (unsigned)_i;
	struct engine_stats st;

	s->net.mtu = 1280;
	if (_i == 1) {
		c.encr[0] = "aes-256";
		c.integ[0] = "sha512";
	}
	bring_up(PAD, 5);
	check_up();
	ck_assert_uint_eq(fragments[0], 2);
	ck_assert_uint_eq(fragments[1], 2);
	ask(20000);
	sim_run(s, 1);
	check_up();
	ck_assert_uint_le(longest + 28, 1280);
	ck_assert_uint_ge(longest + 28, 1280 - 16);
	ck_assert_uint_eq(fragments[0], 2 + n);
	ck_assert_ptr_null(sa_of(0)->req);
	sim_stats(s, 1, &st);
	ck_assert_uint_eq(st.tx_fragments, 2);
	ck_assert_uint_eq(st.rx_fragments, 2 + n);
	ck_assert_uint_eq(st.rx_reassembled, 2);
	ck_assert_uint_eq(st.rx_fragments_dropped, 0);
}
END_TEST

/* 60 kB in fragments of 600 would be 110: they grow instead, and IP has to
 * cut them. */
START_TEST(test_largest)
{
	c.fragment_size = 600;
	bring_up(0, 5);
	ask(60000);
	sim_run(s, 1);
	check_up();
	ck_assert_uint_eq(fragments[0], FRAG_MAX);
	ck_assert_ptr_null(sa_of(0)->req);
}
END_TEST

/* The header of IPv6 is longer by 20 bytes. */
START_TEST(test_ipv6)
{
	ck_assert_int_eq(addr_parse(&s->node[0].addr, "2001:db8::1"), 0);
	ck_assert_int_eq(addr_parse(&s->node[1].addr, "2001:db8::2"), 0);
	s->net.mtu = 1280;
	bring_up(PAD, 5);
	check_up();
	ask(20000);
	sim_run(s, 1);
	check_up();
	ck_assert_uint_eq(longest + 48, 1280);
	ck_assert_uint_eq(fragments[0], 2 + 18);
}
END_TEST

/* On port 4500 the marker takes four bytes more. */
START_TEST(test_nat)
{
	s->net.mtu = 600;
	c.fragment_size = 600;
	s->nat = true;
	bring_up(PAD, 5);
	check_up();
	ck_assert_uint_le(longest + 32, 600);
	ck_assert_uint_eq(fragments[0], 5);
}
END_TEST

/* A small message is not cut. */
START_TEST(test_small)
{
	bring_up(0, 5);
	check_up();
	ck_assert_uint_eq(fragments[0] + fragments[1], 0);
	ck_assert_uint_eq(s->sent, 4);
}
END_TEST

/* fragment-size=0 at either end: no fragment at all. */
START_TEST(test_off)
{
	struct sim_conf off = c;

	s->tap = watch;
	fragments[0] = fragments[1] = 0;
	s->node[0].auth_pad = s->node[1].auth_pad = PAD;
	off.fragment_size = 0;
	c.passive = _i == 0;
	off.passive = _i == 1;
	engine_conf(s->node[0].engine, sim_conf(s, 0, _i == 0 ? &off : &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, _i == 0 ? &c : &off));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_up();
	ck_assert_uint_eq(fragments[0] + fragments[1], 0);
}
END_TEST

/* Fragments of node 1 are lost, each time all of the request is sent again
 * and all of the response, once (RFC 7383 2.6.1); what came of an incomplete
 * one is not forgotten. */
START_TEST(test_repeat)
{
	struct engine_stats st;
	unsigned n[2];

	c.fragment_size = 300;
	bring_up(PAD, 5);
	memcpy(n, fragments, sizeof(n));
	ck_assert_uint_ge(n[0], 10);
	ck_assert_uint_ge(n[1], 10);
	sim_free(s);
	s = sim_new(1);
	bring_up(PAD, 0);
	drop_from_1 = _i == 0 ? n[1] : 1;
	sim_run(s, 5);
	check_up();
	ck_assert_uint_eq(fragments[0], 2 * n[0]);
	ck_assert_uint_eq(fragments[1], 2 * n[1]);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.rx_reassembled, 1);
	sim_stats(s, 1, &st);
	ck_assert_uint_eq(st.rx_reassembled, 1);
}
END_TEST

/* Loss, repetition, reordering at random; it must come up in the end. */
START_TEST(test_random_net)
{
	const char *env = getenv("SIM_FRAG_SEEDS");
	unsigned seed, n = env == NULL ? 40 : (unsigned)atoi(env);

	for (seed = 1; seed <= n; seed++) {
		sim_free(s);
		s = sim_new(seed);
		sim_conf_default(&c);
		c.fragment_size = (uint16_t)(300 + sim_below(s, 400));
		s->net.mtu = c.fragment_size;
		s->net.loss = sim_below(s, 150);
		s->net.dup = sim_below(s, 300);
		s->net.delay_min = 1;
		s->net.delay_max = 1 + sim_below(s, 600);
		bring_up(sim_below(s, PAD), 200);
		s->net.loss = s->net.dup = 0;
		sim_run(s, 300);
		check_up();
	}
}
END_TEST

/* ---- a peer that has the keys, and no manners ---- */

struct craft {
	uint16_t num, total;
	uint8_t first;
	const void *data;
	size_t len;
	bool sk;		/* not a fragment at all */
	bool forge;		/* the ICV is wrong */
	bool response;
	uint32_t ahead;		/* of the message id that is awaited */
};

/* Node 1 gets a fragment of an INFORMATIONAL request of node 0. */
static void
send_crafted(const struct craft *k)
{
	struct ike_sa *sa = sa_of(1);
	struct sk_dir dir = sa->k->in;
	struct ike_hdr h = {
		.ispi = sa_ispi(sa), .rspi = sa_rspi(sa),
		.exchange = INFORMATIONAL, .flags = IKE_FLAG_INITIATOR |
		    (k->response ? IKE_FLAG_RESPONSE : 0),
		.msgid = sa->k->next_in + k->ahead,
	};
	const uint8_t iv[CIPHER_IV_MAX] = { 1, 2, 3 };
	struct msg_writer w;
	const char *why;
	struct buf b;

	dir.ctr = 0xabc000 + sim_below(s, 1 << 20);
	buf_init(&b, DATAGRAM_MAX);
	msg_begin(&w, &b, &h);
	if (k->sk) {
		msg_sk_begin(&w, sk_iv_len(&dir));
		buf_set_u8(&b, w.sk, k->first);
	} else {
		msg_skf_begin(&w, 0, k->num, k->total, sk_iv_len(&dir));
		buf_set_u8(&b, w.sk, k->first);
	}
	buf_put(&b, k->data, k->len);
	ck_assert_int_eq(msg_sk_end(&w, sk_len(&dir, k->len)), 0);
	ck_assert_int_eq(sk_seal(&dir, msg_bytes(&w), msg_sk_aad(&w), k->len,
	    iv, &why), 0);
	if (k->forge)
		b.data[b.len - 1] ^= 1;
	sim_inject(s, 1, &sa->k->path, b.data, b.len);
	buf_free(&b);
	sim_run_ms(s, 0);
}

static const uint8_t notify[] = { 0, 0, 0, 8, 0, 0, 0xa0, 0 };

/* A well-formed message: one Notify, cut after cut bytes. */
static struct craft
part(uint16_t num, uint16_t total)
{
	size_t each = sizeof(notify) / total;

	return (struct craft){ .num = num, .total = total,
		.first = num == 1 ? PL_NOTIFY : 0,
		.data = notify + (num - 1) * each,
		.len = num == total ? sizeof(notify) - (num - 1) * each :
		    each };
}

static void
send_part(uint16_t num, uint16_t total)
{
	struct craft k = part(num, total);

	send_crafted(&k);
}

static struct engine_stats
stats(void)
{
	struct engine_stats st;

	sim_stats(s, 1, &st);
	return st;
}

/* Numbers that make no sense, too many pieces, a wrong ICV, the wrong
 * message: dropped, nothing is kept, the SA lives. */
static const struct craft bad[] = {
	{ .num = 0, .total = 2 },
	{ .num = 0, .total = 0 },
	{ .num = 3, .total = 2 },
	{ .num = 65535, .total = 65535 },
	{ .num = 1, .total = 65535 },
	{ .num = 1, .total = FRAG_MAX + 1 },
	{ .num = 1, .total = 2, .forge = true },
	{ .num = 1, .total = 2, .ahead = 1 },
	{ .num = 1, .total = 2, .ahead = 0x80000000 },
	{ .num = 2, .total = 2, .ahead = (uint32_t)-1 },
	{ .num = 1, .total = 2, .response = true },
};

START_TEST(test_bad)
{
	struct craft k = bad[_i];
	struct engine_stats before;

	bring_up(0, 5);
	before = stats();
	k.first = PL_NOTIFY;
	k.data = notify;
	k.len = 4;
	send_crafted(&k);
	ck_assert_uint_eq(stats().rx_fragments_dropped,
	    before.rx_fragments_dropped + 1);
	ck_assert_uint_eq(stats().rx_reassembled, before.rx_reassembled);
	check_up();
	ck_assert(sa_of(1)->frag_req == NULL && sa_of(1)->frag_resp == NULL);
}
END_TEST

START_TEST(test_order)
{
	static const uint8_t order[][4] = {
		{ 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 2, 1, 4, 3 },
	};
	unsigned i;

	bring_up(0, 5);
	for (i = 0; i < 4; i++) {
		ck_assert_uint_eq(stats().rx_reassembled, 0);
		send_part(order[_i][i], 4);
	}
	ck_assert_uint_eq(stats().rx_reassembled, 1);
	ck_assert_uint_eq(sa_of(1)->k->next_in, 3);
	check_up();
}
END_TEST

START_TEST(test_again)
{
	bring_up(0, 5);
	send_part(2, 4);
	send_part(2, 4);
	ck_assert_uint_eq(stats().rx_fragments_dropped, 1);
	ck_assert_uint_eq(s->node[1].engine->frag_held, 2);
	send_part(1, 4);
	send_part(3, 4);
	send_part(4, 4);
	ck_assert_uint_eq(stats().rx_reassembled, 1);
	/* Only fragment 1 asks for the response again (2.6.1). */
	{
		struct craft k = part(2, 4);
		unsigned sent = s->sent;

		k.ahead = (uint32_t)-1;
		send_crafted(&k);
		ck_assert_uint_eq(s->sent, sent);
		k = part(1, 4);
		k.ahead = (uint32_t)-1;
		k.forge = true;
		send_crafted(&k);
		ck_assert_uint_eq(s->sent, sent);
		k.forge = false;
		send_crafted(&k);
		ck_assert_uint_eq(s->sent, sent + 1);
	}
}
END_TEST

/* More pieces than before start over, fewer are old (2.6). */
START_TEST(test_totals)
{
	bring_up(0, 5);
	send_part(1, 2);
	send_part(1, 4);
	ck_assert_uint_eq(s->node[1].engine->frag_held, 2);
	send_part(2, 2);
	ck_assert_uint_eq(stats().rx_fragments_dropped, 1);
	ck_assert_uint_eq(stats().rx_reassembled, 0);
	send_part(2, 4);
	send_part(3, 4);
	send_part(4, 4);
	ck_assert_uint_eq(stats().rx_reassembled, 1);
	check_up();
}
END_TEST

/* A forged fragment with a larger total does not disturb the set. */
START_TEST(test_forged_total)
{
	struct craft k = part(1, 8);

	bring_up(0, 5);
	send_part(1, 2);
	k.forge = true;
	send_crafted(&k);
	send_part(2, 2);
	ck_assert_uint_eq(stats().rx_reassembled, 1);
	check_up();
}
END_TEST

/* The whole message in one SK ends the wait for its fragments. */
START_TEST(test_mix)
{
	struct craft k = { .sk = true, .first = PL_NOTIFY, .data = notify,
		.len = sizeof(notify) };

	bring_up(0, 5);
	send_part(1, 2);
	ck_assert_uint_gt(s->node[1].engine->frag_held, 0);
	send_crafted(&k);
	ck_assert_uint_eq(sa_of(1)->k->next_in, 3);
	check_up();
	ck_assert(mono_is_never(sa_of(1)->due[DUE_FRAGMENTS]));
}
END_TEST

START_TEST(test_timeout)
{
	bring_up(0, 5);
	send_part(2, 2);
	sim_run(s, FRAG_S - 1);
	ck_assert_uint_gt(s->node[1].engine->frag_held, 0);
	sim_run(s, 2);
	check_up();
	send_part(1, 2);
	ck_assert_uint_eq(stats().rx_reassembled, 0);
}
END_TEST

/* 64 pieces, together longer than a message may be: all are let go. */
START_TEST(test_too_long)
{
	static const uint8_t zeros[1100];
	uint16_t i;

	bring_up(0, 5);
	for (i = 1; i <= FRAG_MAX; i++) {
		struct craft k = { .num = i, .total = FRAG_MAX,
			.data = zeros, .len = sizeof(zeros) };

		send_crafted(&k);
		ck_assert_uint_le(s->node[1].engine->frag_held,
		    FRAG_CONTENT_MAX);
	}
	ck_assert_uint_eq(stats().rx_reassembled, 0);
	ck_assert(sim_logged(s, "a message in fragments is too long"));
	sim_run(s, FRAG_S + 1);
	check_up();
}
END_TEST

/* Many who have not said who they are cannot keep out those who have. */
START_TEST(test_memory_full)
{
	struct engine *e = s->node[1].engine;
	size_t held = FRAG_HELD_MAX / 2 - 100;

	e->frag_held = held;
	bring_up(PAD, 5);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
	ck_assert(sim_logged(s, "too many unfinished messages in fragments"));
	ck_assert_uint_le(e->frag_held, FRAG_HELD_MAX / 2);
	e->frag_held = 0;
	sim_run(s, 60);
	check_up();
	e->frag_held = FRAG_HELD_MAX / 2;
	ask(20000);
	sim_run(s, 1);
	ck_assert_ptr_null(sa_of(0)->req);
	ck_assert_uint_eq(e->frag_held, FRAG_HELD_MAX / 2);
	e->frag_held = FRAG_HELD_MAX - 3000;
	ask(20000);
	sim_run(s, 1);
	ck_assert_uint_le(e->frag_held, FRAG_HELD_MAX);
	ck_assert_ptr_nonnull(sa_of(0)->req);
	e->frag_held -= FRAG_HELD_MAX - 3000;
	sim_run(s, 30);
	check_up();
}
END_TEST

/* Content that does not parse, or a first payload that is another: proven
 * bad syntax, which ends the SA as in one piece (RFC 7296 2.21.3). */
START_TEST(test_lies)
{
	static const uint8_t firsts[] = { PL_SK, PL_SKF, PL_NONE, PL_DELETE };
	struct craft k = part(1, 2);
	struct engine_stats st;

	bring_up(0, 5);
	k.first = firsts[_i];
	send_crafted(&k);
	send_part(2, 2);
	st = stats();
	ck_assert_uint_eq(st.rx_reassembled, 1);
	ck_assert_uint_eq(s->node[1].engine->frag_held, 0);
	ck_assert(sa_of(1) == NULL || sa_of(1)->state == SA_CLOSED);
}
END_TEST

/* A next payload type in a later fragment says nothing. */
START_TEST(test_later_type)
{
	struct craft k = part(2, 2);

	bring_up(0, 5);
	k.first = PL_SA;
	send_part(1, 2);
	send_crafted(&k);
	ck_assert_uint_eq(stats().rx_reassembled, 1);
	check_up();
}
END_TEST

/* Anything at all, with valid keys. */
START_TEST(test_rubbish)
{
	uint8_t data[1500];
	unsigned i;

	bring_up(0, 5);
	for (i = 0; i < 5000; i++) {
		struct craft k = { .data = data };
		size_t j;

		if (sa_of(1) == NULL || sa_of(1)->state != SA_ESTABLISHED) {
			sim_run(s, 100);
			sim_restart(s, 0);
			sim_restart(s, 1);
			bring_up(0, 5);
		}
		for (j = 0; j < 64; j++)
			data[j] = (uint8_t)sim_below(s, 256);
		k.total = (uint16_t)sim_below(s, sim_chance(s, 100) ? 65536 :
		    6);
		k.num = (uint16_t)sim_below(s, k.total + 2u);
		k.first = (uint8_t)sim_below(s, 60);
		k.len = sim_below(s, sim_chance(s, 100) ? sizeof(data) : 20);
		k.forge = sim_chance(s, 50);
		k.sk = sim_chance(s, 10);
		k.ahead = (uint32_t)sim_below(s, 12) / 10 - sim_chance(s, 50);
		send_crafted(&k);
		ck_assert_uint_le(s->node[1].engine->frag_held,
		    FRAG_CONTENT_MAX);
	}
	sim_run(s, FRAG_S + 200);
	ck_assert_uint_eq(s->node[1].engine->frag_held, 0);
	ck_assert_ptr_null(sim_sound(s));
}
END_TEST

/* A rekeyed IKE SA goes on with fragments. */
START_TEST(test_rekeyed)
{
	c.ike_life = 60;
	bring_up(PAD, 5);
	sim_run(s, 100);
	check_up();
	ck_assert(sa_of(0)->k->frag && sa_of(1)->k->frag);
	ck_assert(stats().ike_rekeyed > 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_frag");
	TCase *t = tcase_create("fragments");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_large, 0, 2);
	tcase_add_test(t, test_largest);
	tcase_add_test(t, test_ipv6);
	tcase_add_test(t, test_nat);
	tcase_add_test(t, test_small);
	tcase_add_loop_test(t, test_off, 0, 2);
	tcase_add_loop_test(t, test_repeat, 0, 2);
	tcase_add_test(t, test_random_net);
	tcase_add_loop_test(t, test_bad, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_loop_test(t, test_order, 0, 3);
	tcase_add_test(t, test_again);
	tcase_add_test(t, test_totals);
	tcase_add_test(t, test_forged_total);
	tcase_add_test(t, test_mix);
	tcase_add_test(t, test_timeout);
	tcase_add_test(t, test_too_long);
	tcase_add_test(t, test_memory_full);
	tcase_add_loop_test(t, test_lies, 0, 4);
	tcase_add_test(t, test_later_type);
	tcase_add_test(t, test_rubbish);
	tcase_add_test(t, test_rekeyed);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
