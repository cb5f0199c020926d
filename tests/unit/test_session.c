#include "lib/log.h"
#include "tests/unit/sess_util.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD								\
	"/ip pool\n"							\
	"add name=a ranges=10.0.0.0/30 next-pool=b\n"			\
	"add name=b ranges=10.0.1.0-10.0.1.1\n"				\
	"add name=six ranges=2001:db8::/64\n"				\
	"/ip ipsec mode-config\n"					\
	"add name=m address-pool=a,six address-prefix-length=24 "	\
	"static-dns=192.0.2.53 split-include=10.0.0.0/8\n"		\
	"add name=fix address=10.0.0.2\n"				\
	"add name=empty\n"						\
	"/ip ipsec peer add name=p exchange-mode=ike2 passive=yes\n"	\
	"/ip ipsec identity\n"
#define IDENT	"add peer=p secret=Xq3vvJ0pK7sLw2Zr9TbN remote-id=fqdn:"
#define SCRIPT HEAD							\
	IDENT "0.e mode-config=m\n"					\
	IDENT "1.e mode-config=m only-one=yes\n"			\
	IDENT "2.e mode-config=m only-one=replace\n"			\
	IDENT "3.e mode-config=fix\n"					\
	IDENT "4.e mode-config=empty\n"					\
	IDENT "5.e mode-config=request-only\n"				\
	IDENT "6.e\n"

enum { ANY, KEEP, REPLACE, FIXED, NOTHING, ASKS, BARE };

static struct witness w;
static struct sessions *ss;
static struct mono now = { 1000000 };

static void
setup(void)
{
	ss = sess_new(&w, SCRIPT);
}

static void
teardown(void)
{
	sess_check(ss);
	sessions_free(ss);
	witness_free(&w);
}

static void
open_as(uint64_t spi, unsigned ident, const char *user)
{
	struct session_peer p = sess_peer(spi, sess_ident(ss, ident), user);

	session_open(ss, spi % 4, (uint32_t)spi, &p, now);
	sess_check(ss);
}

static void
close_it(uint64_t spi)
{
	session_close(ss, spi % 4, spi, now);
	sess_check(ss);
}

/* The last answer, "status v4 v6 reason". */
static const char *
last(void)
{
	static const char *const status[] = { "ok", "limit", "no-identity",
		"full" };
	static char text[512];
	char a[2][ADDR_STRLEN] = { "-", "-" };
	const struct session_grant *g;
	unsigned f;

	ck_assert_uint_gt(w.ngrants, 0);
	g = &w.grants[w.ngrants - 1].g;
	for (f = 0; f < 2; f++)
		if (g->addr[f].family != AF_UNSPEC)
			addr_fmt(&g->addr[f], a[f], ADDR_STRLEN);
	snprintf(text, sizeof(text), "%s %s %s%s%s", status[g->status], a[0],
	    a[1], g->reason[0] != '\0' ? " " : "", g->reason);
	return text;
}

START_TEST(given)
{
	const struct mode *m;

	open_as(1, ANY, "ann");
	ck_assert_str_eq(last(), "ok 10.0.0.0 2001:db8::");
	m = w.grants[0].g.mode;
	ck_assert_uint_eq(m->prefix4, 24);
	ck_assert_uint_eq(m->ndns, 1);
	ck_assert_uint_eq(m->nsplit, 1);
	/* 10.0.0.2 is fixed; then the pool that follows. */
	open_as(2, ANY, "ben");
	open_as(3, ANY, "cid");
	ck_assert_str_eq(last(), "ok 10.0.0.3 2001:db8::2");
	open_as(4, ANY, "dan");
	ck_assert_str_eq(last(), "ok 10.0.1.0 2001:db8::3");
	open_as(5, ANY, "eve");
	open_as(6, ANY, "fay");
	ck_assert_str_eq(last(), "ok - 2001:db8::5 no IPv4 address is left in "
	    "the pools of mode-config \"m\"");
	ck_assert_uint_eq(sessions_count(ss), 6);
	close_it(2);
	open_as(7, ANY, "gus");
	ck_assert_str_eq(last(), "ok 10.0.0.1 2001:db8::6");
	close_it(2);	/* nobody */
	close_it(7);
	open_as(8, ANY, "gus");
	ck_assert_str_eq(last(), "ok 10.0.0.1 2001:db8::6");
}
END_TEST

