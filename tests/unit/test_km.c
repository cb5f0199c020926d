/* Children and policies over a kernel that remembers. */
#include "tests/unit/km_fake.h"

#include "keymgr/event.h"
#include "lib/log.h"

#include <check.h>

#include <errno.h>
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

/* Installs one and returns its inbound SPI; 0: refused or failed. */
static uint32_t
child(unsigned policy, const char *local, const char *remote)
{
	char why[GUARD_WHY_LEN];
	struct child_req r;
	int rc;

	good_req(&km, &r, policy, local, remote);
	rc = add_child(&km, &r, why);
	child_req_free(&r);
	return rc == 0 ? r.spi_in : 0;
}

START_TEST(test_static)
{
	const struct fake_policy *a, *b, *d;

	a = fake_find("10.1.0.0/24", "10.2.0.0/24");
	b = fake_find("10.1.0.0/24", "10.3.0.0/16");
	d = fake_find("10.1.0.0/24", "10.9.0.0/16");
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_nonnull(d);
	/* Disabled: not there.  The template: no policy. */
	ck_assert_ptr_null(fake_find("10.1.0.0/24", "10.4.0.0/16"));
	ck_assert_uint_eq(fake_policies(), 4);
	/* A trap where the peer's address is known, closed where not. */
	ck_assert_int_eq(a->body.action, BK_ENCRYPT);
	ck_assert_int_eq(a->body.out, BK_ENCRYPT);
	ck_assert_uint_eq(a->body.reqid,
	    BK_REQID_BASE | policy_id(&km, P_A));
	ck_assert_int_eq(b->body.action, BK_ENCRYPT);
	ck_assert_int_eq(b->body.out, BK_BLOCK);
	ck_assert_int_eq(d->body.action, BK_BLOCK);
	/* First in the list is first in the kernel, with room between. */
	ck_assert_uint_ge(b->body.prio, a->body.prio + 2);
	ck_assert_uint_ge(d->body.prio, b->body.prio + 2);
}
END_TEST

START_TEST(test_child)
{
	const struct fake_policy *a;
	unsigned sets = fake.sets;
	uint32_t spi = child(P_A, "10.1.0.0/24", "10.2.0.0/24");

	ck_assert_uint_ne(spi, 0);
	ck_assert_uint_eq(fake_sas(), 2);
	ck_assert_uint_eq(fake.sa_keys_seen, 2);
	/* The whole policy: its reqid, and it stands as it stood. */
	ck_assert_uint_eq(fake_sa_find(spi)->reqid,
	    BK_REQID_BASE | policy_id(&km, P_A));
	ck_assert_uint_eq(fake.sets, sets);
	ck_assert_uint_eq(fake_policies(), 4);
	install_del(&km, 0, spi);
	ck_assert_uint_eq(fake_sas(), 0);
	a = fake_find("10.1.0.0/24", "10.2.0.0/24");
	ck_assert_ptr_nonnull(a);
	ck_assert_int_eq(a->body.out, BK_ENCRYPT);
	ck_assert_int_eq(spi_state(&km.spi, spi), SPI_UNKNOWN);
	/* Twice is no offence: it may have expired meanwhile. */
	install_del(&km, 0, spi);
	ck_assert_uint_eq(km.n.refused, 0);
}
END_TEST

START_TEST(test_narrow)
{
	const struct fake_policy *n, *a;
	uint32_t spi = child(P_A, "10.1.0.0/24", "10.2.0.128/25"), other;
	char s[ADDR_STRLEN];

	n = fake_find("10.1.0.0/24", "10.2.0.128/25");
	a = fake_find("10.1.0.0/24", "10.2.0.0/24");
	ck_assert_ptr_nonnull(n);
	/* Just before its static one, which goes on trapping the rest. */
	ck_assert_uint_eq(n->body.prio + 1, a->body.prio);
	ck_assert_uint_ne(n->body.reqid, a->body.reqid);
	ck_assert_uint_eq(n->body.reqid, fake_sa_find(spi)->reqid);
	ck_assert_str_eq(addr_fmt(&n->body.remote, s, sizeof(s)),
	    "192.0.2.2");
	/* A rekey shares the flow; it stays until the last one goes. */
	other = child(P_A, "10.1.0.0/24", "10.2.0.128/25");
	ck_assert_uint_eq(fake_sa_find(other)->reqid, n->body.reqid);
	install_del(&km, 0, spi);
	ck_assert_ptr_nonnull(fake_find("10.1.0.0/24", "10.2.0.128/25"));
	install_del(&km, 0, other);
	ck_assert_ptr_null(fake_find("10.1.0.0/24", "10.2.0.128/25"));
	ck_assert_uint_eq(fake_policies(), 4);
}
END_TEST

