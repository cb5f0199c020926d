/*
 * Peers that hold the key but do not keep to the rules: what they send is
 * made with the engine's own tools, under the keys of an established SA.
 */
#include "tests/sim/inner.h"
#include "ikepd/core.h"
#include "ikepd/exchange.h"
#include "ikepd/wire/body.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct sim *s;
static struct sim_conf c;

static void
setup(void)
{
	const char *why;

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
	s = sim_new(7);
	sim_conf_default(&c);
}

static void
teardown(void)
{
	sim_free(s);
}

static void
check_right(void)
{
	const char *why = sim_agree(s);

	ck_assert_msg(why == NULL, "%s", why);
	why = sim_sound(s);
	ck_assert_msg(why == NULL, "%s", why);
}

/* Only node 0 has lifetimes. */
static void
bring_up(void)
{
	struct sim_conf other = c;
	struct ike_show row;

	other.passive = true;
	other.ike_life = 0;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_msg(sim_ike(s, 0, &row), "%s", s->log);
}

/* The one IKE SA of a node, from inside. */
static struct ike_sa *
inside(unsigned node)
{
	struct ike_show row;
	struct ike_sa *sa;

	ck_assert(sim_ike(s, node, &row));
	sa = store_get(s->node[node].engine, row.spi_own);
	ck_assert_ptr_nonnull(sa);
	return sa;
}

static enum sim_fate
lose_requests(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)sim;
	(void)path;
	(void)data;
	(void)len;
	return from == 0 ? SIM_DROP : SIM_PASS;
}

static void
answer(struct outmsg *m)
{
	eng_enter(s->node[1].engine);
	ck_assert_int_eq(out_response(s->node[1].engine, inside(1), m), 0);
	eng_leave(s->node[1].engine);
}

/* An error Notify beside half an answer: each payload that a handler wants
 * may be missing then. */
START_TEST(test_rekey_answer_without_ke)
{
	static const uint8_t nonce[32] = { 1 };
	struct outmsg m;
	uint8_t spi[8] = { 1 };
	const struct offer *o;
	unsigned n;

	c.ike_life = 100;
	bring_up();
	s->tap = lose_requests;
	for (n = 0; inside(0)->req == NULL && n < 90; n++)
		sim_run(s, 1);
	ck_assert_int_eq(inside(0)->req_exchange, CREATE_CHILD_SA);
	o = &sa_conf(s->node[1].engine, inside(1))->profile->offer;
	out_begin(&m, inside(1), CREATE_CHILD_SA, true);
	if (_i & 1) {
		msg_payload(&m.w, PL_SA);
		prop_put(&m.b, o, PROP_REKEY_IKE, spi, sizeof(spi));
	}
	if (_i & 2)
		msg_add(&m.w, PL_NONCE, nonce, sizeof(nonce));
	msg_notify(&m.w, 8192, NULL, 0);
	answer(&m);
	s->tap = NULL;
	s->tap = NULL;
	sim_run(s, 100);
	check_right();
}
END_TEST

static bool
ask_address(struct sim *sim, const struct ike_hdr *h, struct inner *in)
{
	/* CP(CFG_REQUEST) with INTERNAL_IP4_ADDRESS */
	uint8_t cp[] = { in->first, 0, 0, 12, 1, 0, 0, 0, 0, 1, 0, 0 };

	(void)sim;
	if (h->exchange != IKE_AUTH || (h->flags & IKE_FLAG_RESPONSE))
		return false;
	memmove(in->b + sizeof(cp), in->b, in->n);
	memcpy(in->b, cp, sizeof(cp));
	in->n += sizeof(cp);
	in->first = PL_CP;
	return true;
}

static enum sim_fate
road_warrior(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)path;
	(void)under_seal(sim, from, data, len, ask_address);
	return SIM_PASS;
}

/* RFC 6023, which we do not offer: the first of SA, TSi, TSr goes under
 * another name. */
static bool
take_child(struct sim *sim, const struct ike_hdr *h, struct inner *in)
{
	size_t at = 0;

	(void)sim;
	if (h->exchange != IKE_AUTH || (h->flags & IKE_FLAG_RESPONSE))
		return false;
	while (at + 4 <= in->n && in->b[at] != PL_SA)
		at += (size_t)in->b[at + 2] << 8 | in->b[at + 3];
	if (at + 4 > in->n)
		return false;
	in->b[at] = 43;	/* Vendor ID */
	return true;
}

static enum sim_fate
childless(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)path;
	(void)under_seal(sim, from, data, len, take_child);
	return SIM_PASS;
}

START_TEST(test_childless)
{
	s->tap = childless;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 1);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "no SA, TSi and TSr that can be read"));
}
END_TEST

/* One peer with a wish that no policy grants cannot fill the log. */
START_TEST(test_child_log_limit)
{
	const char *at;
	unsigned lines = 0;
	uint32_t spi;
	int i;

	bring_up();
	s->node[0].help.child_fails = 1000;
	spi = sim_child_at(s, 0, 0)->r.spi_in;
	for (i = 0; i < 30; i++) {
		engine_expire(s->node[0].engine, spi, false);
		sim_run_ms(s, 90);
	}
	for (at = s->log; (at = strstr(at, "phase2 negotiation failed")) !=
	    NULL; at++)
		lines++;
	ck_assert_uint_ge(lines, 1);
	ck_assert_uint_le(lines, 15);
}
END_TEST

