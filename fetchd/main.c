/*
 * fetchd: fetches CRLs and OCSP answers over HTTP, and holds nothing.  It
 * talks to
 *
 *   sallyportd		lib/proto/super.h	lib/child.c
 *   certd		lib/proto/cdfetch.h	ipc_certd.c
 *   HTTP and name servers			fetch.c
 */
#include "fetchd/ipc_certd.h"

#include "lib/child.h"
#include "lib/log.h"

#include <event2/util.h>

#include <unistd.h>

static struct ipc_certd *certd;

static int
fetchd_init(struct child *c)
{
	/* Name servers and randomness come from files. */
	if (evutil_secure_rng_init() == -1 ||
	    (certd = ipc_certd_new(child_base(c))) == NULL) {
		log_error(LOG_T_SYSTEM, "fetchd: out of memory");
		return -1;
	}
	fetcher_resolv_conf(ipc_certd_fetcher(certd), "/etc/resolv.conf");
	return 0;
}

static void
fetchd_conf(struct child *c, struct conf *conf)
{
	(void)c;
	fetcher_allow_local(ipc_certd_fetcher(certd),
	    conf_bool(conf_single(conf, CONF_CERTIFICATE_SETTINGS),
	    CONF_CERTIFICATE_SETTINGS_FETCH_LOCAL));
	conf_free(conf);
}

static void
fetchd_peer_up(struct child *c, enum proc_id proc, unsigned idx, int fd)
{
	(void)c;
	(void)idx;
	if (proc == PROC_CERTD)
		ipc_certd_up(certd, fd);
	else
		close(fd);
}

int
main(int argc, char **argv)
{
	static const struct child_ops ops = {
		.id = PROC_FETCHD,
		.init = fetchd_init,
		.conf = fetchd_conf,
		.peer_up = fetchd_peer_up,
	};

	return child_main(argc, argv, &ops);
}
