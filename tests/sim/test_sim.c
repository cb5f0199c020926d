/*
 * Exchanges of two engines, one feature each; a comment for each message.
 */
#include "tests/sim/sim.h"
#include "ikepd/tsel.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim *s;
static struct sim_conf c;

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

static void
check_right(void)
{
	const char *why = sim_agree(s);

	ck_assert_msg(why == NULL, "%s", why);
	why = sim_sound(s);
	ck_assert_msg(why == NULL, "%s", why);
}

/* Both ends stand with n children, and agree. */
static void
check_up(unsigned n)
{
	struct ike_show row;

	ck_assert_msg(sim_ike(s, 0, &row), "%s", s->log);
	ck_assert(sim_ike(s, 1, &row));
	ck_assert_uint_eq(sim_children(s, 0), n);
	ck_assert_uint_eq(sim_children(s, 1), n);
	check_right();
}

/* Nothing is left on either side. */
static void
check_down(void)
{
	ck_assert_uint_eq(sim_ikes(s, 0, NULL), 0);
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 0);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
}

static void
bring_up(void)
{
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
}

/* Different configurations on the two ends. */
static void
bring_up_with(const struct sim_conf *responder)
{
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, responder));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
}

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

START_TEST(test_policies)
{
	c.policies = 20;
	/* The first child in IKE_AUTH, 19 by CREATE_CHILD_SA { SA, Ni, TSi,
	 * TSr } */
	bring_up();
	check_up(20);
	ck_assert_uint_eq(s->sent, 4 + 2 * 19);
}
END_TEST

START_TEST(test_pfs_invalid_ke)
{
	struct sim_conf other;

	c.policies = 2;
	c.pfs[0] = "x25519";
	c.pfs[1] = "ecp256";
	other = c;
	other.passive = true;
	other.pfs[0] = "ecp256";
	other.pfs[1] = NULL;
	/* CREATE_CHILD_SA { SA, Ni, KEi(31), TSi, TSr } -->
	 * <-- CREATE_CHILD_SA { N(INVALID_KE_PAYLOAD, 19) }
	 * CREATE_CHILD_SA { SA, Ni, KEi(19), TSi, TSr } --> ... */
	bring_up_with(&other);
	check_up(2);
	ck_assert_uint_eq(s->sent, 8);
}
END_TEST

START_TEST(test_rekey_child)
{
	uint32_t spi;

	c.pfs[0] = "x25519";
	bring_up();
	spi = sim_child_at(s, 0, 0)->r.spi_in;
	/* CREATE_CHILD_SA { N(REKEY_SA), SA, Ni, KEi, TSi, TSr } -->
	 * <-- CREATE_CHILD_SA { SA, Nr, KEr, TSi, TSr }
	 * INFORMATIONAL { D(old) } --> <-- INFORMATIONAL { D(old) } */
	engine_expire(s->node[0].engine, spi, false);
	engine_expire(s->node[0].engine, spi, false);
	sim_run(s, 2);
	check_up(1);
	ck_assert_uint_eq(s->sent, 8);
	ck_assert_uint_ne(sim_child_at(s, 0, 0)->r.spi_in, spi);
	ck_assert_uint_eq(sim_child_at(s, 0, 0)->r.replaces, spi);
	ck_assert_uint_ne(sim_child_at(s, 1, 0)->r.replaces, 0);
	ck_assert_uint_eq(sim_child_at(s, 0, 0)->r.pfs_group, 31);
	/* The responder does the same. */
	spi = sim_child_at(s, 1, 0)->r.spi_in;
	engine_expire(s->node[1].engine, spi, false);
	sim_run(s, 2);
	check_up(1);
	ck_assert_uint_eq(sim_child_at(s, 1, 0)->r.replaces, spi);
}
END_TEST