START_TEST(test_unknown_peer)
{
	const struct fake_policy *b;
	uint32_t spi = child(P_B, "10.1.0.0/24", "10.3.0.0/16");
	char s[ADDR_STRLEN];

	b = fake_find("10.1.0.0/24", "10.3.0.0/16");
	ck_assert_int_eq(b->body.out, BK_ENCRYPT);
	ck_assert_str_eq(addr_fmt(&b->body.remote, s, sizeof(s)),
	    "203.0.113.5");
	install_del(&km, 0, spi);
	b = fake_find("10.1.0.0/24", "10.3.0.0/16");
	ck_assert_int_eq(b->body.out, BK_BLOCK);
	ck_assert_uint_eq(fake.gaps, 0);
}
END_TEST

/* Each step of the batch fails in turn: kernel and records as before. */
START_TEST(test_rollback)
{
	static const char *const remote[] = { "10.2.0.0/24", "10.2.0.0/25" };
	unsigned policies = fake_policies();
	int step, which;

	for (which = 0; which < 2; which++) {
		for (step = 1; step <= 2 + which; step++) {
			fake.fail_at = step;
			fake.fail_errno = ENOSYS;
			ck_assert_uint_eq(child(P_A, "10.1.0.0/24",
			    remote[which]), 0);
			ck_assert_uint_eq(fake_sas(), 0);
			ck_assert_uint_eq(fake_policies(), policies);
			ck_assert_uint_eq(sad_count(&km.sad), 0);
			ck_assert_uint_eq(spd_count(km.spd), policies);
		}
		ck_assert_uint_ne(child(P_A, "10.1.0.0/24", remote[which]),
		    0);
		install_remove_if(&km, NULL, NULL, false);
	}
	ck_assert_uint_eq(km.n.failed, 5);
	ck_assert_uint_eq(km.n.refused, 0);
}
END_TEST

/* The failing step takes back what the others had changed, not more. */
START_TEST(test_rollback_restores)
{
	const struct fake_policy *b;
	uint32_t spi = child(P_B, "10.1.0.0/24", "10.3.0.0/16");
	struct child_req r;
	char why[GUARD_WHY_LEN], s[ADDR_STRLEN];

	ck_assert_uint_ne(spi, 0);
	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	addr_parse(&r.remote.addr, "203.0.113.77");
	fake.fail_at = 3;
	fake.fail_errno = ENOMEM;
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	child_req_free(&r);
	b = fake_find("10.1.0.0/24", "10.3.0.0/16");
	ck_assert_str_eq(addr_fmt(&b->body.remote, s, sizeof(s)),
	    "203.0.113.5");
	ck_assert_uint_eq(fake_sas(), 2);
}
END_TEST

START_TEST(test_newest)
{
	const struct fake_policy *b;
	struct child_req r;
	char why[GUARD_WHY_LEN], s[ADDR_STRLEN];

	ck_assert_uint_ne(child(P_B, "10.1.0.0/24", "10.3.0.0/16"), 0);
	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	addr_parse(&r.remote.addr, "203.0.113.77");
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	child_req_free(&r);
	b = fake_find("10.1.0.0/24", "10.3.0.0/16");
	ck_assert_str_eq(addr_fmt(&b->body.remote, s, sizeof(s)),
	    "203.0.113.77");
	install_del(&km, 0, r.spi_in);
	ck_assert_str_eq(addr_fmt(&b->body.remote, s, sizeof(s)),
	    "203.0.113.5");
}
END_TEST

