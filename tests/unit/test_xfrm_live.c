/*
 * The real kernel, in a network namespace of its own.  Not as root: skipped,
 * and says so.  SAs only where the kernel has ESP.
 */
#include "keymgr/backend.h"
#include "keymgr/batch.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct backend bk;
static char why[BK_WHY_LEN];
static uint8_t key_bytes[64];
static struct secret encr_key, integ_key;

/* What the kernel told. */
static struct {
	unsigned acquires, hards;
	uint32_t reqid, spi;
	struct selector sel;
} seen;

static void
setup(void)
{
	memset(&seen, 0, sizeof(seen));
	ck_assert_msg(backend_xfrm_open(&bk, why) == 0, "%s", why);
}

static void
teardown(void)
{
	bk.ops->close(bk.ctx);
	secret_free(&encr_key);
	secret_free(&integ_key);
}

static void
sel_set(struct selector *s, const char *local, const char *remote)
{
	memset(s, 0, sizeof(*s));
	ck_assert_int_eq(prefix_parse(&s->local, local, true), 0);
	ck_assert_int_eq(prefix_parse(&s->remote, remote, true), 0);
}

static struct bk_body
body(void)
{
	struct bk_body b = { .prio = 0x100000, .reqid = BK_REQID_BASE | 9,
		.action = BK_ENCRYPT, .out = BK_ENCRYPT };

	addr_parse(&b.local, "127.0.0.1");
	addr_parse(&b.remote, "127.0.0.2");
	return b;
}

static void
count_policy(void *arg, const struct selector *s)
{
	(void)s;
	++*(unsigned *)arg;
}

static unsigned
policies(void)
{
	unsigned n = 0;

	ck_assert_msg(bk.ops->policy_dump(bk.ctx, count_policy, &n, why) == 0,
	    "%s", why);
	return n;
}

static int errors[512], result;

static void
ran(void *arg, const struct batch *b, int rc, const char *text)
{
	size_t i;

	(void)arg;
	result = rc;
	snprintf(why, sizeof(why), "%s", text);
	for (i = 0; i < b->n && i < 512; i++)
		errors[i] = b->ops[i].error;
}

/* The kernel answers at once. */
static int
run(struct batch *b)
{
	result = 1;
	batch_run(b, &bk, ran, NULL);
	ck_assert_int_ne(result, 1);
	return result;
}

static int
move(const struct bk_sa *old, const struct endpoint *src,
    const struct endpoint *dst)
{
	struct batch b;

	batch_init(&b);
	batch_sa_move(&b, old, src, dst);
	return run(&b);
}

START_TEST(test_policies)
{
	struct bk_body b = body(), old;
	struct selector s;
	struct batch batch;

	sel_set(&s, "10.1.0.0/24", "10.2.0.0/24");
	batch_init(&batch);
	batch_policy(&batch, &s, &b, NULL);
	ck_assert_msg(run(&batch) == 0, "%s", why);
	ck_assert_uint_eq(policies(), 3);
	/* There already: not overwritten unless it is known as ours. */
	batch_policy(&batch, &s, &b, NULL);
	ck_assert_int_eq(run(&batch), -1);
	ck_assert_int_eq(errors[0], EEXIST);
	ck_assert_uint_eq(policies(), 3);
	old = b;
	b.out = BK_BLOCK;
	batch_policy(&batch, &s, &b, &old);
	ck_assert_msg(run(&batch) == 0, "%s", why);
	batch_policy(&batch, &s, NULL, &b);
	ck_assert_msg(run(&batch) == 0, "%s", why);
	ck_assert_uint_eq(policies(), 0);
	/* Gone is gone. */
	batch_policy(&batch, &s, NULL, &b);
	ck_assert_int_eq(run(&batch), 0);
}
END_TEST

/* A batch that needs several sends; its last step fails. */
START_TEST(test_batch)
{
	static struct selector s[301];
	struct bk_body b = body();
	struct batch batch;
	char remote[32];
	int i;

	batch_init(&batch);
	for (i = 0; i < 300; i++) {
		snprintf(remote, sizeof(remote), "10.%d.%d.0/24", 2 + i / 256,
		    i % 256);
		sel_set(&s[i], "10.1.0.0/24", remote);
		batch_policy(&batch, &s[i], &b, NULL);
	}
	ck_assert_msg(run(&batch) == 0, "%s", why);
	ck_assert_uint_eq(policies(), 900);
	for (i = 0; i < 300; i++)
		batch_policy(&batch, &s[i], NULL, &b);
	s[300] = s[0];
	s[300].local.bits = 33;
	batch_policy(&batch, &s[300], &b, NULL);
	/* It stops no other. */
	ck_assert_int_eq(run(&batch), -1);
	ck_assert_int_eq(errors[300], EINVAL);
	ck_assert_uint_eq(policies(), 0);
}
END_TEST