/* A template for all, and a client that offers all and asks for an address:
 * no child that takes all traffic comes of it. */
START_TEST(test_road_warrior)
{
	struct sim_conf other = c;

	other.passive = true;
	other.templates = _i == 0;
	s->tap = road_warrior;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_ikes(s, 0, "established"), 1);
	ck_assert_uint_eq(sim_children(s, 1), _i == 0 ? 0 : 1);
	ck_assert(_i == 1 || sim_logged(s, "INTERNAL_ADDRESS_FAILURE"));
	check_right();
}
END_TEST

/* ---- configuration payloads that make no sense ---- */

static const struct nonsense {
	const char *what;
	uint8_t cfg;		/* type: request, reply, set, ack, none */
	uint16_t attr, len;	/* of each attribute */
	uint16_t claimed;	/* what it says its length is */
	unsigned n;
	uint8_t fill;
} nonsense[] = {
	{ "no attributes", 1, 1, 0, 0, 0, 0 },
	{ "no type at all", 0, 1, 0, 0, 0, 0 },
	{ "another's address", 1, 1, 4, 4, 1, 0x0a },
	{ "everybody's address", 1, 1, 4, 4, 1, 0xff },
	{ "three bytes of an address", 1, 1, 3, 3, 1, 1 },
	{ "five bytes", 1, 1, 5, 5, 1, 1 },
	{ "IPv6 in sixteen bytes", 1, 8, 16, 16, 1, 1 },
	{ "IPv6 with a prefix of 255", 1, 8, 17, 17, 1, 0xff },
	{ "a length beyond the payload", 1, 1, 4, 0x7fff, 1, 1 },
	{ "as many as fit", 1, 1, 0, 0, 900, 0 },
	{ "many addresses", 1, 1, 4, 4, 500, 7 },
	{ "reserved types", 1, 0x7fff, 4, 4, 3, 1 },
	{ "a long name", 1, 25, 3000, 3000, 1, 'a' },
	{ "a name of control bytes", 1, 25, 16, 16, 1, 1 },
	{ "a reply that nobody asked for", 2, 1, 4, 4, 1, 0x0a },
	{ "networks in a reply", 2, 13, 8, 8, 300, 0x0a },
	{ "a setting", 3, 1, 4, 4, 1, 0x0a },
	{ "an acknowledgement", 4, 1, 0, 0, 1, 0 },
	{ "a type that does not exist", 77, 1, 4, 4, 1, 0x0a },
};
#define NNONSENSE	((int)(sizeof(nonsense) / sizeof(nonsense[0])))
static const struct nonsense *nons;

static size_t
put_nonsense(uint8_t *p, uint8_t next)
{
	size_t at = 8, i;

	memset(p, 0, 8);
	p[0] = next;
	p[4] = nons->cfg;
	for (i = 0; i < nons->n; i++) {
		p[at] = (uint8_t)(nons->attr >> 8);
		p[at + 1] = (uint8_t)nons->attr;
		p[at + 2] = (uint8_t)(nons->claimed >> 8);
		p[at + 3] = (uint8_t)nons->claimed;
		memset(p + at + 4, nons->fill, nons->len);
		at += 4u + nons->len;
	}
	p[2] = (uint8_t)(at >> 8);
	p[3] = (uint8_t)at;
	return at;
}

/* In front of whatever else is asked or said under a seal. */
static bool
add_nonsense(struct sim *sim, const struct ike_hdr *h, struct inner *in)
{
	uint8_t cp[8 + 4096];
	size_t len = put_nonsense(cp, in->first);

	(void)sim;
	(void)h;
	memmove(in->b + len, in->b, in->n);
	memcpy(in->b, cp, len);
	in->n += len;
	in->first = PL_CP;
	return true;
}

static enum sim_fate
nonsensical(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)path;
	(void)under_seal(sim, from, data, len, add_nonsense);
	return SIM_PASS;
}

/* Whatever is asked for, nothing is reached but by the address given. */
START_TEST(test_cp_nonsense)
{
	struct sim_conf other = c;
	struct sim_child *child;
	unsigned i;

	nons = &nonsense[_i];
	other.passive = true;
	other.cfg = CFG_GIVES;
	other.templates = true;
	c.ike_life = 40;
	c.dpd = 10;
	c.policies = 2;
	s->node[1].config = true;
	ck_assert_int_eq(addr_parse(&s->node[1].pool.addr4, "172.16.0.10"),
	    0);
	s->node[1].pool.prefix4 = 32;
	s->tap = nonsensical;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	engine_start(s->node[0].engine);
	sim_run(s, 100);
	ck_assert_msg(sim_sound(s) == NULL, "%s: %s", nons->what,
	    sim_sound(s));
	/* Where an address was given, 10.1.0.0/24 is not its. */
	if (nons->cfg == 1 && (nons->attr == 1 || nons->attr == 8) &&
	    nons->n > 0 && nons->claimed == nons->len)
		for (i = 0; (child = sim_child_at(s, 1, i)) != NULL; i++)
			ck_assert_msg(!child->used, "%s", nons->what);
	s->tap = NULL;
	for (i = 0; i < SIM_NODES; i++)
		engine_shutdown(s->node[i].engine);
	sim_run(s, 300);
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert_uint_eq(s->node[0].vip_handle, 0);
}
END_TEST

