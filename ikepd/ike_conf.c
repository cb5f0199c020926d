#include "ikepd/ike_conf.h"

#include <stdlib.h>

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

void
ike_conf_free(struct ike_conf *c)
{
	if (c == NULL)
		return;
	free(c->profiles);
	free(c->proposals);
	free(c->peers);
	free(c->identities);
	free(c->policies);
	free(c);
}
