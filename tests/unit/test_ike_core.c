/*
 * The inside of the engine that holds state: peer lookup, the tables of
 * IKE SAs, their timers.
 */
#include "ikepd/child.h"
#include "ikepd/core.h"
#include "ikepd/task.h"
#include "ikepd/work.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mono now = { 5000000 };
static uint64_t counter;

static struct mono
op_now(void *ctx)
{
	(void)ctx;
	return now;
}

static void
op_random(void *ctx, void *dst, size_t len)
{
	uint8_t *p = dst;

	(void)ctx;
	while (len-- > 0) {
		counter = counter * 6364136223846793005ULL + 1;
		*p++ = (uint8_t)(counter >> 56);
	}
}

static unsigned dels;

static void
op_child_del(void *ctx, uint32_t spi)
{
	(void)ctx;
	(void)spi;
	dels++;
}

static struct engine *
make_engine(unsigned worker)
{
	const struct engine_ops ops = { .now = op_now, .random = op_random,
		.child_del = op_child_del };
	struct engine *e = engine_new(&ops, worker);

	ck_assert_ptr_nonnull(e);
	return e;
}

static void
add_peer(struct ike_conf *c, uint32_t id, const char *address,
    const char *local, enum peer_mode mode)
{
	struct ike_peer *p;

	c->peers = reallocarray(c->peers, c->npeers + 1, sizeof(*p));
	p = &c->peers[c->npeers++];
	memset(p, 0, sizeof(*p));
	p->id = id;
	p->mode = mode;
	p->profile = 1;
	ck_assert_int_eq(prefix_parse(&p->address, address, true), 0);
	if (local != NULL)
		ck_assert_int_eq(addr_parse(&p->local, local), 0);
}

static struct ike_conf *
peers_conf(void)
{
	struct ike_conf *c = ike_conf_new();

	c->profiles = calloc(1, sizeof(*c->profiles));
	c->nprofiles = 1;
	c->profiles->id = 1;
	add_peer(c, 10, "0.0.0.0/0", NULL, PEER_IKE2);
	add_peer(c, 11, "10.0.0.0/8", NULL, PEER_IKE2);
	add_peer(c, 12, "10.1.0.0/16", NULL, PEER_MAIN);
	add_peer(c, 13, "10.1.2.3/32", NULL, PEER_IKE2);
	add_peer(c, 14, "10.1.2.4/32", "192.0.2.1", PEER_IKE2);
	add_peer(c, 15, "10.1.2.4/32", NULL, PEER_IKE2);
	add_peer(c, 16, "::/0", NULL, PEER_IKE2);
	add_peer(c, 17, "2001:db8::/32", NULL, PEER_IKE2);
	add_peer(c, 18, "10.1.2.5/32", "192.0.2.1", PEER_IKE2);
	return c;
}

static uint32_t
match(const struct confidx *x, const char *remote, const char *local,
    int mode)
{
	struct addr r, l;
	struct conf_peer *cp;

	ck_assert_int_eq(addr_parse(&r, remote), 0);
	ck_assert_int_eq(addr_parse(&l, local), 0);
	cp = confidx_match(x, &r, &l, mode);
	return cp == NULL ? 0 : cp->c->id;
}