START_TEST(nothing_given)
{
	open_as(1, NOTHING, "ann");
	ck_assert_str_eq(last(),
	    "ok - - mode-config \"empty\" has no IPv6 addresses");
	ck_assert_ptr_nonnull(w.grants[0].g.mode);
	open_as(2, ASKS, "ann");
	ck_assert_str_eq(last(), "ok - -");
	ck_assert_ptr_null(w.grants[1].g.mode);
	open_as(3, BARE, "ann");
	ck_assert_ptr_null(w.grants[2].g.mode);
	ck_assert_uint_eq(sessions_count(ss), 3);
}
END_TEST

START_TEST(unknown_identity)
{
	struct session_peer p = sess_peer(1, 4711, "ann");

	session_open(ss, 0, 9, &p, now);
	ck_assert_str_eq(last(), "no-identity - - the identity is not "
	    "configured any more");
	/* A number that is of something else. */
	p.identity = sessions_config(ss)->pools[0].obj->id;
	session_open(ss, 0, 9, &p, now);
	ck_assert_int_eq(w.grants[1].g.status, SESSION_NO_IDENTITY);
	p.identity = sessions_config(ss)->modes[0].obj->id;
	session_open(ss, 0, 9, &p, now);
	ck_assert_int_eq(w.grants[2].g.status, SESSION_NO_IDENTITY);
	ck_assert_uint_eq(sessions_count(ss), 0);
}
END_TEST

START_TEST(asked_for)
{
	struct session_peer p;

	p = sess_peer(1, sess_ident(ss, ANY), "ann");
	p.want[FAMILY_6] = false;
	ck_assert_int_eq(addr_parse(&p.addr[FAMILY_4], "10.0.0.3"), 0);
	session_open(ss, 0, 1, &p, now);
	ck_assert_str_eq(last(), "ok 10.0.0.3 -");
	p = sess_peer(2, sess_ident(ss, ANY), "ben");
	ck_assert_int_eq(addr_parse(&p.addr[FAMILY_4], "10.0.0.3"), 0);
	session_open(ss, 0, 2, &p, now);
	ck_assert_str_eq(last(), "ok 10.0.0.0 2001:db8::");
	/* The one that is fixed for somebody else. */
	p = sess_peer(3, sess_ident(ss, ANY), "cid");
	ck_assert_int_eq(addr_parse(&p.addr[FAMILY_4], "10.0.0.2"), 0);
	session_open(ss, 0, 3, &p, now);
	ck_assert_str_eq(last(), "ok 10.0.0.1 2001:db8::1");
}
END_TEST

START_TEST(no_limit)
{
	open_as(1, ANY, "ann");
	open_as(2, ANY, "ann");
	ck_assert_str_eq(last(), "ok 10.0.0.1 2001:db8::1");
	ck_assert_uint_eq(w.nkills, 0);
}
END_TEST

START_TEST(keep)
{
	open_as(1, KEEP, "ann");
	open_as(2, KEEP, "ann");
	ck_assert_str_eq(last(), "limit - - the user is online already "
	    "(only-one=yes)");
	open_as(3, KEEP, "ben");
	open_as(4, ANY, "ann");	/* another identity's user */
	ck_assert_int_eq(w.grants[3].g.status, SESSION_OK);
	close_it(1);
	open_as(2, KEEP, "ann");
	ck_assert_str_eq(last(), "ok 10.0.0.0 2001:db8::");
	ck_assert_uint_eq(w.nkills, 0);
}
END_TEST

