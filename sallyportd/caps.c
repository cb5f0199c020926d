#include "sallyportd/caps.h"

#include "lib/log.h"
#include "lib/proc.h"

#include <linux/capability.h>

#include <sys/syscall.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	unsigned cap;
	const char *name;
} names[] = {
	{ CAP_CHOWN, "CHOWN" },
	{ CAP_KILL, "KILL" },
	{ CAP_SETGID, "SETGID" },
	{ CAP_SETUID, "SETUID" },
	{ CAP_SETPCAP, "SETPCAP" },
	{ CAP_NET_BIND_SERVICE, "NET_BIND_SERVICE" },
	{ CAP_NET_ADMIN, "NET_ADMIN" },
	{ CAP_SYS_CHROOT, "SYS_CHROOT" },
};

int
caps_check(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];
	uint64_t want = proc_desc(PROC_SALLYPORTD)->caps, have;
	char missing[256] = "", *end = missing;
	size_t i;

	if (syscall(SYS_capget, &h, d) == -1) {
		log_error(LOG_T_SYSTEM, "capabilities: %s", strerror(errno));
		return -1;
	}
	have = (uint64_t)d[1].permitted << 32 | d[0].permitted;
	if ((want & ~have) == 0)
		return 0;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (want & ~have & UINT64_C(1) << names[i].cap)
			end += snprintf(end, (size_t)(missing +
			    sizeof(missing) - end), " CAP_%s", names[i].name);
	log_error(LOG_T_SYSTEM, "root lacks%s here; a container is given it, "
	    "as by docker run --cap-add", missing);
	return -1;
}
