#include "lib/sandbox.h"

#include "config.h"
#include "lib/log.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#ifdef WITH_SANITIZERS
#define DENY	SCMP_ACT_ERRNO(EPERM)

static bool entered;

/* The leak checker needs ptrace and files, which a cage has not. */
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return entered;
}
#else
#define DENY	SCMP_ACT_KILL_PROCESS
#endif

/* Calls granted whatever their arguments. */
struct grant {
	uint32_t set;
	int nr;
};

static const struct grant grants[] = {
	/* open descriptors */
	{ SANDBOX_BASE, SCMP_SYS(read) },
	{ SANDBOX_BASE, SCMP_SYS(write) },
	{ SANDBOX_BASE, SCMP_SYS(pread64) },
	{ SANDBOX_BASE, SCMP_SYS(readv) },
	{ SANDBOX_BASE, SCMP_SYS(writev) },
	{ SANDBOX_BASE, SCMP_SYS(close) },
	{ SANDBOX_BASE, SCMP_SYS(fcntl) },
	{ SANDBOX_BASE, SCMP_SYS(lseek) },
	{ SANDBOX_BASE, SCMP_SYS(fstat) },
	{ SANDBOX_BASE, SCMP_SYS(pipe2) },
	{ SANDBOX_BASE, SCMP_SYS(recvmsg) },
	{ SANDBOX_BASE, SCMP_SYS(recvfrom) },
	{ SANDBOX_BASE, SCMP_SYS(sendmsg) },
	{ SANDBOX_BASE, SCMP_SYS(shutdown) },
	{ SANDBOX_BASE, SCMP_SYS(getsockopt) },
	{ SANDBOX_BASE, SCMP_SYS(getsockname) },
	{ SANDBOX_BASE, SCMP_SYS(getpeername) },
	/* the event loop */
	{ SANDBOX_BASE, SCMP_SYS(epoll_create1) },
	{ SANDBOX_BASE, SCMP_SYS(epoll_ctl) },
	{ SANDBOX_BASE, SCMP_SYS(epoll_wait) },
	{ SANDBOX_BASE, SCMP_SYS(epoll_pwait) },
	{ SANDBOX_BASE, SCMP_SYS(epoll_pwait2) },
	{ SANDBOX_BASE, SCMP_SYS(eventfd2) },
	{ SANDBOX_BASE, SCMP_SYS(timerfd_create) },
	{ SANDBOX_BASE, SCMP_SYS(timerfd_settime) },
	{ SANDBOX_BASE, SCMP_SYS(poll) },
	{ SANDBOX_BASE, SCMP_SYS(ppoll) },
	/* time and chance */
	{ SANDBOX_BASE, SCMP_SYS(clock_gettime) },
	{ SANDBOX_BASE, SCMP_SYS(clock_getres) },
	{ SANDBOX_BASE, SCMP_SYS(gettimeofday) },
	{ SANDBOX_BASE, SCMP_SYS(time) },
	{ SANDBOX_BASE, SCMP_SYS(getrandom) },
	/* memory; mmap and mprotect are below */
	{ SANDBOX_BASE, SCMP_SYS(brk) },
	{ SANDBOX_BASE, SCMP_SYS(munmap) },
	{ SANDBOX_BASE, SCMP_SYS(mremap) },
	{ SANDBOX_BASE, SCMP_SYS(madvise) },
	/* signals to oneself, locks, end */
	{ SANDBOX_BASE, SCMP_SYS(rt_sigaction) },
	{ SANDBOX_BASE, SCMP_SYS(rt_sigprocmask) },
	{ SANDBOX_BASE, SCMP_SYS(rt_sigreturn) },
	{ SANDBOX_BASE, SCMP_SYS(sigaltstack) },
	{ SANDBOX_BASE, SCMP_SYS(restart_syscall) },
	{ SANDBOX_BASE, SCMP_SYS(futex) },
	{ SANDBOX_BASE, SCMP_SYS(sched_yield) },
	{ SANDBOX_BASE, SCMP_SYS(exit) },
	{ SANDBOX_BASE, SCMP_SYS(exit_group) },
	/* questions about oneself */
	{ SANDBOX_BASE, SCMP_SYS(getpid) },
	{ SANDBOX_BASE, SCMP_SYS(gettid) },
	{ SANDBOX_BASE, SCMP_SYS(getppid) },
	{ SANDBOX_BASE, SCMP_SYS(getuid) },
	{ SANDBOX_BASE, SCMP_SYS(geteuid) },
	{ SANDBOX_BASE, SCMP_SYS(getgid) },
	{ SANDBOX_BASE, SCMP_SYS(getegid) },
	{ SANDBOX_BASE, SCMP_SYS(getrusage) },
	{ SANDBOX_BASE, SCMP_SYS(getcpu) },
	{ SANDBOX_BASE, SCMP_SYS(sched_getaffinity) },
	{ SANDBOX_BASE, SCMP_SYS(sysinfo) },	/* qsort() of glibc */
	{ SANDBOX_BASE, SCMP_SYS(uname) },

	{ SANDBOX_UDP, SCMP_SYS(sendto) },
	{ SANDBOX_UDP, SCMP_SYS(sendmmsg) },
	{ SANDBOX_UDP, SCMP_SYS(recvmmsg) },
	{ SANDBOX_UDP, SCMP_SYS(connect) },

	{ SANDBOX_CONNECT, SCMP_SYS(sendto) },
	{ SANDBOX_CONNECT, SCMP_SYS(connect) },

	{ SANDBOX_NETLINK, SCMP_SYS(bind) },
	{ SANDBOX_NETLINK, SCMP_SYS(connect) },
	{ SANDBOX_NETLINK, SCMP_SYS(sendto) },

	{ SANDBOX_THREADS, SCMP_SYS(set_robust_list) },
	{ SANDBOX_THREADS, SCMP_SYS(rseq) },
	{ SANDBOX_THREADS, SCMP_SYS(membarrier) },

	{ SANDBOX_FILES_RO, SCMP_SYS(stat) },
	{ SANDBOX_FILES_RO, SCMP_SYS(lstat) },
	{ SANDBOX_FILES_RO, SCMP_SYS(newfstatat) },
	{ SANDBOX_FILES_RO, SCMP_SYS(statx) },
	{ SANDBOX_FILES_RO, SCMP_SYS(statfs) },
	{ SANDBOX_FILES_RO, SCMP_SYS(fstatfs) },
	{ SANDBOX_FILES_RO, SCMP_SYS(access) },
	{ SANDBOX_FILES_RO, SCMP_SYS(faccessat) },
	{ SANDBOX_FILES_RO, SCMP_SYS(faccessat2) },
	{ SANDBOX_FILES_RO, SCMP_SYS(readlink) },
	{ SANDBOX_FILES_RO, SCMP_SYS(readlinkat) },
	{ SANDBOX_FILES_RO, SCMP_SYS(getdents64) },
	{ SANDBOX_FILES_RO, SCMP_SYS(getcwd) },
	{ SANDBOX_FILES_RO, SCMP_SYS(fadvise64) },

	{ SANDBOX_FILES_RW, SCMP_SYS(open) },
	{ SANDBOX_FILES_RW, SCMP_SYS(openat) },
	{ SANDBOX_FILES_RW, SCMP_SYS(rename) },
	{ SANDBOX_FILES_RW, SCMP_SYS(renameat) },
	{ SANDBOX_FILES_RW, SCMP_SYS(renameat2) },
	{ SANDBOX_FILES_RW, SCMP_SYS(unlink) },
	{ SANDBOX_FILES_RW, SCMP_SYS(unlinkat) },
	{ SANDBOX_FILES_RW, SCMP_SYS(mkdir) },
	{ SANDBOX_FILES_RW, SCMP_SYS(mkdirat) },
	{ SANDBOX_FILES_RW, SCMP_SYS(ftruncate) },
	{ SANDBOX_FILES_RW, SCMP_SYS(fsync) },
	{ SANDBOX_FILES_RW, SCMP_SYS(fdatasync) },
	{ SANDBOX_FILES_RW, SCMP_SYS(pwrite64) },
	{ SANDBOX_FILES_RW, SCMP_SYS(flock) },
	{ SANDBOX_FILES_RW, SCMP_SYS(umask) },

	{ SANDBOX_LISTEN, SCMP_SYS(accept) },
	{ SANDBOX_LISTEN, SCMP_SYS(accept4) },

	/*
	 * The supervisor's filter stays on its children: it must let them
	 * start, and do all they do before their own filter.
	 */
	{ SANDBOX_SPAWN, SCMP_SYS(clone) },
	{ SANDBOX_SPAWN, SCMP_SYS(fork) },
	{ SANDBOX_SPAWN, SCMP_SYS(vfork) },
	{ SANDBOX_SPAWN, SCMP_SYS(execve) },
	{ SANDBOX_SPAWN, SCMP_SYS(wait4) },
	{ SANDBOX_SPAWN, SCMP_SYS(waitid) },
	{ SANDBOX_SPAWN, SCMP_SYS(kill) },
	{ SANDBOX_SPAWN, SCMP_SYS(tgkill) },
	{ SANDBOX_SPAWN, SCMP_SYS(setsid) },
	{ SANDBOX_SPAWN, SCMP_SYS(setpgid) },
	{ SANDBOX_SPAWN, SCMP_SYS(dup) },
	{ SANDBOX_SPAWN, SCMP_SYS(dup2) },
	{ SANDBOX_SPAWN, SCMP_SYS(dup3) },
	{ SANDBOX_SPAWN, SCMP_SYS(pipe) },
	{ SANDBOX_SPAWN, SCMP_SYS(close_range) },
	{ SANDBOX_SPAWN, SCMP_SYS(memfd_create) },
	{ SANDBOX_SPAWN, SCMP_SYS(inotify_init1) },
	{ SANDBOX_SPAWN, SCMP_SYS(inotify_add_watch) },
	{ SANDBOX_SPAWN, SCMP_SYS(socketpair) },
	{ SANDBOX_SPAWN, SCMP_SYS(bind) },
	{ SANDBOX_SPAWN, SCMP_SYS(listen) },
	{ SANDBOX_SPAWN, SCMP_SYS(connect) },
	{ SANDBOX_SPAWN, SCMP_SYS(setsockopt) },
	{ SANDBOX_SPAWN, SCMP_SYS(ioctl) },
	{ SANDBOX_SPAWN, SCMP_SYS(chown) },
	{ SANDBOX_SPAWN, SCMP_SYS(lchown) },
	{ SANDBOX_SPAWN, SCMP_SYS(fchown) },
	{ SANDBOX_SPAWN, SCMP_SYS(fchownat) },
	{ SANDBOX_SPAWN, SCMP_SYS(chmod) },
	{ SANDBOX_SPAWN, SCMP_SYS(fchmod) },
	{ SANDBOX_SPAWN, SCMP_SYS(fchmodat) },
	{ SANDBOX_SPAWN, SCMP_SYS(rmdir) },
	{ SANDBOX_SPAWN, SCMP_SYS(chdir) },
	{ SANDBOX_SPAWN, SCMP_SYS(fchdir) },
	{ SANDBOX_SPAWN, SCMP_SYS(chroot) },
	{ SANDBOX_SPAWN, SCMP_SYS(setgroups) },
	{ SANDBOX_SPAWN, SCMP_SYS(setresuid) },
	{ SANDBOX_SPAWN, SCMP_SYS(setresgid) },
	{ SANDBOX_SPAWN, SCMP_SYS(setuid) },
	{ SANDBOX_SPAWN, SCMP_SYS(setfsuid) },
	{ SANDBOX_SPAWN, SCMP_SYS(setfsgid) },
	{ SANDBOX_SPAWN, SCMP_SYS(getresuid) },
	{ SANDBOX_SPAWN, SCMP_SYS(getresgid) },
	{ SANDBOX_SPAWN, SCMP_SYS(getgroups) },
	{ SANDBOX_SPAWN, SCMP_SYS(capget) },
	{ SANDBOX_SPAWN, SCMP_SYS(capset) },
	{ SANDBOX_SPAWN, SCMP_SYS(prctl) },
	{ SANDBOX_SPAWN, SCMP_SYS(seccomp) },
	{ SANDBOX_SPAWN, SCMP_SYS(landlock_create_ruleset) },
	{ SANDBOX_SPAWN, SCMP_SYS(landlock_add_rule) },
	{ SANDBOX_SPAWN, SCMP_SYS(landlock_restrict_self) },
	{ SANDBOX_SPAWN, SCMP_SYS(arch_prctl) },
	{ SANDBOX_SPAWN, SCMP_SYS(set_tid_address) },
	{ SANDBOX_SPAWN, SCMP_SYS(prlimit64) },
	{ SANDBOX_SPAWN, SCMP_SYS(getrlimit) },
	{ SANDBOX_SPAWN, SCMP_SYS(setrlimit) },
	{ SANDBOX_SPAWN, SCMP_SYS(personality) },	/* sanitizers */
	{ SANDBOX_SPAWN, SCMP_SYS(sendmmsg) },	/* the C library's resolver */
	{ SANDBOX_SPAWN, SCMP_SYS(nanosleep) },
	{ SANDBOX_SPAWN, SCMP_SYS(clock_nanosleep) },
	{ SANDBOX_SPAWN, SCMP_SYS(rt_sigtimedwait) },
};

