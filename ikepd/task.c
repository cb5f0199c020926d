#include "ikepd/task.h"
#include "ikepd/work.h"
#include "ikepd/v2/v2.h"

#include <stdlib.h>

/* Its children have successors in this SA by now. */
static enum task_start
old_del_start(struct engine *e, struct ike_sa *sa, const struct task *t)
{
	struct ike_sa *old = sa->old_sa == 0 ? NULL :
	    store_get(e, sa->old_sa);

	(void)t;
	sa->old_sa = 0;
	if (old != NULL && old->state == SA_ESTABLISHED)
		(void)task_add_first(e, old, TASK_IKE_DEL, 0);
	return TASK_NEEDLESS;
}

/* Who starts what. */
static enum task_start (*const starters[TASK_KINDS])(struct engine *,
    struct ike_sa *, const struct task *) = {
	[TASK_CHILD_NEW] = v2_child_start,
	[TASK_CHILD_REKEY] = v2_rekey_child_start,
	[TASK_CHILD_DEL] = v2_delete_child_start,
	[TASK_CHILD_UNDO] = v2_undo_child_start,
	[TASK_IKE_REKEY] = v2_rekey_ike_start,
	[TASK_IKE_DEL] = v2_delete_ike_start,
	[TASK_LIVENESS] = v2_liveness_start,
	[TASK_OLD_DEL] = old_del_start,
};

static bool
list_has(const struct task *t, enum task_kind kind, uint32_t arg,
    unsigned *n)
{
	for (*n = 0; t != NULL; t = t->next, (*n)++)
		if (t->kind == kind && t->arg == arg)
			return true;
	return false;
}

static struct task *
list_add(struct task **list, bool first, enum task_kind kind, uint32_t arg)
{
	struct task *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->kind = kind;
	t->arg = arg;
	if (!first)
		while (*list != NULL)
			list = &(*list)->next;
	t->next = *list;
	*list = t;
	return t;
}

static bool
add(struct engine *e, struct ike_sa *sa, bool first, enum task_kind kind,
    uint32_t arg)
{
	unsigned n;

	if (!list_has(sa->tasks, kind, arg, &n) && (n >= TASKS_MAX ||
	    list_add(&sa->tasks, first, kind, arg) == NULL))
		return false;
	task_run(e, sa);
	return true;
}

bool
task_add(struct engine *e, struct ike_sa *sa, enum task_kind kind,
    uint32_t arg)
{
	return add(e, sa, false, kind, arg);
}

bool
task_add_first(struct engine *e, struct ike_sa *sa, enum task_kind kind,
    uint32_t arg)
{
	return add(e, sa, true, kind, arg);
}

bool
task_list_add(struct task **list, enum task_kind kind, uint32_t arg)
{
	unsigned n;

	return list_has(*list, kind, arg, &n) || (n < TASKS_MAX &&
	    list_add(list, false, kind, arg) != NULL);
}

bool
task_list_child(struct task **list, uint32_t policy,
    const struct acquire *packet)
{
	struct task *t;
	unsigned n;

	if (list_has(*list, TASK_CHILD_NEW, policy, &n))
		return true;
	if (n >= TASKS_MAX)
		return false;
	t = list_add(list, false, TASK_CHILD_NEW, policy);
	if (t == NULL)
		return false;
	if (packet != NULL) {
		t->packet = true;
		t->local = packet->local;
		t->remote = packet->remote;
	}
	return true;
}

bool
task_add_child(struct engine *e, struct ike_sa *sa, uint32_t policy,
    const struct acquire *packet)
{
	if (!task_list_child(&sa->tasks, policy, packet))
		return false;
	task_run(e, sa);
	return true;
}

/* On a replaced SA nothing happens any more but its end. */
static bool
may_run(const struct ike_sa *sa, const struct task *t)
{
	switch (sa->state) {
	case SA_ESTABLISHED:
		/* RFC 7296 2.25.2: they would only be answered with
		 * TEMPORARY_FAILURE. */
		return t->kind == TASK_IKE_DEL || sa->theirs == NULL ||
		    sa->theirs->kind != TASK_IKE_REKEY;
	case SA_REPLACED:
	case SA_AUTH_VERIFY:
		return t->kind == TASK_IKE_DEL;
	default:
		return false;
	}
}

void
task_run(struct engine *e, struct ike_sa *sa)
{
	while (sa->own == NULL && sa->req == NULL && !sa->task_paused &&
	    sa->tasks != NULL && may_run(sa, sa->tasks)) {
		struct task *t = sa->tasks;
		enum task_start r;

		sa->tasks = t->next;
		t->next = NULL;
		r = starters[t->kind](e, sa, t);
		if (r == TASK_LATER) {
			task_put_off(e, sa, t, 5);
			return;
		}
		free(t);
	}
}

void
task_put_off(struct engine *e, struct ike_sa *sa, struct task *t,
    unsigned s)
{
	t->next = sa->tasks;
	sa->tasks = t;
	sa->task_paused = true;
	sa_due_in(e, sa, DUE_TASK, s);
}

void
task_move_all(struct ike_sa *from, struct ike_sa *to)
{
	struct task *t, *next;

	for (t = from->tasks, from->tasks = NULL; t != NULL; t = next) {
		next = t->next;
		if (t->kind == TASK_CHILD_NEW)
			(void)task_list_child(&to->tasks, t->arg,
			    t->packet ? &(struct acquire){ .local = t->local,
			    .remote = t->remote } : NULL);
		else if (t->kind != TASK_IKE_REKEY &&
		    t->kind != TASK_LIVENESS)
			(void)task_list_add(&to->tasks, t->kind, t->arg);
		free(t);
	}
}

void
task_free_all(struct task **list)
{
	while (*list != NULL) {
		struct task *t = *list;

		*list = t->next;
		free(t);
	}
}
