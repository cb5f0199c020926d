#include "keymgr/ipc_espd.h"

#include "keymgr/espboard.h"
#include "keymgr/way.h"
#include "keymgr/way_xfrm.h"
#include "lib/imsg.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/proto/kmespd.h"
#include "lib/proto/proto.h"

#include <sys/queue.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_WAIT_MS	5000	/* espd answers at once, or is not well */
#define LATER_MAX	4096	/* messages that came during a wait */

/* A message that is to be looked at from the loop. */
struct later {
	STAILQ_ENTRY(later) next;
	uint16_t type;
	size_t len;
	uint8_t data[];
};

struct espd {
	struct way_xfrm *beside;	/* policies of the kernel */
	bool marks;		/* what comes out of the device has one */
	struct way *way;
	struct espboard board;
	struct event_base *base;
	struct bk_events events;
	struct imsgbuf *edge;	/* NULL: espd is not there */
	struct event *ev;
	STAILQ_HEAD(, later) later;
	unsigned nlater;
	bool lost;		/* some found no room */
	bool was_up;
	uint32_t serial;	/* of the batches */
	/* A batch that is being gathered: of which steps it consists. */
	struct buf out;
	uint16_t n;
	struct bk_op *op[KMESPD_STEPS];
};

/* The edge */

static void
down(struct espd *e, const char *why)
{
	log_warn(LOG_T_IPSEC, "espd is gone: %s; no packet passes the tunnels "
	    "until it is back", why);
	if (e->ev != NULL)
		event_free(e->ev);
	e->ev = NULL;
	imsgbuf_free(e->edge);
	e->edge = NULL;
}

static void
keep_later(struct espd *e, const struct imsg *m)
{
	size_t len = cur_left(&m->body);
	struct later *l;

	if (e->nlater == LATER_MAX ||
	    (l = malloc(sizeof(*l) + len)) == NULL) {
		e->lost = true;
		return;
	}
	l->type = m->type;
	l->len = len;
	memcpy(l->data, m->body.p, len);
	STAILQ_INSERT_TAIL(&e->later, l, next);
	e->nlater++;
}

static struct selector
sel_from(const struct kmespd_sel *s)
{
	return (struct selector){ .local = s->local, .remote = s->remote,
		.proto = s->proto, .lport = s->lport, .lmask = s->lmask,
		.rport = s->rport, .rmask = s->rmask };
}

static void
on_acquire(struct espd *e, struct cur *c)
{
	struct selector sel;
	struct kmespd_sel s;
	uint32_t reqid;

	if (cur_u32(c, &reqid) == -1 || kmespd_sel_get(c, &s) == -1 ||
	    cur_end(c) == -1) {
		log_warn(LOG_T_IPSEC, "espd: malformed acquire");
		return;
	}
	sel = sel_from(&s);
	e->events.acquire(e->events.arg, reqid, &sel);
}

static void
on_expire(struct espd *e, struct cur *c)
{
	struct kmespd_expire x;
	const char *why;

	if (kmespd_expire_get(c, &x, &why) == -1) {
		log_warn(LOG_T_IPSEC, "espd: %s", why);
		return;
	}
	if (x.hard)
		espboard_del(&e->board, &x.dst, x.spi);
	e->events.expire(e->events.arg, x.spi, &x.dst, x.hard);
}

static void
on_mapping(struct espd *e, struct cur *c)
{
	struct endpoint remote;
	uint32_t spi;

	if (cur_u32(c, &spi) == -1 || cur_endpoint(c, &remote) == -1 ||
	    cur_end(c) == -1) {
		log_warn(LOG_T_IPSEC, "espd: malformed mapping");
		return;
	}
	e->events.mapping(e->events.arg, spi, &remote);
}

static void
event_message(struct espd *e, uint16_t type, struct cur *c)
{
	switch (type) {
	case KMESPD_ACQUIRE:
		on_acquire(e, c);
		break;
	case KMESPD_EXPIRE:
		on_expire(e, c);
		break;
	case KMESPD_MAPPING:
		on_mapping(e, c);
		break;
	case KMESPD_LOST:
		e->events.lost(e->events.arg);
		break;
	default:
		log_warn(LOG_T_IPSEC, "espd: message of type %u, which it "
		    "has no business to send", type);
	}
}

