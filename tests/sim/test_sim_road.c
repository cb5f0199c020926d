/* Certificates, configuration payloads, sessions. */
#include "lib/suite/suite.h"
#include "ikepd/tsel.h"
#include "ikepd/wire/header.h"
#include "tests/sim/fixture.h"

#include <string.h>

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	ck_assert_int_eq(prefix_parse(&p, text, true), 0);
	return p;
}

/* ---- certificates ---- */

static void
use_certs(size_t len, unsigned between)
{
	c.certs = true;
	sim_use_cert(s, 0, len, 256, between);
	sim_use_cert(s, 1, len, 512, between);
}

START_TEST(certificates_both_ways)
{
	struct sim_node *a = &s->node[0], *b = &s->node[1];

	use_certs(1200, 2);
	bring_up();
	check_up(1);
	/* Each side heard of the other's hash algorithms and CAs. */
	ck_assert_uint_eq(a->got.hashes, 0x3c);
	ck_assert_uint_eq(b->got.hashes, 0x3c);
	ck_assert_uint_eq(b->got.certreq.len, 3 * AUTH_CA_LEN);
	ck_assert_uint_eq(a->got.ncerts, 3);
	ck_assert_uint_eq(b->got.ncerts, 3);
	ck_assert_uint_eq(b->got.method, 14);
}
END_TEST

START_TEST(certificates_of_all_sizes)
{
	static const size_t sizes[] = { 1, 8000, 20000 };
	unsigned i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		use_certs(sizes[i], (unsigned)(i * 7));
		bring_up();
		check_up(1);
		(void)engine_kill(s->node[0].engine, NULL, 0);
		teardown();
		setup();
	}
}
END_TEST

/* certd says what it can do a little after the configuration came. */
START_TEST(certificates_wait_for_certd)
{
	struct trust t = { .hashes = 0x3c };

	use_certs(1000, 0);
	engine_trust(s->node[0].engine, &t);
	bring_up();
	ck_assert_uint_eq(s->node[1].got.hashes, 0);
	ck_assert_uint_eq(sim_ikes(s, 0, "established"), 0);
	t.certs = true;
	engine_trust(s->node[0].engine, &t);
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_eq(s->node[1].got.hashes, 0x3c);
}
END_TEST

START_TEST(certificate_against_secret)
{
	c.certs = true;
	sim_use_cert(s, 1, 1000, 256, 0);
	bring_up();
	check_up(1);
	/* The one with a secret sent no certificate. */
	ck_assert_uint_eq(s->node[1].got.ncerts, 0);
	ck_assert_uint_eq(s->node[0].got.ncerts, 1);
}
END_TEST

START_TEST(nothing_about_certificates_without)
{
	struct trust t = { .hashes = 0x3c, .certs = true };

	/* certd knows some, but no identity of this peer takes them. */
	engine_trust(s->node[0].engine, &t);
	engine_trust(s->node[1].engine, &t);
	bring_up();
	check_up(1);
	ck_assert_uint_eq(s->node[0].got.hashes, 0);
	ck_assert_uint_eq(s->node[1].got.hashes, 0);
	ck_assert_uint_eq(s->node[1].got.certreq.len, 0);
}
END_TEST

START_TEST(certificate_refused_by_responder)
{
	use_certs(1000, 0);
	s->node[1].distrusts = "the certificate has expired";
	bring_up();
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
	ck_assert(sim_logged(s, "authentication failed (certificate) "
	    "id=fqdn:a.example: the certificate has expired"));
	ck_assert(sim_logged(s, "authentication failed (certificate): the "
	    "peer does not accept us"));
}
END_TEST

START_TEST(certificate_refused_by_initiator)
{
	use_certs(1000, 0);
	s->node[0].distrusts = "no CA that is trusted";
	bring_up();
	sim_run(s, 10);
	ck_assert_uint_eq(sim_ikes(s, 0, "established"), 0);
	ck_assert_uint_eq(sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "authentication failed (certificate) "
	    "id=fqdn:b.example: no CA that is trusted"));
}
END_TEST

