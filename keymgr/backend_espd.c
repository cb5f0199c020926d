#include "keymgr/backend_espd.h"

#include "keymgr/espboard.h"
#include "keymgr/ipc_espd.h"
#include "keymgr/way.h"
#include "keymgr/way_xfrm.h"
#include "lib/esptun.h"
#include "lib/log.h"
#include "lib/mono.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESTORES_A_SECOND	4

struct espd {
	struct way_xfrm *beside;	/* policies of the kernel */
	bool marks;		/* what comes out of the device has one */
	struct way *way;
	struct espboard board;
	struct ipc_espd *ipc;
	struct event *tick;
	struct event *watch;	/* of what others do */
	bool robbed;		/* too often this second */
	unsigned restored;	/* this second */
	struct bk_events events;
	uint32_t token;		/* of SAs that are to be added */
	bool closing;
};

/* Steps that were asked for together. */
struct job {
	struct bk_op *ops;
	size_t n;
	size_t left;		/* steps without an answer, and the asker */
	bk_done done;
	void *arg;
	char why[BK_WHY_LEN];
};

static void
fail(struct bk_op *op, int error, const char *text, char *why)
{
	op->error = error;
	if (why[0] == '\0')
		snprintf(why, BK_WHY_LEN, "%s", text);
}

static void
job_less(struct job *j)
{
	size_t i, bad = 0;

	if (--j->left > 0)
		return;
	for (i = 0; i < j->n; i++)
		bad += j->ops[i].error != 0;
	j->done(j->arg, bad, j->why);
	free(j);
}

/* Answers */

static bool
is_error(const struct bk_op *op, int error)
{
	if (op->kind == BK_SA_DEL && error == ESRCH)
		return false;
	if (op->kind == BK_POLICY_DEL && error == ENOENT)
		return false;
	return error != 0;
}

/* An SA is where it was expected, or is expected no more.  One that the
 * index cannot hold would be lost: then it is not there. */
static int
sa_answered(struct espd *e, const struct bk_op *op, uint32_t token,
    int error, uint32_t slot)
{
	const struct addr *dst = op->kind == BK_SA_MOVE ? &op->dst.addr :
	    &op->sa.dst.addr;

	if (espboard_expected(&e->board, dst, op->sa.spi) != token)
		return error;
	if (error == 0)
		return espboard_add(&e->board, dst, op->sa.spi, slot) == -1 ?
		    EBADMSG : 0;
	espboard_del(&e->board, dst, op->sa.spi);
	return error;
}

static void
on_answer(void *arg, const struct step_tag *tag, int error, uint32_t slot,
    const char *why)
{
	struct espd *e = arg;
	struct job *j = tag->job;
	struct bk_op *op = tag->op;

	if (j == NULL)
		return;
	if (op->kind == BK_SA_ADD || op->kind == BK_SA_MOVE)
		error = sa_answered(e, op, tag->token, error, slot);
	if (is_error(op, error))
		fail(op, error, why[0] == '\0' ? strerror(error) : why,
		    j->why);
	job_less(j);
}

/* Steps */

static void
step(struct espd *e, const struct kmespd_step *s, struct job *j,
    struct bk_op *op, uint32_t token)
{
	struct step_tag tag = { j, op, token };

	if (ipc_espd_step(e->ipc, s, &tag) == 0)
		j->left++;
	else
		fail(op, EAGAIN, "too many SAs wait for espd", j->why);
}

static uint32_t
token(struct espd *e)
{
	if (++e->token == 0)
		e->token = 1;
	return e->token;
}

static int64_t
moment(uint32_t seconds, int sign)
{
	return mono_now().us + sign * (int64_t)seconds * 1000000;
}

/*
 * The keys are borrowed.  What the kernel delivers to an IPv6 address of its
 * own it measures by the policies in spite of the device's setting, unless
 * it bears a mark.
 */