START_TEST(test_rekey_child_collision)
{
	unsigned i;

	bring_up();
	/* Both send CREATE_CHILD_SA { N(REKEY_SA), ... } at once; the SA with
	 * the lowest nonce goes, RFC 7296 2.8.1 */
	for (i = 0; i < 10; i++) {
		engine_expire(s->node[0].engine,
		    sim_child_at(s, 0, 0)->r.spi_in, false);
		engine_expire(s->node[1].engine,
		    sim_child_at(s, 1, 0)->r.spi_in, false);
		sim_run(s, 10);
		check_up(1);
	}
	ck_assert_uint_eq(s->node[0].adds, 21);
}
END_TEST

START_TEST(test_rekey_ike)
{
	struct ike_show before, after;
	struct sim_conf other;

	c.ike_life = 1000;
	other = c;
	other.passive = true;
	other.ike_life = 0;
	bring_up_with(&other);
	ck_assert(sim_ike(s, 1, &before));
	/* CREATE_CHILD_SA { SA(IKE, spi), Ni, KEi } -->
	 * <-- CREATE_CHILD_SA { SA(IKE, spi), Nr, KEr }
	 * INFORMATIONAL { D(IKE) } --> <-- INFORMATIONAL {} */
	sim_run(s, 900);
	check_up(1);
	ck_assert(sim_ike(s, 1, &after));
	ck_assert_uint_ne(before.spi_own, after.spi_own);
	ck_assert_uint_gt(after.uptime_s, 890);
	/* The child came along and can be rekeyed in the new SA. */
	engine_expire(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    false);
	sim_run(s, 5);
	check_up(1);
	/* Hour after hour */
	sim_run(s, 36000);
	check_up(1);
}
END_TEST

/* Both lose patience within one round trip, now and then. */
START_TEST(test_rekey_ike_collision)
{
	struct engine_stats a, b;
	unsigned i;

	s->net.delay_min = s->net.delay_max = 4000;
	c.ike_life = 1000;
	c.dpd = 0;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 200);
	/* soft lifetimes differ by up to 50 s, the way takes 4 s */
	sim_run(s, 80000);
	for (i = 0; i < 100 && sim_agree(s) != NULL; i++)
		sim_run(s, 1);
	check_up(1);
	sim_stats(s, 0, &a);
	sim_stats(s, 1, &b);
	ck_assert_uint_ge(a.ike_rekeyed, 95);
	ck_assert_uint_ge(b.ike_rekeyed, 95);
	/* No other IKE SA had to be made. */
	ck_assert_uint_eq(a.established_initiator, 1);
	ck_assert_uint_eq(b.established_responder, 1);
}
END_TEST

START_TEST(test_hard_expire)
{
	bring_up();
	/* INFORMATIONAL { D(ESP) } --> <-- INFORMATIONAL { D(ESP) } */
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    true);
	sim_run(s, 1);
	check_up(0);
	ck_assert_uint_eq(s->sent, 6);
}
END_TEST

START_TEST(test_delete_both)
{
	bring_up();
	/* RFC 7296 1.4.1: INFORMATIONAL { D(ESP) } from both; the answers
	 * have no Delete payload */
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    true);
	engine_expire(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    true);
	sim_run(s, 1);
	check_up(0);
	ck_assert_uint_eq(s->sent, 8);
}
END_TEST

START_TEST(test_kill)
{
	struct ike_show a, b;

	bring_up();
	ck_assert(sim_ike(s, 0, &a));
	/* INFORMATIONAL { D(IKE) } --> <-- INFORMATIONAL {}, and as the peer
	 * is not passive on our side, it comes again */
	ck_assert_uint_eq(engine_kill(s->node[1].engine, NULL, 0), 1);
	sim_run_ms(s, 500);
	check_down();
	sim_run(s, 10);
	check_up(1);
	ck_assert(sim_ike(s, 0, &b));
	ck_assert_uint_ne(a.spi_own, b.spi_own);
	ck_assert_uint_eq(engine_kill(s->node[0].engine,
	    &s->node[0].addr, 0), 0);
	ck_assert_uint_eq(engine_kill(s->node[0].engine,
	    &s->node[1].addr, 0), 1);
	sim_run(s, 10);
	check_up(1);
}
END_TEST