START_TEST(revoked_is_cut)
{
	uint8_t fp[AUTH_FP_LEN], none[AUTH_FP_LEN] = { 0 };

	use_certs(1000, 0);
	s->node[0].deaf = false;
	c.ike_life = 1000;
	bring_up();
	check_up(1);
	ck_assert_uint_eq(engine_revoked(s->node[1].engine, none), 0);
	sim_cert_fp(&s->node[1].cert, fp);
	ck_assert_uint_eq(engine_revoked(s->node[1].engine, fp), 0);
	/* What is known of the peer stays known over a rekey. */
	sim_run(s, 900);
	check_up(1);
	ck_assert(sim_logged(s, "IKE SA rekeyed"));
	s->node[1].distrusts = "revoked";
	sim_cert_fp(&s->node[0].cert, fp);
	ck_assert_uint_eq(engine_revoked(s->node[1].engine, fp), 1);
	sim_run(s, 1);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
}
END_TEST

START_TEST(expired_is_cut)
{
	uint8_t fp[AUTH_FP_LEN];

	use_certs(1000, 0);
	bring_up();
	check_up(1);
	s->node[1].distrusts = "expired";
	sim_cert_fp(&s->node[0].cert, fp);
	ck_assert_uint_eq(engine_expired(s->node[1].engine, fp), 1);
	sim_run(s, 1);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "reason=expired: the peer's certificate"));
}
END_TEST

START_TEST(new_certd_is_told)
{
	uint8_t fp[AUTH_FP_LEN];

	use_certs(1000, 0);
	c.ike_life = 1000;
	bring_up();
	check_up(1);
	engine_watch_resync(s->node[1].engine);
	ck_assert_uint_eq(s->node[1].watches, 1);
	sim_cert_fp(&s->node[0].cert, fp);
	ck_assert_mem_eq(s->node[1].watch, fp, sizeof(fp));
	/* Neither a rekey nor a reload changes that. */
	sim_run(s, 900);
	check_up(1);
	ck_assert(sim_logged(s, "IKE SA rekeyed"));
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	sim_run(s, 1);
	engine_watch_resync(s->node[1].engine);
	ck_assert_uint_eq(s->node[1].watches, 2);
	engine_watch_resync(s->node[0].engine);
	ck_assert_uint_eq(s->node[0].watches, 1);
	ck_assert_uint_eq(engine_revoked(s->node[1].engine, fp), 1);
	sim_run(s, 1);
	engine_watch_resync(s->node[1].engine);
	ck_assert_uint_eq(s->node[1].watches, 2);
}
END_TEST

START_TEST(secrets_are_not_watched)
{
	bring_up();
	check_up(1);
	engine_watch_resync(s->node[1].engine);
	ck_assert_uint_eq(s->node[1].watches, 0);
}
END_TEST

/* Nor does it help the peer to leave a question of ours without an answer. */
START_TEST(revoked_is_cut_though_it_is_silent)
{
	uint8_t fp[AUTH_FP_LEN];

	use_certs(1000, 0);
	c.dpd = 10;
	bring_up();
	check_up(1);
	s->node[0].deaf = true;
	sim_run(s, 12);
	ck_assert_uint_eq(sim_children(s, 1), 1);
	sim_cert_fp(&s->node[0].cert, fp);
	ck_assert_uint_eq(engine_revoked(s->node[1].engine, fp), 1);
	ck_assert_uint_eq(sim_children(s, 1), 0);
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
	ck_assert(sim_logged(s, "10.0.0.1 IKE SA ended: peer=peer0 "
	    "id=fqdn:a.example reason=revoked: the peer's certificate was "
	    "revoked"));
	sim_run(s, 300);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
}
END_TEST

/* Our requests go astray, the peer's do not. */
static enum sim_fate
no_requests_of_b(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)sim;
	(void)path;
	return from == 1 && *len > 19 &&
	    (data[19] & IKE_FLAG_RESPONSE) == 0 ? SIM_DROP : SIM_PASS;
}

