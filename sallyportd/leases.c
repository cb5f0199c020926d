#include "sallyportd/leases.h"

#include "lib/child.h"
#include "lib/log.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NFILES	2

static int
lease_file(const char *dir, unsigned i)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/leases.%u", dir, i) >=
	    sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK, 0600);
	if (fd == -1)
		return -1;
	errno = EPERM;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

void
leases_open(struct sockets *ss, const char *dir)
{
	int fd[NFILES] = { -1, -1 };
	unsigned i;

	if (mkdir(dir, 0755) == -1 && errno != EEXIST)
		goto bad;
	for (i = 0; i < NFILES; i++)
		if ((fd[i] = lease_file(dir, i)) == -1)
			goto bad;
	for (i = 0; i < NFILES; i++)
		sockets_add(ss, CHILD_FILE_LEASES + i, fd[i]);
	return;
bad:
	log_warn(LOG_T_SYSTEM, "leases in state directory %s: %s; users will "
	    "not find their last addresses after a restart", dir,
	    errno == EWOULDBLOCK ? "another sallyportd uses them" :
	    strerror(errno));
	for (i = 0; i < NFILES; i++)
		if (fd[i] != -1)
			close(fd[i]);
}
