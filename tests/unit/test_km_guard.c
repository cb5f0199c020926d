/*
 * A compromised ikepd: every field of a request that is wrong is refused,
 * with the reason, and changes nothing.
 */
#include "tests/unit/km_fake.h"

#include "lib/log.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static struct km km;

static void
quiet(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	(void)line;
}

static void
setup(void)
{
	log_set_sink(quiet, NULL);
	fake_reset();
	fake_km(&km, 2);
	fake_conf(&km, GOOD_CONF);
}

static void
teardown(void)
{
	km_free(&km);
}

static void
bad_worker(struct child_req *r)
{
	r->worker = 1;
}

static void
bad_worker_number(struct child_req *r)
{
	r->worker = 64;
}

static void
bad_spi_invented(struct child_req *r)
{
	r->spi_in = 0xdead0000;
}

static void
bad_spi_zero(struct child_req *r)
{
	r->spi_in = 0;
}

static void
bad_spi_out(struct child_req *r)
{
	r->spi_out = 255;
}

static void
bad_policy(struct child_req *r)
{
	r->policy = 9999;
}

static void
bad_policy_kind(struct child_req *r)
{
	r->policy = r->peer;
}

static void
policy_disabled(struct child_req *r)
{
	r->policy = policy_id(&km, P_DISABLED);
}

static void
policy_discards(struct child_req *r)
{
	r->policy = policy_id(&km, P_DISCARD);
}

static void
bad_peer(struct child_req *r)
{
	r->peer = 9999;
}

static void
other_peer(struct child_req *r)
{
	r->peer = id_of(&km, CONF_PEER, "b");
	addr_parse(&r->remote.addr, "203.0.113.5");
}

static void
template_no_identity(struct child_req *r)
{
	r->policy = policy_id(&km, P_TEMPLATE);
}

static void
template_not_allowed(struct child_req *r)
{
	r->policy = policy_id(&km, P_TEMPLATE);
	r->identity = conf_first(km.conf->conf, CONF_IDENTITY)->id;
}

static void
template_others_identity(struct child_req *r)
{
	r->policy = policy_id(&km, P_TEMPLATE);
	r->identity = conf_first(km.conf->conf, CONF_IDENTITY)->next->id;
}

static void
bad_mode(struct child_req *r)
{
	r->transport = true;
}

static void
remote_elsewhere(struct child_req *r)
{
	addr_parse(&r->remote.addr, "192.0.2.3");
}

static void
local_elsewhere(struct child_req *r)
{
	addr_parse(&r->local.addr, "198.51.100.2");
}

static void
outer_families(struct child_req *r)
{
	addr_parse(&r->local.addr, "2001:db8::1");
}

static void
outer_any(struct child_req *r)
{
	addr_parse(&r->local.addr, "0.0.0.0");
}

static void
encap_no_port(struct child_req *r)
{
	r->encap = true;
	r->remote.port = 0;
}

static void
ts_none(struct child_req *r)
{
	r->nlocal = 0;
}

static void
ts_too_many(struct child_req *r)
{
	r->nremote = TSEL_MAX + 1;
}

static void
ts_local_wide(struct child_req *r)
{
	set_ts(&r->local_ts[0], "10.0.0.0/8");
}

static void
ts_remote_wide(struct child_req *r)
{
	set_ts(&r->remote_ts[0], "0.0.0.0/0");
}

static void
ts_swapped(struct child_req *r)
{
	struct tsel t = r->local_ts[0];

	r->local_ts[0] = r->remote_ts[0];
	r->remote_ts[0] = t;
}

static void
ts_second_outside(struct child_req *r)
{
	r->nremote = 2;
	set_ts(&r->remote_ts[1], "10.9.0.0/24");
}

static void
ts_turned_round(struct child_req *r)
{
	struct addr a = r->local_ts[0].lo;

	r->local_ts[0].lo = r->local_ts[0].hi;
	r->local_ts[0].hi = a;
}

static void
ts_family(struct child_req *r)
{
	set_ts(&r->local_ts[0], "2001:db8::/64");
}

static void
ts_ports_without_protocol(struct child_req *r)
{
	r->local_ts[0].port_lo = 80;
}

static void
ts_opaque(struct child_req *r)
{
	r->local_ts[0].proto = r->remote_ts[0].proto = 17;
	r->local_ts[0].port_lo = 65535;
	r->local_ts[0].port_hi = 0;
}

static void
ts_protocols_differ(struct child_req *r)
{
	r->local_ts[0].proto = 6;
	r->remote_ts[0].proto = 17;
}

static void
encr_unlisted(struct child_req *r)
{
	static const uint8_t key[36];

	r->encr_bits = 256;
	secret_set(&r->encr_in, key, sizeof(key));
	secret_set(&r->encr_out, key, sizeof(key));
}

static void
encr_unknown(struct child_req *r)
{
	r->encr = 4711;
}

