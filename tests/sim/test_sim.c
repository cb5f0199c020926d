/*
 * The handshake and its first child, one feature each; a comment for each
 * message.
 */
#include "tests/sim/fixture.h"
#include "ikepd/tsel.h"

#include <stdlib.h>
#include <string.h>

START_TEST(test_tunnel)
{
	struct ike_show a, b;

	/* IKE_SA_INIT { SAi1, KEi, Ni, N(NATD_S), N(NATD_D) } -->
	 * <-- IKE_SA_INIT { SAr1, KEr, Nr, N(NATD_S), N(NATD_D) }
	 * IKE_AUTH { IDi, N(INITIAL_CONTACT), AUTH, SAi2, TSi, TSr } -->
	 * <-- IKE_AUTH { IDr, AUTH, SAr2, TSi, TSr } */
	bring_up();
	check_up(1);
	ck_assert_uint_eq(s->sent, 4);
	ck_assert(sim_ike(s, 0, &a) && sim_ike(s, 1, &b));
	ck_assert_uint_eq(a.spi_own, b.spi_peer);
	ck_assert_uint_eq(a.spi_own >> 56 & 31, 1);
	ck_assert_uint_eq(b.spi_own >> 56 & 31, 2);
	ck_assert_int_eq(a.side, SIDE_INITIATOR);
	ck_assert_int_eq(b.side, SIDE_RESPONDER);
	ck_assert(!a.natt_self && !a.natt_peer && !a.path.natt);
	ck_assert_uint_eq(a.ph2_total, 1);
	ck_assert_uint_eq(a.id_peer.len, 4 + strlen("b.example"));
	ck_assert_uint_eq(a.uptime_s, 4);
	ck_assert_str_eq(a.suite, "aes-128-gcm/sha256/x25519");
	ck_assert(!sim_child_at(s, 0, 0)->r.encap);
}
END_TEST

static const struct {
	const char *encr, *integ, *prf, *group, *esp_encr, *esp_integ, *pfs;
} suites[] = {
	{ "aes-256", "sha256", "sha256", "ecp256", "aes-256-cbc", "sha256",
	    "ecp256" },
	{ "aes-128", "sha1", "sha1", "modp1024", "aes-128-cbc", "sha1",
	    "modp1024" },
	{ "3des", "md5", "md5", "modp1024", "3des", "md5", NULL },
	{ "aes-192", "sha512", "sha512", "ecp521", "aes-192-ctr", "sha512",
	    "x25519" },
	{ "camellia-256", "sha384", "sha384", "ecp384", "camellia-128",
	    "sha256", NULL },
	{ "aes-256-gcm", NULL, "sha512", "x448", "chacha20poly1305", NULL,
	    "x448" },
	{ "chacha20poly1305", NULL, "sha256", "x25519", "aes-256-gcm", NULL,
	    "x25519" },
};

START_TEST(test_suites)
{
	c.encr[0] = suites[_i].encr;
	c.integ[0] = suites[_i].integ;
	c.prf[0] = suites[_i].prf;
	c.group[0] = suites[_i].group;
	c.esp_encr[0] = suites[_i].esp_encr;
	c.esp_integ[0] = suites[_i].esp_integ;
	c.pfs[0] = suites[_i].pfs;
	c.policies = 2;
	c.ike_life = 100;
	/* IKE_AUTH makes the first child, CREATE_CHILD_SA { SA, Ni, [KEi],
	 * TSi, TSr } the second; the IKE SA is rekeyed within 100 s. */
	bring_up();
	check_up(2);
	sim_run(s, 90);
	check_up(2);
	ck_assert(sim_logged(s, "IKE SA rekeyed"));
}
END_TEST

START_TEST(test_transport)
{
	c.transport = true;
	/* IKE_AUTH { ..., N(USE_TRANSPORT_MODE), SAi2, TSi, TSr } -->
	 * <-- IKE_AUTH { ..., N(USE_TRANSPORT_MODE), SAr2, TSi, TSr } */
	bring_up();
	check_up(1);
	ck_assert(sim_child_at(s, 0, 0)->r.transport);
}
END_TEST