static void
sa_step(struct espd *e, struct job *j, struct bk_op *op)
{
	const struct bk_sa *sa = &op->sa;
	struct kmespd_step s = { .kind = KMESPD_SA_ADD };

	if (sa->transport && sa->dst.addr.family == AF_INET6 &&
	    !e->marks && way_xfrm_there(e->beside)) {
		fail(op, EOPNOTSUPP, "transport mode over IPv6: this system "
		    "cannot mark packets, which data-plane=userspace needs "
		    "for it", j->why);
		return;
	}
	if (espboard_expect(&e->board, &sa->dst.addr, sa->spi,
	    token(e)) == -1) {
		fail(op, errno, strerror(errno), j->why);
		return;
	}
	s.sa = (struct kmespd_sa){ .src = sa->src, .dst = sa->dst,
		.spi = sa->spi, .reqid = sa->reqid, .pair = sa->pair,
		.inbound = sa->inbound,
		.transport = sa->transport, .encap = sa->encap,
		.esn = sa->esn, .l2tp = sa->l2tp,
		.df = (enum kmespd_df)sa->df, .window = sa->window,
		.added = moment(sa->aged_s, -1),
		.hard_at = sa->hard_s == 0 ? INT64_MAX :
		    moment(sa->hard_s, 1),
		.limits = { .soft_bytes = sa->limits.soft_bytes,
		    .hard_bytes = sa->limits.hard_bytes,
		    .soft_packets = sa->limits.soft_packets,
		    .hard_packets = sa->limits.hard_packets },
		.encr = sa->encr->v2, .encr_bits = suite_attr(sa->encr),
		.integ = sa->integ == NULL ? 0 : sa->integ->v2,
		.encr_key = *sa->encr_key };
	if (!sa->inbound)
		s.sa.mtu = way_path_mtu(e->way, &sa->src.addr,
		    &sa->dst.addr);
	if (sa->integ != NULL && sa->integ_key != NULL)
		s.sa.integ_key = *sa->integ_key;
	step(e, &s, j, op, e->token);
	if (op->error != 0)
		espboard_del(&e->board, &sa->dst.addr, sa->spi);
}

/* Without espd it is forgotten here, and the next one is told. */
static void
sa_del_step(struct espd *e, struct job *j, struct bk_op *op)
{
	struct kmespd_step s = { .kind = KMESPD_SA_DEL };

	espboard_del(&e->board, &op->sa.dst.addr, op->sa.spi);
	if (!ipc_espd_there(e->ipc))
		return;
	s.sa.dst.addr = op->sa.dst.addr;
	s.sa.spi = op->sa.spi;
	step(e, &s, j, op, 0);
}

static void
sa_move_step(struct espd *e, struct job *j, struct bk_op *op)
{
	struct kmespd_step s = { .kind = KMESPD_SA_MOVE, .src = op->src,
		.dst = op->dst };

	if (espboard_move(&e->board, &op->sa.dst.addr, &op->dst.addr,
	    op->sa.spi, token(e)) == -1) {
		fail(op, errno, strerror(errno), j->why);
		return;
	}
	s.sa.dst = op->sa.dst;
	s.sa.spi = op->sa.spi;
	s.sa.encap = op->sa.encap;
	step(e, &s, j, op, e->token);
	if (op->error != 0)
		espboard_del(&e->board, &op->dst.addr, op->sa.spi);
}

_Static_assert((int)KMESPD_DF_SET == (int)BK_DF_SET &&
    (int)KMESPD_DF_INHERIT == (int)BK_DF_INHERIT, "the same numbers");