/* Calls granted when one argument, masked, has a value. */
struct arg_grant {
	uint32_t set;
	int nr;
	unsigned arg;
	uint64_t mask, value;
};

#define ALL		UINT64_MAX
#define O_CHANGES	(O_ACCMODE | O_CREAT | O_TRUNC)
#define CLONE_NEWALL	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |	\
			    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct arg_grant arg_grants[] = {
	{ SANDBOX_BASE, SCMP_SYS(mmap), 2, PROT_EXEC, 0 },
	{ SANDBOX_BASE, SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
	{ SANDBOX_BASE, SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD },
	{ SANDBOX_BASE, SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME },
	/* stdio's fstat(); without a path */
	{ SANDBOX_BASE, SCMP_SYS(newfstatat), 3, UINT32_MAX, AT_EMPTY_PATH },
	/* send(); with an address only below */
	{ SANDBOX_BASE, SCMP_SYS(sendto), 4, ALL, 0 },
	{ SANDBOX_UDP, SCMP_SYS(setsockopt), 1, UINT32_MAX, IPPROTO_IP },
	{ SANDBOX_UDP, SCMP_SYS(setsockopt), 1, UINT32_MAX, IPPROTO_IPV6 },
	{ SANDBOX_NETLINK, SCMP_SYS(setsockopt), 1, UINT32_MAX, SOL_NETLINK },
	{ SANDBOX_THREADS, SCMP_SYS(clone), 0, CLONE_THREAD | CLONE_NEWALL,
	    CLONE_THREAD },
	{ SANDBOX_FILES_RO, SCMP_SYS(open), 1, O_CHANGES, O_RDONLY },
	{ SANDBOX_FILES_RO, SCMP_SYS(openat), 2, O_CHANGES, O_RDONLY },
	/* the dynamic loader maps code, but never to be written to */
	{ SANDBOX_SPAWN, SCMP_SYS(mmap), 2, PROT_EXEC | PROT_WRITE,
	    PROT_EXEC },
};

/* Options of SOL_SOCKET. */
static const struct {
	uint32_t set;
	uint32_t opt;
} sockopts[] = {
	{ SANDBOX_BASE, SO_SNDBUF },
	{ SANDBOX_BASE, SO_RCVBUF },
	{ SANDBOX_NETLINK, SO_RCVBUFFORCE },
};

/* 1: the set grants it */
static bool
granted(uint32_t sets, uint32_t set)
{
	return set == SANDBOX_BASE || (sets & set) != 0;
}

/* -EEXIST: a wider grant is there; a call this machine lacks is no loss. */
static int
allow(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned n,
    const struct scmp_arg_cmp *args)
{
	int r = seccomp_rule_add_array(ctx, action, nr, n, args);

	return r == 0 || r == -EEXIST || r == -EDOM ? 0 : r;
}

static int
add_grants(scmp_filter_ctx ctx, uint32_t sets)
{
	int r;

	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++)
		if (granted(sets, grants[i].set) &&
		    (r = allow(ctx, SCMP_ACT_ALLOW, grants[i].nr, 0, NULL)) !=
		    0)
			return r;
	return 0;
}

