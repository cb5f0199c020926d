#include "sallyctl/controld/ipc_owners.h"

#include "lib/log.h"
#include "lib/proto/super.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Places of the owners: one of each process, then the workers. */
#define OWNERS_MAX	(PROC_MAX + SUPER_WORKERS_MAX)

struct owner {
	struct owners *owners;
	struct edge *edge;
	enum proc_id proc;
	bool known;		/* was there once */
	char name[32];
};

struct owners {
	struct event_base *base;
	const struct owners_ops *ops;
	void *arg;
	struct owner v[OWNERS_MAX];
};

_Static_assert(OWNERS_MAX <= 64, "an owner is a bit of 64");

static uint64_t
owner_bit(const struct owner *o)
{
	return UINT64_C(1) << (o - o->owners->v);
}

static int
on_row(void *arg, struct imsg *m, const char **why)
{
	struct owner *o = arg;

	return o->owners->ops->row(o->owners->arg, m->id, &m->body, why);
}

static int
on_end(void *arg, struct imsg *m, const char **why)
{
	struct owner *o = arg;
	struct show_end e;

	if (show_end_get(&m->body, &e, why) == -1)
		return -1;
	o->owners->ops->end(o->owners->arg, m->id, owner_bit(o), o->name,
	    e.error);
	return 0;
}

static const struct permit owner_permits[] = {
	{ SHOW_ROW, "row", SHOW_ROW_MIN, SHOW_ROW_MAX, 0, on_row },
	{ SHOW_END, "end", SHOW_END_MIN, SHOW_END_MAX, 0, on_end },
};

static void
on_down(void *arg, const char *why)
{
	struct owner *o = arg;

	log_debug(LOG_T_SYSTEM, "%s is gone: %s", o->name, why);
	edge_free(o->edge);
	o->edge = NULL;
	o->owners->ops->down(o->owners->arg, owner_bit(o), o->name);
}

struct owners *
owners_new(struct event_base *base, const struct owners_ops *ops, void *arg)
{
	struct owners *os;

	if ((os = calloc(1, sizeof(*os))) == NULL)
		return NULL;
	os->base = base;
	os->ops = ops;
	os->arg = arg;
	return os;
}

static void
owner_init(struct owner *o, struct owners *os, enum proc_id proc,
    unsigned worker)
{
	o->owners = os;
	o->proc = proc;
	o->known = true;
	if (proc == PROC_IKEPD)
		snprintf(o->name, sizeof(o->name), "ikepd %u", worker);
	else
		snprintf(o->name, sizeof(o->name), "%s",
		    proc_desc(proc)->name);
}

void
owners_up(struct owners *os, enum proc_id proc, unsigned worker, int fd)
{
	struct owner *o = &os->v[proc == PROC_IKEPD ? PROC_MAX + worker :
	    (unsigned)proc];

	if (o->edge != NULL)
		on_down(o, "replaced");
	owner_init(o, os, proc, worker);
	o->edge = edge_new(os->base, fd, o->name, EDGE_REFUSE, owner_permits,
	    sizeof(owner_permits) / sizeof(owner_permits[0]), on_down, o,
	    SHOW_QUEUE_MAX);
	if (o->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for %s", o->name);
}

uint64_t
owners_ask(struct owners *os, uint32_t procs, uint32_t id,
    const struct show_req *r, const char **missing)
{
	uint64_t set = 0;
	struct owner *o;
	struct buf b;

	*missing = NULL;
	buf_init(&b, SHOW_REQ_MAX);
	show_req_put(&b, r);
	for (o = os->v; o < os->v + OWNERS_MAX; o++) {
		if (!o->known || (procs & PROC_BIT(o->proc)) == 0)
			continue;
		if (edge_send(o->edge, SHOW_REQ, id, -1, &b) == 0)
			set |= owner_bit(o);
		else
			*missing = o->name;
	}
	buf_free(&b);
	return set;
}

const char *
owners_name(const struct owners *os, uint64_t set)
{
	size_t i;

	for (i = 0; i < OWNERS_MAX; i++)
		if ((set >> i & 1) != 0)
			return os->v[i].name;
	return "nobody";
}