static struct kmespd_step
policy_of(const struct selector *sel, const struct bk_body *b)
{
	struct kmespd_step s = { .kind = b == NULL ? KMESPD_POLICY_DEL :
		KMESPD_POLICY_SET };

	s.policy.sel = (struct kmespd_sel){ .local = sel->local,
		.remote = sel->remote, .proto = sel->proto,
		.lport = sel->lport, .lmask = sel->lmask,
		.rport = sel->rport, .rmask = sel->rmask };
	if (b == NULL)
		return s;
	s.policy.prio = b->prio;
	s.policy.reqid = b->reqid;
	s.policy.action = (uint8_t)b->action;
	s.policy.out = (uint8_t)b->out;
	s.policy.transport = b->transport;
	s.policy.optional = b->optional;
	return s;
}

static void
policy_step(struct espd *e, struct job *j, struct bk_op *op,
    const struct bk_body *b)
{
	struct kmespd_step s = policy_of(&op->sel, b);

	if (ipc_espd_there(e->ipc))
		step(e, &s, j, op, 0);
}

/* Without anybody who waits for an answer. */
static void
tell_policy(void *arg, const struct selector *sel, const struct bk_body *b)
{
	static const struct step_tag nobody;
	struct kmespd_step s = policy_of(sel, b);
	struct espd *e = arg;

	(void)ipc_espd_step(e->ipc, &s, &nobody);
}

/*
 * What the way takes in beyond the policies goes out again in clear, as it
 * would without them; after every policy, that is.
 */
static void
tell_wide(void *arg, const struct selector *wide)
{
	static const struct bk_body pass = { .prio = UINT32_MAX,
		.action = BK_PASS, .out = BK_PASS };

	tell_policy(arg, wide, &pass);
}

static void
policy_set(struct espd *e, struct job *j, struct bk_op *op)
{
	struct selector wide;
	int error;

	policy_step(e, j, op, &op->body);
	error = way_set(e->way, &op->sel, &op->body);
	if (error != 0)
		fail(op, error, "a route into the tunnel", j->why);
	if (ipc_espd_there(e->ipc) && way_wide(&op->sel, &wide) &&
	    way_is_wide(e->way, &wide))
		tell_wide(e, &wide);
}

/* The way goes before espd forgets the policy. */
static void
policy_del(struct espd *e, struct job *j, struct bk_op *op)
{
	struct selector wide;

	way_del(e->way, &op->sel);
	policy_step(e, j, op, NULL);
	if (!ipc_espd_there(e->ipc))
		return;
	if (way_is_wide(e->way, &op->sel))
		tell_wide(e, &op->sel);
	if (way_wide(&op->sel, &wide) && !way_is_wide(e->way, &wide) &&
	    !way_has(e->way, &wide))
		tell_policy(e, &wide, NULL);
}

static void
one(struct espd *e, struct job *j, struct bk_op *op)
{
	if (op->error != 0)
		return;
	switch (op->kind) {
	case BK_SA_ADD:
		sa_step(e, j, op);
		break;
	case BK_SA_DEL:
		sa_del_step(e, j, op);
		break;
	case BK_SA_MOVE:
		sa_move_step(e, j, op);
		break;
	case BK_POLICY_SET:
		policy_set(e, j, op);
		break;
	case BK_POLICY_DEL:
		if (op->dirs == BK_ALL_DIRS)
			policy_del(e, j, op);
		break;
	}
}

/* Which of the routes is not there the kernel does not tell one by one. */
static void
way_done(struct espd *e, struct job *j)
{
	int error = way_sync(e->way);
	size_t i;

	for (i = 0; error != 0 && i < j->n; i++)
		if (j->ops[i].kind == BK_POLICY_SET && j->ops[i].error == 0)
			fail(&j->ops[i], error, "a route into the tunnel",
			    j->why);
}

