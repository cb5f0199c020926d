/*
 * certd: holds the pre-shared keys and computes what needs them.  It talks
 * to
 *
 *   sallyportd		lib/proto/super.h	lib/child.c
 *   ikepd, each worker	lib/proto/ikecd.h	ipc_ike.c
 *   controld		lib/proto/show.h	nothing to show
 */
#include "certd/ident.h"
#include "certd/ipc_ike.h"

#include "lib/child.h"
#include "lib/log.h"

#include <unistd.h>

static struct idents *idents;
static struct ipc_ike *ike;

static int
certd_init(struct child *c)
{
	const char *why;

	if (suite_init(&why) == -1) {
		log_error(LOG_T_SYSTEM, "%s", why);
		return -1;
	}
	ike = ipc_ike_new(child_base(c), &idents);
	return ike == NULL ? -1 : 0;
}

static void
certd_conf(struct child *c, struct conf *conf)
{
	struct idents *is = idents_new(conf);

	if (is == NULL)
		child_fatal(c, "no memory for the identities");
	idents_free(idents);
	idents = is;
	log_debug(LOG_T_IPSEC, "%zu identities with a pre-shared key",
	    ident_count(is));
}

static void
certd_peer_up(struct child *c, enum proc_id proc, unsigned idx, int fd)
{
	(void)c;
	if (proc == PROC_IKEPD)
		ipc_ike_up(ike, idx, fd);
	else
		close(fd);
}

static bool
certd_stop(struct child *c)
{
	(void)c;
	idents_free(idents);
	idents = NULL;
	return true;
}

int
main(int argc, char **argv)
{
	static const struct child_ops ops = {
		.id = PROC_CERTD,
		.init = certd_init,
		.conf = certd_conf,
		.peer_up = certd_peer_up,
		.stop = certd_stop,
	};

	return child_main(argc, argv, &ops);
}