static int
add_arg_grants(scmp_filter_ctx ctx, uint32_t sets)
{
	const struct arg_grant *g;
	struct scmp_arg_cmp cmp;
	int r;

	for (size_t i = 0; i < sizeof(arg_grants) / sizeof(arg_grants[0]);
	    i++) {
		g = &arg_grants[i];
		cmp = SCMP_CMP64(g->arg, SCMP_CMP_MASKED_EQ, g->mask,
		    g->value);
		if (granted(sets, g->set) &&
		    (r = allow(ctx, SCMP_ACT_ALLOW, g->nr, 1, &cmp)) != 0)
			return r;
	}
	return 0;
}

static int
add_sockopts(scmp_filter_ctx ctx, uint32_t sets)
{
	struct scmp_arg_cmp cmp[2];
	int r;

	for (size_t i = 0; i < sizeof(sockopts) / sizeof(sockopts[0]); i++) {
		cmp[0] = SCMP_CMP32(1, SCMP_CMP_EQ, SOL_SOCKET);
		cmp[1] = SCMP_CMP32(2, SCMP_CMP_EQ, sockopts[i].opt);
		if (granted(sets, sockopts[i].set) &&
		    (r = allow(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
		    cmp)) != 0)
			return r;
	}
	return 0;
}

/* Raising a signal: only within this process. */
static int
add_raise(scmp_filter_ctx ctx)
{
	struct scmp_arg_cmp cmp;

	cmp = SCMP_CMP32(0, SCMP_CMP_EQ, (uint32_t)getpid());
	return allow(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &cmp);
}

