#include "tests/unit/km_fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct fake fake;
struct told told;

void
fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(&told, 0, sizeof(told));
}

static struct fake_policy *
policy_slot(const struct selector *sel)
{
	struct fake_policy *p, *empty = NULL;

	for (p = fake.policy; p < fake.policy + FAKE_MAX; p++) {
		if (p->used && sel_cmp(&p->sel, sel) == 0)
			return p;
		if (!p->used && empty == NULL)
			empty = p;
	}
	return empty;
}

static struct fake_sa *
sa_slot(const struct addr *dst, uint32_t spi)
{
	struct fake_sa *s, *empty = NULL;

	for (s = fake.sa; s < fake.sa + FAKE_MAX; s++) {
		if (s->used && s->spi == spi && addr_equal(&s->dst, dst))
			return s;
		if (!s->used && empty == NULL)
			empty = s;
	}
	return empty;
}

static int
sa_add(const struct bk_sa *sa)
{
	struct fake_sa *s = sa_slot(&sa->dst.addr, sa->spi);

	if (s->used)
		return EEXIST;
	*s = (struct fake_sa){ .src = sa->src.addr, .dst = sa->dst.addr,
		.spi = sa->spi, .reqid = sa->reqid, .used = true,
		.add_time = (uint64_t)time(NULL) - sa->aged_s };
	return 0;
}

static int
sa_move(const struct bk_op *op)
{
	struct fake_sa *s = sa_slot(&op->sa.dst.addr, op->sa.spi);

	if (!s->used)
		return ESRCH;
	s->src = op->src.addr;
	s->dst = op->dst.addr;
	return 0;
}

static int
policy_set(struct bk_op *op)
{
	struct fake_policy *p = policy_slot(&op->sel);

	fake.sets++;
	op->dirs = 0;
	if (p->used && !op->replace)
		return EEXIST;
	op->dirs = BK_ALL_DIRS;
	p->sel = op->sel;
	p->body = op->body;
	p->ours = p->used = true;
	return 0;
}

static int
policy_del(const struct bk_op *op)
{
	struct fake_policy *p = policy_slot(&op->sel);

	fake.dels++;
	if (op->dirs != 0)
		p->used = false;
	return 0;
}

static int
one(struct bk_op *op)
{
	struct fake_sa *s;

	switch (op->kind) {
	case BK_SA_ADD:
		return sa_add(&op->sa);
	case BK_SA_DEL:
		s = sa_slot(&op->sa.dst.addr, op->sa.spi);
		s->used = false;
		return 0;
	case BK_SA_MOVE:
		fake.moves++;
		fake.moved_to = op->dst;
		return sa_move(op);
	case BK_POLICY_SET:
		return policy_set(op);
	case BK_POLICY_DEL:
		return policy_del(op);
	}
	return EINVAL;
}

static void
count_gaps(const struct bk_op *ops, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = i + 1; j < n && ops[i].kind == BK_POLICY_DEL; j++)
			fake.gaps += ops[j].kind == BK_POLICY_SET &&
			    sel_cmp(&ops[i].sel, &ops[j].sel) == 0;
}

/* What is to be told later. */
struct fake_job {
	struct bk_op *ops;
	size_t n;
	bk_done done;
	void *arg;
	struct fake_job *next;
};
static struct fake_job *jobs;

static int
is_policy(const struct bk_op *op)
{
	return op->kind == BK_POLICY_SET || op->kind == BK_POLICY_DEL;
}

static void
say(const struct bk_op *ops, size_t n, bk_done done, void *arg)
{
	char why[BK_WHY_LEN] = "";
	size_t i, bad = 0;

	for (i = n; i > 0; i--) {
		if (ops[i - 1].error == 0)
			continue;
		bad++;
		snprintf(why, sizeof(why), "step %zu: %s", i - 1,
		    strerror(ops[i - 1].error));
	}
	done(arg, bad, why);
}

/* They are borrowed for as long as apply runs. */
static void
see_keys(const struct bk_op *op)
{
	if (op->kind == BK_SA_ADD && op->sa.encr_key != NULL &&
	    op->sa.encr_key->len > 0)
		fake.sa_keys_seen++;
}