START_TEST(revoked_gets_nothing_new)
{
	uint8_t fp[AUTH_FP_LEN];

	use_certs(1000, 0);
	c.dpd = 5;
	c.policies = 2;
	bring_up();
	check_up(2);
	s->tap = no_requests_of_b;
	sim_run(s, 7);
	sim_cert_fp(&s->node[0].cert, fp);
	s->node[1].distrusts = "revoked";
	ck_assert_uint_eq(engine_revoked(s->node[1].engine, fp), 1);
	/* It has not heard of its end, and wants its SAs anew. */
	engine_expire(s->node[0].engine,
	    sim_child_at(s, 0, 0)->r.spi_in, true);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_children(s, 1), 0);
	sim_run(s, 300);
	ck_assert_uint_eq(sim_children(s, 1), 0);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
}
END_TEST

/* ---- sessions ---- */

START_TEST(session_is_opened_moved_closed)
{
	c.ike_life = 1000;
	bring_up();
	check_up(1);
	ck_assert_uint_eq(sim_sessions(s, 0), 0);
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
	sim_run(s, 900);
	check_up(1);
	ck_assert_uint_gt(s->node[1].moves, 0);
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
	(void)engine_kill(s->node[1].engine, NULL, 0);
	sim_run_ms(s, 500);
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
}
END_TEST

START_TEST(session_refused)
{
	struct engine_stats st;

	s->node[1].help.session_refused = "the user is online already";
	bring_up();
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.established_initiator, 0);
	ck_assert_uint_gt(st.auth_failed, 0);
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
	ck_assert(sim_logged(s, "reason=no-session: id=fqdn:a.example: no "
	    "session: the user is online already"));
}
END_TEST

START_TEST(sessiond_comes_late)
{
	s->node[1].help.session_unavailable = 1000;
	bring_up();
	ck_assert_uint_eq(sim_ikes(s, 0, "established"), 0);
	ck_assert(sim_logged(s, "IKE_AUTH waits: sessiond is not there"));
	s->node[1].help.session_unavailable = 0;
	sim_run(s, 10);
	check_up(1);
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
}
END_TEST

START_TEST(sessiond_never_answers)
{
	s->node[1].help.session_lost = 1000;
	bring_up();
	sim_run(s, 25);
	ck_assert(sim_logged(s, "no answer from sessiond"));
	s->node[1].help.session_lost = 0;
	sim_run(s, 60);
	check_up(1);
}
END_TEST

START_TEST(sessiond_restarted)
{
	bring_up();
	sim_run(s, 100);
	sim_sessiond_restart(s, 1);
	ck_assert_uint_eq(s->node[1].syncs, 1);
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
	ck_assert_uint_ge(s->node[1].session[0].age_s, 100);
	check_up(1);
}
END_TEST

START_TEST(session_killed)
{
	struct ike_show row;

	bring_up();
	ck_assert(sim_ike(s, 1, &row));
	engine_session_kill(s->node[1].engine, 1, "nobody");
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
	engine_session_kill(s->node[1].engine, row.spi_own,
	    "the operator says so");
	/* At once, before the peer has said anything. */
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
	ck_assert_uint_eq(sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "is to end: the operator says so"));
	sim_run_ms(s, 500);
	ck_assert_uint_eq(sim_ikes(s, 0, "established"), 0);
}
END_TEST

/* Whoever is taken out of the configuration is not online any more, be its
 * policies the configuration's own (0) or made from templates (1). */
START_TEST(identity_taken_out)
{
	struct sim_conf r = c;

	r.passive = true;
	r.templates = _i != 0;
	bring_up_with(&r);
	check_up(1);
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
	s->node[1].psk = "certd would not let it in";
	r.no_identity = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &r));
	/* At once, whatever the peer says to that. */
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
	ck_assert_uint_eq(sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "its identity is gone from"));
	sim_run(s, 2);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 0);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
}
END_TEST

