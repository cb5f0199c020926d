/*
 * The helper that asks the DNS.  It reads from the network, so it keeps
 * nothing: another user, no capability, no memory of the supervisor's (it
 * was executed anew), one descriptor, and the supervisor ends it
 * after a minute.
 */
#include "sallyportd/resolve.h"

#include <sys/prctl.h>
#include <sys/socket.h>

#include <grp.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FD		3
#define NAMES_MAX	(256 * 1024)
#define THREADS		8

struct work {
	pthread_mutex_t lock;
	char *rest;		/* names that nobody has taken yet */
};

static int
drop(void)
{
	const struct passwd *pw = getpwnam("nobody");

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || pw == NULL ||
	    setgroups(0, NULL) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		return -1;
	return 0;
}

/* "name address" with the first address in the order of gai.conf(5); the
 * name alone when there is none. */
static void
ask(struct work *w, const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
	    .ai_flags = AI_ADDRCONFIG }, *res = NULL;
	struct endpoint e;
	char text[ADDR_STRLEN], line[512];
	int n;

	if (getaddrinfo(name, NULL, &hints, &res) == 0 &&
	    endpoint_from_sockaddr(&e, res->ai_addr, res->ai_addrlen) == 0)
		n = snprintf(line, sizeof(line), "%s %s\n", name,
		    addr_fmt(&e.addr, text, sizeof(text)));
	else
		n = snprintf(line, sizeof(line), "%s\n", name);
	if (res != NULL)
		freeaddrinfo(res);
	pthread_mutex_lock(&w->lock);
	if (n > 0 && (size_t)n < sizeof(line) && write(FD, line, (size_t)n)
	    == -1)
		_exit(1);
	pthread_mutex_unlock(&w->lock);
}

static void *
ask_all(void *arg)
{
	struct work *w = arg;
	char *name;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		name = strsep(&w->rest, "\n");
		pthread_mutex_unlock(&w->lock);
		if (name == NULL)
			return NULL;
		if (*name != '\0')
			ask(w, name);
	}
}

static void
read_names(char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 &&
	    (n = read(FD, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
}

int
resolve_main(void)
{
	static char names[NAMES_MAX];
	struct work w = { .lock = PTHREAD_MUTEX_INITIALIZER, .rest = names };
	pthread_t t[THREADS];
	size_t i, n = 0;

	if (drop() == -1)
		_exit(1);
	read_names(names, sizeof(names));
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&t[n], NULL, ask_all, &w) == 0)
			n++;
	if (n == 0)
		ask_all(&w);
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	_exit(0);
}
