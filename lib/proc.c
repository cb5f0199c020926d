#include "lib/proc.h"

#include "config.h"
#include "lib/sandbox.h"

#include <linux/capability.h>

#include <stddef.h>
#include <string.h>

#define CAP(c)	(UINT64_C(1) << (c))

static const struct proc_desc procs[PROC_MAX] = {
	[PROC_SALLYPORTD] = {
		.id = PROC_SALLYPORTD,
		.name = "sallyportd",
		/*
		 * SETUID to SETPCAP: a child starts with these and spends
		 * them on its own confinement.  NET_ADMIN: keymgr keeps it;
		 * per-socket IPsec bypass.
		 */
		.caps = CAP(CAP_SETUID) | CAP(CAP_SETGID) |
		    CAP(CAP_SYS_CHROOT) | CAP(CAP_SETPCAP) | CAP(CAP_KILL) |
		    CAP(CAP_CHOWN) | CAP(CAP_NET_ADMIN) |
		    CAP(CAP_NET_BIND_SERVICE),
		.sandbox = SANDBOX_SPAWN,
	},
	[PROC_IKEPD] = {
		.id = PROC_IKEPD,
		.name = "ikepd",
		.user = USER_PREFIX "ikepd",
		.sandbox = SANDBOX_UDP | SANDBOX_THREADS,
		.peers = PROC_BIT(PROC_KEYMGR) | PROC_BIT(PROC_CERTD) |
		    PROC_BIT(PROC_SESSIOND) | PROC_BIT(PROC_CONTROLD),
	},
	[PROC_KEYMGR] = {
		.id = PROC_KEYMGR,
		.name = "keymgr",
		.user = USER_PREFIX "keymgr",
		.caps = CAP(CAP_NET_ADMIN),
		.sandbox = SANDBOX_NETLINK,
		.peers = PROC_BIT(PROC_IKEPD) | PROC_BIT(PROC_SESSIOND) |
		    PROC_BIT(PROC_ESPD) | PROC_BIT(PROC_CONTROLD),
	},
	[PROC_CERTD] = {
		.id = PROC_CERTD,
		.name = "certd",
		.user = USER_PREFIX "certd",
		.sandbox = SANDBOX_THREADS | SANDBOX_FILES_RO |
		    SANDBOX_FILES_RW,
		.home = true,
		.peers = PROC_BIT(PROC_IKEPD) | PROC_BIT(PROC_FETCHD) |
		    PROC_BIT(PROC_CONTROLD),
	},
	[PROC_FETCHD] = {
		.id = PROC_FETCHD,
		.name = "fetchd",
		.user = USER_PREFIX "fetchd",
		.sandbox = SANDBOX_CONNECT,
		.peers = PROC_BIT(PROC_CERTD),
	},
	[PROC_SESSIOND] = {
		.id = PROC_SESSIOND,
		.name = "sessiond",
		.user = USER_PREFIX "sessiond",
		.sandbox = SANDBOX_BASE,
		.peers = PROC_BIT(PROC_IKEPD) | PROC_BIT(PROC_KEYMGR) |
		    PROC_BIT(PROC_INFORMD) | PROC_BIT(PROC_CONTROLD),
	},
	[PROC_INFORMD] = {
		.id = PROC_INFORMD,
		.name = "informd",
		.user = USER_PREFIX "informd",
		.sandbox = SANDBOX_BASE,
		.peers = PROC_BIT(PROC_SESSIOND),
	},
	[PROC_CONTROLD] = {
		.id = PROC_CONTROLD,
		.name = "controld",
		.user = USER_PREFIX "controld",
		.sandbox = SANDBOX_LISTEN,
		.peers = PROC_BIT(PROC_IKEPD) | PROC_BIT(PROC_KEYMGR) |
		    PROC_BIT(PROC_CERTD) | PROC_BIT(PROC_SESSIOND),
	},
	[PROC_ESPD] = {
		.id = PROC_ESPD,
		.name = "espd",
		.user = USER_PREFIX "espd",
		.sandbox = SANDBOX_UDP | SANDBOX_THREADS,
		.peers = PROC_BIT(PROC_KEYMGR),
	},
};

const struct proc_desc *
proc_desc(enum proc_id id)
{
	return &procs[id];
}

int
proc_by_name(const char *name)
{
	for (int i = 0; i < PROC_MAX; i++)
		if (strcmp(procs[i].name, name) == 0)
			return i;
	return -1;
}
