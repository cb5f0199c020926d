#include "sallyportd/dns_help.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOOL_S		15	/* a program may take so long */
#define ARGS_MAX	(DNS_SERVERS + DNS_DOMAINS + 4)
#define ENTRY		"lo.sallyport"	/* ours with resolvconf; "lo." goes
					 * before what DHCP brought */
#define RESOLVED_DIR	"/run/systemd/resolve"
#define TEXT_MAX	(DNS_LINE_MAX + 256)

static const char *const resolvectl[] = {
	"/usr/bin/resolvectl", "/bin/resolvectl", NULL
};
static const char *const resolvconf[] = {
	"/usr/sbin/resolvconf", "/sbin/resolvconf", "/usr/bin/resolvconf",
	"/usr/local/sbin/resolvconf", NULL
};

enum how { NOTHING, BY_RESOLVED, BY_RESOLVCONF };

static struct {
	int note_dir;
	enum how how;		/* what is set now was set */
	struct dns_set set;
} self;

static void say(const char *, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line) - 1)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	(void)!send(DNS_FD, line, (size_t)n, MSG_NOSIGNAL);
}

static const char *
find(const char *const *paths)
{
	for (; *paths != NULL; paths++)
		if (access(*paths, X_OK) == 0)
			return *paths;
	return NULL;
}

/* Programs */

/* In the child.  What the program says is nobody's business, only whether
 * it succeeds. */
static void
tool_exec(const char *const *argv, int in)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *env[] = { path, locale, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(in == -1 ? null : in, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1)
		_exit(126);
	alarm(TOOL_S);
	execve(argv[0], (char *const *)(uintptr_t)argv, env);
	_exit(127);
}