/* A client that lost its state is let in where one session is allowed. */
START_TEST(initial_contact_ends_the_old_session_first)
{
	bring_up();
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
	ck_assert_uint_eq(s->node[1].contacts, 1);
	sim_restart(s, 0);
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
	/* For those at other workers. */
	ck_assert_uint_eq(s->node[1].contacts, 2);
}
END_TEST

/* ---- configuration payload ---- */

static struct sim_conf
responder(void)
{
	struct sim_conf r = c;

	r.cfg = CFG_GIVES;
	r.templates = true;
	r.passive = true;
	return r;
}

static void
road(void)
{
	struct sim_node *b = &s->node[1];

	b->config = true;
	b->pool.addr4 = addr("172.16.0.10");
	b->pool.prefix4 = 24;
	b->pool.addr6 = addr("2001:db8::10");
	b->pool.prefix6 = 64;
	b->pool.dns[b->pool.ndns++] = addr("172.16.0.1");
	b->pool.dns[b->pool.ndns++] = addr("2001:db8::1");
	b->pool.split[b->pool.nsplit++] = prefix("192.168.7.0/24");
	b->pool.split[b->pool.nsplit++] = prefix("192.168.9.0/24");
	b->pool.split[b->pool.nsplit++] = prefix("2001:db8:9::/48");
	strcpy(b->pool.names[b->pool.nnames++], "corp.example");
	c.cfg = CFG_ASKS;
	c.templates = true;
	c.any6 = true;
}

static void
bring_up_road(void)
{
	struct sim_conf r = responder();

	bring_up_with(&r);
}

static const char *
ts_text(const struct ts_list *l)
{
	static char text[4][512];
	static unsigned i;

	return tsel_fmt(l, text[i = (i + 1) % 4], sizeof(text[0]));
}

START_TEST(addresses_given)
{
	struct sim_node *a = &s->node[0], *b = &s->node[1];
	struct cfg want;

	road();
	want = b->pool;
	bring_up_road();
	check_ikes();
	ck_assert_uint_eq(a->vip_ups, 1);
	ck_assert(addr_equal(&a->vip.addr4, &want.addr4));
	ck_assert(addr_equal(&a->vip.addr6, &want.addr6));
	ck_assert_uint_eq(a->vip.prefix4, 24);
	ck_assert_uint_eq(a->vip.prefix6, 64);
	ck_assert_uint_eq(a->vip.ndns, 2);
	ck_assert(addr_equal(&a->vip.dns[0], &want.dns[0]));
	ck_assert(addr_equal(&a->vip.dns[1], &want.dns[1]));
	ck_assert_uint_eq(a->vip.nsplit, 3);
	ck_assert(prefix_equal(&a->vip.split[1], &want.split[1]));
	ck_assert(prefix_equal(&a->vip.split[2], &want.split[2]));
	ck_assert_uint_eq(a->vip.nnames, 1);
	ck_assert_str_eq(a->vip.names[0], "corp.example");
	/* The responder lets the addresses through and no others. */
	ck_assert_str_eq(ts_text(&sim_child_at(s, 1, 0)->remote),
	    "172.16.0.10/32 2001:db8::10/128");
	ck_assert_str_eq(ts_text(&sim_child_at(s, 0, 0)->local),
	    "172.16.0.10/32 2001:db8::10/128");
	/* The initiator sends there what is asked to come. */
	ck_assert_str_eq(ts_text(&sim_child_at(s, 0, 0)->remote),
	    "192.168.7.0/24 192.168.9.0/24 2001:db8:9::/48");
}
END_TEST