static unsigned more_certs;

/* CERT payloads of rubbish, some of them without anything. */
static bool
add_certs(struct sim *sim, const struct ike_hdr *h, struct inner *in)
{
	unsigned i, n;

	if (h->exchange != IKE_AUTH)
		return false;
	for (i = 0; i < more_certs; i++) {
		uint8_t cert[64] = { in->first };

		n = 5 + sim_below(sim, 60);
		cert[3] = (uint8_t)n;
		cert[4] = (uint8_t)sim_below(sim, 17);
		memmove(in->b + n, in->b, in->n);
		memcpy(in->b, cert, n);
		in->n += n;
		in->first = PL_CERT;
	}
	return true;
}

static enum sim_fate
many_certs(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)path;
	if (from == 0)
		(void)under_seal(sim, from, data, len, add_certs);
	return SIM_PASS;
}

START_TEST(test_many_certs)
{
	static const unsigned counts[] = { 1, 16, 17, 58, 64 };

	more_certs = counts[_i];
	s->tap = many_certs;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), more_certs <= 16);
	ck_assert_ptr_null(sim_sound(s));
	ck_assert(more_certs <= 16 || sim_logged(s, "INVALID_SYNTAX"));
	s->tap = NULL;
	sim_run(s, 60);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 1);
	check_right();
}
END_TEST

/* The first message names no user yet: nothing in it opens a session. */
static enum sim_fate
ask_in_init(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	static const uint8_t cp[] = { 0, 0, 0, 12, 1, 0, 0, 0, 0, 1, 0, 0 };
	size_t at = IKE_HDR_LEN, next = 16, i;

	(void)sim;
	(void)path;
	if (from != 0 || data[18] != IKE_SA_INIT)
		return SIM_PASS;
	while (data[next] != 0) {
		next = at;
		at += (size_t)data[at + 2] << 8 | data[at + 3];
	}
	data[next] = PL_CP;
	memcpy(data + *len, cp, sizeof(cp));
	*len += sizeof(cp);
	for (i = 0; i < 4; i++)
		data[24 + i] = (uint8_t)(*len >> (24 - 8 * i));
	return SIM_PASS;
}

START_TEST(test_cp_before_auth)
{
	struct sim_conf other = c;

	other.passive = true;
	other.cfg = CFG_GIVES;
	other.templates = true;
	s->node[1].config = true;
	s->tap = ask_in_init;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	engine_start(s->node[0].engine);
	sim_run(s, 30);
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
	ck_assert(sim_logged(s, "authentication failed"));
	s->tap = NULL;
	sim_run(s, 300);
	ck_assert_ptr_null(sim_sound(s));
}
END_TEST

/* Who is not let in has no session, whatever was asked for. */
START_TEST(test_cp_without_auth)
{
	struct sim_conf other = c;

	other.passive = true;
	other.cfg = CFG_GIVES;
	other.templates = true;
	s->node[1].config = true;
	s->node[1].psk = "another secret";
	s->tap = road_warrior;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	engine_start(s->node[0].engine);
	sim_run(s, 30);
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
	ck_assert(sim_logged(s, "authentication failed"));
}
END_TEST

static enum sim_fate
other_cipher(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)sim;
	(void)path;
	/* The id of the first transform */
	if (from == 1 && *len > 48 && data[18] == IKE_SA_INIT)
		data[47] = 99;
	return SIM_PASS;
}

/* Nothing of IKE_SA_INIT is proven, so what cannot be used is dropped; the
 * last line says so nevertheless. */
START_TEST(test_unusable_answer)
{
	s->tap = other_cipher;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 24);
	ck_assert_uint_eq(sim_ikes(s, 0, "established"), 0);
	ck_assert(sim_logged(s, "the peer's answers cannot be used: the "
	    "answer is not what was offered"));
	ck_assert(!sim_logged(s, "due to time up"));
	s->tap = NULL;
	sim_run(s, 60);
	ck_assert_uint_eq(sim_ikes(s, 0, "established"), 1);
	check_right();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_hostile");
	TCase *t = tcase_create("peers");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_rekey_answer_without_ke, 0, 4);
	tcase_add_test(t, test_childless);
	tcase_add_test(t, test_child_log_limit);
	tcase_add_loop_test(t, test_road_warrior, 0, 2);
	tcase_add_loop_test(t, test_cp_nonsense, 0, NNONSENSE);
	tcase_add_loop_test(t, test_many_certs, 0, 5);
	tcase_add_test(t, test_cp_before_auth);
	tcase_add_test(t, test_cp_without_auth);
	tcase_add_test(t, test_unusable_answer);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