START_TEST(replace)
{
	open_as(1, REPLACE, "ann");
	open_as(2, REPLACE, "ann");
	ck_assert_uint_eq(w.ngrants, 1);	/* waits */
	ck_assert_uint_eq(w.nkills, 1);
	ck_assert_uint_eq(w.kills[0].spi, 1);
	ck_assert_uint_eq(w.kills[0].worker, 1);
	close_it(1);
	ck_assert_uint_eq(w.ngrants, 2);
	ck_assert_str_eq(last(), "ok 10.0.0.0 2001:db8::");
	ck_assert_uint_eq(w.grants[1].worker, 2);
	ck_assert_uint_eq(w.grants[1].req, 2);
	/* Two at once: the later one wins. */
	open_as(3, REPLACE, "ann");
	open_as(4, REPLACE, "ann");
	ck_assert_str_eq(last(), "limit - - a later login of the same user "
	    "came before it was answered");
	ck_assert_uint_eq(w.grants[2].req, 3);
	close_it(2);
	ck_assert_uint_eq(w.grants[3].req, 4);
	ck_assert_str_eq(last(), "ok 10.0.0.0 2001:db8::");
	ck_assert_uint_eq(w.nkills, 2);
	/* The one that waits goes away. */
	open_as(5, REPLACE, "ann");
	close_it(5);
	close_it(4);
	ck_assert_uint_eq(w.ngrants, 4);
	ck_assert_uint_eq(sessions_count(ss), 0);
}
END_TEST

static void
open_new(uint64_t spi, unsigned ident, const char *user)
{
	struct session_peer p = sess_peer(spi, sess_ident(ss, ident), user);

	p.contact = true;
	session_open(ss, spi % 4, (uint32_t)spi, &p, now);
	sess_check(ss);
}

/* A client that says it is new, from wherever and at whichever worker: what
 * it had ends, and it has its address again. */
START_TEST(initial_contact)
{
	static const unsigned idents[] = { ANY, KEEP, REPLACE };
	unsigned ident = idents[_i];

	open_new(1, ident, "ann");
	open_as(2, ident, "ben");
	open_new(3, ident, "ann");
	ck_assert_uint_eq(w.ngrants, 2);	/* waits */
	ck_assert_uint_eq(w.nkills, 1);
	ck_assert_uint_eq(w.kills[0].spi, 1);
	close_it(1);
	ck_assert_uint_eq(w.ngrants, 3);
	ck_assert_str_eq(last(), "ok 10.0.0.0 2001:db8::");
	ck_assert_uint_eq(sessions_count(ss), 2);
	/* Nobody else is meant. */
	open_new(4, ident == ANY ? KEEP : ANY, "ann");
	ck_assert_uint_eq(w.nkills, 1);
	ck_assert_uint_eq(sessions_count(ss), 3);
}
END_TEST

static char lines[2000];

static void
keep_line(void *arg, uint32_t topics, const char *line)
{
	size_t n = strlen(lines);

	(void)arg;
	(void)topics;
	snprintf(lines + n, sizeof(lines) - n, "%s\n", line);
}

/* Two devices of a user, or a stolen certificate: the log tells. */
START_TEST(twice_is_said)
{
	log_set_mask(~0u);
	log_set_sink(keep_line, NULL);
	open_as(1, ANY, "ann");
	ck_assert_ptr_null(strstr(lines, "already"));
	open_as(2, ANY, "ann");
	ck_assert_ptr_nonnull(strstr(lines, "begins, with 10.0.0.1 and "
	    "2001:db8::1; the user is online already, from "
	    "198.51.100.1:500\n"));
	log_set_mask(0);
}
END_TEST