START_TEST(address_kept_over_rekey)
{
	struct sim_node *a = &s->node[0];
	struct sim_child *x;

	road();
	c.ike_life = 1000;
	bring_up_road();
	check_ikes();
	x = sim_child_at(s, 0, 0);
	engine_expire(a->engine, x->r.spi_in, false);
	sim_run(s, 900);
	check_ikes();
	ck_assert(sim_logged(s, "IKE SA rekeyed"));
	ck_assert_uint_eq(sim_children(s, 0), 1);
	ck_assert_uint_eq(sim_children(s, 1), 1);
	ck_assert_str_eq(ts_text(&sim_child_at(s, 1, 0)->remote),
	    "172.16.0.10/32 2001:db8::10/128");
	ck_assert_uint_eq(a->vip_ups, 1);
	ck_assert_uint_eq(a->vip_downs, 0);
	(void)engine_kill(a->engine, NULL, 0);
	sim_run_ms(s, 500);
	ck_assert_uint_eq(a->vip_downs, 1);
	ck_assert_uint_eq(sim_sessions(s, 1), 0);
}
END_TEST

START_TEST(vip_told_to_new_keymgr)
{
	road();
	bring_up_road();
	check_ikes();
	sim_keymgr_restart(s, 0);
	ck_assert_uint_eq(s->node[0].vip_ups, 2);
	ck_assert_uint_ne(s->node[0].vip_handle, 0);
}
END_TEST

/* The routes name the address we were given; no tunnel begins there. */
START_TEST(address_is_not_the_tunnels)
{
	struct ike_show row;

	road();
	bring_up_road();
	ck_assert_int_eq(s->node[0].vip.addr4.family, AF_INET);
	s->node[0].source = s->node[0].vip.addr4;
	(void)engine_kill(s->node[0].engine, NULL, 0);
	sim_run(s, 60);
	ck_assert(sim_ike(s, 0, &row));
	ck_assert(addr_equal(&row.path.local.addr, &s->node[0].addr));
}
END_TEST

START_TEST(one_family_only)
{
	road();
	s->node[1].pool.addr6.family = AF_UNSPEC;
	bring_up_road();
	check_ikes();
	ck_assert_uint_eq(s->node[0].vip.addr6.family, AF_UNSPEC);
	/* Nothing is said of what cannot be reached. */
	ck_assert_uint_eq(s->node[0].vip.ndns, 1);
	ck_assert_uint_eq(s->node[0].vip.nsplit, 2);
	ck_assert_str_eq(ts_text(&sim_child_at(s, 1, 0)->remote),
	    "172.16.0.10/32");
}
END_TEST

START_TEST(no_address_left)
{
	road();
	s->node[1].pool.addr4.family = AF_UNSPEC;
	s->node[1].pool.addr6.family = AF_UNSPEC;
	bring_up_road();
	/* RFC 7296 3.15.4: the IKE SA stands. */
	check_ikes();
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert_uint_eq(s->node[0].vip_ups, 0);
	ck_assert(sim_logged(s, "asks for an address (mode config), and we "
	    "have none for it: the pool is empty"));
	ck_assert(sim_logged(s, "the peer answers with "
	    "INTERNAL_ADDRESS_FAILURE"));
	ck_assert_uint_eq(sim_sessions(s, 1), 1);
}
END_TEST

START_TEST(responder_without_mode_config)
{
	road();
	s->node[1].config = false;
	bring_up_road();
	check_ikes();
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
}
END_TEST

START_TEST(no_generated_policy_no_question)
{
	struct sim_conf r;

	road();
	r = responder();
	c.no_generate = true;
	bring_up_with(&r);
	ck_assert_uint_eq(sim_ikes(s, 0, NULL), 0);
}
END_TEST

/* A static policy beside mode-config: it stays what it is. */
START_TEST(static_policy_with_address)
{
	struct sim_conf r;

	road();
	c.templates = false;
	r = c;
	r.passive = true;
	r.cfg = CFG_GIVES;
	bring_up_with(&r);
	check_up(1);
	ck_assert_str_eq(ts_text(&sim_child_at(s, 1, 0)->remote),
	    "10.1.0.0/24");
	ck_assert_uint_eq(s->node[0].vip_ups, 1);
}
END_TEST

