#include "lib/sandbox.h"

#include "config.h"
#include "lib/edge.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/proc.h"

#include <check.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/netlink.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef WITH_SANITIZERS
#define KILLS	false	/* the filter answers EPERM */
#else
#define KILLS	true
#endif

#define REFUSED	77	/* exit status: the call failed with EPERM */

static void
need(bool ok, int line)
{
	if (ok)
		return;
	fprintf(stderr, "in the cage: line %d: %s\n", line, strerror(errno));
	_exit(99);
}
#define NEED(x)	need(x, __LINE__)

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

static void
assert_lives(uint32_t sets, void (*fn)(void))
{
	int status = caged(sets, fn);

	ck_assert_msg(WIFEXITED(status), "killed by signal %d",
	    WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

static void
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

static void
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

static int loop_fds[2];

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

static void
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

static const uint32_t each_set[] = {
	SANDBOX_BASE, SANDBOX_UDP, SANDBOX_NETLINK, SANDBOX_THREADS,
	SANDBOX_FILES_RO, SANDBOX_FILES_RW, SANDBOX_LISTEN, SANDBOX_SPAWN,
	SANDBOX_UDP | SANDBOX_THREADS,
};
#define NSETS	((int)(sizeof(each_set) / sizeof(each_set[0])))

/* Here without proc_confine(), which does this. */
static void
warm_up(void)
{
	tzset();
	ck_assert_int_eq(OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL),
	    1);
}

START_TEST(everyday_calls_in_every_set)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, loop_fds), 0);
	assert_lives(each_set[_i], everyday);
}
END_TEST

static void
open_file(void)
{
	refused_if(open("/etc/passwd", O_RDONLY) == -1);
}

static void
create_file(void)
{
	int fd = open("/tmp", O_RDWR | O_TMPFILE, 0600);

	refused_if(fd == -1);
}

static void
execute(void)
{
	char *const argv[] = { NULL };

	refused_if(execve("/bin/true", argv, argv) == -1);
}

static void
fork_child(void)
{
	refused_if(fork() == -1);
}

static void
kill_other(void)
{
	refused_if(kill(getppid(), 0) == -1);
}

static void
tgkill_other(void)
{
	refused_if(syscall(SYS_tgkill, getppid(), getppid(), 0) == -1);
}

static void
map_wx(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	refused_if(p == MAP_FAILED);
}

static void
make_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(p != MAP_FAILED);
	refused_if(mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1);
}

static void
trace(void)
{
	refused_if(syscall(SYS_ptrace, 0, 0, 0, 0) == -1);
}

static void
change_root(void)
{
	refused_if(chroot("/") == -1);
}

static void
name_space(void)
{
	refused_if(syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD, 0, 0, 0,
	    0) == -1);
}

static void
become_dumpable(void)
{
	refused_if(syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0) ==
	    -1);
}

static void
bind_device(void)
{
	refused_if(setsockopt(loop_fds[0], SOL_SOCKET, SO_BINDTODEVICE, "lo",
	    2) == -1);
}

static void (*const forbidden[])(void) = {
	open_file, create_file, execute, fork_child, kill_other,
	tgkill_other, map_wx, make_executable, trace, change_root,
	name_space, become_dumpable, bind_device,
};
#define NFORBIDDEN	((int)(sizeof(forbidden) / sizeof(forbidden[0])))

START_TEST(forbidden_for_network_processes)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, loop_fds), 0);
	assert_denied(SANDBOX_UDP | SANDBOX_THREADS, forbidden[_i]);
	assert_denied(SANDBOX_BASE, forbidden[_i]);
}
END_TEST

static void
no_socket(void)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6,
		AF_NETLINK, AF_PACKET, AF_ALG, 44 };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		errno = 0;
		NEED(socket(families[i], SOCK_DGRAM, 0) == -1 &&
		    errno == EPERM);
	}
}

START_TEST(no_new_sockets)
{
	assert_lives(SANDBOX_UDP | SANDBOX_THREADS, no_socket);
	assert_lives(SANDBOX_BASE, no_socket);
	assert_lives(SANDBOX_LISTEN, no_socket);
}
END_TEST

static void
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

START_TEST(netlink_set)
{
	assert_lives(SANDBOX_NETLINK, netlink);
}
END_TEST

static int udp_fd;