/* Policies at once, SAs too unless they are to come later. */
static void
fake_apply(void *ctx, struct bk_op *ops, size_t n, bk_done done, void *arg)
{
	int fail = fake.fail_at;
	struct fake_job *j, **at;
	size_t i;

	(void)ctx;
	fake.applies++;
	fake.fail_at = 0;
	count_gaps(ops, n);
	for (i = 0; i < n; i++) {
		ops[i].error = 0;
		see_keys(&ops[i]);
		if (fail == (int)i + 1)
			ops[i].error = fake.fail_errno;
		else if (!fake.later || is_policy(&ops[i]))
			ops[i].error = one(&ops[i]);
	}
	if (!fake.later) {
		say(ops, n, done, arg);
		return;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL)
		abort();
	*j = (struct fake_job){ ops, n, done, arg, NULL };
	for (at = &jobs; *at != NULL; at = &(*at)->next)
		;
	*at = j;
}

bool
fake_answer(void)
{
	struct fake_job *j = jobs;
	size_t i;

	if (j == NULL)
		return false;
	jobs = j->next;
	for (i = 0; i < j->n; i++) {
		if (is_policy(&j->ops[i]) || j->ops[i].error != 0)
			continue;
		j->ops[i].error = fake.fail_later != 0 ? fake.fail_later :
		    one(&j->ops[i]);
	}
	fake.fail_later = 0;
	say(j->ops, j->n, j->done, j->arg);
	free(j);
	return true;
}

static int
fake_sa_get(void *ctx, const struct addr *dst, uint32_t spi,
    struct bk_sa_state *st)
{
	struct fake_sa *s = sa_slot(dst, spi);

	(void)ctx;
	memset(st, 0, sizeof(*st));
	if (!s->used) {
		errno = ESRCH;
		return -1;
	}
	st->packets = s->packets;
	return secret_set(&st->encr_key, "\001\002\003", 3);
}

static int
fake_sa_dump(void *ctx, void (*fn)(void *, const struct bk_sa_state *),
    void *arg, char *why)
{
	const struct fake_sa *s;
	struct bk_sa_state st;

	(void)ctx;
	(void)why;
	for (s = fake.sa; s < fake.sa + FAKE_MAX; s++) {
		if (!s->used)
			continue;
		st = (struct bk_sa_state){ .src = s->src, .dst = s->dst,
			.spi = s->spi, .reqid = s->reqid, .esp = true,
			.add_time = s->add_time };
		fn(arg, &st);
	}
	return 0;
}

static int
fake_policy_dump(void *ctx, void (*fn)(void *, const struct selector *),
    void *arg, char *why)
{
	const struct fake_policy *p;

	(void)ctx;
	(void)why;
	for (p = fake.policy; p < fake.policy + FAKE_MAX; p++)
		if (p->used && p->ours)
			fn(arg, &p->sel);
	return 0;
}

static void
fake_close(void *ctx)
{
	(void)ctx;
}

static const struct backend_ops fake_ops = {
	.name = "fake", .apply = fake_apply, .sa_get = fake_sa_get,
	.sa_dump = fake_sa_dump,
	.policy_dump = fake_policy_dump, .close = fake_close,
};

static void
tell_acquire(void *arg, unsigned worker, const struct acquire *a)
{
	(void)arg;
	told.acquires++;
	told.worker = worker;
	told.acquire = *a;
}

static void
tell_expire(void *arg, unsigned worker, uint32_t spi, bool hard)
{
	(void)arg;
	told.worker = worker;
	told.spi = spi;
	told.expires++;
	told.hards += hard;
}

static void
tell_mapping(void *arg, unsigned worker, const struct sad_child *c,
    const struct endpoint *remote)
{
	(void)arg;
	told.mappings++;
	told.worker = worker;
	told.spi = c->spi_in;
	told.mapped = *remote;
}

static void
ended(void *arg, bool ok, const char *text)
{
	char *why = arg;

	snprintf(why, GUARD_WHY_LEN, "%s", ok ? "" : text);
}

int
add_child(struct km *km, const struct child_req *r, char *why)
{
	snprintf(why, GUARD_WHY_LEN, "no answer");
	install_add(km, r, ended, why);
	return why[0] == '\0' ? 0 : -1;
}

int
adopt_child(struct km *km, const struct child_req *r, char *why)
{
	snprintf(why, GUARD_WHY_LEN, "no answer");
	install_adopt(km, r, ended, why);
	return why[0] == '\0' ? 0 : -1;
}

void
fake_km(struct km *km, unsigned workers)
{
	static const struct km_out out = { tell_acquire, tell_expire,
		tell_mapping, NULL };
	struct backend bk = { &fake_ops, NULL };
	char why[BK_WHY_LEN];

	if (km_init(km, &bk, &out, workers) == -1 ||
	    reconcile_read(km, why) == -1)
		abort();
}

