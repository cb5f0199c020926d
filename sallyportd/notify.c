#include "sallyportd/notify.h"

#include "lib/log.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int notify_fd = -1;

void
notify_open(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len;
	socklen_t slen;

	if (path == NULL)
		return;
	len = strlen(path);
	if ((path[0] != '/' && path[0] != '@') ||
	    len >= sizeof(sun.sun_path))
		goto bad;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	unsetenv("NOTIFY_SOCKET");
	slen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify_fd != -1 &&
	    connect(notify_fd, (struct sockaddr *)&sun, slen) == 0)
		return;
bad:
	log_warn(LOG_T_SYSTEM, "the service manager cannot be told: %s",
	    strerror(errno));
	if (notify_fd != -1)
		close(notify_fd);
	notify_fd = -1;
}

void
notify(const char *state)
{
	if (notify_fd != -1 &&
	    send(notify_fd, state, strlen(state), MSG_NOSIGNAL) == -1)
		log_debug(LOG_T_SYSTEM, "service manager: %s",
		    strerror(errno));
}
