#include "keymgr/ipc_espd.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/proto.h"
#include "lib/secret.h"

#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX	32768	/* SAs that are to be added or moved */
#define MESSAGES_MAX	64	/* that are not answered */
#define STUCK_S		5	/* without an answer */
#define GIVE_UP_S	10	/* without espd: SAs wait no longer */
/* Packets that wait and mappings: told to no more workers than this. */
#define NEWS_A_SECOND	2000
#define MTUS_A_SECOND	5
#define MTU_MIN		1280	/* of IPv6 */

/* A step on its way; wiped when it is answered, for it may have keys. */
struct todo {
	STAILQ_ENTRY(todo) next;
	struct step_tag tag;
	bool kept;		/* the next espd is told, too */
	bool old;		/* one that is gone was told */
	uint32_t message;	/* it went in; 0: in none yet */
	size_t len;
	uint8_t data[];
};
STAILQ_HEAD(todos, todo);

struct ipc_espd {
	struct event_base *base;
	struct ipc_espd_user user;
	struct edge *edge;	/* NULL: espd is not there */
	struct todos todos;	/* those that were told come first */
	struct todo *untold;	/* the first that was not; NULL: none */
	unsigned waiting;	/* that are kept */
	unsigned messages;	/* without an answer */
	uint32_t serial;
	uint32_t ping;		/* an empty message without an answer; 0 */
	unsigned quiet;		/* seconds without an answer to anything */
	unsigned away;		/* seconds without espd */
	unsigned news, mtus;	/* this second */
	uint32_t mtu;		/* of the device, to be set; 0 */
	bool fresh;		/* has not answered yet */
	bool again;		/* it is not the first one */
	bool lost;		/* events were */
};

static const char gone[] = "espd does not run";

/* Steps */

static void
todo_free(struct todo *t)
{
	secret_wipe(t, sizeof(*t) + t->len);
	free(t);
}

int
ipc_espd_step(struct ipc_espd *e, const struct kmespd_step *s,
    const struct step_tag *tag)
{
	bool kept = s->kind == KMESPD_SA_ADD || s->kind == KMESPD_SA_MOVE;
	struct todo *t = NULL;
	struct buf b;

	if (kept && e->waiting == WAITING_MAX)
		return -1;
	buf_init(&b, KMESPD_STEP_MAX);
	kmespd_step_put(&b, s);
	if (buf_error(&b) == 0 && (t = malloc(sizeof(*t) + b.len)) != NULL) {
		*t = (struct todo){ .tag = *tag, .kept = kept, .len = b.len };
		memcpy(t->data, b.data, b.len);
		STAILQ_INSERT_TAIL(&e->todos, t, next);
		e->waiting += kept;
		if (e->untold == NULL)
			e->untold = t;
	}
	buf_free(&b);
	return t == NULL ? -1 : 0;
}

/* The next message, with what fits; false: it cannot be sent now. */
static bool
tell(struct ipc_espd *e)
{
	struct todo *t, *end;
	uint16_t n = 0;
	struct buf b;
	bool sent;

	buf_init(&b, KMESPD_BATCH_MAX);
	buf_u16(&b, 0);
	for (t = e->untold; t != NULL && n < KMESPD_STEPS;
	    t = STAILQ_NEXT(t, next)) {
		buf_put(&b, t->data, t->len);
		n++;
	}
	end = t;
	if (buf_error(&b) == 0)
		buf_set_u16(&b, 0, n);
	if (++e->serial == 0)
		e->serial = 1;
	sent = edge_send(e->edge, KMESPD_BATCH, e->serial, -1, &b) == 0;
	buf_free(&b);
	if (!sent)
		return false;
	for (t = e->untold; t != end; t = STAILQ_NEXT(t, next))
		t->message = e->serial;
	e->untold = end;
	if (n == 0)
		e->ping = e->serial;
	else
		e->messages++;
	return true;
}

void
ipc_espd_go(struct ipc_espd *e)
{
	while (e->edge != NULL && e->untold != NULL &&
	    e->messages < MESSAGES_MAX && tell(e))
		;
}

static void
take_out(struct ipc_espd *e, struct todo *t)
{
	STAILQ_REMOVE_HEAD(&e->todos, next);
	e->waiting -= t->kept;
	if (e->untold == t)
		e->untold = STAILQ_NEXT(t, next);
}

static void
answer(struct ipc_espd *e, struct todo *t, int error, uint32_t slot,
    const char *why)
{
	struct step_tag tag = t->tag;

	todo_free(t);
	e->user.answer(e->user.arg, &tag, error, slot, why);
}

/* Answers */

static unsigned
count_steps(const struct ipc_espd *e, uint32_t message)
{
	const struct todo *t;
	unsigned n = 0;

	STAILQ_FOREACH(t, &e->todos, next) {
		if (t->message != message)
			break;
		n++;
	}
	return n;
}

