#include "keymgr/lost.h"

#include "keymgr/install.h"
#include "lib/log.h"

#include <errno.h>

static bool
gone(const struct km *km, const struct addr *dst, uint32_t spi)
{
	struct bk_sa_state s;

	if (km->bk.ops->sa_get(km->bk.ctx, dst, spi, &s) == 0) {
		bk_sa_state_free(&s);
		return false;
	}
	return errno == ESRCH;
}

static void
check(void *arg, struct sad_child *c)
{
	struct km *km = arg;

	if (c->installing)
		return;
	if (!gone(km, &c->local.addr, c->spi_in) &&
	    !gone(km, &c->remote.addr, c->spi_out))
		return;
	km->n.expired++;
	log_info(LOG_T_IPSEC, "child SA 0x%08x is gone", c->spi_in);
	install_remove(km, c, true);
}

static void
done(void *arg)
{
	(void)arg;
}

int
lost_check(struct km *km, struct walks *walks)
{
	return walk_start(walks, WALK_ALL, check, done, km);
}
