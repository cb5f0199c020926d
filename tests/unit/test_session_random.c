/*
 * Any history of logins, ends, rekeys, deaths of workers and of this very
 * process, and reloads: the leases are those of the live sessions, and the
 * two sides agree who these are.
 */
#include "lib/log.h"
#include "tests/unit/sess_util.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOLS								\
	"/ip ipsec peer add name=p exchange-mode=ike2 passive=yes\n"	\
	"/ip ipsec mode-config\n"					\
	"add name=m address-pool=a,six\n"				\
	"add name=fix address=10.0.0.5 address-pool=six\n"		\
	"/ip ipsec identity\n"						\
	"add peer=p secret=Xq3vvJ0pK7sLw2Zr9TbN remote-id=fqdn:0.e "	\
	"mode-config=m\n"						\
	"add peer=p secret=Xq3vvJ0pK7sLw2Zr9TbN remote-id=fqdn:1.e "	\
	"mode-config=m only-one=yes\n"					\
	"add peer=p secret=Xq3vvJ0pK7sLw2Zr9TbN remote-id=fqdn:2.e "	\
	"mode-config=m only-one=replace\n"				\
	"add peer=p secret=Xq3vvJ0pK7sLw2Zr9TbN remote-id=fqdn:3.e "	\
	"mode-config=fix\n"

static const char *const scripts[] = {
	POOLS "/ip pool\nadd name=a ranges=10.0.0.0-10.0.0.19 next-pool=b\n"
	"add name=b ranges=10.0.1.0/29\nadd name=six ranges=2001:db8::/64\n",
	POOLS "/ip pool\nadd name=a ranges=10.0.0.4-10.0.0.9\n"
	"add name=six ranges=2001:db8::/120\n",
	POOLS "/ip pool\nadd name=a ranges=10.0.0.0-10.0.0.19 next-pool=c\n"
	"add name=c ranges=10.0.1.4/30\nadd name=six ranges=2001:db8::/125\n",
};
#define NSCRIPTS	(sizeof(scripts) / sizeof(scripts[0]))

#define WORKERS	3
#define IKE_MAX	48
#define STEPS	1500

/* What the workers have. */
struct ike {
	uint64_t spi;		/* 0: free */
	unsigned worker;
	unsigned ident;
	unsigned user;
	bool open;		/* answered */
	struct addr addr[2];
	struct mono end;	/* told to end; does so then */
};

static struct witness w;
static struct sessions *ss;
static struct mono now;
static struct ike ikes[IKE_MAX];
static uint64_t next_spi;
static size_t grants_seen, kills_seen;
static unsigned script;

static unsigned
rnd(unsigned n)
{
	return (unsigned)random() % n;
}

static struct ike *
ike_of(unsigned worker, uint64_t spi)
{
	struct ike *i;

	for (i = ikes; i < ikes + IKE_MAX; i++)
		if (i->spi == spi && i->worker == worker)
			return i;
	return NULL;
}

static struct ike *
any_open(void)
{
	unsigned from = rnd(IKE_MAX), k;
	struct ike *i;

	for (k = 0; k < IKE_MAX; k++) {
		i = &ikes[(from + k) % IKE_MAX];
		if (i->spi != 0 && i->open)
			return i;
	}
	return NULL;
}

static struct session_peer
peer_of(const struct ike *i)
{
	char user[16];
	struct session_peer p;

	snprintf(user, sizeof(user), "u%u", i->user);
	p = sess_peer(i->spi, sess_ident(ss, i->ident), user);
	return p;
}

/* What was said since the last time. */
static void
hear(void)
{
	const struct said *s;
	const struct killed *k;
	struct ike *i;

	for (; grants_seen < w.ngrants; grants_seen++) {
		s = &w.grants[grants_seen];
		i = ike_of(s->worker, s->req);
		ck_assert_ptr_nonnull(i);
		ck_assert(!i->open);
		if (s->g.status != SESSION_OK) {
			i->spi = 0;
			continue;
		}
		i->open = true;
		memcpy(i->addr, s->g.addr, sizeof(i->addr));
	}
	for (; kills_seen < w.nkills; kills_seen++) {
		k = &w.kills[kills_seen];
		if ((i = ike_of(k->worker, k->spi)) != NULL &&
		    mono_is_never(i->end))
			i->end = mono_add(now, MONO_MS(rnd(1500)));
	}
}

static void
do_open(void)
{
	struct session_peer p;
	struct ike *i;

	for (i = ikes; i < ikes + IKE_MAX && i->spi != 0; i++)
		;
	if (i == ikes + IKE_MAX)
		return;
	memset(i, 0, sizeof(*i));
	i->spi = ++next_spi;
	i->worker = rnd(WORKERS);
	i->ident = rnd(4);
	i->user = rnd(12);
	i->end = MONO_NEVER;
	p = peer_of(i);
	p.want[FAMILY_6] = rnd(2);
	p.contact = rnd(4) == 0;
	session_open(ss, i->worker, (uint32_t)i->spi, &p, now);
}

static void
do_close(struct ike *i)
{
	unsigned worker = i->worker;
	uint64_t spi = i->spi;

	i->spi = 0;
	session_close(ss, worker, spi, now);
}

