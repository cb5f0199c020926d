/* The orderly end: one kind of process after the other, each in its time. */
#include "sallyportd/kid.h"

#include "lib/log.h"
#include "lib/proto/super.h"

#include <signal.h>

/* Who ends first: ikepd says goodbye through sockets and keymgr. */
static const struct stop_phase {
	uint32_t procs;
	unsigned ms;		/* at most */
} stop_phases[] = {
	{ PROC_BIT(PROC_IKEPD), 900 },
	{ PROC_BIT(PROC_KEYMGR), 600 },
	{ PROC_BIT(PROC_CERTD) | PROC_BIT(PROC_FETCHD) |
	    PROC_BIT(PROC_SESSIOND) | PROC_BIT(PROC_INFORMD) |
	    PROC_BIT(PROC_ESPD) | PROC_BIT(PROC_CONTROLD), 200 },
};
#define NPHASES	(sizeof(stop_phases) / sizeof(stop_phases[0]))

static size_t
phase_left(const struct kids *ks, size_t phase)
{
	size_t i, left = 0;

	for (i = 0; i < ks->n; i++)
		if ((stop_phases[phase].procs &
		    PROC_BIT(ks->kids[i].desc->id)) != 0)
			left += ks->kids[i].pid != 0;
	return left;
}

static void
phase_begin(struct kids *ks)
{
	const struct stop_phase *p = &stop_phases[ks->stop_phase];
	struct timeval tv = { 0, p->ms * 1000 };
	struct kid *k;
	size_t i;

	for (i = 0; i < ks->n; i++) {
		k = &ks->kids[i];
		if ((p->procs & PROC_BIT(k->desc->id)) == 0)
			continue;
		(void)edge_send(k->edge, SUPER_STOP, 0, -1, NULL);
	}
	event_add(ks->stop_timer, &tv);
}

static void
kill_procs(struct kids *ks, uint32_t procs)
{
	struct kid *k;
	size_t i;

	for (i = 0; i < ks->n; i++) {
		k = &ks->kids[i];
		if (k->pid == 0 || (procs & PROC_BIT(k->desc->id)) == 0)
			continue;
		log_warn(LOG_T_SYSTEM, "%s (pid %d) does not stop, killed",
		    k->name, (int)k->pid);
		kill(k->pid, SIGKILL);
	}
}

void
kids_stop_advance(struct kids *ks)
{
	size_t before = ks->stop_phase;

	while (ks->stop_phase < NPHASES && phase_left(ks, ks->stop_phase) == 0)
		ks->stop_phase++;
	if (ks->stop_phase == NPHASES) {
		event_del(ks->stop_timer);
		if (ks->done != NULL)
			ks->done(ks->gw);
		ks->done = NULL;
	} else if (ks->stop_phase != before) {
		phase_begin(ks);
	}
}

/* Who had his time is killed; the next phase begins when he is reaped. */
static void
on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	struct kids *ks = arg;

	(void)fd;
	(void)what;
	if (ks->stop_phase < NPHASES)
		kill_procs(ks, stop_phases[ks->stop_phase].procs);
}

void
kids_stop(struct kids *ks, bool hurry, void (*done)(struct gateway *))
{
	size_t i;

	ks->done = done;
	for (i = 0; i < ks->n; i++)
		event_del(ks->kids[i].restart);
	if (hurry) {
		kill_procs(ks, ~0u);
		return;
	}
	ks->stop_phase = 0;
	phase_begin(ks);
	kids_stop_advance(ks);
}

int
kids_stop_init(struct kids *ks)
{
	ks->stop_timer = evtimer_new(ks->gw->base, on_stop_timer, ks);
	return ks->stop_timer == NULL ? -1 : 0;
}