START_TEST(test_ipv6)
{
	struct selector s;
	struct bk_body b = body();
	struct batch batch;

	sel_set(&s, "2001:db8:1::/48", "2001:db8:2::/48");
	s.proto = 17;
	s.rport = 53;
	s.rmask = 0xffff;
	/* IPv6 inside, IPv4 outside. */
	batch_init(&batch);
	batch_policy(&batch, &s, &b, NULL);
	ck_assert_msg(run(&batch) == 0, "%s", why);
	ck_assert_uint_eq(policies(), 3);
	batch_policy(&batch, &s, NULL, &b);
	ck_assert_int_eq(run(&batch), 0);
}
END_TEST

static void
saw_acquire(void *arg, uint32_t reqid, const struct selector *sel)
{
	(void)arg;
	seen.acquires++;
	seen.reqid = reqid;
	seen.sel = *sel;
}

static void
saw_expire(void *arg, uint32_t spi, const struct addr *dst, bool hard)
{
	(void)arg;
	(void)dst;
	seen.hards += hard;
	seen.spi = spi;
}

static void
saw_mapping(void *arg, uint32_t spi, const struct endpoint *remote)
{
	(void)arg;
	(void)spi;
	(void)remote;
}

static void
saw_loss(void *arg)
{
	(void)arg;
}

static struct event_base *
listening(void)
{
	static const struct bk_events events = { saw_acquire, saw_expire,
		saw_mapping, saw_loss, NULL, NULL };
	struct event_base *base = event_base_new();

	ck_assert_ptr_nonnull(base);
	ck_assert_int_eq(bk.ops->listen(bk.ctx, base, &events), 0);
	return base;
}

static void
late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ck_abort_msg("the kernel did not tell within the time");
}

/* Turns the loop until *n is reached. */
static void
until(struct event_base *base, const unsigned *n, int seconds)
{
	struct timeval wait = { seconds, 0 };
	struct event *ev = evtimer_new(base, late, NULL);

	evtimer_add(ev, &wait);
	while (*n == 0)
		event_base_loop(base, EVLOOP_ONCE);
	event_free(ev);
}

/*
 * An interface with 10.1.0.1/8 that leads nowhere; the loopback one is exempt
 * from policies.  -1: there is no TUN here.
 */
static int
interface_up(void)
{
	struct ifreq ifr = { .ifr_name = "km0", .ifr_flags = IFF_TUN };
	struct sockaddr_in in = { .sin_family = AF_INET };
	int tun = open("/dev/net/tun", O_RDWR), fd;

	if (tun == -1 || ioctl(tun, TUNSETIFF, &ifr) == -1)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	inet_pton(AF_INET, "10.1.0.1", &in.sin_addr);
	memcpy(&ifr.ifr_addr, &in, sizeof(in));
	ck_assert_int_eq(ioctl(fd, SIOCSIFADDR, &ifr), 0);
	inet_pton(AF_INET, "255.0.0.0", &in.sin_addr);
	memcpy(&ifr.ifr_netmask, &in, sizeof(in));
	ck_assert_int_eq(ioctl(fd, SIOCSIFNETMASK, &ifr), 0);
	ifr.ifr_flags = IFF_UP;
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	close(fd);
	return tun;
}

START_TEST(test_acquire)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(9) };
	struct event_base *base;
	struct bk_body b = body();
	struct selector s;
	struct batch batch;
	int fd, tun = interface_up();

	if (tun == -1) {
		printf("SKIP acquire: no TUN: %s\n", strerror(errno));
		return;
	}
	base = listening();
	sel_set(&s, "10.1.0.0/24", "10.2.0.0/24");
	s.proto = 17;
	batch_init(&batch);
	batch_policy(&batch, &s, &b, NULL);
	ck_assert_int_eq(run(&batch), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	inet_pton(AF_INET, "10.1.0.1", &to.sin_addr);
	to.sin_port = htons(4711);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	inet_pton(AF_INET, "10.2.0.7", &to.sin_addr);
	to.sin_port = htons(9);
	(void)sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
	until(base, &seen.acquires, 5);
	ck_assert_uint_eq(seen.reqid, b.reqid);
	ck_assert_uint_eq(seen.sel.rport, 9);
	ck_assert_uint_eq(seen.sel.lport, 4711);
	ck_assert_uint_eq(seen.sel.proto, 17);
	ck_assert_uint_eq(seen.sel.remote.bits, 32);
	close(fd);
	close(tun);
	batch_policy(&batch, &s, NULL, &b);
	ck_assert_int_eq(run(&batch), 0);
	bk.ops->close(bk.ctx);
	event_base_free(base);
	ck_assert_int_eq(backend_xfrm_open(&bk, why), 0);
}
END_TEST