/* RFC 7296 2.8: an SA that the peer began to rekey stays the younger one
 * until it is deleted; what we began is in use at once. */
START_TEST(test_rekeyed_age)
{
	uint64_t last, in;
	struct child_req r;
	char why[GUARD_WHY_LEN];
	uint32_t old;
	unsigned i;

	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	last = fake_sa_find(r.spi_out)->add_time;
	for (i = 0; i < 3; i++) {
		old = r.spi_in;
		child_req_free(&r);
		good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
		r.replaces = old;
		ck_assert_int_eq(add_child(&km, &r, why), 0);
		in = fake_sa_find(r.spi_in)->add_time;
		ck_assert_uint_lt(fake_sa_find(r.spi_out)->add_time, last);
		ck_assert_uint_gt(in, last - 1);
		last = fake_sa_find(r.spi_out)->add_time;
		install_del(&km, 0, old);
	}
	old = r.spi_in;
	child_req_free(&r);
	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	r.replaces = old;
	r.initiator = true;
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	child_req_free(&r);
	ck_assert_uint_gt(fake_sa_find(r.spi_out)->add_time, last);
}
END_TEST

START_TEST(test_worker_dies)
{
	uint32_t spi = child(P_A, "10.1.0.0/24", "10.2.0.0/25"), given;

	ck_assert_uint_ne(spi, 0);
	ck_assert_uint_eq(spi_give(&km.spi, 0, &given, 1), 1);
	install_worker_gone(&km, 1);
	ck_assert_uint_eq(fake_sas(), 2);
	install_worker_gone(&km, 0);
	ck_assert_uint_eq(fake_sas(), 0);
	/* Traps stay, so nothing leaves in clear. */
	ck_assert_uint_eq(fake_policies(), 4);
	ck_assert_uint_eq(told.expires, 0);
	ck_assert_int_eq(spi_state(&km.spi, given), SPI_UNKNOWN);
}
END_TEST

#define REPLACED_CONF							\
	"/ip ipsec proposal\n"						\
	"add name=p enc-algorithms=aes-128-gcm auth-algorithms=null\n"	\
	"/ip ipsec peer\n"						\
	"add name=a address=192.0.2.2/32 local-address=198.51.100.1 "	\
	    "exchange-mode=ike2\n"					\
	"/ip ipsec identity\n"						\
	"add peer=a secret=x\n"						\
	"/ip ipsec policy\n"						\
	"add action=none src-address=10.1.0.0/24 "			\
	    "dst-address=10.8.0.0/16\n"					\
	"add peer=a tunnel=yes src-address=10.1.0.0/24 "		\
	    "dst-address=10.2.0.0/24 proposal=p\n"

START_TEST(test_reload)
{
	const struct fake_policy *a, *n;
	uint32_t in_a, in_b;
	unsigned sets;

	in_a = child(P_A, "10.1.0.0/24", "10.2.0.0/24");
	in_b = child(P_B, "10.1.0.0/24", "10.3.0.0/16");
	ck_assert(in_a != 0 && in_b != 0);
	/* The same again touches nothing. */
	sets = fake.sets;
	fake_conf(&km, GOOD_CONF);
	ck_assert_uint_eq(fake.sets, sets);
	ck_assert_uint_eq(fake.dels, 0);
	ck_assert_uint_eq(fake_sas(), 4);
	/* b is gone, and its worker knows; a's goes on. */
	fake_conf(&km, REPLACED_CONF);
	ck_assert_uint_eq(fake_sas(), 2);
	ck_assert_ptr_nonnull(fake_sa_find(in_a));
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_uint_eq(told.spi, in_b);
	ck_assert_uint_eq(fake_policies(), 2);
	a = fake_find("10.1.0.0/24", "10.2.0.0/24");
	n = fake_find("10.1.0.0/24", "10.8.0.0/16");
	ck_assert_uint_lt(n->body.prio, a->body.prio);
	ck_assert_int_eq(n->body.action, BK_PASS);
	ck_assert_uint_eq(fake.gaps, 0);
}
END_TEST

