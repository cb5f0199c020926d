#include "sessiond/lease.h"

#include <stdio.h>
#include <string.h>

static const char *const family_name[] = {
	[FAMILY_4] = "IPv4", [FAMILY_6] = "IPv6",
};

static void
tell(const struct lease_env *e, const struct session *s, unsigned family,
    bool on)
{
	if (e->ops->lease != NULL)
		e->ops->lease(e->arg, s, family, on);
}

static void
remember(const struct lease_env *e, const struct session *s,
    const struct addr *a, bool known)
{
	if (!known && e->ops->remember != NULL)
		e->ops->remember(e->arg, a, s->user);
}

static int
fixed_get(const struct lease_env *e, struct session *s, const struct mode *m,
    char *reason, size_t size)
{
	char text[ADDR_STRLEN];
	const char *name;
	struct apool *p;

	if (table_hold(e->table, s, &m->fixed) == -1) {
		snprintf(reason, size, "%s, the one address of mode-config "
		    "\"%s\", is in use", addr_fmt(&m->fixed, text,
		    sizeof(text)), conf_name(m->obj));
		return -1;
	}
	if ((p = config_pool_of(e->config, &m->fixed, &name)) != NULL)
		(void)apool_claim(p, s->user, &m->fixed);
	return 0;
}

/* From one pool.  An address that the pool gives but somebody holds is left
 * in use there, since it is. */
static int
pool_get(const struct lease_env *e, struct session *s, struct apool *p,
    const struct addr *wanted)
{
	struct addr a;
	bool known;
	int tries;

	if (wanted->family != AF_UNSPEC &&
	    table_holder(e->table, wanted) == NULL &&
	    apool_want(p, s->user, wanted, &known)) {
		if (table_hold(e->table, s, wanted) == 0) {
			remember(e, s, wanted, known);
			return 0;
		}
		apool_give(p, wanted);
		return -1;
	}
	for (tries = 0; tries < 8; tries++) {
		if (!apool_take(p, s->user, &a, &known))
			return -1;
		if (table_hold(e->table, s, &a) == 0) {
			remember(e, s, &a, known);
			return 0;
		}
		if (table_holder(e->table, &a) == NULL) {
			apool_give(p, &a);	/* no memory */
			return -1;
		}
	}
	return -1;
}

/* The pools of a mode-config in order, each with those that follow it. */
static int
pools_get(const struct lease_env *e, struct session *s, const struct mode *m,
    unsigned family, const struct addr *wanted, bool *any)
{
	struct conf_pool *cp;
	size_t i;

	*any = false;
	for (i = 0; i < m->npools; i++)
		for (cp = m->pools[i]; cp != NULL; cp = cp->next) {
			if (cp->half[family] == NULL)
				continue;
			*any = true;
			if (pool_get(e, s, cp->half[family], wanted) == 0)
				return 0;
		}
	return -1;
}

static int
get(const struct lease_env *e, struct session *s, const struct mode *m,
    unsigned family, const struct addr *wanted, char *reason, size_t size)
{
	bool any;

	if (m->fixed.family != AF_UNSPEC &&
	    config_family(&m->fixed) == family)
		return fixed_get(e, s, m, reason, size);
	if (pools_get(e, s, m, family, wanted, &any) == 0)
		return 0;
	if (any)
		snprintf(reason, size, "no %s address is left in the pools "
		    "of mode-config \"%s\"", family_name[family],
		    conf_name(m->obj));
	else
		snprintf(reason, size, "mode-config \"%s\" has no %s "
		    "addresses", conf_name(m->obj), family_name[family]);
	return -1;
}

int
lease_get(const struct lease_env *e, struct session *s, const struct mode *m,
    unsigned family, const struct addr *wanted, char *reason, size_t size)
{
	if (get(e, s, m, family, wanted, reason, size) == -1)
		return -1;
	tell(e, s, family, true);
	return 0;
}

int
lease_keep(const struct lease_env *e, struct session *s,
    const struct addr *a)
{
	const char *name;
	struct apool *p;

	if (table_hold(e->table, s, a) == -1)
		return -1;
	if ((p = config_pool_of(e->config, a, &name)) != NULL)
		(void)apool_claim(p, s->user, a);
	tell(e, s, config_family(a), true);
	return 0;
}

void
lease_again(const struct lease_env *e, const struct session *s)
{
	const char *name;
	struct apool *p;
	unsigned f;

	for (f = 0; f < 2; f++)
		if (s->addr[f].family != AF_UNSPEC && (p =
		    config_pool_of(e->config, &s->addr[f], &name)) != NULL)
			(void)apool_claim(p, s->user, &s->addr[f]);
}

void
lease_give(const struct lease_env *e, struct session *s)
{
	const char *name;
	struct apool *p;
	unsigned f;

	for (f = 0; f < 2; f++) {
		if (s->addr[f].family == AF_UNSPEC)
			continue;
		p = config_pool_of(e->config, &s->addr[f], &name);
		if (p != NULL)
			apool_give(p, &s->addr[f]);
		tell(e, s, f, false);
		table_unhold(e->table, s, f);
	}
}
