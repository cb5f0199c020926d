#include "espd/run.h"

/* At least the largest ESP packet must fit. */
static bool
joins(const struct run *r, const struct run_to *to, size_t len)
{
	const struct esp_run *e = &r->esp;

	return !r->closed && e->n < RUN_PACKETS && len <= e->seg &&
	    e->len + len <= RUN_BYTES && r->path_id == to->path->id &&
	    e->tos == to->tos && e->df == to->df;
}

static void
start(struct run *r, const struct run_to *to, size_t len)
{
	r->path_id = to->path->id;
	r->closed = false;
	r->esp.src = to->path->src;
	r->esp.dst = to->path->dst;
	r->esp.encap = to->path->encap;
	r->esp.df = to->df;
	r->esp.tos = to->tos;
	r->esp.seg = (uint16_t)len;
	r->esp.data = r->buf;
}

uint8_t *
run_space(struct run *r, const struct run_to *to, size_t len)
{
	if (len > RUN_BYTES)
		return NULL;
	if (r->esp.n > 0 && !joins(r, to, len))
		run_flush(r);
	if (r->esp.n == 0)
		start(r, to, len);
	return r->buf + r->esp.len;
}

void
run_add(struct run *r, size_t len)
{
	r->esp.n++;
	r->esp.len += len;
	r->closed = len < r->esp.seg;
}

void
run_flush(struct run *r)
{
	if (r->esp.n > 0)
		r->send(r->arg, &r->esp);
	r->esp.n = 0;
	r->esp.len = 0;
}
