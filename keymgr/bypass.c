#include "keymgr/bypass.h"

#include "keymgr/prio.h"

#define ND(type)							\
	{ .local = { { .family = AF_INET6 }, 0 },			\
	    .remote = { { .family = AF_INET6 }, 0 },			\
	    .proto = IPPROTO_ICMPV6, .lport = (type), .lmask = 0xffff }

/* Neighbour solicitation and advertisement, RFC 4861 4.3 and 4.4. */
static const struct selector bypass_sel[] = { ND(135), ND(136) };
#define N_BYPASS (sizeof(bypass_sel) / sizeof(bypass_sel[0]))

static const struct bk_body bypass_body = {
	.prio = PRIO_FIRST / 2, .action = BK_PASS,
};

/* Whether templates are of any use to anybody. */
static bool
generates(const struct km_conf *c)
{
	size_t i;

	for (i = 0; i < c->nidentities; i++)
		if (c->identities[i].usable && c->identities[i].generate)
			return true;
	return false;
}

static bool
wanted(const struct km_conf *c)
{
	const struct km_policy *p;
	size_t i, j;

	for (i = 0; c != NULL && i < c->npolicies; i++) {
		p = &c->policies[i];
		if (!p->usable || (p->template && !generates(c)))
			continue;
		for (j = 0; j < p->nlocal; j++)
			if (p->local[j].lo.family == AF_INET6)
				return true;
	}
	return false;
}

static void
set(struct km *km, const struct bk_body *body)
{
	struct batch b;
	size_t i, step;

	batch_init(&b);
	for (i = 0; i < N_BYPASS; i++) {
		step = batch_policy(&b, &bypass_sel[i], body, NULL);
		if (body != NULL && step != SIZE_MAX)
			b.ops[step].replace = reconcile_policy(&km->rec,
			    &bypass_sel[i]);
	}
	b.what = "policies for neighbour discovery";
	batch_run(&b, &km->bk, batch_log, NULL);
	km->bypass = body != NULL;
}

void
bypass_update(struct km *km)
{
	if (wanted(km->conf) && !km->bypass)
		set(km, &bypass_body);
	else if (!wanted(km->conf))
		bypass_remove(km);
}

void
bypass_remove(struct km *km)
{
	if (km->bypass)
		set(km, NULL);
}

bool
bypass_is(const struct selector *s)
{
	size_t i;

	for (i = 0; i < N_BYPASS; i++)
		if (sel_cmp(&bypass_sel[i], s) == 0)
			return true;
	return false;
}