static int
tool_wait(const char *const *argv, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	say("W%s %s failed: %s %d", argv[0], argv[1],
	    WIFSIGNALED(status) ? "signal" : "exit status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return -1;
}

/* input: what it reads, or NULL; it fits in a pipe. */
static int
tool(const char *const *argv, const char *input)
{
	int p[2] = { -1, -1 };
	pid_t pid;

	if (input != NULL && pipe2(p, O_CLOEXEC) == -1)
		return -1;
	if (input != NULL &&
	    write(p[1], input, strlen(input)) != (ssize_t)strlen(input)) {
		close(p[0]);
		close(p[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		tool_exec(argv, p[0]);
	if (input != NULL) {
		close(p[0]);
		close(p[1]);
	}
	return pid == -1 ? -1 : tool_wait(argv, pid);
}

/* systemd-resolved: servers and domains of one interface.  Domains are
 * routed there and not searched. */
static int
resolved_set(const char *path, const struct dns_set *d)
{
	char route[DNS_DOMAINS][DNSNAME_MAX + 2];
	const char *argv[ARGS_MAX] = { path, "dns", d->iface };
	unsigned i, n;

	for (i = 0, n = 3; i < d->nservers; i++)
		argv[n++] = d->server[i];
	argv[n] = NULL;
	if (tool(argv, NULL) == -1)
		return -1;
	argv[1] = "domain";
	n = 3;
	if (d->ndomains == 0)
		argv[n++] = "~.";
	for (i = 0; i < d->ndomains; i++) {
		snprintf(route[i], sizeof(route[i]), "~%s", d->domain[i]);
		argv[n++] = route[i];
	}
	argv[n] = NULL;
	if (tool(argv, NULL) == -1)
		return -1;
	argv[1] = "default-route";
	argv[3] = d->ndomains == 0 ? "yes" : "no";
	argv[4] = NULL;
	return tool(argv, NULL);
}

static void
resolved_clear(const struct dns_set *d)
{
	const char *argv[] = { find(resolvectl), "revert", d->iface, NULL };

	/* The interface may be gone, and its servers with it. */
	if (argv[0] != NULL && if_nametoindex(d->iface) != 0)
		(void)tool(argv, NULL);
}

/* The note tells the next helper, should this one be killed. */
static void
note(bool on)
{
	int fd;

	if (!on) {
		(void)unlinkat(self.note_dir, "name-servers", 0);
		return;
	}
	fd = openat(self.note_dir, "name-servers", O_WRONLY | O_CREAT |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1)
		close(fd);
}

static int
resolvconf_set(const char *path, const struct dns_set *d)
{
	const char *argv[] = { path, "-a", ENTRY, NULL };
	char text[TEXT_MAX];
	size_t len = 0;
	unsigned i;

	for (i = 0; i < d->nservers; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "nameserver %s\n", d->server[i]);
	if (d->ndomains > 0)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "search");
	for (i = 0; i < d->ndomains; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    " %s", d->domain[i]);
	if (d->ndomains > 0)
		snprintf(text + len, sizeof(text) - len, "\n");
	note(true);
	return tool(argv, text);
}

static void
resolvconf_clear(void)
{
	const char *argv[] = { find(resolvconf), "-d", ENTRY, NULL };

	if (argv[0] == NULL || tool(argv, NULL) == 0)
		note(false);
}

/* Lines */

static void
clear(void)
{
	if (self.how == NOTHING)
		return;
	if (self.how == BY_RESOLVED)
		resolved_clear(&self.set);
	else
		resolvconf_clear();
	self.how = NOTHING;
	say("Ithe peers' name servers are not asked any more");
}

static void
list_fmt(char *dst, size_t size, const char *item, unsigned n, size_t step)
{
	size_t len = 0;
	unsigned i;

	dst[0] = '\0';
	for (i = 0; i < n && len < size; i++)
		len += (size_t)snprintf(dst + len, size - len, "%s%s",
		    i == 0 ? "" : ", ", item + i * step);
}

static void
set(const struct dns_set *d)
{
	const char *ctl = find(resolvectl), *conf = find(resolvconf);
	char servers[512], domains[400];
	enum how how = NOTHING;

	list_fmt(servers, sizeof(servers), d->server[0], d->nservers,
	    sizeof(d->server[0]));
	list_fmt(domains, sizeof(domains), d->domain[0], d->ndomains,
	    sizeof(d->domain[0]));
	if (ctl != NULL && d->iface[0] != '\0' &&
	    access(RESOLVED_DIR, F_OK) == 0)
		how = BY_RESOLVED;
	else if (conf != NULL)
		how = BY_RESOLVCONF;
	if (self.how != NOTHING && (self.how != how ||
	    strcmp(self.set.iface, d->iface) != 0))
		clear();
	self.set = *d;
	self.how = how;
	if (how == NOTHING)
		say("Wthe peer's name servers %s are for you to use: there "
		    "is neither systemd-resolved nor resolvconf%s%s", servers,
		    domains[0] != '\0' ? "; they are for " : "", domains);
	else if ((how == BY_RESOLVED ? resolved_set(ctl, d) :
	    resolvconf_set(conf, d)) == 0)
		say("Ithe peer's name servers %s are asked for %s", servers,
		    domains[0] != '\0' ? domains : "all names");
}

static void
line_done(char *line)
{
	static struct dns_set d;

	if (strcmp(line, "clear") == 0)
		clear();
	else if (strncmp(line, "set ", 4) == 0 &&
	    dns_set_parse(line + 4, &d) == 0)
		set(&d);
	else
		say("Wmalformed name servers");
}

static void
serve(void)
{
	static char line[DNS_LINE_MAX];
	char buf[4096];
	size_t len = 0;
	ssize_t i, n;

	while ((n = read(DNS_FD, buf, sizeof(buf))) > 0 ||
	    (n == -1 && errno == EINTR))
		for (i = 0; i < n; i++) {
			if (buf[i] != '\n') {
				if (len == sizeof(line) - 1)
					return;
				line[len++] = buf[i];
				continue;
			}
			line[len] = '\0';
			len = 0;
			line_done(line);
		}
}

int
dns_main(const char *run_dir)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t i;

	if (null == -1)
		return 1;
	for (i = 0; i <= STDERR_FILENO; i++)
		(void)dup2(null, (int)i);
	/* The supervisor's end ends it; a signal to the group does not. */
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	self.note_dir = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self.note_dir == -1 || fcntl(DNS_FD, F_SETFD, FD_CLOEXEC) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || chdir("/") == -1)
		return 1;
	if (faccessat(self.note_dir, "name-servers", F_OK, 0) == 0)
		resolvconf_clear();
	serve();
	clear();
	return 0;
}
