/*
 * What comes after the handshake: further children, deleting, liveness, NAT,
 * restarts, reloads; a comment for each message.
 */
#include "tests/sim/fixture.h"
#include "lib/worker.h"
#include "ikepd/core.h"
#include "ikepd/tsel.h"

#include <stdlib.h>
#include <string.h>

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
	ck_assert_uint_eq(s->node[0].silent, 0);
	sim_run(s, 80);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	ck_assert(sim_logged(s, "the peer counts as dead"));
	/* Its name may mean another address by now. */
	ck_assert_uint_ge(s->node[0].silent, 1);
	ck_assert_uint_ne(s->node[0].silent_peer, 0);
	sim_restart(s, 1);
	s->node[1].deaf = false;
	c.passive = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	sim_run(s, 100);
	check_up(1);
}
END_TEST

/* RFC 7296 2.4: a peer that starts anew for a minute and a half is waited
 * for, unless it is liveness that asks. */
START_TEST(test_patience)
{
	c.dpd = 0;
	bring_up();
	s->node[1].deaf = true;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 95);
	ck_assert(!sim_logged(s, "the peer counts as dead"));
	s->node[1].deaf = false;
	sim_run(s, 40);
	check_up(1);
	ck_assert(!sim_logged(s, "the peer counts as dead"));
	s->node[1].deaf = true;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 140);
	ck_assert(sim_logged(s, "the peer counts as dead"));
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

/* Both ends begin at the same moment, each sure to be the first: nobody
 * keeps what the other end has thrown away. */
START_TEST(test_initial_contact_both)
{
	unsigned i;

	for (i = 0; i < 200; i++) {
		sim_free(s);
		s = sim_new(7000 + i);
		sim_configure(s, &c);
		engine_start(s->node[0].engine);
		sim_run_ms(s, i % 20);
		engine_start(s->node[1].engine);
		sim_run(s, 30);
		ck_assert_uint_ge(sim_ikes(s, 0, "established"), 1);
		ck_assert_uint_eq(sim_ikes(s, 0, "established"),
		    sim_ikes(s, 1, "established"));
		ck_assert_uint_ge(sim_children(s, 0), 1);
		ck_assert_uint_eq(sim_children(s, 0), sim_children(s, 1));
		check_right();
	}
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

START_TEST(test_acquire_meanwhile)
{
	struct acquire a;

	/* A packet comes while IKE_AUTH is out, which brings up all the
	 * policy: it needs no child of its own. */
	s->net.delay_min = s->net.delay_max = 300;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run_ms(s, 700);
	ck_assert_uint_eq(sim_ikes(s, 0, "message-3-sent"), 1);
	packet(&a, 1);
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_eq(s->sent, 4);
}
END_TEST

START_TEST(test_first_selector)
{
	static const struct prefix all[2] = {
		{ .addr = { AF_INET, { 10, 1 } }, .bits = 16 },
		{ .addr = { AF_INET, { 10, 2 } }, .bits = 16 },
	};
	struct sim_conf other = c;
	struct ike_conf *k;
	struct acquire a;

	c.passive = other.passive = true;
	other.policies = 3;
	k = sim_conf(s, 0, &c);
	ts_from_prefix(&k->policies[0].ts[0], &all[0], 0, -1);
	ts_from_prefix(&k->policies[0].ts[1], &all[1], 0, -1);
	engine_conf(s->node[0].engine, k);
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	packet(&a, 1);
	a.local.lo.b[2] = a.local.hi.b[2] = 2;
	a.remote.lo.b[2] = a.remote.hi.b[2] = 2;
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 5);
	check_up(1);
	/* RFC 7296 2.9: of the policies that admit some of it, the one that
	 * admits the packet. */
	ck_assert(ts_covers(&sim_child_at(s, 0, 0)->local.ts[0], &a.local));
	ck_assert(ts_covers(&sim_child_at(s, 0, 0)->remote.ts[0],
	    &a.remote));
}
END_TEST

START_TEST(test_reload_policy)
{
	uint32_t spi;

	c.policies = 2;
	bring_up();
	check_up(2);
	spi = sim_child_at(s, 0, 0)->r.spi_in;
	/* The same policy with other algorithms: its children go, and come
	 * again with those. */
	c.esp_encr[0] = "aes-256-gcm";
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 10);
	check_up(2);
	ck_assert_uint_ne(sim_child_at(s, 0, 0)->r.spi_in, spi);
	ck_assert_uint_eq(sim_child_at(s, 0, 0)->r.encr_bits, 256);
	ck_assert_uint_eq(sim_child_at(s, 0, 1)->r.encr_bits, 256);
}
END_TEST