static void
do_move(void)
{
	struct endpoint e = { .port = 4500 };
	struct ike *i = any_open();
	uint64_t from;

	if (i == NULL)
		return;
	from = i->spi;
	i->spi = ++next_spi;
	session_move(ss, i->worker, from, i->spi, &e);
}

static void
worker_dies(unsigned worker)
{
	struct ike *i;

	for (i = ikes; i < ikes + IKE_MAX; i++)
		if (i->spi != 0 && i->worker == worker)
			i->spi = 0;
	sessions_worker_gone(ss, worker, now);
	session_sync_done(ss, worker, now);	/* the new one */
}

static void
sync_worker(unsigned worker)
{
	struct session_peer p;
	struct ike *i;

	for (i = ikes; i < ikes + IKE_MAX; i++) {
		if (i->spi == 0 || i->worker != worker)
			continue;
		if (!i->open) {		/* asks again */
			p = peer_of(i);
			session_open(ss, worker, (uint32_t)i->spi, &p, now);
			continue;
		}
		p = peer_of(i);
		memcpy(p.addr, i->addr, sizeof(p.addr));
		session_sync(ss, worker, &p, now);
	}
	session_sync_done(ss, worker, now);
}

/* This process dies; a new one has the journal and what it is told. */
static void
restart(void)
{
	unsigned k, first = rnd(WORKERS);
	size_t i, n = w.nkept;

	sessions_free(ss);
	w.leased = 0;
	ss = sess_new(&w, scripts[script]);
	for (i = 0; i < n; i++)
		sessions_remember(ss, &w.kept[i].addr, w.kept[i].user);
	sessions_loaded(ss);
	sessions_await(ss, WORKERS, mono_add(now, MONO_S(5)));
	for (k = 0; k < WORKERS; k++) {
		sync_worker((first + k) % WORKERS);
		hear();
		if (k + 1 < WORKERS && rnd(2) != 0)
			do_open();
	}
}

static void
time_passes(void)
{
	struct ike *i;

	now = mono_add(now, MONO_MS(rnd(400)));
	for (i = ikes; i < ikes + IKE_MAX; i++)
		if (i->spi != 0 && mono_cmp(now, i->end) >= 0) {
			do_close(i);
			hear();
		}
	(void)sessions_tick(ss, now);
}

static void
step(void)
{
	static const uint8_t often[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 6, 6, 6, 6 };
	struct ike *i;

	switch (often[rnd(sizeof(often))]) {
	case 0:
		do_open();
		break;
	case 1:
		if ((i = any_open()) != NULL)
			do_close(i);
		break;
	case 2:
		do_move();
		break;
	case 3:
		worker_dies(rnd(WORKERS));
		break;
	case 4:
		restart();
		break;
	case 5:
		script = rnd(NSCRIPTS);
		sess_conf(ss, scripts[script]);
		break;
	default:
		time_passes();
		break;
	}
	hear();
}

/* Users of an identity that may be online once. */
static void
check_limits(void)
{
	const struct ike *i, *k;

	for (i = ikes; i < ikes + IKE_MAX; i++) {
		if (i->spi == 0 || !i->open || i->ident == 0 || i->ident == 3)
			continue;
		for (k = i + 1; k < ikes + IKE_MAX; k++)
			ck_assert(k->spi == 0 || !k->open ||
			    k->ident != i->ident || k->user != i->user);
	}
}

/* Who has no answer waits for a session of the same user that is to end. */
static void
check_waits(void)
{
	const struct ike *i, *k;

	for (i = ikes; i < ikes + IKE_MAX; i++) {
		if (i->spi == 0 || i->open)
			continue;
		for (k = ikes; k < ikes + IKE_MAX; k++)
			if (k->spi != 0 && k->open && k->user == i->user &&
			    k->ident == i->ident && !mono_is_never(k->end))
				break;
		ck_assert(k < ikes + IKE_MAX);
	}
}

static void
check_agree(void)
{
	const struct session *s;
	const struct ike *i;
	long leased = 0;
	size_t n = 0;
	unsigned f;

	for (i = ikes; i < ikes + IKE_MAX; i++) {
		if (i->spi == 0 || !i->open)
			continue;
		n++;
		s = session_by_spi(ss, i->worker, i->spi);
		ck_assert_ptr_nonnull(s);
		for (f = 0; f < 2; f++) {
			ck_assert(addr_equal(&s->addr[f], &i->addr[f]));
			leased += s->addr[f].family != AF_UNSPEC;
		}
	}
	ck_assert_uint_eq(n, sessions_count(ss));
	ck_assert_int_eq(leased, w.leased);
}

START_TEST(history)
{
	unsigned n;

	srandom((unsigned)_i + 1);
	memset(ikes, 0, sizeof(ikes));
	now.us = 1000000;
	grants_seen = kills_seen = 0;
	w.leased = 0;
	next_spi = 0;
	script = 0;
	ss = sess_new(&w, scripts[0]);
	for (n = 0; n < STEPS; n++) {
		step();
		sess_check(ss);
		check_agree();
		check_limits();
		check_waits();
	}
	for (n = 0; n < WORKERS; n++)
		worker_dies(n);
	sess_check(ss);
	ck_assert_uint_eq(sessions_count(ss), 0);
	sessions_free(ss);
	witness_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session_random");
	TCase *t = tcase_create("history");
	SRunner *r;
	int failed;

	log_set_mask(0);
	tcase_add_loop_test(t, history, 0, 40);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