static bool
family_granted(uint32_t sets, uint32_t family)
{
	switch (family) {
	case AF_NETLINK:
		return (sets & (SANDBOX_NETLINK | SANDBOX_SPAWN)) != 0;
	case AF_UNIX:
		return (sets & SANDBOX_SPAWN) != 0;
	case AF_INET:
	case AF_INET6:
		return (sets & (SANDBOX_CONNECT | SANDBOX_SPAWN)) != 0;
	default:
		return false;
	}
}

/* socket() outside the granted families fails rather than kills. */
static int
add_families(scmp_filter_ctx ctx, uint32_t sets)
{
	struct scmp_arg_cmp cmp;
	uint32_t f, action;
	int r;

	for (f = 0; f <= AF_NETLINK; f++) {
		cmp = SCMP_CMP32(0, SCMP_CMP_EQ, f);
		action = family_granted(sets, f) ? SCMP_ACT_ALLOW :
		    SCMP_ACT_ERRNO(EPERM);
		r = allow(ctx, action, SCMP_SYS(socket), 1, &cmp);
		/* an action equal to the default needs no rule */
		if (r != 0 && r != -EACCES)
			return r;
	}
	cmp = SCMP_CMP32(0, SCMP_CMP_GT, AF_NETLINK);
	r = allow(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, &cmp);
	return r == -EACCES ? 0 : r;
}