START_TEST(test_port_4500)
{
	struct ike_show row;

	/* RFC 7296 2.23: one may begin on port 4500. */
	c.port = 4500;
	bring_up();
	check_up(1);
	ck_assert(sim_ike(s, 0, &row));
	ck_assert(row.path.natt && row.path.local.port == 4500);
	ck_assert(sim_ike(s, 1, &row));
	ck_assert(row.path.natt && row.path.remote.port == 4500);
	ck_assert(!sim_child_at(s, 0, 0)->r.encap);
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

/* certd is replaced while we make our AUTH, or check the peer's: that is
 * nothing that the peer has to know. */
START_TEST(test_certd_returns)
{
	unsigned *away = _i == 0 ? &s->node[0].help.auth_unavailable :
	    &s->node[0].help.verify_unavailable;

	*away = 1000;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 8);
	ck_assert(sim_logged(s, "IKE_AUTH waits"));
	*away = 0;
	sim_run(s, 2);
	check_up(1);
	ck_assert(!sim_logged(s, "failed"));
}
END_TEST

/* It is not the peer's fault either when that lasts: no notify says so, but
 * what the peer takes to stand must go. */
START_TEST(test_certd_stays_away)
{
	s->node[0].help.verify_unavailable = 1000;
	bring_up();
	sim_run(s, 25);
	ck_assert(sim_logged(s, "reason=certd-unavailable"));
	ck_assert(!sim_logged(s, "AUTHENTICATION_FAILED"));
	ck_assert(!sim_logged(s, "no-identity"));
	s->node[0].help.verify_unavailable = 0;
	sim_run(s, 120);
	check_up(1);
}
END_TEST

/* What we lack is told apart from who the peer is, here and there. */
START_TEST(test_no_own_key)
{
	s->node[1].help.no_key = true;
	bring_up();
	ck_assert(sim_logged(s, "reason=no-own-key"));
	ck_assert(sim_logged(s, "IKE_AUTH with TEMPORARY_FAILURE"));
	ck_assert(!sim_logged(s, "AUTHENTICATION_FAILED"));
	ck_assert(!sim_logged(s, "no-identity"));
	s->node[1].help.no_key = false;
	sim_run(s, 120);
	check_up(1);
}
END_TEST

/* The half-open IKE SA of whoever did not repeat its request is not said to
 * be the peer's omission. */
START_TEST(test_certd_never_back)
{
	s->node[1].help.auth_unavailable = 1000;
	bring_up();
	sim_run(s, 60);
	ck_assert(sim_logged(s, "IKE_AUTH could not be answered"));
	ck_assert(!sim_logged(s, "did not go on"));
}
END_TEST

/* A peer without a route is tried for ever, but not said so each time. */
START_TEST(test_no_route)
{
	const char *at = s->log;
	unsigned lines = 0;

	s->node[0].no_route = true;
	bring_up();
	sim_run(s, 3600);
	for (; (at = strstr(at, "reason=no-route")) != NULL; at++)
		lines++;
	ck_assert_uint_ge(lines, 2);
	ck_assert_uint_le(lines, 8);
	ck_assert(sim_logged(s, " more like it before)"));
	s->node[0].no_route = false;
	sim_run(s, 700);
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

/* A template that is edited keeps what it still holds, and nothing else. */
START_TEST(test_template_edited)
{
	struct sim_conf other = c;
	uint32_t spi;

	other.templates = other.passive = true;
	other.peer_prefix = "0.0.0.0/0";
	bring_up_with(&other);
	spi = sim_child_at(s, 1, 0)->r.spi_in;
	other.any6 = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	sim_run(s, 1);
	check_up(1);
	ck_assert_uint_eq(sim_child_at(s, 1, 0)->r.spi_in, spi);
	other.template_net = "10.77.0.0/16";
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	sim_run(s, 1);
	ck_assert_uint_eq(sim_children(s, 1), 0);
	ck_assert_uint_eq(sim_children(s, 0), 0);
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

/* A peer that is gone does not hold up the end. */
START_TEST(test_shutdown_alone)
{
	c.dpd = 10;
	bring_up();
	s->node[1].deaf = true;
	engine_shutdown(s->node[0].engine);
	sim_run(s, 4);
	ck_assert_uint_eq(s->node[0].stopped, 1);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	sim_run(s, 20);
	engine_shutdown(s->node[1].engine);
	ck_assert_uint_eq(s->node[1].stopped, 1);
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

START_TEST(test_temporary_failure)
{
	struct engine_stats st;

	c.policies = 2;
	c.pfs[0] = "x25519";
	bring_up();
	check_up(2);
	/* keymgr is away while the peer rekeys: CREATE_CHILD_SA -->
	 * <-- CREATE_CHILD_SA { N(TEMPORARY_FAILURE) }, and later again */
	s->node[1].no_spi = true;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 30);
	check_up(2);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.children_rekeyed, 0);
	s->node[1].no_spi = false;
	sim_run(s, 10);
	check_up(2);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.children_rekeyed, 1);
	/* For minutes: the IKE SA is closed and made anew, 2.25 */
	s->node[1].no_spi = true;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 220);
	ck_assert(sim_logged(s, "TEMPORARY_FAILURE for 180 s"));
	s->node[1].no_spi = false;
	sim_run(s, 60);
	check_up(2);
}
END_TEST

