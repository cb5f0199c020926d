#include "keymgr/count.h"

/* Packets of an SA beyond those that were seen. */
static uint64_t
more(const struct km *km, const struct addr *dst, uint32_t spi,
    uint64_t *seen)
{
	struct bk_sa_state s;
	uint64_t n = 0;

	if (km->bk.ops->sa_get(km->bk.ctx, dst, spi, &s) == -1)
		return 0;
	if (s.packets > *seen) {
		n = s.packets - *seen;
		*seen = s.packets;
	}
	bk_sa_state_free(&s);
	return n;
}

void
count_child(struct km *km, struct sad_child *c)
{
	uint64_t in = more(km, &c->local.addr, c->spi_in, &c->in_seen);
	uint64_t out = more(km, &c->remote.addr, c->spi_out, &c->out_seen);

	c->flow->in += in;
	c->flow->out += out;
	if (!c->flow->dynamic)
		return;
	c->flow->sp->in += in;
	c->flow->sp->out += out;
}
