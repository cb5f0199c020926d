#include "lib/proc.h"

#include "lib/log.h"
#include "lib/sandbox.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_CHROOT	"/run/sallyport/empty"

/* The step that failed ends the process. */
static void
must(const struct proc_desc *d, bool ok, const char *step)
{
	if (ok)
		return;
	log_error(LOG_T_SYSTEM, "%s cannot be confined: %s: %s", d->name,
	    step, strerror(errno));
	exit(1);
}

/*
 * Things that libraries open or compute at first use, and could not any more
 * from inside: OpenSSL's configuration and random generators, the time zone.
 */
static bool
warm_up(void)
{
	uint8_t byte;

	tzset();
	return OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG |
	    OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) == 1 &&
	    RAND_bytes(&byte, 1) == 1 && RAND_priv_bytes(&byte, 1) == 1;
}

/* Root's, nobody else may write to it, and there is nothing in it. */
static bool
dir_is_empty(int fd)
{
	struct dirent *de;
	struct stat st;
	DIR *dir;
	size_t n = 0;
	int copy;

	if (fstat(fd, &st) == -1)
		return false;
	errno = EPERM;
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return false;
	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1 ||
	    (dir = fdopendir(copy)) == NULL)
		return false;
	while ((de = readdir(dir)) != NULL)
		n += strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0;
	closedir(dir);
	errno = ENOTEMPTY;
	return n == 0;
}

static void
enter_empty(const struct proc_desc *d, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	must(d, fd != -1, path);
	must(d, dir_is_empty(fd), path);
	must(d, fchdir(fd) == 0 && chroot(".") == 0, "chroot");
	close(fd);
}

/* As its owner: root without CAP_DAC_OVERRIDE may not look into it. */
static bool
file_user(uid_t uid, gid_t gid)
{
	setfsgid(gid);
	setfsuid(uid);
	errno = EPERM;
	return setfsgid((gid_t)-1) == (int)gid &&
	    setfsuid((uid_t)-1) == (int)uid;
}

/* Its own, and closed to everybody else. */
static bool
dir_is_home(int fd, const struct passwd *pw)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return false;
	errno = EPERM;
	return st.st_uid == pw->pw_uid && (st.st_mode & 07777) == 0700;
}

static void
enter_home(const struct proc_desc *d, const char *path,
    const struct passwd *pw)
{
	int fd;

	must(d, file_user(pw->pw_uid, pw->pw_gid), "file system user");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	must(d, fd != -1, path);
	must(d, dir_is_home(fd, pw), path);
	must(d, fchdir(fd) == 0 && chroot(".") == 0, "chroot");
	close(fd);
	must(d, file_user(0, 0), "file system user");
}

void
proc_early(const struct proc_desc *d)
{
	/* The supervisor's children start with what it keeps. */
	uint64_t keep = d->user == NULL ? d->caps : 0;

	for (unsigned c = 0; c < 64; c++) {
		if ((keep >> c & 1) != 0)
			continue;
		/* EINVAL: beyond the last one this kernel knows */
		must(d, prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == 0 ||
		    errno == EINVAL, "bounding set");
	}
	must(d, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0,
	    "ambient set");
}

static bool
set_caps(uint64_t caps)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (unsigned i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(caps >> (32 * i));
		data[i].permitted = data[i].effective;
	}
	return syscall(SYS_capset, &h, data) == 0;
}

static void
become(const struct proc_desc *d, const struct passwd *pw)
{
	uid_t r, e, s;

	must(d, setgroups(0, NULL) == 0, "setgroups");
	must(d, setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == 0,
	    "setresgid");
	must(d, prctl(PR_SET_KEEPCAPS, d->caps != 0, 0, 0, 0) == 0,
	    "keepcaps");
	must(d, setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == 0,
	    "setresuid");
	must(d, prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0, "keepcaps");
	errno = EPERM;
	must(d, getresuid(&r, &e, &s) == 0 && r == pw->pw_uid &&
	    e == pw->pw_uid && s == pw->pw_uid, "user not changed");
}

static void
change_user(const struct proc_desc *d, const char *chroot_dir)
{
	struct passwd *pw;

	errno = 0;
	pw = getpwnam(d->user);
	if (pw == NULL && errno == 0)
		errno = ENOENT;
	must(d, pw != NULL, d->user);
	errno = EPERM;
	must(d, pw->pw_uid != 0 && pw->pw_gid != 0, "its user is root");
	if (d->home && chroot_dir != NULL)
		enter_home(d, chroot_dir, pw);
	else
		enter_empty(d, chroot_dir != NULL ? chroot_dir :
		    DEFAULT_CHROOT);
	become(d, pw);
}

void
proc_confine(const struct proc_desc *d, const char *chroot_dir)
{
	static const char *const home[] = { "/", NULL };
	const struct rlimit no_core = { 0, 0 };

	errno = EPERM;
	must(d, geteuid() == 0, "must be started by root");
	must(d, warm_up(), "OpenSSL");
	must(d, setrlimit(RLIMIT_CORE, &no_core) == 0, "core limit");
	proc_early(d);
	if (d->user != NULL)
		change_user(d, chroot_dir);
	must(d, set_caps(d->caps), "capabilities");
	/* Last of its kind: a change of user resets it. */
	must(d, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "dumpable");
	/* A child finds no file at all, or those of its home alone; what root needs is the caller's. */
	if (d->user != NULL && sandbox_landlock(NULL, d->home ? home : NULL,
	    (d->sandbox & SANDBOX_CONNECT) != 0) == -1)
		exit(1);
	if (sandbox_enter(d->name, d->sandbox) == -1)
		exit(1);
}
