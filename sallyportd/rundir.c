#include "sallyportd/rundir.h"

#include "lib/log.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EMPTY	"empty"

static int
made(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == -1 && errno != EEXIST)
		return -1;
	if (lstat(path, &st) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

int
rundir_open(const char *dir, char *empty, size_t size)
{
	char path[PATH_MAX];
	int fd;

	if (made(dir, 0755) == -1 || realpath(dir, path) == NULL)
		goto bad;
	if ((size_t)snprintf(empty, size, "%s/" EMPTY, path) >= size) {
		errno = ENAMETOOLONG;
		goto bad;
	}
	if (made(empty, 0555) == -1)
		goto bad;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		goto bad;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;	/* fd stays open: it is the lock */
	if (errno != EWOULDBLOCK)
		goto bad;
	log_error(LOG_T_SYSTEM, "another sallyportd uses %s; give this one a "
	    "--run-dir of its own", dir);
	return -1;
bad:
	log_error(LOG_T_SYSTEM, "run directory %s: %s%s", dir,
	    strerror(errno), errno == EPERM ?
	    " (it must be root's, and writable for root alone)" : "");
	return -1;
}

int
pidfile_write(const char *path)
{
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd == -1)
		goto bad;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1 || ftruncate(fd, 0) == -1 ||
	    dprintf(fd, "%d\n", (int)getpid()) < 0)
		goto bad;
	return 0;	/* fd stays open: it is the lock */
bad:
	log_error(LOG_T_SYSTEM, "pid file %s: %s", path,
	    errno == EWOULDBLOCK ? "another sallyportd holds it" :
	    strerror(errno));
	return -1;
}