START_TEST(test_kill_both)
{
	c.passive = true;
	sim_configure(s, &c);
	c.passive = false;
	bring_up();
	engine_kill(s->node[0].engine, NULL, 0);
	engine_kill(s->node[1].engine, NULL, 0);
	sim_run_ms(s, 500);
	check_down();
}
END_TEST

START_TEST(test_liveness)
{
	c.dpd = 30;
	bring_up();
	ck_assert_uint_eq(s->sent, 4);
	/* INFORMATIONAL {} --> <-- INFORMATIONAL {} after 30 s of silence */
	sim_run(s, 100);
	check_up(1);
	ck_assert_uint_ge(s->sent, 8);
	/* ESP that comes in is a sign of life as well. */
	s->node[0].idle_s = s->node[1].idle_s = 0;
	s->sent = 0;
	sim_run(s, 300);
	ck_assert_uint_le(s->sent, 2);
	/* The peer dies; what it had goes; it comes back. */
	s->node[0].idle_s = UINT32_MAX;
	s->node[1].deaf = true;
	sim_run(s, 80);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	ck_assert(sim_logged(s, "the peer counts as dead"));
	sim_restart(s, 1);
	s->node[1].deaf = false;
	c.passive = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	sim_run(s, 100);
	check_up(1);
}
END_TEST

/* The n-th datagram of the responder is lost, and its bytes are kept. */
static uint8_t kept[2][4096];
static size_t kept_len[2];
static unsigned seen_by_tap;

static enum sim_fate
lose_first_answers(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)sim;
	(void)path;
	if (from != 1)
		return SIM_PASS;
	if (seen_by_tap < 2 && *len <= sizeof(kept[0])) {
		memcpy(kept[seen_by_tap], data, *len);
		kept_len[seen_by_tap] = *len;
	}
	return seen_by_tap++ == 0 ? SIM_DROP : SIM_PASS;
}

START_TEST(test_response_cache)
{
	struct engine_stats st;

	seen_by_tap = 0;
	s->tap = lose_first_answers;
	/* IKE_SA_INIT --> (answer lost) IKE_SA_INIT --> <-- the same bytes */
	bring_up();
	check_up(1);
	ck_assert_uint_eq(kept_len[0], kept_len[1]);
	ck_assert_mem_eq(kept[0], kept[1], kept_len[0]);
	sim_stats(s, 1, &st);
	ck_assert_uint_eq(st.rx_retransmitted, 1);
	/* The same with an encrypted exchange */
	seen_by_tap = 0;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_eq(kept_len[0], kept_len[1]);
	ck_assert_mem_eq(kept[0], kept[1], kept_len[0]);
}
END_TEST

START_TEST(test_nat)
{
	struct ike_show a, b;
	unsigned n;

	s->nat = true;
	bring_up();
	check_up(1);
	ck_assert(sim_ike(s, 0, &a) && sim_ike(s, 1, &b));
	ck_assert(a.natt_self && !a.natt_peer && a.path.natt);
	ck_assert(!b.natt_self && b.natt_peer && b.path.natt);
	ck_assert_uint_eq(a.path.local.port, 4500);
	ck_assert_uint_eq(a.path.remote.port, 4500);
	ck_assert_uint_eq(b.path.remote.port, s->nat_port + 1);
	ck_assert(sim_child_at(s, 0, 0)->r.encap);
	sim_run(s, 100);
	ck_assert_uint_eq(s->node[0].keepalives, 5);
	ck_assert_uint_eq(s->node[1].keepalives, 0);
	/* The NAT gives another port: the next message of ours moves us,
	 * RFC 7296 2.23 */
	s->nat_port = 50000;
	n = s->node[1].paths;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_gt(s->node[1].paths, n);
	ck_assert(sim_ike(s, 1, &b));
	ck_assert_uint_eq(b.path.remote.port, 50001);
	/* ESP from another port does so too. */
	a.path.remote = b.path.remote;
	a.path.remote.port = 50009;
	engine_mapping(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    &a.path.remote);
	ck_assert(sim_ike(s, 1, &b));
	ck_assert_uint_eq(b.path.remote.port, 50009);
	ck_assert_uint_eq(sim_child_at(s, 1, 0)->r.remote.port, 50009);
}
END_TEST

