/*
 * The processes of the suite: their names, users and how they give up what
 * they do not need.  PRIVSEP.md's table is this file in prose; a test
 * compares the two with what runs.
 */
#ifndef LIB_PROC_H
#define LIB_PROC_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

enum proc_id {
	PROC_SALLYPORTD,
	PROC_IKEPD,
	PROC_KEYMGR,
	PROC_CERTD,
	PROC_SESSIOND,
	PROC_FETCHD,
	PROC_INFORMD,
	PROC_CONTROLD,
	PROC_ESPD,		/* only where it moves the packets */
	PROC_MAX
};
#define PROC_BIT(p)	(1u << (p))

struct proc_desc {
	enum proc_id id;
	const char *name;	/* also the binary's name below libexec */
	const char *user;	/* full user name; NULL: root */
	uint64_t caps;		/* 1 << CAP_x kept after start */
	uint32_t sandbox;	/* SANDBOX_ sets */
	bool home;		/* lives in a directory of its own, below the
				 * state directory, not in an empty one */
	uint32_t peers;		/* PROC_BITs it has an edge with, besides the
				 * supervisor: the process graph */
};

const struct proc_desc *proc_desc(enum proc_id);
/* -1: unknown */
int proc_by_name(const char *);

/*
 * Child side, first of all, still root: empties the sets of capabilities
 * that only exec could give back.  They belong to each thread, so this comes
 * before any thread is made.  Exits with a log line on failure.
 */
void proc_early(const struct proc_desc *);

/*
 * Child side.  Changes to the process's user, keeps only its capabilities,
 * enters chroot (an empty directory owned by root, or its home), makes itself
 * non-dumpable, sets no_new_privs and the seccomp filter, the last for
 * threads that are there already as well.  Everything that must be opened
 * from the file system was opened before.  A row without a user (the
 * supervisor) keeps root, its files, and the bounding set its children need.
 * chroot_dir NULL: /run/sallyport/empty, made by the supervisor.  Exits with
 * a log line when any step fails: a process never runs with more than its
 * row says.
 */
void proc_confine(const struct proc_desc *, const char *chroot_dir);

/* Sets the visible name to "sallyport: NAME N" (prctl and argv). */
void proc_title(int argc, char **argv, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Parent side.  Starts libexec/NAME with fd as its supervisor edge (fd 3
 * there), worker index as "-w N", all other fds closed (close-on-exec).
 * Returns the pid or -1 (logged).
 */
pid_t proc_spawn(const struct proc_desc *, const char *libexec,
    unsigned worker, int fd);

#define PROC_SUPERVISOR_FD	3

#endif
