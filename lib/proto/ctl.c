#include "lib/proto/ctl.h"

#include "lib/proc.h"

#include <stddef.h>

static const struct ctl_what whats[] = {
	{ SHOW_ACTIVE_PEERS, "active-peers print", PROC_BIT(PROC_IKEPD), 0 },
	{ SHOW_KILL_CONNECTIONS, "active-peers kill-connections",
	    PROC_BIT(PROC_IKEPD), CTL_ACTION },
	{ SHOW_IKE_STATISTICS, "ike-statistics print", PROC_BIT(PROC_IKEPD),
	    CTL_SUM },
	{ SHOW_INSTALLED_SA, "installed-sa print", PROC_BIT(PROC_KEYMGR), 0 },
	{ SHOW_FLUSH_SA, "installed-sa flush", PROC_BIT(PROC_KEYMGR),
	    CTL_ACTION },
	{ SHOW_POLICY, "policy print", PROC_BIT(PROC_KEYMGR), 0 },
	{ SHOW_GIVEN, "given print", PROC_BIT(PROC_KEYMGR), 0 },
	{ SHOW_STATISTICS, "statistics print", PROC_BIT(PROC_KEYMGR), 0 },
	{ SHOW_SESSIONS, "session print", PROC_BIT(PROC_SESSIOND), 0 },
	{ SHOW_SESSION_KILL, "session kill", PROC_BIT(PROC_SESSIOND),
	    CTL_ACTION },
	{ SHOW_POOL_USED, "pool used print", PROC_BIT(PROC_SESSIOND), 0 },
	{ SHOW_CERTIFICATE, "certificate print", PROC_BIT(PROC_CERTD), 0 },
	{ SHOW_CERT_LINT, "certificate lint", PROC_BIT(PROC_CERTD), 0 },
	{ SHOW_CERT_ADD, "certificate add", PROC_BIT(PROC_CERTD),
	    CTL_ACTION },
	{ SHOW_CERT_SIGN, "certificate sign", PROC_BIT(PROC_CERTD),
	    CTL_ACTION },
	{ SHOW_CERT_IMPORT, "certificate import", PROC_BIT(PROC_CERTD),
	    CTL_ACTION },
	{ SHOW_CERT_EXPORT, "certificate export-certificate",
	    PROC_BIT(PROC_CERTD), CTL_ACTION },
	{ SHOW_CERT_REVOKE, "certificate issued-revoke", PROC_BIT(PROC_CERTD),
	    CTL_ACTION },
	{ SHOW_CERT_REMOVE, "certificate remove", PROC_BIT(PROC_CERTD),
	    CTL_ACTION },
	{ SHOW_CONFIG, "configuration print", PROC_BIT(PROC_SALLYPORTD), 0 },
	{ SHOW_LOG, "log print", PROC_BIT(PROC_SALLYPORTD), 0 },
	{ SHOW_LOG_CLEAR, "log clear", PROC_BIT(PROC_SALLYPORTD), CTL_ACTION },
	{ SHOW_PROCESSES, "processes print", PROC_BIT(PROC_SALLYPORTD), 0 },
	{ SHOW_RELOAD, "reload", PROC_BIT(PROC_SALLYPORTD), CTL_ACTION },
};

const struct ctl_what *
ctl_what(enum show_what what)
{
	size_t i;

	for (i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
		if (whats[i].what == what)
			return &whats[i];
	return NULL;
}