START_TEST(replace_overdue)
{
	struct mono next;

	open_as(1, REPLACE, "ann");
	open_as(2, REPLACE, "ann");
	next = sessions_tick(ss, now);
	ck_assert_int_eq(mono_sub(next, now).us, 2000000);
	ck_assert_uint_eq(w.ngrants, 1);
	ck_assert(mono_is_never(sessions_tick(ss, next)));
	ck_assert_str_eq(last(), "ok 10.0.0.0 2001:db8::");
	ck_assert_uint_eq(sessions_count(ss), 1);
	close_it(1);	/* late, and no matter */
	ck_assert_uint_eq(sessions_count(ss), 1);
}
END_TEST

START_TEST(fixed)
{
	open_as(1, FIXED, "ann");
	ck_assert_str_eq(last(),
	    "ok 10.0.0.2 - mode-config \"fix\" has no IPv6 addresses");
	open_as(2, FIXED, "ben");
	ck_assert_uint_eq(w.nkills, 0);
	ck_assert_str_eq(last(),
	    "ok - - mode-config \"fix\" has no IPv6 addresses");
	/* Its user comes again, perhaps from elsewhere. */
	open_as(3, FIXED, "ann");
	ck_assert_uint_eq(w.nkills, 1);
	close_it(1);
	ck_assert_str_eq(last(),
	    "ok 10.0.0.2 - mode-config \"fix\" has no IPv6 addresses");
}
END_TEST

/* It lies in a pool, and is nobody else's when its user is not there. */
START_TEST(fixed_stays_free)
{
	unsigned i;

	open_as(1, FIXED, "ann");
	close_it(1);
	for (i = 2; i < 2 + 5; i++) {
		open_as(i, ANY, (char[]){ 'a' + (char)i, '\0' });
		ck_assert_ptr_null(strstr(last(), " 10.0.0.2 "));
		ck_assert_ptr_null(strstr(last(), "is left"));
	}
	open_as(i, ANY, "zoe");
	ck_assert_ptr_nonnull(strstr(last(), "no IPv4 address is left"));
	open_as(i + 1, FIXED, "ann");
	ck_assert_ptr_nonnull(strstr(last(), "ok 10.0.0.2 "));
}
END_TEST

START_TEST(moved)
{
	struct endpoint e = { .port = 4500 };
	struct session *s;

	ck_assert_int_eq(addr_parse(&e.addr, "203.0.113.9"), 0);
	open_as(1, ANY, "ann");
	open_as(5, ANY, "ben");
	session_move(ss, 1, 1, 9, &e);
	ck_assert_ptr_null(session_by_spi(ss, 1, 1));
	s = session_by_spi(ss, 1, 9);
	ck_assert(endpoint_equal(&s->remote, &e));
	sess_check(ss);
	session_move(ss, 1, 77, 78, &e);	/* unknown */
	session_move(ss, 2, 9, 10, &e);		/* another worker's */
	ck_assert_ptr_nonnull(session_by_spi(ss, 1, 9));
	session_move(ss, 1, 9, 5, &e);		/* taken */
	ck_assert_uint_eq(w.nkills, 1);
	ck_assert_uint_eq(w.kills[0].spi, 9);
	/* The same name opened anew: its bearer is gone. */
	open_as(5, ANY, "ben");
	ck_assert_uint_eq(sessions_count(ss), 2);
}
END_TEST

/* What was said crosses with the news of a new name. */
START_TEST(moved_while_told_to_end)
{
	struct endpoint e = { .port = 4500 };

	ck_assert_int_eq(addr_parse(&e.addr, "203.0.113.9"), 0);
	open_as(1, ANY, "ann");
	session_kill(ss, session_by_spi(ss, 1, 1), "an operator");
	session_move(ss, 1, 1, 1, &e);		/* only its peer moved */
	ck_assert_uint_eq(w.nkills, 1);
	session_move(ss, 1, 1, 9, &e);
	ck_assert_uint_eq(w.nkills, 2);
	ck_assert_uint_eq(w.kills[1].spi, 9);
	session_kill(ss, session_by_spi(ss, 1, 9), "an operator");
	ck_assert_uint_eq(w.nkills, 2);
}
END_TEST