static int
on_result(void *arg, struct imsg *m, const char **why)
{
	struct ipc_espd *e = arg;
	char text[KMESPD_WHY_LEN * 2];
	struct kmespd_result r;
	struct todo *t;
	unsigned i;

	if (kmespd_result_get(&m->body, &r, why) == -1)
		return -1;
	*why = "answers what nobody asked";
	if (m->id == 0 || (m->id == e->ping ? 0 :
	    count_steps(e, m->id)) != r.n || (r.n == 0 && m->id != e->ping))
		return -1;
	e->quiet = 0;
	e->lost |= e->fresh && e->again;
	e->again = true;
	e->fresh = false;
	if (r.n == 0)
		e->ping = 0;
	else
		e->messages--;
	(void)log_escape(text, sizeof(text), r.why, strlen(r.why));
	for (i = 0; i < r.n; i++) {
		t = STAILQ_FIRST(&e->todos);
		take_out(e, t);
		answer(e, t, r.step[i].error, r.step[i].slot, text);
	}
	ipc_espd_go(e);
	return 0;
}

/* Events.  What is too much is as good as lost: packets come again. */

static bool
may_tell(struct ipc_espd *e)
{
	if (e->news >= NEWS_A_SECOND)
		return false;
	e->news++;
	return true;
}

static int
on_acquire(void *arg, struct imsg *m, const char **why)
{
	struct ipc_espd *e = arg;
	struct kmespd_sel s;
	struct selector sel;
	uint32_t reqid;

	(void)why;
	if (cur_u32(&m->body, &reqid) == -1 ||
	    kmespd_sel_get(&m->body, &s) == -1)
		return -1;
	sel = (struct selector){ .local = s.local, .remote = s.remote,
		.proto = s.proto, .lport = s.lport, .lmask = s.lmask,
		.rport = s.rport, .rmask = s.rmask };
	if (may_tell(e))
		e->user.events->acquire(e->user.events->arg, reqid, &sel);
	return 0;
}

static int
on_expire(void *arg, struct imsg *m, const char **why)
{
	struct ipc_espd *e = arg;
	struct kmespd_expire x;

	if (kmespd_expire_get(&m->body, &x, why) == -1)
		return -1;
	e->user.events->expire(e->user.events->arg, x.spi, &x.dst, x.hard);
	return 0;
}

static int
on_mapping(void *arg, struct imsg *m, const char **why)
{
	struct ipc_espd *e = arg;
	struct endpoint remote;
	uint32_t spi;

	(void)why;
	if (cur_u32(&m->body, &spi) == -1 ||
	    cur_endpoint(&m->body, &remote) == -1)
		return -1;
	if (may_tell(e))
		e->user.events->mapping(e->user.events->arg, spi, &remote);
	return 0;
}

/* The last one counts. */
static void
set_mtu(struct ipc_espd *e)
{
	uint32_t mtu = e->mtu;

	e->mtu = 0;
	if (mtu != 0)
		e->user.mtu(e->user.arg, mtu);
}

/* Less would take IPv6 from the device. */
static int
on_mtu(void *arg, struct imsg *m, const char **why)
{
	struct ipc_espd *e = arg;
	uint32_t mtu;

	if (cur_u32(&m->body, &mtu) == -1)
		return -1;
	*why = "MTU out of range";
	if (mtu == 0 || mtu > UINT16_MAX)
		return -1;
	e->mtu = mtu < MTU_MIN ? MTU_MIN : mtu;
	if (e->mtus++ < MTUS_A_SECOND)
		set_mtu(e);
	return 0;
}

/* To look for what is gone is some work: it is done once a second. */
static int
on_lost(void *arg, struct imsg *m, const char **why)
{
	struct ipc_espd *e = arg;

	(void)m;
	(void)why;
	e->lost = true;
	return 0;
}

static const struct permit espd_permits[] = {
	{ KMESPD_RESULT, "result", KMESPD_RESULT_MIN, KMESPD_RESULT_MAX, 0,
	    on_result },
	{ KMESPD_ACQUIRE, "acquire", KMESPD_ACQUIRE_MIN, KMESPD_ACQUIRE_MAX,
	    0, on_acquire },
	{ KMESPD_EXPIRE, "expiry", KMESPD_EXPIRE_MIN, KMESPD_EXPIRE_MAX, 0,
	    on_expire },
	{ KMESPD_MAPPING, "mapping", KMESPD_MAPPING_MIN, KMESPD_MAPPING_MAX,
	    0, on_mapping },
	{ KMESPD_LOST, "lost events", 0, 0, 0, on_lost },
	{ KMESPD_MTU, "MTU", KMESPD_MTU_LEN, KMESPD_MTU_LEN, 0, on_mtu },
};

/* Its coming and going */