START_TEST(test_initial_contact)
{
	bring_up();
	/* The initiator starts anew: IKE_AUTH { ..., N(INITIAL_CONTACT) } */
	sim_restart(s, 0);
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_up(1);
	ck_assert(sim_logged(s, "INITIAL_CONTACT: the older IKE SA"));
}
END_TEST

START_TEST(test_no_initial_contact)
{
	c.no_contact = true;
	c.dpd = 20;
	bring_up();
	sim_restart(s, 0);
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 2);
	/* The dead one is found out by liveness. */
	sim_run(s, 90);
	check_up(1);
}
END_TEST

static void
packet(struct acquire *a, uint8_t last)
{
	memset(a, 0, sizeof(*a));
	a->policy = 30;
	a->peer = 20;
	a->local.proto = a->remote.proto = 17;
	a->local.lo = (struct addr){ AF_INET, { 10, 1, 0, last } };
	a->remote.lo = (struct addr){ AF_INET, { 10, 2, 0, 9 } };
	a->local.hi = a->local.lo;
	a->remote.hi = a->remote.lo;
	a->local.port_lo = a->local.port_hi = 4000;
	a->remote.port_lo = a->remote.port_hi = 53;
}

START_TEST(test_acquire)
{
	struct acquire a;
	unsigned i;

	c.passive = true;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_down();
	/* Many packets, one IKE SA, one child */
	for (i = 0; i < 50; i++) {
		packet(&a, (uint8_t)i);
		engine_acquire(s->node[0].engine, &a);
	}
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_eq(s->sent, 4);
	/* RFC 7296 2.9: what the packet wanted lies within the answer */
	ck_assert(ts_covers(&sim_child_at(s, 0, 0)->local.ts[0],
	    &a.local) || sim_child_at(s, 0, 0)->local.n > 1);
	/* After the child has gone, the IKE SA serves again. */
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    true);
	sim_run(s, 1);
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 1);
	check_up(1);
	/* From the other end */
	engine_expire(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    true);
	sim_run(s, 1);
	packet(&a, 1);
	a.local.lo.b[1] = a.local.hi.b[1] = 2;
	a.remote.lo.b[1] = a.remote.hi.b[1] = 1;
	engine_acquire(s->node[1].engine, &a);
	sim_run(s, 1);
	check_up(1);
}
END_TEST

START_TEST(test_certd_away)
{
	s->node[1].help.auth_unavailable = 1000;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run_ms(s, 500);
	/* certd is back when IKE_AUTH is repeated */
	s->node[1].help.auth_unavailable = 0;
	sim_run(s, 5);
	check_up(1);
}
END_TEST

START_TEST(test_certd_silent)
{
	struct engine_stats st;

	s->node[1].help.auth_lost = 1000;
	bring_up();
	sim_run(s, 60);
	ck_assert(sim_logged(s, "no answer from certd"));
	sim_stats(s, 1, &st);
	s->node[1].help.auth_lost = 0;
	sim_run(s, 120);
	check_up(1);
}
END_TEST