START_TEST(test_peer_lookup)
{
	struct confidx *x = confidx_new(peers_conf(), 77);

	ck_assert_ptr_nonnull(x);
	/* Most specific prefix first, of the exchange mode that was seen */
	ck_assert_uint_eq(match(x, "8.8.8.8", "192.0.2.9", PEER_IKE2), 10);
	ck_assert_uint_eq(match(x, "10.9.9.9", "192.0.2.9", PEER_IKE2), 11);
	ck_assert_uint_eq(match(x, "10.1.9.9", "192.0.2.9", PEER_IKE2), 11);
	ck_assert_uint_eq(match(x, "10.1.9.9", "192.0.2.9", PEER_MAIN), 12);
	ck_assert_uint_eq(match(x, "10.1.9.9", "192.0.2.9", -1), 12);
	ck_assert_uint_eq(match(x, "10.1.2.3", "192.0.2.9", PEER_IKE2), 13);
	/* local-address decides within a prefix, and excludes */
	ck_assert_uint_eq(match(x, "10.1.2.4", "192.0.2.1", PEER_IKE2), 14);
	ck_assert_uint_eq(match(x, "10.1.2.4", "192.0.2.9", PEER_IKE2), 15);
	ck_assert_uint_eq(match(x, "10.1.2.5", "192.0.2.1", PEER_IKE2), 18);
	ck_assert_uint_eq(match(x, "10.1.2.5", "192.0.2.9", PEER_IKE2), 11);
	ck_assert_uint_eq(match(x, "2001:db8::7", "::1", PEER_IKE2), 17);
	ck_assert_uint_eq(match(x, "2001:db9::7", "::1", PEER_IKE2), 16);
	ck_assert_uint_eq(match(x, "8.8.8.8", "192.0.2.9", PEER_BASE), 0);
	confidx_free(x);
}
END_TEST

START_TEST(test_peer_resolved)
{
	struct ike_conf *c = peers_conf();
	struct confidx *x;
	struct addr a;

	c->peers[3].address.addr.family = AF_UNSPEC;
	snprintf(c->peers[3].dns, sizeof(c->peers[3].dns), "gw.example");
	x = confidx_new(c, 77);
	ck_assert_uint_eq(match(x, "10.1.2.3", "192.0.2.9", PEER_IKE2), 11);
	addr_parse(&a, "10.1.2.3");
	confidx_resolved(x, confidx_peer(x, 13), &a);
	ck_assert_uint_eq(match(x, "10.1.2.3", "192.0.2.9", PEER_IKE2), 13);
	addr_parse(&a, "10.1.2.77");
	confidx_resolved(x, confidx_peer(x, 13), &a);
	ck_assert_uint_eq(match(x, "10.1.2.3", "192.0.2.9", PEER_IKE2), 11);
	ck_assert_uint_eq(match(x, "10.1.2.77", "192.0.2.9", PEER_IKE2), 13);
	confidx_free(x);
}
END_TEST

START_TEST(test_no_profile)
{
	struct ike_conf *c = peers_conf();

	c->peers[2].profile = 9;
	ck_assert_ptr_null(confidx_new(c, 1));
}
END_TEST

START_TEST(test_policies)
{
	struct ike_conf *c = peers_conf();
	struct conf_peer *cp;
	struct confidx *x;
	unsigned i;

	c->policies = calloc(6, sizeof(*c->policies));
	c->npolicies = 6;
	for (i = 0; i < 6; i++) {
		c->policies[i].id = 100 + i;
		c->policies[i].peer = i % 2 ? 11 : 13;
	}
	c->policies[5].peer = 999;
	x = confidx_new(c, 1);
	cp = confidx_peer(x, 13);
	ck_assert_uint_eq(cp->npolicies, 3);
	ck_assert_uint_eq(cp->policies[0]->id, 100);
	ck_assert_uint_eq(cp->policies[2]->id, 104);
	ck_assert_uint_eq(confidx_peer(x, 11)->npolicies, 2);
	ck_assert_uint_eq(confidx_peer(x, 10)->npolicies, 0);
	ck_assert_uint_eq(confidx_policy(x, 103)->peer, 11);
	ck_assert_ptr_null(confidx_policy(x, 13));
	ck_assert_ptr_null(confidx_peer(x, 999));
	confidx_free(x);
}
END_TEST

static struct ike_sa *
add_sa(struct engine *e, uint32_t peer, const char *id)
{
	struct ike_sa *sa = sa_new();
	struct blob own = { (const uint8_t *)"me", 2 };
	struct blob other = { (const uint8_t *)id, strlen(id) };

	ck_assert_ptr_nonnull(sa);
	sa->k->spi_own = eng_spi(e);
	sa->k->spi_peer = 4711;
	sa->k->peer = peer;
	sa->k->initiator = true;
	sa->state = SA_ESTABLISHED;
	ck_assert_int_eq(sa_set_ids(sa, &own, &other), 0);
	ck_assert_int_eq(store_add(e, sa), 0);
	store_add_id(e, sa);
	return sa;
}

