#include "sallyportd/homedir.h"

#include "lib/log.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The directory that holds it is root's, so nobody swaps it meanwhile.  It is
 * not opened: once it is the process's, root may not without capabilities
 * that sallyportd has given up.
 */
static int
make(int state, const char *name, const struct passwd *pw)
{
	struct stat st;

	if (mkdirat(state, name, 0700) == -1 && errno != EEXIST)
		return -1;
	if (fstatat(state, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	errno = ENOTDIR;
	if (!S_ISDIR(st.st_mode))
		return -1;
	if (st.st_uid == pw->pw_uid)
		return 0;
	errno = EPERM;
	return st.st_uid != 0 ? -1 : fchownat(state, name, pw->pw_uid,
	    pw->pw_gid, AT_SYMLINK_NOFOLLOW);
}

void
homedir_make(const char *state_dir, const struct proc_desc *d, char *path,
    size_t size)
{
	const struct passwd *pw = getpwnam(d->user);
	char full[PATH_MAX];
	struct stat st;
	int fd = -1;

	errno = ENOENT;
	if (pw == NULL)
		goto bad;
	if (mkdir(state_dir, 0755) == -1 && errno != EEXIST)
		goto bad;
	if (realpath(state_dir, full) == NULL ||
	    (fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1)
		goto bad;
	errno = EPERM;
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
	    make(fd, d->name, pw) == -1)
		goto bad;
	errno = ENAMETOOLONG;
	if ((size_t)snprintf(path, size, "%s/%s", full, d->name) >= size)
		goto bad;
	close(fd);
	return;
bad:
	log_error(LOG_T_SYSTEM, "state directory %s of %s: %s", state_dir,
	    d->name, strerror(errno));
	if (fd != -1)
		close(fd);
	snprintf(path, size, "/nonexistent");
}