/* A policy that becomes narrower takes along the child that does not fit. */
START_TEST(test_reload_narrows)
{
	ck_assert_uint_ne(child(P_A, "10.1.0.0/24", "10.2.0.0/24"), 0);
	fake_conf(&km,
	    "/ip ipsec peer\n"
	    "add name=a address=192.0.2.2/32 exchange-mode=ike2\n"
	    "/ip ipsec identity\nadd peer=a secret=x\n"
	    "/ip ipsec policy\n"
	    "add peer=a tunnel=yes src-address=10.1.0.0/25 "
	    "dst-address=10.2.0.0/24\n");
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_uint_eq(fake_policies(), 1);
	ck_assert_ptr_nonnull(fake_find("10.1.0.0/25", "10.2.0.0/24"));
}
END_TEST

START_TEST(test_duplicate)
{
	const struct km_policy *p;

	fake_conf(&km,
	    "/ip ipsec policy\n"
	    "add action=none src-address=10.1.0.0/24,10.5.0.0/24 "
	    "dst-address=10.8.0.0/16\n"
	    "add action=discard src-address=10.5.0.0/24 "
	    "dst-address=10.8.0.0/16\n");
	p = &km.conf->policies[2];
	ck_assert(!p->usable);
	ck_assert_str_eq(p->why, "same selectors as policy 1");
	ck_assert_int_eq(fake_find("10.5.0.0/24", "10.8.0.0/16")->body.action,
	    BK_PASS);
}
END_TEST

START_TEST(test_foreign)
{
	struct fake_policy *f = &fake.policy[FAKE_MAX - 1];
	struct prefix l, r;

	km_free(&km);
	fake_reset();
	prefix_parse(&l, "10.1.0.0/24", true);
	prefix_parse(&r, "10.2.0.0/24", true);
	f->sel.local = l;
	f->sel.remote = r;
	f->used = true;
	f->body.reqid = 42;
	fake_km(&km, 1);
	fake_conf(&km, GOOD_CONF);
	/* Somebody else's policy is not overwritten, not even at stop. */
	ck_assert_uint_eq(fake_find("10.1.0.0/24", "10.2.0.0/24")->body.reqid,
	    42);
	ck_assert_uint_eq(fake_policies(), 4);
	km_remove_all(&km, true);
	ck_assert_uint_eq(fake_policies(), 1);
	ck_assert(f->used);
}
END_TEST

START_TEST(test_stop)
{
	ck_assert_uint_ne(child(P_A, "10.1.0.0/24", "10.2.0.0/25"), 0);
	km_remove_all(&km, false);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(fake_policies(), 4);
	km_remove_all(&km, true);
	ck_assert_uint_eq(fake_policies(), 0);
}
END_TEST

