/* Warnings before a certificate expires. */
#include "certd/expiry.h"

#include "cert_util.h"
#include "lib/log.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY	86400

static const char script[] =
    "/certificate\n"
    "import file-name=own.pem name=own\n"
    "import file-name=short.pem name=short\n"
    "import file-name=chain.pem name=chain\n";

static struct conf *conf;
static struct store *store;
static char lines[4096];
static unsigned nlines;

static void
keep_line(void *arg, uint32_t topics, const char *line)
{
	size_t n = strlen(lines);

	(void)arg;
	if ((topics & (LOG_T_WARNING | LOG_T_ERROR)) == 0)
		return;
	nlines++;
	snprintf(lines + n, sizeof(lines) - n, "%s\n", line);
}

static void
put(const char *file, const char *cn, int until)
{
	X509 *x = make(&(struct spec){ .cn = cn, .key = key("p256", 0),
	    .from = -1, .until = until });

	file_put_cert(file_new(file), x);
	X509_free(x);
}

static void
setup(void)
{
	X509 *root, *leaf;
	struct buf *b;

	log_set_sink(keep_line, NULL);
	put("own.pem", "own", 100);
	put("short.pem", "short", 10);
	root = make(&(struct spec){ .cn = "root", .key = key("p256", 1),
	    .ca = true, .from = -400, .until = 50 });
	leaf = make(&(struct spec){ .cn = "leaf", .key = key("p256", 2),
	    .issuer = root, .issuer_key = key("p256", 1), .from = -1,
	    .until = 300 });
	b = file_new("chain.pem");
	file_put_cert(b, leaf);
	file_put_cert(b, root);
	X509_free(leaf);
	X509_free(root);
	conf = conf_of(script);
	store = store_new();
	store_conf(store, conf);
	ck_assert(files_deliver(store, conf));
}

static void
teardown(void)
{
	store_free(store);
	conf_free(conf);
	file_clear();
}

/* So many lines, the last with this text. */
static void
look(time_t now, unsigned n, const char *text)
{
	nlines = 0;
	lines[0] = '\0';
	expiry_look(store, now);
	ck_assert_msg(nlines == n, "%u lines: %s", nlines, lines);
	if (n > 0)
		ck_assert_msg(strstr(lines, text) != NULL, "%s", lines);
}

START_TEST(told_once_a_step)
{
	look(NOW, 0, "");
	/* 10 days long: no word of 30 and 7, but of 1 */
	look(NOW + 4 * DAY, 0, "");
	look(NOW + 9 * DAY + 7200, 1, "certificate short: CN=short expires in "
	    "0 days and 22 hours, on 2026-01-11 00:00 UTC");
	look(NOW + 9 * DAY + 7200, 0, "");
	look(NOW + 10 * DAY + 1, 1, "certificate short: CN=short expired on "
	    "2026-01-11 00:00 UTC");
	/* the CA goes before its certificate does */
	look(NOW + 21 * DAY, 1, "certificate chain: of its chain CN=root "
	    "expires in 29 days");
	look(NOW + 44 * DAY, 1, "of its chain CN=root expires in 6 days");
	look(NOW + 49 * DAY + 1, 1, "of its chain CN=root expires in 0 days "
	    "and 23 hours");
	look(NOW + 51 * DAY, 1, "of its chain CN=root expired on");
	look(NOW + 70 * DAY, 1, "certificate own: CN=own expires in 30 days");
	/* steps that nobody looked at are told as one */
	look(NOW + 99 * DAY + 60, 1, "certificate own: CN=own expires in 0 "
	    "days and 23 hours");
	look(NOW + 99 * DAY + 3600, 0, "");
}
END_TEST

/* Of a new one under the name nothing was said yet. */
START_TEST(renewed)
{
	look(NOW + 95 * DAY, 3, "certificate own: CN=own expires in 5 days");
	put("own.pem", "own", 200);
	ck_assert(files_deliver(store, conf));
	look(NOW + 95 * DAY, 0, "");
	look(NOW + 180 * DAY, 1, "certificate own: CN=own expires in 20 days");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("expiry");
	TCase *tc = tcase_create("expiry");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, told_once_a_step);
	tcase_add_test(tc, renewed);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