static void
espd_apply(void *arg, struct bk_op *ops, size_t n, bk_done done,
    void *done_arg)
{
	struct espd *e = arg;
	struct job *j = e->closing ? NULL : calloc(1, sizeof(*j));
	size_t i;

	if (j == NULL) {
		for (i = 0; i < n; i++)
			ops[i].error = ENOMEM;
		done(done_arg, n, "out of memory");
		return;
	}
	*j = (struct job){ .ops = ops, .n = n, .left = 1, .done = done,
		.arg = done_arg };
	for (i = 0; i < n; i++)
		ops[i].error = 0;
	(void)way_xfrm_apply(e->beside, ops, n, j->why);
	for (i = 0; i < n; i++)
		one(e, j, &ops[i]);
	way_done(e, j);
	ipc_espd_go(e->ipc);
	job_less(j);
}

static int
espd_sa_get(void *arg, const struct addr *dst, uint32_t spi,
    struct bk_sa_state *s)
{
	struct espd *e = arg;

	memset(s, 0, sizeof(*s));
	return espboard_get(&e->board, dst, spi, s);
}

static int
espd_sa_dump(void *arg, void (*fn)(void *, const struct bk_sa_state *),
    void *fnarg, char *why)
{
	struct espd *e = arg;

	(void)why;
	espboard_each(&e->board, fn, fnarg);
	return 0;
}

static int
espd_policy_dump(void *arg, void (*fn)(void *, const struct selector *),
    void *fnarg, char *why)
{
	struct espd *e = arg;

	return way_xfrm_dump(e->beside, fn, fnarg, why);
}

static int
espd_stats(void *arg, void (*fn)(void *, const char *, uint64_t), void *fnarg)
{
	struct espd *e = arg;

	espboard_stats(&e->board, fn, fnarg);
	return 0;
}

/* Its coming and going */

/* The token of an SA that is there is not expected, so it is not wanted:
 * only one that still waits is. */
static bool
wanted(void *arg, const struct step_tag *tag)
{
	const struct espd *e = arg;
	const struct bk_op *op = tag->op;

	return espboard_expected(&e->board, op->kind == BK_SA_MOVE ?
	    &op->dst.addr : &op->sa.dst.addr, op->sa.spi) == tag->token;
}

/* SAs that were deleted while nobody could be told. */
static void
forget_sa(void *arg, const struct bk_sa_state *st)
{
	static const struct step_tag nobody;
	struct kmespd_step s = { .kind = KMESPD_SA_DEL };
	struct espd *e = arg;

	if (espboard_has(&e->board, &st->dst, st->spi))
		return;
	s.sa.dst.addr = st->dst;
	s.sa.spi = st->spi;
	(void)ipc_espd_step(e->ipc, &s, &nobody);
}

/* espd knows which of them are outbound. */
static void
tell_sa_mtu(void *arg, const struct bk_sa_state *st)
{
	static const struct step_tag nobody;
	struct kmespd_step s = { .kind = KMESPD_SA_MTU };
	struct espd *e = arg;

	s.sa.dst.addr = st->dst;
	s.sa.spi = st->spi;
	s.sa.mtu = way_path_mtu(e->way, &st->src, &st->dst);
	if (s.sa.mtu != 0)
		(void)ipc_espd_step(e->ipc, &s, &nobody);
}

static void
on_up(void *arg)
{
	static const struct kmespd_step begin = { .kind = KMESPD_BEGIN };
	static const struct step_tag nobody;
	struct espd *e = arg;

	way_each(e->way, tell_policy, e);
	way_each_wide(e->way, tell_wide, e);
	espboard_each(&e->board, forget_sa, e);
	(void)ipc_espd_step(e->ipc, &begin, &nobody);
}

static void
on_mtu(void *arg, uint32_t mtu)
{
	struct espd *e = arg;
	int error = way_mtu(e->way, mtu);

	if (error != 0)
		log_warn(LOG_T_IPSEC, "MTU %u of device " ESPTUN_NAME ": %s",
		    mtu, strerror(error));
	else
		log_debug(LOG_T_IPSEC, "device " ESPTUN_NAME " has MTU %u",
		    mtu);
}

/* At once, for until then packets leave in clear; but no more often than
 * that somebody could keep us at it. */