START_TEST(test_transport_nat)
{
	struct sim_child *a, *b;
	unsigned i;

	s->nat = true;
	c.transport = true;
	/* RFC 7296 2.23.1: the responder puts the outside address in the
	 * place of the one behind the NAT. */
	bring_up();
	ck_assert_uint_eq(sim_children(s, 1), 1);
	b = sim_child_at(s, 1, 0);
	ck_assert(b->r.transport && b->r.encap);
	ck_assert(addr_equal(&b->remote.ts[0].lo, &s->nat_addr));
	/* Its answer names the outside address, and the initiator puts its
	 * own back. */
	ck_assert_uint_eq(sim_children(s, 0), 1);
	a = sim_child_at(s, 0, 0);
	ck_assert(a->r.transport && a->r.encap);
	ck_assert(addr_equal(&a->local.ts[0].lo, &s->node[0].addr));
	check_right();
	/* Either end rekeys. */
	for (i = 0; i < 2; i++) {
		engine_expire(s->node[i].engine,
		    sim_child_at(s, i, 0)->r.spi_in, false);
		sim_run(s, 2);
		ck_assert_uint_eq(sim_children(s, i), 1);
		ck_assert_uint_ne(sim_child_at(s, i, 0)->r.replaces, 0);
		check_right();
	}
}
END_TEST

START_TEST(test_transport_template)
{
	struct sim_conf other = c;

	c.transport = true;
	other.templates = other.passive = true;
	other.peer_prefix = "0.0.0.0/0";
	s->nat = _i == 1;
	/* A template leaves the mode to the peer. */
	bring_up_with(&other);
	ck_assert_uint_eq(sim_children(s, 0), 1);
	ck_assert_uint_eq(sim_children(s, 1), 1);
	ck_assert(sim_child_at(s, 1, 0)->r.transport);
	check_right();
}
END_TEST

START_TEST(test_transport_against_tunnel)
{
	struct sim_conf other = c;

	c.transport = true;
	other.passive = true;
	other.transport = false;
	/* IKE_AUTH { ..., N(USE_TRANSPORT_MODE), ... } -->
	 * <-- IKE_AUTH { ..., N(TS_UNACCEPTABLE) } */
	bring_up_with(&other);
	check_up(0);
	ck_assert(sim_logged(s, "reason=ts-unacceptable"));
}
END_TEST

START_TEST(test_tunnel_against_transport)
{
	struct sim_conf other = c;

	other.passive = other.transport = true;
	c.wide = "0.0.0.0/0";
	bring_up_with(&other);
	check_up(0);
}
END_TEST

START_TEST(test_narrowing)
{
	struct sim_conf other = c;
	char text[PREFIX_STRLEN];

	other.passive = true;
	c.wide = "10.2.0.0/16";
	/* IKE_AUTH { ..., TSr = 10.2.0.0/16 } -->
	 * <-- IKE_AUTH { ..., TSr = 10.2.0.0/24 } */
	bring_up_with(&other);
	check_up(1);
	ck_assert_str_eq(tsel_fmt(&sim_child_at(s, 0, 0)->remote, text,
	    sizeof(text)), "10.2.0.0/24");
}
END_TEST

START_TEST(test_ts_unacceptable)
{
	struct sim_conf other = c;

	other.passive = true;
	c.wide = "172.16.0.0/16";
	/* <-- IKE_AUTH { IDr, AUTH, N(TS_UNACCEPTABLE) }: the IKE SA stays,
	 * RFC 7296 2.21.2 */
	bring_up_with(&other);
	check_up(0);
	ck_assert(sim_logged(s, "reason=ts-unacceptable"));
	ck_assert(sim_logged(s, "172.16.0.0/16"));
	ck_assert(sim_logged(s, "TS_UNACCEPTABLE"));
}
END_TEST