static void
udp(void)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char byte = 'x';

	NEED(getsockname(udp_fd, (struct sockaddr *)&sin, &len) == 0);
	NEED(sendto(udp_fd, &byte, 1, 0, (struct sockaddr *)&sin, len) == 1);
	NEED(recvfrom(udp_fd, &byte, 1, 0, (struct sockaddr *)&sin, &len) ==
	    1);
	NEED(setsockopt(udp_fd, IPPROTO_IP, IP_TOS, &(int){ 0 },
	    sizeof(int)) == 0);
}

static void
send_with_address(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	char byte = 'x';

	refused_if(sendto(udp_fd, &byte, 1, 0, (struct sockaddr *)&sin,
	    sizeof(sin)) == -1);
}

START_TEST(udp_set)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	udp_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(udp_fd, (struct sockaddr *)&sin, sizeof(sin)) == 0)
		assert_lives(SANDBOX_UDP, udp);
	assert_denied(SANDBOX_BASE, send_with_address);
	close(udp_fd);
}
END_TEST

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int stage;

static void
reach(int n)
{
	pthread_mutex_lock(&lock);
	stage = n;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
}

static void
wait_for(int n)
{
	pthread_mutex_lock(&lock);
	while (stage < n)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
}

/* Waits for the cage, works, and in the end tries to leave it. */
static void *
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

static int
with_threads(bool before, bool leave)
{
	pthread_t t;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (before)
			NEED(pthread_create(&t, NULL, worker, &leave) == 0);
		NEED(sandbox_enter("test", SANDBOX_THREADS) == 0);
		if (!before)
			NEED(pthread_create(&t, NULL, worker, &leave) == 0);
		reach(1);
		wait_for(2);
		NEED(pthread_join(t, NULL) == 0);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(threads)
{
	int status = with_threads(_i == 0, false);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	/* the filter holds in threads that were there before it */
	status = with_threads(_i == 0, true);
	if (KILLS)
		ck_assert(WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGSYS);
	else
		ck_assert_int_eq(WEXITSTATUS(status), REFUSED);
}
END_TEST

static void
files_ro(void)
{
	char byte;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	struct stat st;

	NEED(fd != -1 && read(fd, &byte, 1) == 1);
	NEED(stat("/", &st) == 0);
	close(fd);
}

START_TEST(files_sets)
{
	assert_lives(SANDBOX_FILES_RO, files_ro);
	assert_denied(SANDBOX_FILES_RO, create_file);
	assert_denied(SANDBOX_FILES_RW, map_wx);
	assert_denied(SANDBOX_FILES_RW, execute);
}
END_TEST

static void
spawn(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execv("/bin/true", argv);
		_exit(1);
	}
	NEED(pid != -1 && waitpid(pid, &status, 0) == pid && status == 0);
	NEED(socket(AF_INET, SOCK_DGRAM, 0) != -1);
	NEED(socket(AF_INET6, SOCK_DGRAM, 0) != -1 || errno == EAFNOSUPPORT);
	errno = 0;
	NEED(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM);
}

/* A child of the supervisor enters its own cage inside the outer one. */
static void
nested(void)
{
	NEED(sandbox_enter("inner", SANDBOX_UDP | SANDBOX_THREADS) == 0);
	everyday();
}

static void
nested_open(void)
{
	NEED(sandbox_enter("inner", SANDBOX_BASE) == 0);
	open_file();
}

START_TEST(spawn_set)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, loop_fds), 0);
	assert_lives(SANDBOX_SPAWN, spawn);
	assert_lives(SANDBOX_SPAWN, nested);
	assert_denied(SANDBOX_SPAWN, nested_open);
	assert_denied(SANDBOX_SPAWN, map_wx);
	assert_denied(SANDBOX_SPAWN, make_executable);
	assert_denied(SANDBOX_SPAWN, trace);
}
END_TEST

/* proc_confine() as root. */
static char empty_dir[64];

