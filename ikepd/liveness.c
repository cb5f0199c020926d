#include "ikepd/liveness.h"
#include "ikepd/child.h"
#include "ikepd/task.h"

static void
probe(struct engine *e, struct ike_sa *sa, unsigned interval)
{
	sa->dpd_asked = false;
	sa_due_in(e, sa, DUE_DPD, interval);
	task_add(e, sa, TASK_LIVENESS, 0);
}

static unsigned
dpd_interval(const struct engine *e, const struct ike_sa *sa)
{
	struct conf_peer *cp = sa_conf(e, sa);

	return cp == NULL || sa->state != SA_ESTABLISHED ? 0 :
	    cp->profile->dpd_s;
}

void
liveness_due(struct engine *e, struct ike_sa *sa)
{
	unsigned interval = dpd_interval(e, sa);
	struct mono quiet;

	if (interval == 0)
		return;
	quiet = mono_add(sa->last_seen, MONO_S(interval));
	if (mono_cmp(quiet, eng_now(e)) > 0) {
		sa->dpd_asked = false;
		sa_due(e, sa, DUE_DPD, quiet);
		return;
	}
	/* Our own exchange in hand tells as much as a probe. */
	if (sa->req != NULL) {
		sa_due_in(e, sa, DUE_DPD, interval);
		return;
	}
	if (sa->children == NULL || sa->dpd_asked) {
		probe(e, sa, interval);
		return;
	}
	sa->dpd_asked = true;
	sa_due_in(e, sa, DUE_DPD, 2);
	e->ops.stat_get(e->ops.ctx, sa->children->spi_in);
}

void
engine_stat_done(struct engine *e, uint32_t spi_in, uint32_t idle_s)
{
	struct child *c = child_get(e, spi_in);
	struct ike_sa *sa = c == NULL ? NULL : store_get(e, c->ike_spi);
	unsigned interval;

	if (sa == NULL || !sa->dpd_asked)
		return;
	interval = dpd_interval(e, sa);
	if (interval == 0)
		return;
	eng_enter(e);
	if (idle_s < interval) {
		sa->dpd_asked = false;
		sa_due_in(e, sa, DUE_DPD, interval - idle_s);
	} else
		probe(e, sa, interval);
	eng_leave(e);
}

void
liveness_keepalive(struct engine *e, struct ike_sa *sa)
{
	unsigned s = e->conf->conf->set.keepalive_s;

	if (!sa->k->natt_self || sa->state != SA_ESTABLISHED || s == 0)
		return;
	e->ops.keepalive(e->ops.ctx, &sa->k->path);
	sa_due_in(e, sa, DUE_KEEPALIVE, s);
}
