#include "tests/unit/cage_util.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/sandbox.h"

#include <check.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <sys/socket.h>
#include <sys/wait.h>

#include <linux/netlink.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void
need(bool ok, int line)
{
	if (ok)
		return;
	fprintf(stderr, "in the cage: line %d: %s\n", line, strerror(errno));
	_exit(99);
}

/* Runs fn in a cage of its own; the wait status. */
static int
caged(uint32_t sets, void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		if (sandbox_enter("test", sets) == -1)
			_exit(98);
		fn();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

void
assert_lives(uint32_t sets, void (*fn)(void))
{
	int status = caged(sets, fn);

	ck_assert_msg(WIFEXITED(status), "killed by signal %d",
	    WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

void
assert_denied(uint32_t sets, void (*fn)(void))
{
	int status = caged(sets, fn);

	if (KILLS) {
		ck_assert_msg(WIFSIGNALED(status), "lived, status %d",
		    WEXITSTATUS(status));
		ck_assert_int_eq(WTERMSIG(status), SIGSYS);
	} else {
		ck_assert(WIFEXITED(status));
		ck_assert_int_eq(WEXITSTATUS(status), REFUSED);
	}
}

void
refused_if(bool failed)
{
	if (failed && (errno == EPERM || errno == EACCES))
		_exit(REFUSED);
}

/* What every process does: crypto, memory, the loop, edges. */
static void
crypto(void)
{
	EVP_PKEY *a = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_PKEY *b = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_PKEY_CTX *ctx;
	EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	EVP_CIPHER_CTX *cc = EVP_CIPHER_CTX_new();
	uint8_t shared[32], out[64];
	size_t n = sizeof(shared);
	int len;

	NEED(a != NULL && b != NULL && aes != NULL && cc != NULL);
	ctx = EVP_PKEY_CTX_new(a, NULL);
	NEED(EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, b) == 1 &&
	    EVP_PKEY_derive(ctx, shared, &n) == 1 && n == 32);
	NEED(EVP_EncryptInit_ex2(cc, aes, shared, shared + 16, NULL) == 1 &&
	    EVP_EncryptUpdate(cc, out, &len, shared, sizeof(shared)) == 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_CIPHER_CTX_free(cc);
	EVP_CIPHER_free(aes);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

static void
memory(void)
{
	uint8_t *p[64];

	for (size_t i = 0; i < 64; i++) {
		p[i] = malloc(1 << (i % 22));
		NEED(p[i] != NULL);
		p[i][0] = (uint8_t)i;
	}
	for (size_t i = 0; i < 64; i++)
		p[i] = realloc(p[i], 3 << (i % 20));
	for (size_t i = 0; i < 64; i++)
		free(p[i]);
}

struct loop_test {
	struct event_base *base;
	struct edge *edge[2];
	int got;
};

static int
on_message(void *arg, struct imsg *m, const char **why)
{
	struct loop_test *t = arg;

	(void)why;
	if (m->fd != -1)
		close(imsg_fd(m));
	if (++t->got == 2)
		event_base_loopbreak(t->base);
	return 0;
}

static void
on_down(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_test *t = arg;

	(void)fd;
	(void)what;
	edge_send(t->edge[0], 1, 0, 0, NULL);
	edge_send(t->edge[1], 1, 0, -1, NULL);
}

int loop_fds[2];

static void
loop(void)
{
	static const struct permit permits[] = {
		{ 1, "ONE", 0, 0, PERMIT_FD_OPT, on_message },
	};
	struct loop_test t = { .base = event_base_new() };
	struct timeval soon = { 0, 1000 };
	struct event *ev, *term;

	NEED(t.base != NULL);
	for (int i = 0; i < 2; i++) {
		t.edge[i] = edge_new(t.base, loop_fds[i], "other",
		    EDGE_REFUSE, permits, 1, on_down, &t, 4096);
		NEED(t.edge[i] != NULL);
	}
	ev = evtimer_new(t.base, on_timer, &t);
	term = evsignal_new(t.base, SIGTERM, on_timer, &t);
	NEED(ev != NULL && evtimer_add(ev, &soon) == 0);
	NEED(term != NULL && event_add(term, NULL) == 0);
	event_base_dispatch(t.base);
	NEED(t.got == 2);
	event_free(ev);
	event_free(term);
	edge_free(t.edge[0]);
	edge_free(t.edge[1]);
	event_base_free(t.base);
}

void
everyday(void)
{
	struct timespec ts;
	char text[64];
	time_t now = time(NULL);
	struct tm tm;

	crypto();
	memory();
	loop();
	NEED(mono_now().us > 0);
	NEED(clock_gettime(CLOCK_REALTIME, &ts) == 0);
	NEED(localtime_r(&now, &tm) != NULL);
	NEED(strftime(text, sizeof(text), "%F %T", &tm) > 0);
	log_info(LOG_T_SYSTEM, "from inside the cage");
	NEED(snprintf(text, sizeof(text), "%s", strerror(ENOENT)) > 0);
}

/* Here without proc_confine(), which does this. */
void
warm_up(void)
{
	tzset();
	ck_assert_int_eq(OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL),
	    1);
}

void
open_file(void)
{
	refused_if(open("/etc/passwd", O_RDONLY) == -1);
}

void
netlink(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int size = 65536;

	NEED(fd != -1);
	NEED(bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == 0);
	NEED(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0);
	NEED(setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &(int){ 1 },
	    sizeof(int)) == 0);
	close(fd);
	errno = 0;
	NEED(socket(AF_INET, SOCK_DGRAM, 0) == -1 && errno == EPERM);
	errno = 0;
	NEED(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int stage;

void
reach(int n)
{
	pthread_mutex_lock(&lock);
	stage = n;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
}

void
wait_for(int n)
{
	pthread_mutex_lock(&lock);
	while (stage < n)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
}

/* Waits for the cage, works, and in the end tries to leave it. */
void *
worker(void *arg)
{
	bool leave = *(bool *)arg;

	wait_for(1);
	crypto();
	memory();
	if (leave) {
		open_file();
		_exit(97);
	}
	reach(2);
	return NULL;
}