START_TEST(test_ipv6)
{
	ck_assert_int_eq(addr_parse(&s->node[0].addr, "2001:db8::1"), 0);
	ck_assert_int_eq(addr_parse(&s->node[1].addr, "2001:db8::2"), 0);
	bring_up();
	check_up(1);
	ck_assert_int_eq(sim_child_at(s, 0, 0)->r.remote.addr.family,
	    AF_INET6);
}
END_TEST

/* Gives the first end a peer known by name; NULL: it has no address. */
static void
name_peer(const struct addr *a)
{
	struct ike_conf *k = sim_conf(s, 0, &c);

	k->peers[0].address = (struct prefix){ .bits = 0 };
	if (a != NULL)
		k->peers[0].address = (struct prefix){ *a, addr_bits(a) };
	strcpy(k->peers[0].dns, "gw.example");
	engine_conf(s->node[0].engine, k);
	engine_start(s->node[0].engine);
}

START_TEST(test_dns_peer)
{
	struct acquire a;

	name_peer(NULL);
	c.passive = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	c.passive = false;
	packet(&a, 1);
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 5);
	ck_assert_uint_eq(s->sent, 0);
	ck_assert(sim_logged(s, "no single address"));
	/* The address comes later. */
	name_peer(&s->node[1].addr);
	sim_run(s, 5);
	check_up(1);
	/* It stays while the name cannot be looked up. */
	name_peer(NULL);
	sim_run(s, 5);
	check_up(1);
	(void)engine_kill(s->node[0].engine, NULL, 0);
	sim_run(s, 60);
	check_up(1);
}
END_TEST

START_TEST(test_dns_moves)
{
	struct addr first;

	/* Nobody is at the first address. */
	ck_assert_int_eq(addr_parse(&first, "192.0.2.77"), 0);
	c.passive = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	c.passive = false;
	name_peer(&first);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	name_peer(&s->node[1].addr);
	sim_run(s, 600);
	check_up(1);
}
END_TEST

START_TEST(test_other_worker)
{
	struct ike_conf *k = sim_conf(s, 0, &c);

	/* A peer with one address belongs where its first message goes. */
	k->set.workers = 3;
	k->set.worker = (worker_of_addr(&s->node[1].addr, 3) + 1) % 3;
	engine_conf(s->node[0].engine, k);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_uint_eq(s->sent, 0);
}
END_TEST

START_TEST(test_level_use)
{
	struct ike_conf *k = sim_conf(s, 0, &c);
	struct acquire a;

	/* level=use never asks for an SA. */
	k->policies[0].acquire_only = true;
	engine_conf(s->node[0].engine, k);
	engine_start(s->node[0].engine);
	packet(&a, 1);
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 5);
	ck_assert_uint_eq(s->sent, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_life");
	TCase *t = tcase_create("exchanges");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_policies);
	tcase_add_test(t, test_hard_expire);
	tcase_add_test(t, test_delete_both);
	tcase_add_test(t, test_kill);
	tcase_add_test(t, test_kill_both);
	tcase_add_test(t, test_liveness);
	tcase_add_test(t, test_patience);
	tcase_add_test(t, test_response_cache);
	tcase_add_test(t, test_nat);
	tcase_add_test(t, test_initial_contact);
	tcase_add_test(t, test_initial_contact_both);
	tcase_add_test(t, test_no_initial_contact);
	tcase_add_test(t, test_acquire);
	tcase_add_test(t, test_acquire_meanwhile);
	tcase_add_test(t, test_first_selector);
	tcase_add_test(t, test_reload_policy);
	tcase_add_test(t, test_port_4500);
	tcase_add_test(t, test_certd_away);
	tcase_add_loop_test(t, test_certd_returns, 0, 2);
	tcase_add_test(t, test_certd_stays_away);
	tcase_add_test(t, test_no_own_key);
	tcase_add_test(t, test_certd_never_back);
	tcase_add_test(t, test_no_route);
	tcase_add_test(t, test_certd_silent);
	tcase_add_loop_test(t, test_keymgr_refuses, 0, 2);
	tcase_add_loop_test(t, test_no_spi, 0, 2);
	tcase_add_test(t, test_reload);
	tcase_add_test(t, test_resync);
	tcase_add_test(t, test_template);
	tcase_add_test(t, test_template_edited);
	tcase_add_test(t, test_shutdown);
	tcase_add_test(t, test_shutdown_alone);
	tcase_add_test(t, test_both_initiate);
	tcase_add_test(t, test_temporary_failure);
	tcase_add_test(t, test_ipv6);
	tcase_add_test(t, test_dns_peer);
	tcase_add_test(t, test_dns_moves);
	tcase_add_test(t, test_other_worker);
	tcase_add_test(t, test_level_use);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
