/*
 * A program of its own, so that a kernel without landlock shows as a test
 * that was skipped and not as one that passed.
 */
#include "lib/sandbox.h"

#include <check.h>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED		77	/* to automake */
#define CREATE_RULESET	444	/* as in lib/landlock.c, found out apart */
#define CREATE_VERSION	1
#define ABI_NET		4	/* from here on TCP is restricted, too */

static long abi;

static void
need(bool ok, int line)
{
	if (ok)
		return;
	fprintf(stderr, "in the cage: line %d: %s\n", line, strerror(errno));
	_exit(99);
}
#define NEED(x)	need(x, __LINE__)

static void
assert_child(pid_t pid)
{
	int status;

	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

START_TEST(denies_files)
{
	static const char *const ro[] = { "/proc/self/stat", "/usr", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		NEED(sandbox_landlock(ro, NULL, false) == 1);
		NEED(open("/usr", O_RDONLY | O_DIRECTORY) != -1);
		errno = 0;
		NEED(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
		errno = 0;
		NEED(open("/usr/x-landlock", O_WRONLY | O_CREAT, 0600) == -1);
		_exit(0);
	}
	assert_child(pid);
}
END_TEST

/* Nobody listens on the discard port of the machine; what counts is that it
 * was not even tried. */
static int
connect_error(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	NEED(fd != -1);
	return connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ?
	    errno : 0;
}

START_TEST(denies_connections)
{
	bool may = _i == 1;
	pid_t pid = fork();

	if (pid == 0) {
		NEED(sandbox_landlock(NULL, NULL, may) == 1);
		NEED((connect_error() == EACCES) == (!may && abi >= ABI_NET));
		_exit(0);
	}
	assert_child(pid);
}
END_TEST

int
main(void)
{
	TCase *tc;
	SRunner *sr;
	Suite *s;
	int failed;

	abi = syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION);
	if (abi < 1) {
		printf("SKIP: the kernel has no landlock: %s\n",
		    strerror(errno));
		return SKIPPED;
	}
	s = suite_create("landlock");
	tc = tcase_create("landlock");
	tcase_add_test(tc, denies_files);
	tcase_add_loop_test(tc, denies_connections, 0, 2);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