static void
encr_without_integ(struct child_req *r)
{
	static const uint8_t key[32];

	r->encr = 12;
	r->encr_bits = 256;
	secret_set(&r->encr_in, key, sizeof(key));
	secret_set(&r->encr_out, key, sizeof(key));
}

static void
integ_unlisted(struct child_req *r)
{
	r->integ = 2;
}

static void
aead_with_integ(struct child_req *r)
{
	r->integ = 12;
}

static void
esn_unlisted(struct child_req *r)
{
	r->esn = true;
}

static void
key_short(struct child_req *r)
{
	r->encr_in.len--;
}

static void
key_missing(struct child_req *r)
{
	secret_free(&r->encr_out);
}

static void
key_surplus(struct child_req *r)
{
	static const uint8_t key[32];

	secret_set(&r->integ_in, key, sizeof(key));
}

static void
replaces_others(struct child_req *r)
{
	r->replaces = 0x00010001;
}

static const struct {
	void (*spoil)(struct child_req *);
	const char *why;	/* the reason starts so */
} bad[] = {
	{ bad_worker, "SPI 0x" },
	{ bad_worker_number, "there is no worker 64" },
	{ bad_spi_invented, "SPI 0xdead0000 was not given out" },
	{ bad_spi_zero, "SPI 0x00000000 was not given out" },
	{ bad_spi_out, "outbound SPI 255 is reserved" },
	{ bad_policy, "there is no policy 9999" },
	{ bad_policy_kind, "there is no policy" },
	{ policy_disabled, "policy 5 may not be used: disabled" },
	{ policy_discards, "policy 4 does not encrypt" },
	{ bad_peer, "there is no peer 9999" },
	{ other_peer, "policy 1 is not of peer b" },
	{ template_no_identity, "no usable identity 0" },
	{ template_not_allowed, "identity " },
	{ template_others_identity, "identity " },
	{ bad_mode, "policy 1 is for tunnel mode" },
	{ remote_elsewhere, "address 192.0.2.3 is not of peer a" },
	{ local_elsewhere, "address 198.51.100.2 is not the local-address" },
	{ outer_families, "outer addresses of different families" },
	{ outer_any, "outer address missing" },
	{ encap_no_port, "UDP encapsulation without ports" },
	{ ts_none, "no selectors or too many" },
	{ ts_too_many, "no selectors or too many" },
	{ ts_local_wide, "local selector 10.0.0.0-10.255.255.255" },
	{ ts_remote_wide, "remote selector 0.0.0.0-255.255.255.255" },
	{ ts_swapped, "local selector 10.2.0.0-10.2.0.255" },
	{ ts_second_outside, "remote selector 10.9.0.0-10.9.0.255" },
	{ ts_turned_round, "malformed local selector" },
	{ ts_family, "local selector 2001:db8::" },
	{ ts_ports_without_protocol, "local selector has ports" },
	{ ts_opaque, "opaque ports in a selector" },
	{ ts_protocols_differ, "no local selector fits a remote one" },
	{ encr_unlisted, "encryption 20 (256 bits) is not in proposal p" },
	{ encr_unknown, "encryption 4711 (128 bits) is not in proposal p" },
	{ encr_without_integ, "" },
	{ integ_unlisted, "integrity 2 is not in proposal p" },
	{ aead_with_integ, "" },
	{ esn_unlisted, "use of extended sequence numbers" },
	{ key_short, "encryption keys of 19 and 20 bytes instead of 20" },
	{ key_missing, "encryption keys of 20 and 0 bytes instead of 20" },
	{ key_surplus, "integrity keys of 32 and 0 bytes instead of 0" },
	{ replaces_others, "replaces 0x00010001, which is not this" },
};

START_TEST(test_bad)
{
	unsigned policies = fake_policies(), applies = fake.applies;
	char why[GUARD_WHY_LEN] = "";
	struct child_req r;

	good_req(&km, &r, P_A, "10.1.0.0/24", "10.2.0.0/24");
	bad[_i].spoil(&r);
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	ck_assert_msg(why[0] != '\0' &&
	    strncmp(why, bad[_i].why, strlen(bad[_i].why)) == 0,
	    "%d: \"%s\" instead of \"%s\"", _i, why, bad[_i].why);
	ck_assert_uint_eq(km.n.refused, 1);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(fake_policies(), policies);
	ck_assert_uint_eq(fake.applies, applies);
	ck_assert_uint_eq(sad_count(&km.sad), 0);
	child_req_free(&r);

	/* The process lives and does the next that is right. */
	good_req(&km, &r, P_A, "10.1.0.0/24", "10.2.0.0/24");
	ck_assert_msg(add_child(&km, &r, why) == 0, "%s", why);
	child_req_free(&r);
}
END_TEST