/* keymgr dies and comes back: what a worker names goes on. */
START_TEST(test_adopt)
{
	struct child_req kept, dyn, lost;
	char why[GUARD_WHY_LEN];
	unsigned sas, dels;
	uint32_t reqid;

	good_req(&km, &kept, P_A, "10.1.0.0/24", "10.2.0.0/24");
	good_req(&km, &dyn, P_A, "10.1.0.0/24", "10.2.0.64/26");
	good_req(&km, &lost, P_A, "10.1.0.0/24", "10.2.0.192/26");
	ck_assert_int_eq(add_child(&km, &kept, why), 0);
	ck_assert_int_eq(add_child(&km, &lost, why), 0);
	ck_assert_int_eq(add_child(&km, &dyn, why), 0);
	reqid = fake_sa_find(dyn.spi_in)->reqid;
	sas = fake_sas();
	ck_assert_uint_eq(sas, 6);

	km_free(&km);
	dels = fake.dels;
	fake_km(&km, 1);
	fake_conf(&km, GOOD_CONF);
	/* Nothing was taken away yet, and static ones were replaced. */
	ck_assert_uint_eq(fake_sas(), 6);
	ck_assert_uint_eq(fake_policies(), 6);
	ck_assert_uint_eq(fake.dels, dels);
	ck_assert_uint_eq(fake.gaps, 0);

	/* Its keys are not known any more and not asked for. */
	ck_assert_int_eq(adopt_child(&km, &kept, why), -1);
	child_req_free(&kept);
	child_req_free(&dyn);
	ck_assert_msg(adopt_child(&km, &kept, why) == 0, "%s", why);
	ck_assert_msg(adopt_child(&km, &dyn, why) == 0, "%s", why);
	ck_assert_int_eq(adopt_child(&km, &dyn, why), -1);
	/* One that is not in the kernel. */
	lost.spi_in ^= 0x40;
	ck_assert_int_eq(adopt_child(&km, &lost, why), -1);
	child_req_free(&lost);

	reconcile_done(&km, 0);
	ck_assert_uint_eq(fake_sas(), 4);
	ck_assert_uint_eq(fake_policies(), 5);
	ck_assert_uint_eq(fake_sa_find(dyn.spi_in)->reqid, reqid);
	ck_assert_ptr_nonnull(fake_find("10.1.0.0/24", "10.2.0.64/26"));
	ck_assert_ptr_null(fake_find("10.1.0.0/24", "10.2.0.192/26"));
	/* A new narrowed child gets another reqid than the adopted one. */
	ck_assert_uint_ne(child(P_A, "10.1.0.0/24", "10.2.0.192/26"), 0);
	ck_assert_uint_ne(fake_find("10.1.0.0/24", "10.2.0.192/26")
	    ->body.reqid, reqid);
}
END_TEST

/* ikepd learned of another port when no keymgr was there. */
START_TEST(test_adopt_moved)
{
	char why[GUARD_WHY_LEN];
	struct child_req r;

	good_req(&km, &r, P_A, "10.1.0.0/24", "10.2.0.0/24");
	r.encap = true;
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	event_mapping(&km, r.spi_in, &r.remote);
	ck_assert_uint_eq(fake.moves, 0);
	km_free(&km);
	fake_km(&km, 1);
	fake_conf(&km, GOOD_CONF);
	child_req_free(&r);
	r.remote.port = 1024;
	ck_assert_msg(adopt_child(&km, &r, why) == 0, "%s", why);
	reconcile_done(&km, 0);
	ck_assert_uint_eq(fake.moves, 0);
	event_mapping(&km, r.spi_in, &r.remote);
	ck_assert_uint_eq(fake.moves, 2);
	ck_assert(endpoint_equal(&fake.moved_to, &r.remote));
	ck_assert_uint_eq(told.mappings, 0);
	/* Once: an espd that says so all the time gets no further. */
	event_mapping(&km, r.spi_in, &r.remote);
	ck_assert_uint_eq(fake.moves, 2);
	ck_assert_uint_eq(fake_sas(), 2);
}
END_TEST

START_TEST(test_acquire)
{
	struct selector s;

	memset(&s, 0, sizeof(s));
	prefix_parse(&s.local, "10.1.0.5/32", true);
	prefix_parse(&s.remote, "10.2.0.7/32", true);
	s.proto = 6;
	s.lport = 40000;
	s.rport = 22;
	s.lmask = s.rmask = 0xffff;
	event_acquire(&km, BK_REQID_BASE | policy_id(&km, P_A), &s);
	ck_assert_uint_eq(told.acquires, 1);
	ck_assert_uint_eq(told.acquire.policy, policy_id(&km, P_A));
	ck_assert_uint_lt(told.worker, km.workers);
	ck_assert_uint_eq(told.acquire.remote.port_lo, 22);
	ck_assert_uint_eq(told.acquire.remote.port_hi, 22);
	/* Type and code of a ping, in one number. */
	s.proto = 1;
	s.lport = 8;
	s.rport = 0;
	event_acquire(&km, BK_REQID_BASE | policy_id(&km, P_A), &s);
	ck_assert_uint_eq(told.acquire.local.port_lo, 0x0800);
	/* GRE has no ports. */
	s.proto = 47;
	event_acquire(&km, BK_REQID_BASE | policy_id(&km, P_A), &s);
	ck_assert_uint_eq(told.acquire.local.port_hi, 65535);
	/* Somebody else's. */
	event_acquire(&km, 42, &s);
	ck_assert_uint_eq(told.acquires, 3);
}
END_TEST