/* Its flags lie in memory; glibc falls back to clone(), which is checked. */
static int
add_clone3(scmp_filter_ctx ctx)
{
	return allow(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
}

int
sandbox_enter(const char *name, uint32_t sets)
{
	scmp_filter_ctx ctx;
	int r;

	if ((sets & SANDBOX_SPAWN) != 0)
		sets = ~(uint32_t)0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_error(LOG_T_SYSTEM, "%s: no_new_privs: %s", name,
		    strerror(errno));
		return -1;
	}
	if ((ctx = seccomp_init(DENY)) == NULL) {
		log_error(LOG_T_SYSTEM, "%s: seccomp: out of memory", name);
		return -1;
	}
	if ((r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, DENY)) == 0 &&
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1)) == 0 &&
	    (r = add_grants(ctx, sets)) == 0 &&
	    (r = add_arg_grants(ctx, sets)) == 0 &&
	    (r = add_sockopts(ctx, sets)) == 0 &&
	    (r = add_raise(ctx)) == 0 &&
	    (r = add_families(ctx, sets)) == 0 &&
	    (r = add_clone3(ctx)) == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	if (r != 0) {
		log_error(LOG_T_SYSTEM, "%s: seccomp filter: %s", name,
		    strerror(-r));
		return -1;
	}
#ifdef WITH_SANITIZERS
	entered = true;
#endif
	return 0;
}