START_TEST(test_store)
{
	struct engine *e = make_engine(3);
	struct ike_sa *a, *b, *c, *d;
	struct blob id;

	a = add_sa(e, 1, "alice");
	b = add_sa(e, 1, "alice");
	c = add_sa(e, 1, "alice");
	d = add_sa(e, 1, "bob");
	/* The worker's number is in each SPI */
	ck_assert_uint_eq(a->k->spi_own >> 56 & 31, 3);
	ck_assert_ptr_eq(store_get(e, b->k->spi_own), b);
	id = sa_id_peer(d);
	ck_assert_uint_eq(id.len, 3);
	ck_assert_mem_eq(id.p, "bob", 3);
	ck_assert_ptr_eq(store_same_id(e, d), d);
	ck_assert_ptr_eq(store_same_id(e, a), c);
	/* Out of the middle, the end, the head of a chain */
	eng_enter(e);
	sa_destroy(e, b);
	ck_assert_ptr_eq(store_same_id(e, a), c);
	ck_assert_ptr_eq(c->id_next, a);
	sa_destroy(e, c);
	ck_assert_ptr_eq(store_same_id(e, a), a);
	sa_destroy(e, a);
	ck_assert_ptr_null(store_same_id(e, a));
	ck_assert_ptr_eq(store_same_id(e, d), d);
	ck_assert_ptr_eq(store_peer(e, 1)->sas, d);
	eng_leave(e);
	engine_free(e);
}
END_TEST

START_TEST(test_init_table)
{
	struct engine *e = make_engine(0);
	struct ike_sa *a = add_sa(e, 1, "x");
	struct ike_path path = { 0 };
	struct cur n1, n2;
	uint64_t key;

	addr_parse(&path.remote.addr, "192.0.2.1");
	a->k->path = path;
	cur_init(&n1, "0123456789abcdef", 16);
	cur_init(&n2, "0123456789abcdeg", 16);
	key = store_init_key(e, &path, 4711, &n1);
	ck_assert_uint_ne(key, store_init_key(e, &path, 4711, &n2));
	ck_assert_uint_ne(key, store_init_key(e, &path, 4712, &n1));
	ck_assert_int_eq(store_add_init(e, a, key), 0);
	ck_assert_ptr_eq(store_get_init(e, key, 4711, &path), a);
	ck_assert_ptr_null(store_get_init(e, key, 4712, &path));
	path.remote.addr.b[3]++;
	ck_assert_ptr_null(store_get_init(e, key, 4711, &path));
	path.remote.addr.b[3]--;
	store_del_init(e, a);
	ck_assert_ptr_null(store_get_init(e, key, 4711, &path));
	engine_free(e);
}
END_TEST

START_TEST(test_timers)
{
	struct engine *e = make_engine(0);
	struct ike_sa *a = add_sa(e, 1, "x");

	ck_assert(mono_is_never(engine_next(e)));
	sa_due_in(e, a, DUE_DPD, 10);
	sa_due_in(e, a, DUE_STATE, 5);
	ck_assert_int_eq(engine_next(e).us, now.us + 5000000);
	sa_due_never(e, a, DUE_STATE);
	ck_assert_int_eq(engine_next(e).us, now.us + 10000000);
	/* A state that is not to last ends by itself. */
	sa_enter(e, a, SA_REPLACED);
	ck_assert_int_eq(engine_next(e).us, now.us + 10000000);
	now = mono_add(now, MONO_S(REPLACED_S + 1));
	engine_timers(e);
	ck_assert_uint_eq(hash_count(&e->by_spi), 0);
	ck_assert(mono_is_never(engine_next(e)));
	engine_free(e);
}
END_TEST