START_TEST(test_level_use)
{
	const struct fake_policy *p;
	struct selector s;

	fake_conf(&km,
	    "/ip ipsec peer\n"
	    "add name=a address=192.0.2.2/32 exchange-mode=ike2\n"
	    "/ip ipsec identity\nadd peer=a secret=x\n"
	    "/ip ipsec policy\n"
	    "add peer=a tunnel=yes src-address=10.1.0.0/24 "
	    "dst-address=10.2.0.0/24 level=use\n");
	p = fake_find("10.1.0.0/24", "10.2.0.0/24");
	ck_assert(p->body.optional);
	memset(&s, 0, sizeof(s));
	event_acquire(&km, p->body.reqid, &s);
	ck_assert_uint_eq(told.acquires, 0);
}
END_TEST

START_TEST(test_expire)
{
	uint32_t spi = child(P_A, "10.1.0.0/24", "10.2.0.0/24");
	struct sad_child *c = sad_get(&km.sad, spi);
	struct mono soft = c->soft.at;
	struct addr remote;

	/* 1h: between 45 and 48 minutes. */
	ck_assert_uint_ge(c->soft_s, 2700);
	ck_assert_uint_le(c->soft_s, 2880);
	(void)km_tick(&km, (struct mono){ soft.us - 1 });
	ck_assert_uint_eq(told.expires, 0);
	(void)km_tick(&km, soft);
	ck_assert_uint_eq(told.expires, 1);
	ck_assert_uint_eq(told.hards, 0);
	ck_assert_uint_eq(told.spi, spi);
	(void)km_tick(&km, mono_add(soft, MONO_S(1000)));
	ck_assert_uint_eq(told.expires, 1);
	/* The kernel removed the outbound one; the other goes with it. */
	addr_parse(&remote, "192.0.2.2");
	event_expire(&km, c->spi_out, &remote, true);
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_uint_eq(told.spi, spi);
	ck_assert_uint_eq(fake_sas(), 0);
	event_expire(&km, 0x4242, &remote, true);
	ck_assert_uint_eq(told.hards, 1);
}
END_TEST

START_TEST(test_mapping)
{
	struct endpoint to = { .port = 5000 };
	struct child_req r;
	const struct fake_policy *b;
	char why[GUARD_WHY_LEN], s[ADDR_STRLEN];
	unsigned i;

	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	r.encap = true;
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	addr_parse(&to.addr, "203.0.113.200");
	for (i = 0; i < 10; i++)
		event_mapping(&km, r.spi_in, &to);
	ck_assert_uint_eq(told.mappings, 1);
	ck_assert_uint_eq(told.mapped.port, 5000);
	install_path(&km, 0, r.spi_in, &r.local, &to);
	ck_assert_uint_eq(km.n.refused, 0);
	b = fake_find("10.1.0.0/24", "10.3.0.0/16");
	ck_assert_str_eq(addr_fmt(&b->body.remote, s, sizeof(s)),
	    "203.0.113.200");
	ck_assert_str_eq(addr_fmt(&fake_sa_find(r.spi_out)->dst, s,
	    sizeof(s)), "203.0.113.200");
	ck_assert_ptr_nonnull(sad_get_out(&km.sad, r.spi_out, &to.addr));
	/* It is there now: no news. */
	event_mapping(&km, r.spi_in, &to);
	ck_assert_uint_eq(told.mappings, 1);
	install_del(&km, 0, r.spi_in);
	ck_assert_uint_eq(fake_sas(), 0);
	child_req_free(&r);
}
END_TEST