static void
diag(void *arg, const struct conf_diag *d)
{
	char line[512];

	(void)arg;
	if (d->level == CONF_ERROR)
		fprintf(stderr, "%s\n", conf_diag_fmt(d, line,
		    sizeof(line)));
}

/* As the supervisor has it, with what keymgr is not told. */
static struct conf *last_conf;

/* As the supervisor hands it over: only what keymgr is sent. */
void
fake_conf(struct km *km, const char *script)
{
	struct conf *all = conf_load_mem("test", script, strlen(script),
	    diag, NULL);
	struct conf *part = conf_new();
	struct conf_obj *o;
	const char *why = "";
	struct cur c;
	struct buf b;
	int menu;

	if (all == NULL || part == NULL)
		abort();
	if (km->conf != NULL && last_conf != NULL)
		conf_inherit_ids(all, last_conf);
	conf_free(last_conf);
	last_conf = all;
	buf_init(&b, CONF_OBJECT_MAX);
	for (menu = 0; menu < CONF_MENUS; menu++) {
		CONF_FOREACH(all, menu, o) {
			if (!conf_sends(o, PROC_KEYMGR))
				continue;
			buf_reset(&b);
			conf_pack(&b, o, PROC_KEYMGR);
			cur_init(&c, b.data, b.len);
			if (conf_unpack(part, &c, &why) == -1)
				abort();
		}
	}
	buf_free(&b);
	if (conf_complete(part, &why) == -1 || km_configure(km, part) == -1)
		abort();
}

unsigned
fake_sas(void)
{
	unsigned n = 0;
	int i;

	for (i = 0; i < FAKE_MAX; i++)
		n += fake.sa[i].used;
	return n;
}

unsigned
fake_policies(void)
{
	unsigned n = 0;
	int i;

	for (i = 0; i < FAKE_MAX; i++)
		n += fake.policy[i].used;
	return n;
}

const struct fake_policy *
fake_find(const char *local, const char *remote)
{
	const struct fake_policy *p;
	struct prefix l, r;

	if (prefix_parse(&l, local, true) == -1 ||
	    prefix_parse(&r, remote, true) == -1)
		abort();
	for (p = fake.policy; p < fake.policy + FAKE_MAX; p++)
		if (p->used && prefix_equal(&p->sel.local, &l) &&
		    prefix_equal(&p->sel.remote, &r))
			return p;
	return NULL;
}

struct fake_sa *
fake_sa_find(uint32_t spi)
{
	struct fake_sa *s;

	for (s = fake.sa; s < fake.sa + FAKE_MAX; s++)
		if (s->used && s->spi == spi)
			return s;
	return NULL;
}

uint32_t
id_of(const struct km *km, enum conf_menu menu, const char *name)
{
	const struct conf_obj *o = conf_by_name(km->conf->conf, menu, name);

	if (o == NULL)
		abort();
	return o->id;
}

uint32_t
policy_id(const struct km *km, unsigned index)
{
	if (index >= km->conf->npolicies)
		abort();
	return km->conf->policies[index].id;
}

void
set_ts(struct tsel *t, const char *prefix)
{
	struct prefix p;

	if (prefix_parse(&p, prefix, true) == -1)
		abort();
	tsel_from_prefix(t, &p, 0, 0);
}

void
good_req(struct km *km, struct child_req *r, unsigned policy,
    const char *local, const char *remote)
{
	static const uint8_t key[20] = { 1, 2, 3 };
	static uint32_t spi_out = 0x1000;

	memset(r, 0, sizeof(*r));
	r->peer = id_of(km, CONF_PEER, policy == P_B ||
	    policy == P_TEMPLATE ? "b" : "a");
	r->policy = policy_id(km, policy);
	if (spi_give(&km->spi, 0, &r->spi_in, 1) != 1)
		abort();
	r->spi_out = spi_out++;
	addr_parse(&r->local.addr, "198.51.100.1");
	addr_parse(&r->remote.addr, policy == P_B || policy == P_TEMPLATE ?
	    "203.0.113.5" : "192.0.2.2");
	r->local.port = r->remote.port = 4500;
	r->encr = 20;
	r->encr_bits = 128;
	secret_set(&r->encr_in, key, sizeof(key));
	secret_set(&r->encr_out, key, sizeof(key));
	r->nlocal = r->nremote = 1;
	set_ts(&r->local_ts[0], local);
	set_ts(&r->remote_ts[0], remote);
}
