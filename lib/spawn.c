#include "lib/proc.h"

#include "lib/log.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC	(1U << 2)
#endif
#define FD_ASIDE	10	/* away from the numbers that are taken */

void
proc_title(int argc, char **argv, const char *fmt, ...)
{
	char title[128] = "sallyport: ", *end;
	size_t skip = strlen(title), room;
	va_list ap;
	int i;

	va_start(ap, fmt);
	vsnprintf(title + skip, sizeof(title) - skip, fmt, ap);
	va_end(ap);
	prctl(PR_SET_NAME, title + skip, 0, 0, 0);
	if (argc < 1)
		return;
	/* The kernel shows this memory; the strings usually lie in a row. */
	end = argv[0] + strlen(argv[0]) + 1;
	for (i = 1; i < argc && argv[i] == end; i++)
		end += strlen(argv[i]) + 1;
	room = (size_t)(end - argv[0]);
	memset(argv[0], 0, room);
	snprintf(argv[0], room, "%s", title);
	for (i = 1; i < argc; i++)
		argv[i] = argv[0] + room - 1;
}

/* In the child: as after a fresh login, but for fd 3. */
static int
tidy(int fd)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* What a crash has to say still goes to standard error. */
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1)
		return -1;
	if (fd == PROC_SUPERVISOR_FD) {
		if (fcntl(fd, F_SETFD, 0) == -1)
			return -1;
	} else if (dup2(fd, PROC_SUPERVISOR_FD) == -1)
		return -1;
	/* Everything of ours is close-on-exec already; this is for the rest.
	 * An old kernel that cannot is no reason not to start. */
	close_range(PROC_SUPERVISOR_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child.  Returns only by exec; else reports errno and exits. */
static void
run(const struct proc_desc *d, const char *path, const char *worker, int fd,
    int report)
{
	char *argv[4];
	char name[32], opt[] = "-w", number[16];
	int aside = fcntl(report, F_DUPFD_CLOEXEC, FD_ASIDE), saved;

	snprintf(name, sizeof(name), "sallyport: %s", d->name);
	snprintf(number, sizeof(number), "%s", worker);
	argv[0] = name;
	argv[1] = opt;
	argv[2] = number;
	argv[3] = NULL;
	if (aside != -1 && tidy(fd) == 0)
		execv(path, argv);
	saved = errno;
	if (write(aside != -1 ? aside : report, &saved, sizeof(saved)) == -1)
		_exit(126);
	_exit(127);
}

/* 0 when the child's exec succeeded, else its errno. */
static int
exec_result(int fd)
{
	int err = 0;
	ssize_t n;

	do
		n = read(fd, &err, sizeof(err));
	while (n == -1 && errno == EINTR);
	return n == sizeof(err) ? err : n == 0 ? 0 : EIO;
}

pid_t
proc_spawn(const struct proc_desc *d, const char *libexec, unsigned worker,
    int fd)
{
	char path[PATH_MAX], number[16];
	int report[2], err;
	pid_t pid;

	snprintf(number, sizeof(number), "%u", worker);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", libexec, d->name) >=
	    sizeof(path)) {
		log_error(LOG_T_SYSTEM, "%s: path too long", d->name);
		return -1;
	}
	if (pipe2(report, O_CLOEXEC) == -1) {
		log_error(LOG_T_SYSTEM, "cannot start %s: %s", d->name,
		    strerror(errno));
		return -1;
	}
	if ((pid = fork()) == 0)
		run(d, path, number, fd, report[1]);
	err = pid == -1 ? errno : 0;
	close(report[1]);
	if (pid != -1)
		err = exec_result(report[0]);
	close(report[0]);
	if (err == 0)
		return pid;
	if (pid != -1)
		waitpid(pid, NULL, 0);
	log_error(LOG_T_SYSTEM, "cannot start %s: %s", path, strerror(err));
	return -1;
}