START_TEST(worker_gone)
{
	open_as(1, REPLACE, "ann");
	open_as(5, ANY, "ben");
	open_as(2, REPLACE, "ann");
	ck_assert_uint_eq(w.ngrants, 2);
	sessions_worker_gone(ss, 1, now);
	sess_check(ss);
	ck_assert_uint_eq(w.ngrants, 3);
	ck_assert_str_eq(last(), "ok 10.0.0.0 2001:db8::");
	open_as(6, REPLACE, "ann");
	sessions_worker_gone(ss, 2, now);
	ck_assert_uint_eq(w.ngrants, 3);
	ck_assert_uint_eq(sessions_count(ss), 0);
}
END_TEST

START_TEST(new_process)
{
	struct session_peer p;

	sessions_await(ss, 2, mono_add(now, MONO_S(5)));
	open_as(4, ANY, "cid");
	ck_assert_uint_eq(w.ngrants, 0);
	p = sess_peer(1, sess_ident(ss, ANY), "ann");
	ck_assert_int_eq(addr_parse(&p.addr[FAMILY_4], "10.0.0.0"), 0);
	ck_assert_int_eq(addr_parse(&p.addr[FAMILY_6], "2001:db8::7"), 0);
	p.age = 60;
	session_sync(ss, 1, &p, now);
	session_sync_done(ss, 1, now);
	ck_assert_uint_eq(w.ngrants, 0);
	session_sync_done(ss, 0, now);
	ck_assert_str_eq(last(), "ok 10.0.0.1 2001:db8::");
	ck_assert_int_eq(mono_sub(now, session_by_spi(ss, 1, 1)->since).us,
	    60000000);
	/* Two that say they have the same. */
	p.spi = 2;
	session_sync(ss, 0, &p, now);
	ck_assert_uint_eq(w.nkills, 1);
	ck_assert_uint_eq(w.kills[0].spi, 2);
	/* One that the pools do not have (any more). */
	p.spi = 3;
	ck_assert_int_eq(addr_parse(&p.addr[FAMILY_4], "192.0.2.77"), 0);
	p.addr[FAMILY_6].family = AF_UNSPEC;
	session_sync(ss, 0, &p, now);
	ck_assert_uint_eq(w.nkills, 1);
	ck_assert_ptr_nonnull(session_by_addr(ss, &p.addr[FAMILY_4]));
}
END_TEST

/* A worker that is not to be believed says it has what others may have. */
START_TEST(says_what_is_others)
{
	static const struct { unsigned ident; const char *addr; } lies[] = {
		{ ANY, "10.0.0.2" },		/* fixed for FIXED's */
		{ FIXED, "10.0.0.0" },		/* of a pool it has not */
		{ NOTHING, "10.0.0.0" },
		{ ASKS, "192.0.2.77" },		/* gives none at all */
		{ BARE, "192.0.2.77" },
	};
	struct session_peer p;
	unsigned i;

	sessions_await(ss, 1, mono_add(now, MONO_S(5)));
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		p = sess_peer(i + 1, sess_ident(ss, lies[i].ident), "eve");
		ck_assert_int_eq(addr_parse(&p.addr[FAMILY_4], lies[i].addr),
		    0);
		session_sync(ss, 0, &p, now);
		sess_check(ss);
		ck_assert_uint_eq(w.nkills, i + 1);
		ck_assert_ptr_null(session_by_addr(ss, &p.addr[FAMILY_4]));
	}
	p = sess_peer(9, sess_ident(ss, FIXED), "ann");
	ck_assert_int_eq(addr_parse(&p.addr[FAMILY_4], "10.0.0.2"), 0);
	session_sync(ss, 0, &p, now);
	ck_assert_uint_eq(w.nkills, i);
	ck_assert_ptr_nonnull(session_by_addr(ss, &p.addr[FAMILY_4]));
}
END_TEST