/* What came during a wait, then what is there now. */
static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct espd *e = arg;
	struct later *l;
	struct imsg m;
	struct cur c;
	int rc = 0, got;

	(void)fd;
	(void)what;
	got = e->edge == NULL ? 0 : imsgbuf_read(e->edge);
	while (e->edge != NULL && (rc = imsgbuf_next(e->edge, &m)) == 1) {
		keep_later(e, &m);
		imsg_done(e->edge, &m);
	}
	if (e->edge != NULL && (got == -1 || rc == -1))
		down(e, rc == -1 ? "broken message" : "closed");
	while ((l = STAILQ_FIRST(&e->later)) != NULL) {
		STAILQ_REMOVE_HEAD(&e->later, next);
		e->nlater--;
		cur_init(&c, l->data, l->len);
		event_message(e, l->type, &c);
		free(l);
	}
	if (e->lost) {
		e->lost = false;
		e->events.lost(e->events.arg);
	}
}

/* 1: *r is the answer, 0: not yet, -1: the edge is broken. */
static int
look_for(struct espd *e, struct kmespd_result *r)
{
	const char *why;
	struct imsg m;
	int rc, found = 0;

	while (found == 0 && (rc = imsgbuf_next(e->edge, &m)) != 0) {
		if (rc == -1)
			return -1;
		if (m.type != KMESPD_RESULT)
			keep_later(e, &m);
		else if (m.id == e->serial)
			found = kmespd_result_get(&m.body, r, &why) == -1 ?
			    -1 : 1;
		imsg_done(e->edge, &m);
	}
	return found;
}

/* Sends a batch and awaits the answer to it.  -1: espd is not there. */
static int
exchange(struct espd *e, struct kmespd_result *r)
{
	struct mono end = mono_add(mono_now(), MONO_MS(ANSWER_WAIT_MS));
	struct pollfd p = { .fd = imsgbuf_fd(e->edge) };
	int more, rc;

	e->serial++;
	if (buf_error(&e->out) == -1 || imsgbuf_send(e->edge, KMESPD_BATCH,
	    e->serial, -1, e->out.data, e->out.len) == -1) {
		down(e, "out of memory");
		return -1;
	}
	while ((more = imsgbuf_flush(e->edge)) != -1 &&
	    (rc = look_for(e, r)) == 0) {
		p.events = (short)(POLLIN | (more ? POLLOUT : 0));
		if (mono_cmp(mono_now(), end) >= 0 ||
		    (poll(&p, 1, ANSWER_WAIT_MS) == -1 && errno != EINTR)) {
			down(e, "it does not answer");
			return -1;
		}
		if ((p.revents & (POLLIN | POLLHUP)) != 0 &&
		    imsgbuf_read(e->edge) == -1) {
			down(e, "closed");
			return -1;
		}
	}
	if (more == -1 || rc == -1) {
		down(e, "broken answer");
		return -1;
	}
	if (e->nlater > 0)
		event_active(e->ev, EV_READ, 0);
	return 0;
}

/* Steps */

static void
begin(struct espd *e)
{
	buf_reset(&e->out);
	buf_u16(&e->out, 0);
	e->n = 0;
}

static bool
is_error(const struct bk_op *op, int error)
{
	if (op->kind == BK_SA_DEL && error == ESRCH)
		return false;
	if (op->kind == BK_POLICY_DEL && error == ENOENT)
		return false;
	return error != 0;
}

static void
fail(struct bk_op *op, int error, const char *text, char *why)
{
	op->error = error;
	if (why[0] == '\0')
		snprintf(why, BK_WHY_LEN, "%s", text);
}

/* An index that lacks an SA would lose it: then it is not there. */
static void
result(struct espd *e, struct bk_op *op, int error, uint32_t slot,
    const char *text, char *why)
{
	if (is_error(op, error))
		fail(op, error, text[0] == '\0' ? strerror(error) : text,
		    why);
	else if (op->kind == BK_SA_ADD && espboard_add(&e->board,
	    &op->sa.dst.addr, op->sa.spi, slot) == -1)
		fail(op, ENOMEM, "out of memory", why);
}

static void
send_steps(struct espd *e, char *why)
{
	struct kmespd_result r = { 0 };
	unsigned i;
	int rc;

	if (e->n == 0)
		return;
	buf_set_u16(&e->out, 0, e->n);
	rc = exchange(e, &r);
	for (i = 0; i < e->n; i++) {
		if (e->op[i] == NULL)
			continue;
		if (rc == -1 || i >= r.n)
			result(e, e->op[i], ENOTCONN, 0,
			    "espd does not run", why);
		else
			result(e, e->op[i], r.step[i].error, r.step[i].slot,
			    r.why, why);
	}
	begin(e);
}