START_TEST(test_twice)
{
	struct child_req r;
	char why[GUARD_WHY_LEN];
	uint32_t out;

	good_req(&km, &r, P_A, "10.1.0.0/24", "10.2.0.0/24");
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "is in use"));
	out = r.spi_out;
	child_req_free(&r);
	good_req(&km, &r, P_A, "10.1.0.0/24", "10.2.0.0/24");
	r.spi_out = out;
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "outbound SPI"));
	ck_assert_uint_eq(fake_sas(), 2);
	child_req_free(&r);
}
END_TEST

START_TEST(test_replaces_other_policy)
{
	struct child_req r, s;
	char why[GUARD_WHY_LEN];

	good_req(&km, &r, P_A, "10.1.0.0/24", "10.2.0.0/24");
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	good_req(&km, &s, P_B, "10.1.0.0/24", "10.3.0.0/16");
	s.replaces = r.spi_in;
	ck_assert_int_eq(add_child(&km, &s, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "which is of another policy"));
	child_req_free(&r);
	child_req_free(&s);
}
END_TEST

/* Another worker can neither delete, move nor look at a child. */
START_TEST(test_others_child)
{
	struct guard g;
	struct child_req r;
	struct endpoint to;
	char why[GUARD_WHY_LEN];

	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	install_del(&km, 1, r.spi_in);
	ck_assert_uint_eq(fake_sas(), 2);
	ck_assert_uint_eq(km.n.refused, 1);
	to = r.remote;
	addr_parse(&to.addr, "203.0.113.9");
	install_path(&km, 1, r.spi_in, &r.local, &to);
	ck_assert_uint_eq(km.n.refused, 2);
	/* Nor can its own worker move it to where the peer cannot be. */
	addr_parse(&to.addr, "192.0.2.77");
	install_path(&km, 0, r.spi_in, &r.local, &to);
	ck_assert_uint_eq(km.n.refused, 3);
	g = km_guard(&km);
	ck_assert_ptr_null(guard_own(&g, 1, r.spi_in, why));
	ck_assert_ptr_nonnull(guard_own(&g, 0, r.spi_in, why));
	child_req_free(&r);
}
END_TEST

START_TEST(test_transport)
{
	struct child_req r;
	char why[GUARD_WHY_LEN];

	good_req(&km, &r, P_TRANSPORT, "198.51.100.1/32", "192.0.2.2/32");
	r.transport = true;
	r.local_ts[0].proto = r.remote_ts[0].proto = 47;
	ck_assert_msg(add_child(&km, &r, why) == 0, "%s", why);
	child_req_free(&r);
	good_req(&km, &r, P_TRANSPORT, "198.51.100.1/32", "192.0.2.2/32");
	r.local_ts[0].proto = r.remote_ts[0].proto = 47;
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	ck_assert_str_eq(why, "policy 3 is for transport mode");
	r.transport = true;
	r.local_ts[0].proto = r.remote_ts[0].proto = 6;
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	child_req_free(&r);
}
END_TEST

START_TEST(test_template)
{
	struct child_req r;
	char why[GUARD_WHY_LEN];

	good_req(&km, &r, P_TEMPLATE, "10.1.0.7/32", "10.77.0.0/16");
	r.identity = conf_first(km.conf->conf, CONF_IDENTITY)->next->id;
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "has generate-policy=no"));
	km.conf->identities[1].generate = true;
	ck_assert_msg(add_child(&km, &r, why) == 0, "%s", why);
	ck_assert_ptr_nonnull(fake_find("10.1.0.7/32", "10.77.0.0/16"));
	install_del(&km, 0, r.spi_in);
	ck_assert_ptr_null(fake_find("10.1.0.7/32", "10.77.0.0/16"));
	child_req_free(&r);
}
END_TEST

START_TEST(test_spi_limit)
{
	uint32_t spis[64], last;
	unsigned i, n = 0;

	for (i = 0; i < SPI_GIVEN_MAX / 64 + 2; i++)
		n += spi_give(&km.spi, 0, spis, 64);
	ck_assert_uint_eq(n, SPI_GIVEN_MAX);
	ck_assert_uint_eq(spi_give(&km.spi, 0, &last, 1), 0);
	/* Another worker is not starved by it. */
	ck_assert_uint_eq(spi_give(&km.spi, 1, &last, 1), 1);
	ck_assert_uint_eq(SPI_WORKER(last), 1);
	/* What is given back may be given anew. */
	install_del(&km, 0, spis[0]);
	install_worker_gone(&km, 0);
	ck_assert_uint_eq(spi_give(&km.spi, 0, &last, 1), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("guard");
	TCase *tc = tcase_create("guard");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_bad, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, test_twice);
	tcase_add_test(tc, test_replaces_other_policy);
	tcase_add_test(tc, test_others_child);
	tcase_add_test(tc, test_transport);
	tcase_add_test(tc, test_template);
	tcase_add_test(tc, test_spi_limit);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