START_TEST(nobody_says)
{
	sessions_await(ss, 2, mono_add(now, MONO_S(5)));
	open_as(4, ANY, "cid");
	ck_assert_int_eq(mono_sub(sessions_tick(ss, now), now).us, 5000000);
	ck_assert_uint_eq(w.ngrants, 0);
	sessions_tick(ss, mono_add(now, MONO_S(5)));
	ck_assert_uint_eq(w.ngrants, 1);
	/* A request that is taken back before. */
	sessions_await(ss, 1, mono_add(now, MONO_S(5)));
	open_as(8, ANY, "dan");
	close_it(8);
	session_sync_done(ss, 0, now);
	ck_assert_uint_eq(w.ngrants, 1);
	/* A worker that died has nothing. */
	sessions_await(ss, 1, mono_add(now, MONO_S(5)));
	open_as(9, ANY, "eve");
	sessions_worker_gone(ss, 0, now);
	ck_assert_uint_eq(w.ngrants, 2);
}
END_TEST

START_TEST(reloaded)
{
	struct addr a;

	open_as(1, ANY, "ann");
	open_as(2, ANY, "ben");
	open_as(3, FIXED, "cid");
	close_it(2);
	/* The same pools: nothing changes; ben's address waits for him. */
	sess_conf(ss, SCRIPT);
	sess_check(ss);
	open_as(4, ANY, "dan");
	ck_assert_str_eq(last(), "ok 10.0.0.3 2001:db8::2");
	open_as(2, ANY, "ben");
	ck_assert_str_eq(last(), "ok 10.0.0.1 2001:db8::1");
	/* Other ranges, and nothing is fixed. */
	sess_conf(ss, "/ip pool add name=z ranges=10.0.0.1-10.0.0.5\n"
	    "/ip ipsec mode-config add name=m address-pool=z\n"
	    "/ip ipsec peer add name=p exchange-mode=ike2 passive=yes\n"
	    "/ip ipsec identity\n" IDENT "0.e mode-config=m\n");
	sess_check(ss);
	ck_assert_int_eq(addr_parse(&a, "10.0.0.2"), 0);
	ck_assert_ptr_nonnull(session_by_addr(ss, &a));
	open_as(8, ANY, "eve");
	ck_assert_str_eq(last(), "ok 10.0.0.4 - mode-config \"m\" has no IPv6 "
	    "addresses");
	close_it(3);
	open_as(9, ANY, "fay");
	open_as(10, ANY, "gus");
	ck_assert_str_eq(last(), "ok 10.0.0.2 - mode-config \"m\" has no IPv6 "
	    "addresses");
}
END_TEST

START_TEST(operator_ends)
{
	open_as(1, ANY, "ann");
	session_kill(ss, session_by_spi(ss, 1, 1), "asked");
	session_kill(ss, session_by_spi(ss, 1, 1), "asked again");
	ck_assert_uint_eq(w.nkills, 1);
	ck_assert_uint_eq(sessions_count(ss), 1);
	close_it(1);
	ck_assert_uint_eq(sessions_count(ss), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session");
	TCase *t = tcase_create("session");
	SRunner *r;
	int failed;

	log_set_mask(0);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, given);
	tcase_add_test(t, nothing_given);
	tcase_add_test(t, unknown_identity);
	tcase_add_test(t, asked_for);
	tcase_add_test(t, no_limit);
	tcase_add_test(t, keep);
	tcase_add_test(t, replace);
	tcase_add_test(t, replace_overdue);
	tcase_add_loop_test(t, initial_contact, 0, 3);
	tcase_add_test(t, twice_is_said);
	tcase_add_test(t, fixed);
	tcase_add_test(t, fixed_stays_free);
	tcase_add_test(t, moved);
	tcase_add_test(t, moved_while_told_to_end);
	tcase_add_test(t, worker_gone);
	tcase_add_test(t, new_process);
	tcase_add_test(t, says_what_is_others);
	tcase_add_test(t, nobody_says);
	tcase_add_test(t, reloaded);
	tcase_add_test(t, operator_ends);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