/*
 * What was told and not answered may have been done or not.  Policies are
 * told anew anyway, and SAs that nobody wants are deleted then.
 */
static void
espd_gone(struct ipc_espd *e)
{
	struct todos all = STAILQ_HEAD_INITIALIZER(all), over;
	struct todo *t;

	STAILQ_INIT(&over);
	STAILQ_CONCAT(&all, &e->todos);
	while ((t = STAILQ_FIRST(&all)) != NULL) {
		STAILQ_REMOVE_HEAD(&all, next);
		t->old |= t->message != 0;
		t->message = 0;
		STAILQ_INSERT_TAIL(t->kept ? &e->todos : &over, t, next);
	}
	e->untold = STAILQ_FIRST(&e->todos);
	e->messages = e->quiet = 0;
	e->ping = 0;
	while ((t = STAILQ_FIRST(&over)) != NULL) {
		STAILQ_REMOVE_HEAD(&over, next);
		answer(e, t, 0, 0, "");
	}
}

static void
on_down(void *arg, const char *why)
{
	struct ipc_espd *e = arg;

	log_warn(LOG_T_IPSEC, "espd is gone: %s; no packet passes the tunnels "
	    "until it is back", why);
	edge_free(e->edge);
	e->edge = NULL;
	espd_gone(e);
}

/* Answers all that wait and for which cond is true. */
static void
refuse(struct ipc_espd *e, bool (*cond)(const struct ipc_espd *,
    const struct todo *), int error, const char *why)
{
	struct todos all, over;
	struct todo *t;

	STAILQ_INIT(&all);
	STAILQ_INIT(&over);
	STAILQ_CONCAT(&all, &e->todos);
	while ((t = STAILQ_FIRST(&all)) != NULL) {
		STAILQ_REMOVE_HEAD(&all, next);
		STAILQ_INSERT_TAIL(cond(e, t) ? &over : &e->todos, t, next);
	}
	e->untold = STAILQ_FIRST(&e->todos);
	while ((t = STAILQ_FIRST(&over)) != NULL) {
		STAILQ_REMOVE_HEAD(&over, next);
		e->waiting -= t->kept;
		answer(e, t, error, 0, why);
	}
}

static bool
any(const struct ipc_espd *e, const struct todo *t)
{
	(void)e;
	(void)t;
	return true;
}

static bool
unwanted(const struct ipc_espd *e, const struct todo *t)
{
	return t->old && !e->user.wanted(e->user.arg, &t->tag);
}

void
ipc_espd_up(struct ipc_espd *e, int fd)
{
	if (e->edge != NULL)
		on_down(e, "replaced");
	e->edge = edge_new(e->base, fd, "espd", EDGE_REFUSE, espd_permits,
	    sizeof(espd_permits) / sizeof(espd_permits[0]), on_down, e,
	    EDGE_QUEUE_MAX);
	if (e->edge == NULL) {
		log_error(LOG_T_SYSTEM, "no memory for espd");
		return;
	}
	e->fresh = true;
	e->away = 0;
	refuse(e, unwanted, ECANCELED, "espd died, and it is not wanted "
	    "any more");
	e->user.up(e->user.arg);
	ipc_espd_go(e);
	if (e->messages == 0)
		(void)tell(e);
}

bool
ipc_espd_there(const struct ipc_espd *e)
{
	return e->edge != NULL;
}

static void
watch(struct ipc_espd *e)
{
	if (e->messages == 0 && e->ping == 0) {
		(void)tell(e);
		return;
	}
	if (++e->quiet < STUCK_S)
		return;
	e->quiet = 0;
	log_error(LOG_T_IPSEC, "espd does not answer for %d s", STUCK_S);
	if (e->user.events->stuck != NULL)
		e->user.events->stuck(e->user.events->arg);
}

void
ipc_espd_tick(struct ipc_espd *e)
{
	e->news = e->mtus = 0;
	set_mtu(e);
	if (e->edge != NULL) {
		ipc_espd_go(e);
		watch(e);
	} else if (e->away++ >= GIVE_UP_S)
		refuse(e, any, ENOTCONN, gone);
	if (!e->lost)
		return;
	e->lost = false;
	e->user.events->lost(e->user.events->arg);
}

void
ipc_espd_drain(struct ipc_espd *e)
{
	ipc_espd_go(e);
	edge_drain(e->edge);
}

struct ipc_espd *
ipc_espd_new(struct event_base *base, const struct ipc_espd_user *user)
{
	struct ipc_espd *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->base = base;
	e->user = *user;
	STAILQ_INIT(&e->todos);
	return e;
}

void
ipc_espd_free(struct ipc_espd *e)
{
	if (e == NULL)
		return;
	edge_free(e->edge);
	e->edge = NULL;
	refuse(e, any, ECANCELED, "keymgr ends");
	free(e);
}