static void
make_empty(void)
{
	snprintf(empty_dir, sizeof(empty_dir), "/tmp/empty.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(empty_dir));
	ck_assert_int_eq(chmod(empty_dir, 0755), 0);
}

static void
remove_empty(void)
{
	rmdir(empty_dir);
}

static const char *
status_field(const char *text, const char *name, char *dst, size_t size)
{
	const char *p = strstr(text, name);

	ck_assert_msg(p != NULL, "%s is missing", name);
	p += strlen(name);
	snprintf(dst, size, "%.*s", (int)strcspn(p, "\n"), p);
	return dst;
}

static void
check_caps(const char *text, const struct proc_desc *d)
{
	char want[24], none[24], f[128];

	snprintf(want, sizeof(want), "\t%016llx", (unsigned long long)d->caps);
	snprintf(none, sizeof(none), "\t%016llx", 0ULL);
	ck_assert_str_eq(status_field(text, "\nCapPrm:", f, sizeof(f)), want);
	ck_assert_str_eq(status_field(text, "\nCapEff:", f, sizeof(f)), want);
	ck_assert_str_eq(status_field(text, "\nCapInh:", f, sizeof(f)), none);
	ck_assert_str_eq(status_field(text, "\nCapBnd:", f, sizeof(f)), none);
	ck_assert_str_eq(status_field(text, "\nCapAmb:", f, sizeof(f)), none);
}

static void
check_status(int proc_dir, const struct proc_desc *d)
{
	const struct passwd *pw = getpwnam(d->user);
	char text[4096], f[128], want[128];
	struct stat st;
	ssize_t n;
	int fd;

	ck_assert_int_ne(fd = openat(proc_dir, "status", O_RDONLY), -1);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	/* a process that cannot be dumped belongs to root here */
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	close(fd);
	snprintf(want, sizeof(want), "\t%u\t%u\t%u\t%u", pw->pw_uid,
	    pw->pw_uid, pw->pw_uid, pw->pw_uid);
	ck_assert_str_eq(status_field(text, "\nUid:", f, sizeof(f)), want);
	snprintf(want, sizeof(want), "\t%u\t%u\t%u\t%u", pw->pw_gid,
	    pw->pw_gid, pw->pw_gid, pw->pw_gid);
	ck_assert_str_eq(status_field(text, "\nGid:", f, sizeof(f)), want);
	status_field(text, "\nGroups:", f, sizeof(f));
	ck_assert_uint_eq(strspn(f, " \t"), strlen(f));
	check_caps(text, d);
	ck_assert_str_eq(status_field(text, "\nNoNewPrivs:", f, sizeof(f)),
	    "\t1");
	ck_assert_str_eq(status_field(text, "\nSeccomp:", f, sizeof(f)),
	    "\t2");
}

/* All threads; their number. */
static int
check_threads(pid_t pid, const struct proc_desc *d)
{
	char path[64];
	struct dirent *de;
	DIR *dir;
	int n = 0, fd;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	ck_assert_ptr_nonnull(dir = opendir(path));
	while ((de = readdir(dir)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		fd = openat(dirfd(dir), de->d_name, O_RDONLY | O_DIRECTORY);
		ck_assert_int_ne(fd, -1);
		check_status(fd, d);
		close(fd);
		n++;
	}
	closedir(dir);
	return n;
}

static const struct proc_desc confined[] = {
	{ .name = "none", .user = "nobody" },
	{ .name = "net", .user = "nobody", .caps = 1ULL << CAP_NET_ADMIN,
	    .sandbox = SANDBOX_NETLINK },
	{ .name = "work", .user = "nobody",
	    .sandbox = SANDBOX_UDP | SANDBOX_THREADS },
};

START_TEST(confine)
{
	const struct proc_desc *d = &confined[_i];
	int ready[2], go[2], status;
	bool leave = false, thread = (d->sandbox & SANDBOX_THREADS) != 0;
	pthread_t t;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, loop_fds), 0);
	if ((pid = fork()) == 0) {
		proc_early(d);
		if (thread)
			NEED(pthread_create(&t, NULL, worker, &leave) == 0);
		proc_confine(d, empty_dir);
		everyday();
		NEED(write(ready[1], "r", 1) == 1);
		NEED(read(go[0], &byte, 1) == 1);
		if (thread) {
			reach(1);
			NEED(pthread_join(t, NULL) == 0);
		}
		open_file();
		_exit(0);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(check_threads(pid, d), thread ? 2 : 1);
	ck_assert_int_eq(write(go[1], "g", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (KILLS)
		ck_assert(WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGSYS);
	else	/* no such file in an empty root, or landlock */
		ck_assert(WIFEXITED(status));
}
END_TEST

static int
confine_status(const struct proc_desc *d, const char *dir)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		proc_confine(d, dir);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(confine_refuses)
{
	const struct proc_desc nouser = { .name = "x",
		.user = "no-such-user" };
	const struct proc_desc rootuser = { .name = "x", .user = "root" };
	char file[96];
	int fd;

	ck_assert_int_eq(confine_status(&nouser, empty_dir), 1);
	ck_assert_int_eq(confine_status(&rootuser, empty_dir), 1);
	ck_assert_int_eq(confine_status(&confined[0], "/no/such/dir"), 1);
	ck_assert_int_eq(chmod(empty_dir, 0775), 0);
	ck_assert_int_eq(confine_status(&confined[0], empty_dir), 1);
	ck_assert_int_eq(chmod(empty_dir, 0755), 0);
	snprintf(file, sizeof(file), "%s/file", empty_dir);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ne(fd, -1);
	close(fd);
	ck_assert_int_eq(confine_status(&confined[0], empty_dir), 1);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(confine_status(&confined[0], empty_dir), 0);
}
END_TEST

/* The supervisor, confined, starts a child that confines itself. */
START_TEST(supervisor_spawns)
{
	const struct proc_desc sh = { .name = "sh" };
	const struct proc_desc absent = { .name = "no-such-binary" };
	int sv[2], status;
	pid_t pid, child;
	char byte;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    sv), 0);
	if ((pid = fork()) == 0) {
		proc_confine(proc_desc(PROC_SALLYPORTD), NULL);
		NEED(proc_spawn(&absent, "/bin", 0, sv[1]) == -1);
		/* sh reads no script "-w"; that it runs and ends is enough */
		child = proc_spawn(&sh, "/bin", 3, sv[1]);
		NEED(child != -1);
		close(sv[1]);
		NEED(waitpid(child, &status, 0) == child);
		/* the child's end closed with it */
		NEED(read(sv[0], &byte, 1) == 0);
		if ((child = fork()) == 0) {
			proc_confine(&confined[1], empty_dir);
			netlink();
			_exit(0);
		}
		NEED(waitpid(child, &status, 0) == child && status == 0);
		_exit(0);
	}
	close(sv[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "killed by signal %d",
	    WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(process_table)
{
	for (int i = 0; i < PROC_MAX; i++) {
		const struct proc_desc *d = proc_desc((enum proc_id)i);

		ck_assert_int_eq(d->id, i);
		ck_assert_int_eq(proc_by_name(d->name), i);
		/* an edge has two ends */
		for (int j = 0; j < PROC_MAX; j++)
			if (d->peers & PROC_BIT(j))
				ck_assert_uint_ne(proc_desc((enum proc_id)j)->
				    peers & PROC_BIT(i), 0);
	}
	ck_assert_int_eq(proc_by_name("nobody"), -1);
	ck_assert_uint_eq(proc_desc(PROC_IKEPD)->caps, 0);
	ck_assert_uint_eq(proc_desc(PROC_CERTD)->caps, 0);
	ck_assert_uint_eq(proc_desc(PROC_CONTROLD)->caps, 0);
}
END_TEST

START_TEST(title)
{
	char area[] = "/usr/libexec/sallyport/ikepd\0-w\0001\0";
	char *argv[] = { area, area + 29, area + 32, NULL };
	char comm[17] = "";
	int fd;

	proc_title(3, argv, "%s %u", "ikepd", 1);
	ck_assert_str_eq(area, "sallyport: ikepd 1");
	ck_assert_str_eq(argv[1], "");
	fd = open("/proc/self/comm", O_RDONLY);
	ck_assert_int_gt(read(fd, comm, sizeof(comm) - 1), 0);
	close(fd);
	ck_assert_str_eq(comm, "ikepd 1\n");
}
END_TEST

static TCase *
confine_case(void)
{
	TCase *tc = tcase_create("proc");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, make_empty, remove_empty);
	tcase_add_loop_test(tc, confine, 0, 3);
	tcase_add_test(tc, confine_refuses);
	tcase_add_test(tc, supervisor_spawns);
	return tc;
}

int
main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *tc = tcase_create("filter");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, warm_up, NULL);
	tcase_add_loop_test(tc, everyday_calls_in_every_set, 0, NSETS);
	tcase_add_loop_test(tc, forbidden_for_network_processes, 0,
	    NFORBIDDEN);
	tcase_add_test(tc, no_new_sockets);
	tcase_add_test(tc, netlink_set);
	tcase_add_test(tc, udp_set);
	tcase_add_loop_test(tc, threads, 0, 2);
	tcase_add_test(tc, files_sets);
	tcase_add_test(tc, spawn_set);
	tcase_add_test(tc, process_table);
	tcase_add_test(tc, title);
	suite_add_tcase(s, tc);
	if (geteuid() == 0 && getpwnam("nobody") != NULL)
		suite_add_tcase(s, confine_case());
	else
		printf("proc_confine: skipped: needs root and nobody\n");
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
