#include "keymgr/way.h"

#include "keymgr/way_rtnl.h"
#include "lib/log.h"

#include <stdlib.h>

struct way_left {
	struct way_nl *nl;
	struct way_rule *rule;
	size_t n, cap;
};

static void
on_rule(void *arg, const struct way_rule *r)
{
	struct way_left *l = arg;
	struct way_rule *more;

	if (r->pref < WAY_INSIDE || r->pref > WAY_END)
		return;
	if (l->n == l->cap) {
		more = reallocarray(l->rule, 2 * l->cap + 16, sizeof(*more));
		if (more == NULL)
			return;
		l->rule = more;
		l->cap = 2 * l->cap + 16;
	}
	l->rule[l->n++] = *r;
}

struct way_left *
way_left_find(void)
{
	struct way_left *l = calloc(1, sizeof(*l));
	char why[BK_WHY_LEN] = "out of memory";

	if (l == NULL || (l->nl = way_nl_look(why)) == NULL) {
		log_warn(LOG_T_IPSEC, "rules of a data plane in user space: "
		    "%s", why);
		free(l);
		return NULL;
	}
	way_nl_rules(l->nl, on_rule, l);
	if (l->n > 0)
		return l;
	way_left_end(l, false);
	return NULL;
}

static bool
all(void *arg, const struct way_route *r)
{
	(void)arg;
	(void)r;
	return true;
}

void
way_left_end(struct way_left *l, bool remove)
{
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; remove && i < l->n; i++)
		(void)way_nl_rule(l->nl, &l->rule[i], false);
	if (remove) {
		way_nl_sift(l->nl, all, NULL);
		way_nl_nowhere(l->nl, false);
		log_info(LOG_T_IPSEC, "removed the routing rules, %zu, of a "
		    "data plane in user space", l->n);
	}
	free(l->rule);
	way_nl_close(l->nl);
	free(l);
}
