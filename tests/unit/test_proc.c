/* Processes: their table, their titles, and what proc_confine() leaves. */
#include "lib/proc.h"

#include "lib/sandbox.h"
#include "tests/unit/cage_util.h"

#include <check.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
		if (i != PROC_SALLYPORTD)
			ck_assert_uint_eq(d->caps, i == PROC_KEYMGR ?
			    1ULL << CAP_NET_ADMIN : 0);
		/* an edge has two ends */
		for (int j = 0; j < PROC_MAX; j++)
			if (d->peers & PROC_BIT(j))
				ck_assert_uint_ne(proc_desc((enum proc_id)j)->
				    peers & PROC_BIT(i), 0);
	}
	ck_assert_int_eq(proc_by_name("nobody"), -1);
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
	TCase *tc = tcase_create("confine");

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
	Suite *s = suite_create("proc");
	TCase *tc = tcase_create("table");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
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
