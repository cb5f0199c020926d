#include "keymgr/prio.h"

#define PRIO_GAP_MIN	2u

static void
renumber(struct km_policy *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i].prio = PRIO_FIRST + (uint32_t)i * PRIO_STEP;
}

/* Spreads the policies from..to-1 evenly between two that stand. */
static bool
fill(struct km_policy *p, size_t from, size_t to, uint32_t before,
    uint32_t after)
{
	uint32_t n = (uint32_t)(to - from), gap;
	size_t i;

	if (n == 0)
		return after - before >= PRIO_GAP_MIN;
	gap = (after - before) / (n + 1);
	if (gap < PRIO_GAP_MIN)
		return false;
	for (i = from; i < to; i++)
		p[i].prio = before + gap * (uint32_t)(i - from + 1);
	return true;
}

void
prio_assign(struct km_policy *p, size_t n)
{
	uint32_t before = PRIO_FIRST - PRIO_STEP;
	size_t i, from = 0;

	for (i = 0; i < n; i++) {
		if (p[i].prio == 0)
			continue;
		if (p[i].prio <= before ||
		    !fill(p, from, i, before, p[i].prio)) {
			renumber(p, n);
			return;
		}
		before = p[i].prio;
		from = i + 1;
	}
	if (before > UINT32_MAX / 2) {
		renumber(p, n);
		return;
	}
	for (i = from; i < n; i++)
		p[i].prio = before += PRIO_STEP;
}