START_TEST(test_child_no_proposal)
{
	struct sim_conf other = c;

	other.passive = true;
	other.esp_encr[0] = "aes-256-cbc";
	other.esp_integ[0] = "sha256";
	/* <-- IKE_AUTH { IDr, AUTH, N(NO_PROPOSAL_CHOSEN) } */
	bring_up_with(&other);
	check_up(0);
	ck_assert(sim_logged(s, "rejected enctype: DB(prop#1:trns#1):"
	    "Peer(prop#1:trns#1) = AES-CBC-256:AES-GCM-16-128"));
	ck_assert(sim_logged(s, "reason=no-proposal-chosen: proposal=prop"));
	ck_assert(sim_logged(s, "NO_PROPOSAL_CHOSEN"));
}
END_TEST

START_TEST(test_ike_no_proposal)
{
	struct sim_conf other = c;
	struct engine_stats st;

	other.passive = true;
	c.encr[0] = "aes-128";
	c.integ[0] = "sha1";
	other.encr[0] = "aes-128";
	other.integ[0] = "md5";
	/* IKE_SA_INIT { SAi1, ... } --> <-- IKE_SA_INIT
	 * { N(NO_PROPOSAL_CHOSEN) }, which is believed the second time */
	bring_up_with(&other);
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 0);
	ck_assert(sim_logged(s, "rejected hashtype: DB(prop#1:trns#3):"
	    "Peer(prop#1:trns#3) = HMAC-MD5:HMAC-SHA1\n"));
	ck_assert(sim_logged(s, "no suitable proposal found.\n"));
	ck_assert(sim_logged(s, "10.0.0.1 failed to get valid proposal.\n"));
	ck_assert(sim_logged(s, "10.0.0.1 failed to pre-process ph1 packet "
	    "(side: 1, status 1).\n"));
	ck_assert(sim_logged(s, "10.0.0.1 phase1 negotiation failed.\n"));
	ck_assert(sim_logged(s, "10.0.0.2 fatal NO-PROPOSAL-CHOSEN notify "
	    "message\n"));
	ck_assert(sim_logged(s, "side=initiator reason=no-proposal-chosen"));
	sim_stats(s, 1, &st);
	ck_assert_uint_gt(st.no_proposal, 0);
	ck_assert_uint_eq(st.half_open_now, 0);
}
END_TEST

START_TEST(test_invalid_ke)
{
	struct sim_conf other = c;
	struct ike_show row;

	other.passive = true;
	c.group[0] = "x25519";
	c.group[1] = "ecp256";
	other.group[0] = "ecp256";
	/* IKE_SA_INIT { SAi1, KEi(31), Ni } -->
	 * <-- IKE_SA_INIT { N(INVALID_KE_PAYLOAD, 19) }
	 * IKE_SA_INIT { SAi1, KEi(19), Ni } --> ... */
	bring_up_with(&other);
	check_up(1);
	ck_assert_uint_eq(s->sent, 6);
	ck_assert(sim_ike(s, 0, &row));
	ck_assert_str_eq(row.suite, "aes-128-gcm/sha256/ecp256");
}
END_TEST

START_TEST(test_cookie)
{
	struct engine_stats st;

	c.cookie_threshold = 0;
	/* IKE_SA_INIT { SAi1, KEi, Ni } -->
	 * <-- IKE_SA_INIT { N(COOKIE) }
	 * IKE_SA_INIT { N(COOKIE), SAi1, KEi, Ni } --> ... */
	bring_up();
	check_up(1);
	ck_assert_uint_eq(s->sent, 6);
	sim_stats(s, 1, &st);
	ck_assert_uint_eq(st.cookies_sent, 1);
	ck_assert_uint_eq(st.cookies_bad, 0);
}
END_TEST

START_TEST(test_cookie_and_invalid_ke)
{
	struct sim_conf other = c;

	other.passive = true;
	c.group[1] = "ecp256";
	other.group[0] = "ecp256";
	other.cookie_threshold = 0;
	/* RFC 7296 2.6.1: cookie, then group, the same cookie again */
	bring_up_with(&other);
	check_up(1);
	ck_assert_uint_eq(s->sent, 8);
}
END_TEST

