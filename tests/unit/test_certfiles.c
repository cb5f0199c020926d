/* Files of certificates that change under the names by which they are known:
 * the ways of certbot, of volumes made of links, of administrators. */
#include "sallyportd/certfiles.h"

#include <check.h>

#include <sys/stat.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Well below the minute in which files are looked at anyway. */
#define WAIT_S	10

static char dir[] = "/tmp/certfiles.XXXXXX";
static struct event_base *base;
static struct certfiles *cf;
static struct conf *conf;
static char delivered[256];	/* contents, in order */

static const char *
in_dir(const char *name)
{
	static char path[4][512];
	static unsigned at;

	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), "%s/%s", dir, name);
	return path[at];
}

static void
put(const char *name, const char *text)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
make_dir(const char *name)
{
	ck_assert_int_eq(mkdir(in_dir(name), 0700), 0);
}

static void
make_link(const char *target, const char *name)
{
	ck_assert_int_eq(symlink(target, in_dir(name)), 0);
}

static void
move(const char *from, const char *to)
{
	ck_assert_int_eq(rename(in_dir(from), in_dir(to)), 0);
}

static void
on_file(void *arg, uint32_t obj, int fd)
{
	size_t n = strlen(delivered);
	char text[32] = "gone";
	ssize_t got;

	(void)arg;
	(void)obj;
	if (fd != -1) {
		got = read(fd, text, sizeof(text) - 1);
		ck_assert_int_ge(got, 0);
		text[got] = '\0';
		close(fd);
	}
	snprintf(delivered + n, sizeof(delivered) - n, "%s%s",
	    n > 0 ? " " : "", text);
}

static void
on_changed(void *arg)
{
	(void)arg;
	delivered[0] = '\0';
	certfiles_open(cf, true, on_file, NULL);
	event_base_loopbreak(base);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ck_abort_msg("no change was seen");
}

/* Everything that changes next: what the files of the name then hold. */
static void
expect(const char *want)
{
	struct timeval tv = { WAIT_S, 0 };
	struct event *late = evtimer_new(base, on_late, NULL);

	event_add(late, &tv);
	event_base_dispatch(base);
	event_free(late);
	ck_assert_str_eq(delivered, want);
}

static void
watch_names(const char *cert, const char *key)
{
	char script[512];

	snprintf(script, sizeof(script), "/certificate\n"
	    "import file-name=%s name=own\nimport file-name=%s name=own\n",
	    cert, key);
	conf = conf_load_mem("test", script, strlen(script), NULL, NULL);
	ck_assert_ptr_nonnull(conf);
	cf = certfiles_new(base, in_dir("script"), on_changed, NULL);
	ck_assert_ptr_nonnull(cf);
	certfiles_conf(cf, conf);
	delivered[0] = '\0';
	certfiles_open(cf, false, on_file, NULL);
}

static void
setup(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	base = event_base_new();
	put("script", "");
}

static void
teardown(void)
{
	char command[64];

	certfiles_free(cf);
	conf_free(conf);
	event_base_free(base);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

/* Written in place, replaced, removed and there again: both files of the
 * name come, whichever changed. */
START_TEST(plain)
{
	put("c", "c1");
	put("k", "k1");
	watch_names("c", "k");
	ck_assert_str_eq(delivered, "c1 k1");
	put("c", "c2");
	expect("c2 k1");
	put("k.new", "k2");
	move("k.new", "k");
	expect("c2 k2");
	ck_assert_int_eq(unlink(in_dir("c")), 0);
	expect("gone k2");
	put("c", "c3");
	expect("c3 k2");
	/* Both within a moment are one change. */
	put("c", "c4");
	put("k", "k4");
	expect("c4 k4");
}
END_TEST

static int slow_fd;

static void
on_next_part(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ck_assert_int_eq(write(slow_fd, arg, strlen(arg)),
	    (ssize_t)strlen(arg));
}

/* Who writes slowly is waited for, though each part may be a whole one. */
START_TEST(slowly)
{
	static char parts[][4] = { "b", "c" };
	const struct timeval when[] = { { 0, 350000 }, { 0, 700000 } };
	struct event *ev[2];
	size_t i;

	put("c", "old");
	put("k", "k1");
	watch_names("c", "k");
	ck_assert_int_eq(unlink(in_dir("c")), 0);
	slow_fd = open(in_dir("c"), O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(slow_fd, "a", 1), 1);
	for (i = 0; i < 2; i++) {
		ev[i] = evtimer_new(base, on_next_part, parts[i]);
		event_add(ev[i], &when[i]);
	}
	expect("abc k1");
	for (i = 0; i < 2; i++)
		event_free(ev[i]);
	close(slow_fd);
}
END_TEST

/* certbot: live/ has links into archive/, and makes new ones. */
START_TEST(links_to_versions)
{
	make_dir("archive");
	make_dir("live");
	put("archive/c1", "c1");
	put("archive/k1", "k1");
	make_link("../archive/c1", "live/c");
	make_link("../archive/k1", "live/k");
	watch_names("live/c", "live/k");
	ck_assert_str_eq(delivered, "c1 k1");
	put("archive/c2", "c2");
	put("archive/k2", "k2");
	ck_assert_int_eq(unlink(in_dir("live/c")), 0);
	ck_assert_int_eq(unlink(in_dir("live/k")), 0);
	make_link("../archive/c2", "live/c");
	make_link("../archive/k2", "live/k");
	expect("c2 k2");
	make_link("../archive/c1", "live/c.new");
	move("live/c.new", "live/c");
	expect("c1 k2");
	/* The file at the other end. */
	put("archive/c1", "c1b");
	expect("c1b k2");
}
END_TEST

/* A volume of Kubernetes: c -> ..data/c, ..data -> ..1, and the latter link
 * is replaced at one stroke. */
START_TEST(links_to_a_directory)
{
	make_dir("v");
	make_dir("v/..1");
	put("v/..1/c", "c1");
	put("v/..1/k", "k1");
	make_link("..1", "v/..data");
	make_link("..data/c", "v/c");
	make_link("..data/k", "v/k");
	watch_names("v/c", "v/k");
	ck_assert_str_eq(delivered, "c1 k1");
	make_dir("v/..2");
	put("v/..2/c", "c2");
	put("v/..2/k", "k2");
	make_link("..2", "v/..tmp");
	move("v/..tmp", "v/..data");
	expect("c2 k2");
	make_dir("v/..3");
	put("v/..3/c", "c3");
	put("v/..3/k", "k3");
	make_link("..3", "v/..tmp");
	move("v/..tmp", "v/..data");
	expect("c3 k3");
}
END_TEST

/* The link is one of the path's directories. */
START_TEST(link_above)
{
	make_dir("r1");
	make_dir("r2");
	put("r1/c", "c1");
	put("r1/k", "k1");
	put("r2/c", "c2");
	put("r2/k", "k2");
	make_link("r1", "now");
	watch_names("now/c", "now/k");
	ck_assert_str_eq(delivered, "c1 k1");
	make_link("r2", "next");
	move("next", "now");
	expect("c2 k2");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("certfiles");
	TCase *tc = tcase_create("certfiles");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, plain);
	tcase_add_test(tc, slowly);
	tcase_add_test(tc, links_to_versions);
	tcase_add_test(tc, links_to_a_directory);
	tcase_add_test(tc, link_above);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
