/*
 * The cage of a process: no_new_privs, a seccomp allow-list, landlock where
 * the kernel has it.  Entered once, after everything that needs more has
 * been opened.
 */
#ifndef LIB_SANDBOX_H
#define LIB_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/* Sets of system calls a process may be granted. */
enum sandbox_set {
	SANDBOX_BASE = 0,	/* memory, time, read/write, epoll, sockets that
				 * are already open, exit */
	SANDBOX_UDP = 1 << 0,	/* addresses on sockets that are open */
	SANDBOX_NETLINK = 1 << 1,	/* socket(AF_NETLINK) and friends */
	SANDBOX_THREADS = 1 << 2,	/* futex, clone for threads */
	SANDBOX_FILES_RO = 1 << 3,	/* open for reading, stat, getdents */
	SANDBOX_FILES_RW = 1 << 4,	/* open for writing, rename, unlink */
	SANDBOX_LISTEN = 1 << 5,	/* accept on an open listener */
	SANDBOX_CONNECT = 1 << 7,	/* sockets of our own towards others:
					 * TCP connections, DNS questions */
	SANDBOX_SPAWN = 1 << 6,		/* the supervisor: fork, exec, sockets,
					 * wait, kill, chown, mount nothing */
};

/*
 * Enters the cage: PR_SET_NO_NEW_PRIVS, then the filter.  A call outside
 * the list kills the process; socket() outside the granted families fails
 * with EPERM; memory that is writable and executable is refused.
 * name: for error messages.  0, or -1 after logging why.
 * With sanitizers built in, the filter answers EPERM instead of killing.
 */
int sandbox_enter(const char *name, uint32_t sets);
/*
 * Landlock, before sandbox_enter: no file access at all below any path but
 * those in ro/rw (NULL-terminated lists, may be NULL), and unless connect is
 * set no TCP connection.  1: in force, 0: the kernel has no landlock, -1:
 * failed (logged).
 */
int sandbox_landlock(const char *const *ro, const char *const *rw,
    bool connect);

#endif