START_TEST(test_wrong_psk)
{
	struct engine_stats st;

	s->node[1].psk = "another";
	/* IKE_AUTH { IDi, AUTH, ... } -->
	 * <-- IKE_AUTH { N(AUTHENTICATION_FAILED) } */
	bring_up();
	check_down();
	ck_assert(sim_logged(s, "peer=peer0 phase=IKE_AUTH side=responder "
	    "reason=authentication-failed: authentication failed "
	    "(pre-shared key) id=fqdn:a.example"));
	ck_assert(sim_logged(s, "peer=peer1 phase=IKE_AUTH side=initiator "
	    "reason=authentication-failed: authentication failed "
	    "(pre-shared key)"));
	sim_stats(s, 1, &st);
	ck_assert_uint_gt(st.auth_failed, 0);
	ck_assert_uint_eq(st.half_open_now, 0);
}
END_TEST

START_TEST(test_wrong_id)
{
	s->node[1].peer_id = "somebody.else";
	bring_up();
	check_down();
	ck_assert(sim_logged(s, "reason=no-identity: id=fqdn:a.example"));
}
END_TEST

START_TEST(test_responder_not_believed)
{
	s->node[0].peer_id = "somebody.else";
	/* <-- IKE_AUTH { IDr, AUTH, ... }, which does not suit us:
	 * INFORMATIONAL { N(AUTHENTICATION_FAILED) } --> RFC 7296 2.21.2 */
	bring_up();
	check_down();
	ck_assert(sim_logged(s, "reason=no-identity: id=fqdn:b.example"));
	ck_assert(sim_logged(s, "the peer does not accept ours"));
}
END_TEST

START_TEST(test_no_answer)
{
	struct engine_stats st;

	s->node[1].deaf = true;
	/* IKE_SA_INIT --> five times, then again with back-off, for ever */
	bring_up();
	sim_run(s, 25);
	ck_assert(sim_logged(s, "10.0.0.2 phase1 negotiation failed due to "
	    "time up 10.0.0.1:500<=>10.0.0.2:500: peer=peer1"));
	ck_assert(sim_logged(s, "UDP 500 and 4500"));
	sim_run(s, 600);
	sim_stats(s, 0, &st);
	ck_assert_uint_gt(st.timed_out, 5);
	s->node[1].deaf = false;
	sim_run(s, 100);
	check_up(1);
}
END_TEST

START_TEST(test_no_peer)
{
	c.peer_prefix = NULL;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	c.peer_prefix = "203.0.113.0/24";
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 0);
	ck_assert(sim_logged(s, "reason=no-peer: no peer is configured"));
}
END_TEST

START_TEST(test_mode_is_v1)
{
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	c.mode = PEER_MAIN;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert(sim_logged(s, "the peer speaks IKEv2, we expect "
	    "exchange-mode=main"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim");
	TCase *t = tcase_create("exchanges");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_tunnel);
	tcase_add_loop_test(t, test_suites, 0,
	    sizeof(suites) / sizeof(suites[0]));
	tcase_add_test(t, test_transport);
	tcase_add_test(t, test_transport_nat);
	tcase_add_loop_test(t, test_transport_template, 0, 2);
	tcase_add_test(t, test_transport_against_tunnel);
	tcase_add_test(t, test_tunnel_against_transport);
	tcase_add_test(t, test_narrowing);
	tcase_add_test(t, test_ts_unacceptable);
	tcase_add_test(t, test_child_no_proposal);
	tcase_add_test(t, test_ike_no_proposal);
	tcase_add_test(t, test_invalid_ke);
	tcase_add_test(t, test_cookie);
	tcase_add_test(t, test_cookie_and_invalid_ke);
	tcase_add_test(t, test_wrong_psk);
	tcase_add_test(t, test_wrong_id);
	tcase_add_test(t, test_responder_not_believed);
	tcase_add_test(t, test_no_answer);
	tcase_add_test(t, test_no_peer);
	tcase_add_test(t, test_mode_is_v1);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
