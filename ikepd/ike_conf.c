#include "ikepd/ike_conf.h"
#include "ikepd/tsel.h"

#include <stdlib.h>
#include <string.h>

struct ike_conf *
ike_conf_new(void)
{
	struct ike_conf *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->set.port_ike = 500;
	c->set.port_natt = 4500;
	c->set.keepalive_s = 20;
	c->set.workers = 1;
	c->set.cookie_threshold = 100;
	c->set.half_open_max = 4000;
	c->set.fragment_size = 1280;
	return c;
}

int
ike_policy_set_ts(struct ike_policy *p, const struct ts_list *local,
    const struct ts_list *remote)
{
	free(p->ts);
	p->nlocal = p->nremote = 0;
	p->ts = calloc(local->n + remote->n + 1, sizeof(*p->ts));
	if (p->ts == NULL)
		return -1;
	p->nlocal = (uint8_t)local->n;
	p->nremote = (uint8_t)remote->n;
	memcpy(p->ts, local->ts, local->n * sizeof(*p->ts));
	memcpy(p->ts + local->n, remote->ts, remote->n * sizeof(*p->ts));
	return 0;
}

void
ike_policy_local(const struct ike_policy *p, struct ts_list *l)
{
	tsel_set(l, p->ts, p->nlocal);
}

void
ike_policy_remote(const struct ike_policy *p, struct ts_list *l)
{
	tsel_set(l, p->nremote > 0 ? p->ts + p->nlocal : NULL, p->nremote);
}

void
ike_conf_free(struct ike_conf *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->npolicies; i++)
		free(c->policies[i].ts);
	free(c->profiles);
	free(c->proposals);
	free(c->peers);
	free(c->identities);
	free(c->policies);
	free(c);
}