static void
step(struct espd *e, const struct kmespd_step *s, struct bk_op *op,
    char *why)
{
	if (e->n == KMESPD_STEPS)
		send_steps(e, why);
	if (e->edge == NULL) {
		if (op != NULL)
			result(e, op, ENOTCONN, 0, "espd does not run", why);
		return;
	}
	kmespd_step_put(&e->out, s);
	e->op[e->n++] = op;
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
sa_step(struct espd *e, struct bk_op *op, char *why)
{
	const struct bk_sa *sa = &op->sa;
	struct kmespd_step s = { .kind = KMESPD_SA_ADD };

	if (sa->transport && sa->dst.addr.family == AF_INET6 && !e->marks) {
		fail(op, EOPNOTSUPP, "transport mode over IPv6: this system "
		    "cannot mark packets, which data-plane=userspace needs "
		    "for it", why);
		return;
	}
	s.sa = (struct kmespd_sa){ .src = sa->src, .dst = sa->dst,
		.spi = sa->spi, .reqid = sa->reqid, .inbound = sa->inbound,
		.transport = sa->transport, .encap = sa->encap,
		.esn = sa->esn, .window = sa->window,
		.added = moment(sa->aged_s, -1),
		.hard_at = sa->hard_s == 0 ? INT64_MAX :
		    moment(sa->hard_s, 1),
		.encr = sa->encr->v2, .encr_bits = sa->encr->bits,
		.integ = sa->integ == NULL ? 0 : sa->integ->v2,
		.encr_key = *sa->encr_key };
	if (sa->integ != NULL && sa->integ_key != NULL)
		s.sa.integ_key = *sa->integ_key;
	step(e, &s, op, why);
}

/* Without espd it is forgotten here, and the next one is told. */
static void
sa_del_step(struct espd *e, struct bk_op *op, char *why)
{
	struct kmespd_step s = { .kind = KMESPD_SA_DEL };

	espboard_del(&e->board, &op->sa.dst.addr, op->sa.spi);
	if (e->edge == NULL)
		return;
	s.sa.dst.addr = op->sa.dst.addr;
	s.sa.spi = op->sa.spi;
	step(e, &s, op, why);
}

_Static_assert((int)KMESPD_ENCRYPT == (int)BK_ENCRYPT &&
    (int)KMESPD_BLOCK == (int)BK_BLOCK && (int)KMESPD_PASS == (int)BK_PASS,
    "actions are the same numbers");

static void
policy_step(struct espd *e, const struct selector *sel,
    const struct bk_body *b, struct bk_op *op, char *why)
{
	struct kmespd_step s = { .kind = b == NULL ? KMESPD_POLICY_DEL :
		KMESPD_POLICY_SET };

	if (e->edge == NULL)
		return;
	s.policy.sel = (struct kmespd_sel){ .local = sel->local,
		.remote = sel->remote, .proto = sel->proto,
		.lport = sel->lport, .lmask = sel->lmask,
		.rport = sel->rport, .rmask = sel->rmask };
	if (b != NULL) {
		s.policy.prio = b->prio;
		s.policy.reqid = b->reqid;
		s.policy.action = (uint8_t)b->action;
		s.policy.out = (uint8_t)b->out;
		s.policy.transport = b->transport;
		s.policy.optional = b->optional;
	}
	step(e, &s, op, why);
}

/* The way is made when espd knows the policy, and goes before it does. */
static void
one(struct espd *e, struct bk_op *op, char *why)
{
	int error;

	if (op->error != 0)
		return;
	switch (op->kind) {
	case BK_SA_ADD:
		sa_step(e, op, why);
		break;
	case BK_SA_DEL:
		sa_del_step(e, op, why);
		break;
	case BK_POLICY_SET:
		policy_step(e, op->sel, &op->body, op, why);
		error = way_set(e->way, op->sel, &op->body);
		if (error != 0)
			fail(op, error, "a route into the tunnel", why);
		break;
	case BK_POLICY_DEL:
		if (op->dirs != BK_ALL_DIRS)
			break;
		way_del(e->way, op->sel);
		policy_step(e, op->sel, NULL, op, why);
		break;
	}
}

static size_t
espd_apply(void *arg, struct bk_op *ops, size_t n, char *why)
{
	struct espd *e = arg;
	size_t i, bad = 0;

	why[0] = '\0';
	for (i = 0; i < n; i++)
		ops[i].error = 0;
	(void)way_xfrm_apply(e->beside, ops, n, why);
	begin(e);
	for (i = 0; i < n; i++)
		one(e, &ops[i], why);
	send_steps(e, why);
	for (i = 0; i < n; i++)
		bad += ops[i].error != 0;
	return bad;
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
espd_sa_move(void *arg, const struct bk_sa *old, const struct endpoint *src,
    const struct endpoint *dst, char *why)
{
	struct kmespd_step s = { .kind = KMESPD_SA_MOVE, .src = *src,
		.dst = *dst };
	struct kmespd_result r = { 0 };
	struct espd *e = arg;

	if (e->edge == NULL) {
		snprintf(why, BK_WHY_LEN, "moving an SA: espd does not run");
		return -1;
	}
	s.sa.dst = old->dst;
	s.sa.spi = old->spi;
	s.sa.encap = old->encap;
	begin(e);
	buf_set_u16(&e->out, 0, 1);
	kmespd_step_put(&e->out, &s);
	if (exchange(e, &r) == -1 || r.n != 1 || r.step[0].error != 0) {
		snprintf(why, BK_WHY_LEN, "moving an SA: %s",
		    r.why[0] == '\0' ? "espd does not run" : r.why);
		return -1;
	}
	espboard_del(&e->board, &old->dst.addr, old->spi);
	if (espboard_add(&e->board, &dst->addr, old->spi,
	    r.step[0].slot) == 0)
		return 0;
	snprintf(why, BK_WHY_LEN, "moving an SA: out of memory");
	return -1;
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

static int
espd_listen(void *arg, struct event_base *base,
    const struct bk_events *events)
{
	struct espd *e = arg;

	e->base = base;
	e->events = *events;
	return 0;
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
espd_close(void *arg)
{
	struct espd *e = arg;
	struct later *l;

	if (e == NULL)
		return;
	while ((l = STAILQ_FIRST(&e->later)) != NULL) {
		STAILQ_REMOVE_HEAD(&e->later, next);
		free(l);
	}
	if (e->ev != NULL)
		event_free(e->ev);
	imsgbuf_free(e->edge);
	buf_free(&e->out);
	way_close(e->way);
	espboard_free(&e->board);
	way_xfrm_close(e->beside);
	free(e);
}

static const struct backend_ops espd_ops = {
	.name = "userspace",
	.apply = espd_apply,
	.sa_get = espd_sa_get,
	.sa_move = espd_sa_move,
	.sa_dump = espd_sa_dump,
	.policy_dump = espd_policy_dump,
	.stats = espd_stats,
	.listen = espd_listen,
	.settled = espd_settled,
	.no_esp = espd_no_esp,
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
	STAILQ_INIT(&e->later);
	espboard_init(&e->board);
	buf_init(&e->out, KMESPD_BATCH_MAX);
	e->marks = marks;
	if ((e->beside = way_xfrm_open(marks, why)) == NULL ||
	    (e->way = way_open(why)) == NULL) {
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

/* Policies as they stand, to an espd that may know none or other ones. */
static void
tell_policy(void *arg, const struct selector *sel, const struct bk_body *b)
{
	char why[BK_WHY_LEN] = "";

	policy_step(arg, sel, b, NULL, why);
}

/* SAs that were deleted while nobody could be told. */
static void
forget_sa(void *arg, const struct bk_sa_state *st)
{
	struct kmespd_step s = { .kind = KMESPD_SA_DEL };
	char why[BK_WHY_LEN] = "";
	struct espd *e = arg;

	if (espboard_has(&e->board, &st->dst, st->spi))
		return;
	s.sa.dst.addr = st->dst;
	s.sa.spi = st->spi;
	step(e, &s, NULL, why);
}

void
backend_espd_up(struct backend *bk, int fd)
{
	struct espd *e = bk->ctx;
	struct kmespd_result r = { 0 };
	char why[BK_WHY_LEN] = "";

	if (e->edge != NULL)
		down(e, "replaced");
	e->edge = imsgbuf_new(fd, EDGE_QUEUE_MAX);
	if (e->edge == NULL || (e->ev = event_new(e->base, fd,
	    EV_READ | EV_PERSIST, on_readable, e)) == NULL ||
	    event_add(e->ev, NULL) == -1) {
		down(e, "out of memory");
		return;
	}
	/* Its answer to the first, empty one says that it has the SAs. */
	begin(e);
	if (exchange(e, &r) == -1)
		return;
	way_each(e->way, tell_policy, e);
	espboard_each(&e->board, forget_sa, e);
	send_steps(e, why);
	if (e->was_up)
		e->events.lost(e->events.arg);
	e->was_up = true;
}