START_TEST(test_lists)
{
	const struct fake_policy *p, *q;
	struct child_req r;
	char why[GUARD_WHY_LEN];

	fake_conf(&km,
	    "/ip ipsec peer\n"
	    "add name=a address=192.0.2.2/32 local-address=198.51.100.1 "
	    "exchange-mode=ike2\n"
	    "/ip ipsec identity\nadd peer=a secret=x\n"
	    "/ip ipsec policy\n"
	    "add peer=a tunnel=yes "
	    "src-address=10.1.0.0/24,10.11.0.0/24,2001:db8:1::/48 "
	    "dst-address=10.2.0.0/24,10.12.0.0/24,2001:db8:2::/48\n");
	/* 2 by 2 of IPv4, 1 by 1 of IPv6, and neighbour discovery. */
	ck_assert_uint_eq(fake_policies(), 4 + 1 + 2);
	p = fake_find("10.1.0.0/24", "10.12.0.0/24");
	q = fake_find("2001:db8:1::/48", "2001:db8:2::/48");
	ck_assert_uint_eq(p->body.reqid, q->body.reqid);
	/* One of the pairs is less than the policy. */
	good_req(&km, &r, P_A, "10.1.0.0/24", "10.12.0.0/24");
	ck_assert_msg(add_child(&km, &r, why) == 0, "%s", why);
	p = fake_find("10.1.0.0/24", "10.12.0.0/24");
	ck_assert_uint_ne(p->body.reqid, q->body.reqid);
	ck_assert_uint_eq(p->body.prio + 1, q->body.prio);
	ck_assert_uint_eq(fake_policies(), 7);
	install_del(&km, 0, r.spi_in);
	p = fake_find("10.1.0.0/24", "10.12.0.0/24");
	ck_assert_uint_eq(p->body.reqid, q->body.reqid);
	child_req_free(&r);
	/* All of it, in another order, is the policy itself. */
	good_req(&km, &r, P_A, "2001:db8:1::/48", "10.12.0.0/24");
	r.nlocal = r.nremote = 3;
	set_ts(&r.local_ts[1], "10.11.0.0/24");
	set_ts(&r.local_ts[2], "10.1.0.0/24");
	set_ts(&r.remote_ts[1], "2001:db8:2::/48");
	set_ts(&r.remote_ts[2], "10.2.0.0/24");
	ck_assert_msg(add_child(&km, &r, why) == 0, "%s", why);
	ck_assert_uint_eq(fake_sa_find(r.spi_in)->reqid, q->body.reqid);
	child_req_free(&r);
}
END_TEST

/* Many tunnels, up and down, leave nothing behind. */
START_TEST(test_many)
{
	uint32_t spi[200];
	char remote[PREFIX_STRLEN];
	int i;

	for (i = 0; i < 200; i++) {
		snprintf(remote, sizeof(remote), "10.3.%d.0/24", i);
		spi[i] = child(P_B, "10.1.0.0/24", remote);
		ck_assert_uint_ne(spi[i], 0);
	}
	ck_assert_uint_eq(fake_sas(), 400);
	ck_assert_uint_eq(fake_policies(), 204);
	for (i = 0; i < 200; i++)
		install_del(&km, 0, spi[(i * 7) % 200]);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(fake_policies(), 4);
	ck_assert_uint_eq(spd_count(km.spd), 4);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keymgr");
	TCase *tc = tcase_create("keymgr");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_static);
	tcase_add_test(tc, test_child);
	tcase_add_test(tc, test_narrow);
	tcase_add_test(tc, test_unknown_peer);
	tcase_add_test(tc, test_rollback);
	tcase_add_test(tc, test_rollback_restores);
	tcase_add_test(tc, test_newest);
	tcase_add_test(tc, test_rekeyed_age);
	tcase_add_test(tc, test_worker_dies);
	tcase_add_test(tc, test_reload);
	tcase_add_test(tc, test_reload_narrows);
	tcase_add_test(tc, test_duplicate);
	tcase_add_test(tc, test_foreign);
	tcase_add_test(tc, test_stop);
	tcase_add_test(tc, test_adopt);
	tcase_add_test(tc, test_adopt_moved);
	tcase_add_test(tc, test_acquire);
	tcase_add_test(tc, test_level_use);
	tcase_add_test(tc, test_expire);
	tcase_add_test(tc, test_mapping);
	tcase_add_test(tc, test_lists);
	tcase_add_test(tc, test_many);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