START_TEST(test_keymgr_refuses)
{
	unsigned who = (unsigned)_i;

	s->node[who].help.child_fails = 1000;
	/* Responder: <-- IKE_AUTH { IDr, AUTH, N(NO_ADDITIONAL_SAS) };
	 * initiator: INFORMATIONAL { D(ESP) } --> */
	bring_up();
	check_up(0);
	ck_assert(sim_logged(s, "not installed: refused by the test"));
}
END_TEST

START_TEST(test_no_spi)
{
	unsigned who = (unsigned)_i;

	s->node[who].no_spi = true;
	bring_up();
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "no SPI at hand"));
	s->node[who].no_spi = false;
	sim_run(s, 60);
	check_up(1);
}
END_TEST

START_TEST(test_reload)
{
	struct sim_conf other;

	c.policies = 3;
	bring_up();
	check_up(3);
	/* The same again changes nothing. */
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_up(3);
	/* A policy less: INFORMATIONAL { D(ESP) } --> */
	other = c;
	other.policies = 2;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &other));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_up(2);
	/* Another address of the peer: INFORMATIONAL { D(IKE) } --> */
	other.peer_prefix = "10.9.9.9/32";
	other.passive = true;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &other));
	sim_run(s, 5);
	check_down();
}
END_TEST

START_TEST(test_resync)
{
	c.policies = 3;
	bring_up();
	sim_keymgr_restart(s, 0);
	ck_assert_uint_eq(s->node[0].adopts, 3);
	ck_assert_uint_eq(sim_children(s, 0), 3);
	check_right();
}
END_TEST

START_TEST(test_template)
{
	struct sim_conf other;

	other = c;
	other.templates = other.passive = true;
	other.peer_prefix = "0.0.0.0/0";
	/* generate-policy: the template's bounds, the peer's selectors */
	bring_up_with(&other);
	check_up(1);
	ck_assert_uint_eq(sim_child_at(s, 1, 0)->r.policy, 30);
}
END_TEST

START_TEST(test_shutdown)
{
	c.policies = 2;
	bring_up();
	check_up(2);
	/* INFORMATIONAL { D(IKE) } --> <-- INFORMATIONAL {} */
	engine_shutdown(s->node[1].engine);
	ck_assert_uint_eq(s->node[1].stopped, 0);
	sim_run_ms(s, 100);
	ck_assert_uint_eq(s->node[1].stopped, 1);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	engine_shutdown(s->node[0].engine);
	ck_assert_uint_eq(s->node[0].stopped, 1);
}
END_TEST

START_TEST(test_both_initiate)
{
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	engine_start(s->node[0].engine);
	engine_start(s->node[1].engine);
	sim_run(s, 30);
	check_right();
	ck_assert_uint_ge(sim_children(s, 0), 1);
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
	tcase_add_test(t, test_policies);
	tcase_add_test(t, test_pfs_invalid_ke);
	tcase_add_test(t, test_rekey_child);
	tcase_add_test(t, test_rekey_child_collision);
	tcase_add_test(t, test_rekey_ike);
	tcase_add_test(t, test_rekey_ike_collision);
	tcase_add_test(t, test_hard_expire);
	tcase_add_test(t, test_delete_both);
	tcase_add_test(t, test_kill);
	tcase_add_test(t, test_kill_both);
	tcase_add_test(t, test_liveness);
	tcase_add_test(t, test_response_cache);
	tcase_add_test(t, test_nat);
	tcase_add_test(t, test_initial_contact);
	tcase_add_test(t, test_no_initial_contact);
	tcase_add_test(t, test_acquire);
	tcase_add_test(t, test_certd_away);
	tcase_add_test(t, test_certd_silent);
	tcase_add_loop_test(t, test_keymgr_refuses, 0, 2);
	tcase_add_loop_test(t, test_no_spi, 0, 2);
	tcase_add_test(t, test_reload);
	tcase_add_test(t, test_resync);
	tcase_add_test(t, test_template);
	tcase_add_test(t, test_shutdown);
	tcase_add_test(t, test_both_initiate);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
