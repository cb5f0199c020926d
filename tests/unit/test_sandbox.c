/* The filters of system calls. */
#include "lib/sandbox.h"

#include "tests/unit/cage_util.h"

#include <check.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const uint32_t each_set[] = {
	SANDBOX_BASE, SANDBOX_UDP, SANDBOX_NETLINK, SANDBOX_THREADS,
	SANDBOX_FILES_RO, SANDBOX_FILES_RW, SANDBOX_LISTEN, SANDBOX_SPAWN,
	SANDBOX_UDP | SANDBOX_THREADS,
};
#define NSETS	((int)(sizeof(each_set) / sizeof(each_set[0])))

START_TEST(everyday_calls_in_every_set)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, loop_fds), 0);
	assert_lives(each_set[_i], everyday);
}
END_TEST

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
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