/* Whoever asks for no address cannot speak with any that it likes. */
START_TEST(no_address_asked_for)
{
	struct sim_conf r;

	road();
	r = responder();
	c.cfg = CFG_NONE;
	c.templates = false;
	bring_up_with(&r);
	check_ikes();
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "the mode-config of its identity gives "
	    "addresses, and the peer has none from us"));
}
END_TEST

static void
another_child(unsigned node, enum cfg_role cfg)
{
	struct sim_conf other = c;

	other.cfg = cfg;
	other.templates = false;
	engine_conf(s->node[node].engine, sim_conf(s, node, &other));
	engine_start(s->node[node].engine);
	sim_run(s, 10);
}

/* Nor can one who has an address, in a later child: nothing stays but what
 * each side still has of the first. */
START_TEST(another_address_in_a_later_child)
{
	road();
	bring_up_road();
	check_ikes();
	ck_assert_uint_eq(sim_children(s, 1), 1);
	another_child(0, CFG_ASKS);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "peer asked for 10.2.0.0/24 === "
	    "10.1.0.0/24"));
}
END_TEST

/* Nor can the side that gave it have more of us than the address. */
START_TEST(more_than_our_address_asked_of_us)
{
	road();
	bring_up_road();
	check_ikes();
	another_child(1, CFG_GIVES);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "peer asked for 10.1.0.0/24 === "
	    "10.2.0.0/24"));
}
END_TEST

START_TEST(all_of_it_in_a_bad_network)
{
	unsigned i;

	for (i = 0; i < 20; i++) {
		teardown();
		setup();
		s->rng = 1000 + i;
		s->net.loss = 150;
		s->net.dup = 100;
		s->net.delay_max = 400;
		s->node[1].help.delay_max = 300;
		s->node[1].help.session_unavailable = 200;
		use_certs(3000, 1);
		road();
		bring_up_road();
		s->net.loss = 0;
		sim_run(s, 300);
		check_ikes();
		ck_assert_uint_eq(sim_children(s, 0), 1);
		ck_assert_uint_eq(sim_children(s, 1), 1);
		ck_assert_uint_eq(sim_sessions(s, 1), 1);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_road");
	TCase *t = tcase_create("road");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, certificates_both_ways);
	tcase_add_test(t, certificates_of_all_sizes);
	tcase_add_test(t, certificates_wait_for_certd);
	tcase_add_test(t, certificate_against_secret);
	tcase_add_test(t, nothing_about_certificates_without);
	tcase_add_test(t, certificate_refused_by_responder);
	tcase_add_test(t, certificate_refused_by_initiator);
	tcase_add_test(t, revoked_is_cut);
	tcase_add_test(t, expired_is_cut);
	tcase_add_test(t, new_certd_is_told);
	tcase_add_test(t, secrets_are_not_watched);
	tcase_add_test(t, revoked_is_cut_though_it_is_silent);
	tcase_add_test(t, revoked_gets_nothing_new);
	tcase_add_test(t, session_is_opened_moved_closed);
	tcase_add_test(t, session_refused);
	tcase_add_test(t, sessiond_comes_late);
	tcase_add_test(t, sessiond_never_answers);
	tcase_add_test(t, sessiond_restarted);
	tcase_add_test(t, session_killed);
	tcase_add_loop_test(t, identity_taken_out, 0, 2);
	tcase_add_test(t, initial_contact_ends_the_old_session_first);
	tcase_add_test(t, addresses_given);
	tcase_add_test(t, address_kept_over_rekey);
	tcase_add_test(t, vip_told_to_new_keymgr);
	tcase_add_test(t, address_is_not_the_tunnels);
	tcase_add_test(t, one_family_only);
	tcase_add_test(t, no_address_left);
	tcase_add_test(t, responder_without_mode_config);
	tcase_add_test(t, no_generated_policy_no_question);
	tcase_add_test(t, static_policy_with_address);
	tcase_add_test(t, no_address_asked_for);
	tcase_add_test(t, another_address_in_a_later_child);
	tcase_add_test(t, more_than_our_address_asked_of_us);
	tcase_add_test(t, all_of_it_in_a_bad_network);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