static void
restore(struct espd *e)
{
	if ((e->robbed = e->restored++ >= RESTORES_A_SECOND))
		return;
	way_restore(e->way);
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct espd *e = arg;
	unsigned news = way_news(e->way);

	(void)fd;
	(void)what;
	if (news & WAY_ROBBED)
		log_warn(LOG_T_IPSEC, "somebody removed routing rules of "
		    "ours, or set device " ESPTUN_NAME " down and up; they "
		    "are made anew");
	if (news & (WAY_ROBBED | WAY_ADDRESS))
		restore(e);
	if (news & WAY_MTU && ipc_espd_there(e->ipc)) {
		espboard_each(&e->board, tell_sa_mtu, e);
		ipc_espd_go(e->ipc);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct espd *e = arg;

	(void)fd;
	(void)what;
	ipc_espd_tick(e->ipc);
	e->restored = 0;
	if (e->robbed)
		restore(e);
}

static int
espd_listen(void *arg, struct event_base *base,
    const struct bk_events *events)
{
	static const struct timeval second = { 1, 0 };
	struct espd *e = arg;
	struct ipc_espd_user user = { .answer = on_answer, .wanted = wanted,
		.up = on_up, .mtu = on_mtu, .events = &e->events, .arg = e };

	e->events = *events;
	e->ipc = ipc_espd_new(base, &user);
	e->tick = event_new(base, -1, EV_PERSIST, on_tick, e);
	if (e->ipc == NULL || e->tick == NULL ||
	    event_add(e->tick, &second) == -1)
		return -1;
	if (way_watch_fd(e->way) == -1)
		return 0;
	e->watch = event_new(base, way_watch_fd(e->way),
	    EV_READ | EV_PERSIST, on_watch, e);
	return e->watch == NULL || event_add(e->watch, NULL) == -1 ? -1 : 0;
}

static const char *
espd_no_esp(void *arg)
{
	(void)arg;
	return NULL;
}

static void
espd_settled(void *arg)
{
	struct espd *e = arg;

	way_settled(e->way);
}

static void
espd_drain(void *arg)
{
	struct espd *e = arg;

	ipc_espd_drain(e->ipc);
}

static void
espd_close(void *arg)
{
	struct espd *e = arg;

	if (e == NULL)
		return;
	e->closing = true;
	if (e->tick != NULL)
		event_free(e->tick);
	if (e->watch != NULL)
		event_free(e->watch);
	ipc_espd_free(e->ipc);
	way_close(e->way);
	espboard_free(&e->board);
	way_xfrm_close(e->beside);
	free(e);
}

static const struct backend_ops espd_ops = {
	.name = "userspace",
	.apply = espd_apply,
	.sa_get = espd_sa_get,
	.sa_dump = espd_sa_dump,
	.policy_dump = espd_policy_dump,
	.stats = espd_stats,
	.listen = espd_listen,
	.settled = espd_settled,
	.no_esp = espd_no_esp,
	.drain = espd_drain,
	.close = espd_close,
};

int
backend_espd_open(struct backend *bk, bool marks, char *why)
{
	struct espd *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		snprintf(why, BK_WHY_LEN, "out of memory");
		return -1;
	}
	espboard_init(&e->board);
	e->marks = marks;
	if ((e->beside = way_xfrm_open(marks, why)) == NULL ||
	    (e->way = way_open(!way_xfrm_there(e->beside),
	    why)) == NULL) {
		espd_close(e);
		return -1;
	}
	bk->ops = &espd_ops;
	bk->ctx = e;
	return 0;
}

int
backend_espd_board(struct backend *bk, int fd)
{
	struct espd *e = bk->ctx;

	return espboard_map(&e->board, fd);
}

void
backend_espd_up(struct backend *bk, int fd)
{
	struct espd *e = bk->ctx;

	ipc_espd_up(e->ipc, fd);
}