static void
count_stat(void *arg, const char *name, uint64_t value)
{
	unsigned *n = arg;

	(void)value;
	ck_assert_ptr_null(strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
	*n += strcmp(name, "in-no-states") == 0 ||
	    strcmp(name, "out-policy-blocked") == 0;
}

START_TEST(test_stats)
{
	unsigned n = 0;

	if (access("/proc/net/xfrm_stat", R_OK) == -1) {
		puts("SKIP counters: the kernel has no /proc/net/xfrm_stat");
		return;
	}
	ck_assert_int_eq(bk.ops->stats(bk.ctx, count_stat, &n), 0);
	ck_assert_uint_eq(n, 2);
}
END_TEST

static const struct {
	uint16_t encr, bits, integ;
} suites[] = {
	{ 20, 128, 0 }, { 20, 256, 0 }, { 18, 128, 0 }, { 28, 0, 0 },
	{ 12, 128, 12 }, { 12, 256, 2 }, { 12, 256, 14 }, { 13, 128, 12 },
	{ 3, 0, 2 }, { 11, 0, 12 },
};

static void
sa_make(struct bk_sa *sa, unsigned i, uint32_t spi, bool inbound)
{
	memset(sa, 0, sizeof(*sa));
	addr_parse(&sa->src.addr, inbound ? "192.0.2.2" : "198.51.100.1");
	addr_parse(&sa->dst.addr, inbound ? "198.51.100.1" : "192.0.2.2");
	sa->spi = spi;
	sa->reqid = BK_REQID_BASE | 9;
	sa->inbound = inbound;
	sa->window = 64;
	sa->encr = suite_by_id(SUITE_ENCR, suites[i].encr, suites[i].bits);
	sa->integ = suites[i].integ == 0 ? NULL :
	    suite_by_id(SUITE_INTEG, suites[i].integ, 0);
	secret_set(&encr_key, key_bytes, sizeof(key_bytes));
	encr_key.len = sa->encr->key_len;
	secret_set(&integ_key, key_bytes, sizeof(key_bytes));
	integ_key.len = sa->integ == NULL ? 0 : sa->integ->key_len;
	sa->encr_key = &encr_key;
	sa->integ_key = &integ_key;
}

START_TEST(test_no_esp)
{
	struct bk_sa sa;
	struct batch b;

	sa_make(&sa, 0, 0x1001, true);
	batch_init(&b);
	batch_sa_add(&b, &sa);
	ck_assert_int_eq(run(&b), -1);
	ck_assert_str_eq(why, "this kernel has no ESP (module esp4 missing?)");
}
END_TEST

static void
count_sa(void *arg, const struct bk_sa_state *s)
{
	unsigned *n = arg;

	*n += BK_REQID_OURS(s->reqid);
}

START_TEST(test_sa)
{
	struct bk_sa_state st;
	struct bk_sa in, out;
	struct batch b;
	unsigned n = 0;

	sa_make(&in, (unsigned)_i, 0x1001, true);
	sa_make(&out, (unsigned)_i, 0x2001, false);
	in.esn = out.esn = _i % 2 == 1;
	in.transport = out.transport = _i % 3 == 1;
	batch_init(&b);
	batch_sa_add(&b, &in);
	batch_sa_add(&b, &out);
	ck_assert_msg(run(&b) == 0, "%s", why);
	ck_assert_int_eq(bk.ops->sa_get(bk.ctx, &in.dst.addr, 0x1001, &st),
	    0);
	ck_assert_uint_eq(st.reqid, in.reqid);
	ck_assert_uint_eq(st.encr_key.len, in.encr->key_len);
	ck_assert_mem_eq(st.encr_key.data == NULL ? key_bytes :
	    st.encr_key.data, key_bytes, st.encr_key.len);
	ck_assert_uint_eq(st.packets, 0);
	bk_sa_state_free(&st);
	ck_assert_int_eq(bk.ops->sa_dump(bk.ctx, count_sa, &n, why), 0);
	ck_assert_uint_eq(n, 2);
	/* One of the pair once more. */
	out.spi = 0x2002;
	batch_sa_add(&b, &out);
	batch_sa_add(&b, &in);
	ck_assert_int_eq(run(&b), -1);
	ck_assert_int_eq(errors[0], 0);
	ck_assert_int_eq(errors[1], EEXIST);
	batch_sa_del(&b, &out.dst.addr, 0x2002);
	batch_sa_del(&b, &in.dst.addr, 0x1001);
	batch_sa_del(&b, &out.dst.addr, 0x2001);
	ck_assert_int_eq(run(&b), 0);
	n = 0;
	ck_assert_int_eq(bk.ops->sa_dump(bk.ctx, count_sa, &n, why), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(test_move)
{
	struct bk_sa_state st;
	struct endpoint src, dst;
	struct bk_sa sa;
	struct batch b;

	batch_init(&b);
	/* Inbound: the source's port, then its address. */
	sa_make(&sa, 0, 0x1001, true);
	sa.encap = true;
	sa.src.port = sa.dst.port = 4500;
	batch_sa_add(&b, &sa);
	ck_assert_msg(run(&b) == 0, "%s", why);
	src = sa.src;
	src.port = 5000;
	ck_assert_msg(move(&sa, &src, &sa.dst) == 0,
	    "%s", why);
	sa.src = src;
	addr_parse(&src.addr, "192.0.2.99");
	ck_assert_msg(move(&sa, &src, &sa.dst) == 0,
	    "%s", why);
	ck_assert_int_eq(bk.ops->sa_get(bk.ctx, &sa.dst.addr, 0x1001, &st),
	    0);
	ck_assert(addr_equal(&st.src, &src.addr));
	ck_assert_uint_eq(st.encr_key.len, 20);
	ck_assert_mem_eq(st.encr_key.data, key_bytes, 20);
	bk_sa_state_free(&st);
	batch_sa_del(&b, &sa.dst.addr, 0x1001);
	ck_assert_int_eq(run(&b), 0);
	/* Outbound, with ESN: another destination is another SA. */
	sa_make(&sa, 4, 0x2001, false);
	sa.encap = sa.esn = true;
	sa.src.port = sa.dst.port = 4500;
	batch_sa_add(&b, &sa);
	ck_assert_msg(run(&b) == 0, "%s", why);
	dst = sa.dst;
	addr_parse(&dst.addr, "192.0.2.99");
	ck_assert_msg(move(&sa, &sa.src, &dst) == 0,
	    "%s", why);
	ck_assert_int_eq(bk.ops->sa_get(bk.ctx, &sa.dst.addr, 0x2001, &st),
	    -1);
	ck_assert_int_eq(bk.ops->sa_get(bk.ctx, &dst.addr, 0x2001, &st), 0);
	ck_assert_uint_eq(st.integ_key.len, 32);
	bk_sa_state_free(&st);
	batch_sa_del(&b, &dst.addr, 0x2001);
	ck_assert_int_eq(run(&b), 0);
}
END_TEST

START_TEST(test_expire)
{
	struct event_base *base;
	struct bk_sa sa;
	struct batch b;

	base = listening();
	sa_make(&sa, 0, 0x1001, true);
	sa.hard_s = 1;
	batch_init(&b);
	batch_sa_add(&b, &sa);
	ck_assert_msg(run(&b) == 0, "%s", why);
	until(base, &seen.hards, 10);
	ck_assert_uint_eq(seen.spi, 0x1001);
	bk.ops->close(bk.ctx);
	event_base_free(base);
	ck_assert_int_eq(backend_xfrm_open(&bk, why), 0);
}
END_TEST

/* Without ESP there is one test: that this is said. */
static void
add_sa_tests(TCase *tc)
{
	const char *none;

	if (backend_xfrm_open(&bk, why) == -1) {
		puts(why);
		exit(EXIT_FAILURE);
	}
	none = bk.ops->no_esp(bk.ctx);
	bk.ops->close(bk.ctx);
	if (none != NULL) {
		printf("SKIP SAs: %s\n", none);
		tcase_add_test(tc, test_no_esp);
		return;
	}
	tcase_add_loop_test(tc, test_sa, 0,
	    (int)(sizeof(suites) / sizeof(suites[0])));
	tcase_add_test(tc, test_move);
	tcase_add_test(tc, test_expire);
}

int
main(void)
{
	Suite *s = suite_create("xfrm live");
	TCase *tc = tcase_create("live");
	SRunner *sr;
	int failed;
	size_t i;

	if (geteuid() != 0) {
		puts("SKIP: needs root, for a network namespace of its own");
		return 77;
	}
	if (unshare(CLONE_NEWNET) == -1) {
		printf("SKIP: no network namespace to be had: %s\n",
		    strerror(errno));
		return 77;
	}
	for (i = 0; i < sizeof(key_bytes); i++)
		key_bytes[i] = (uint8_t)(i * 37 + 11);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_policies);
	tcase_add_test(tc, test_batch);
	tcase_add_test(tc, test_ipv6);
	tcase_add_test(tc, test_acquire);
	tcase_add_test(tc, test_stats);
	add_sa_tests(tc);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