START_TEST(test_every_state_ends)
{
	enum sa_state st;

	for (st = 0; st < SA_STATES; st++) {
		struct engine *e = make_engine(0);
		struct ike_sa *a;

		if (st == SA_ESTABLISHED) {
			engine_free(e);
			continue;
		}
		a = add_sa(e, 1, "x");
		/* All begin with one that has a limit. */
		a->state = SA_INIT_KE;
		sa_enter(e, a, st >= SA_REKEY_NEW ? st : SA_INIT_KE);
		sa_enter(e, a, st);
		now = mono_add(now, MONO_S(200));
		engine_timers(e);
		ck_assert_msg(hash_count(&e->by_spi) == 0, "%s stays",
		    sa_state_name(st));
		engine_free(e);
	}
}
END_TEST

START_TEST(test_tasks_coalesce)
{
	struct task *list = NULL;
	struct acquire a = { .policy = 5 };
	unsigned i;

	for (i = 0; i < 100; i++) {
		ck_assert(task_list_child(&list, 5, &a));
		ck_assert(task_list_child(&list, 6, NULL));
		ck_assert(task_list_add(&list, TASK_CHILD_DEL, 5));
	}
	ck_assert(list->packet && list->arg == 5);
	ck_assert(!list->next->packet && list->next->arg == 6);
	ck_assert_int_eq(list->next->next->kind, TASK_CHILD_DEL);
	ck_assert_ptr_null(list->next->next->next);
	task_free_all(&list);
	ck_assert_ptr_null(list);
	for (i = 0; i < TASKS_MAX; i++)
		ck_assert(task_list_add(&list, TASK_CHILD_DEL, i));
	ck_assert(!task_list_add(&list, TASK_CHILD_DEL, i));
	task_free_all(&list);
}
END_TEST

START_TEST(test_nonce_order)
{
	struct secret a = { 0 }, b = { 0 };

	secret_set(&a, "abcd", 4);
	secret_set(&b, "abce", 4);
	ck_assert_int_lt(nonce_cmp(&a, &b), 0);
	ck_assert_int_gt(nonce_cmp(&b, &a), 0);
	ck_assert_int_eq(nonce_cmp(&a, &a), 0);
	/* the shorter first when one begins the other */
	secret_set(&b, "abcde", 5);
	ck_assert_int_lt(nonce_cmp(&a, &b), 0);
	secret_free(&a);
	secret_free(&b);
}
END_TEST

START_TEST(test_late_answers)
{
	struct auth_result r = { .reason = "" };
	struct endpoint ep = { 0 };
	struct engine *e = make_engine(0);

	/* Answers to what nobody asked, or nobody waits for any longer */
	engine_auth_done(e, 77, &r);
	engine_child_done(e, 77, true, "");
	engine_stat_done(e, 77, 0);
	engine_expire(e, 77, true);
	engine_mapping(e, 77, &ep);
	engine_child_gone(e, 77);
	engine_resync(e);
	engine_start(e);
	ck_assert_uint_eq(engine_kill(e, NULL, 77), 0);
	ck_assert_uint_eq(dels, 0);
	engine_free(e);
	engine_free(NULL);
}
END_TEST

START_TEST(test_stats)
{
	struct engine *e = make_engine(0);
	struct engine_stats st;
	uint64_t v;
	unsigned i;

	add_sa(e, 1, "x");
	engine_stats(e, &st);
	ck_assert_uint_eq(st.ike_now, 1);
	for (i = 0; engine_stats_field(&st, i, &v) != NULL; i++)
		;
	ck_assert_uint_eq(i, sizeof(st) / sizeof(uint64_t));
	engine_free(e);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ike_core");
	TCase *t = tcase_create("core");
	SRunner *r;
	const char *why;
	int failed;

	if (suite_init(&why) == -1)
		return EXIT_FAILURE;
	log_set_mask(0);
	tcase_add_test(t, test_peer_lookup);
	tcase_add_test(t, test_peer_resolved);
	tcase_add_test(t, test_no_profile);
	tcase_add_test(t, test_policies);
	tcase_add_test(t, test_store);
	tcase_add_test(t, test_init_table);
	tcase_add_test(t, test_timers);
	tcase_add_test(t, test_every_state_ends);
	tcase_add_test(t, test_tasks_coalesce);
	tcase_add_test(t, test_nonce_order);
	tcase_add_test(t, test_late_answers);
	tcase_add_test(t, test_stats);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
