#include "sallyportd/keep.h"

#include "lib/buf.h"
#include "lib/proc.h"

#include <check.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECRET	"Xq3vvJ0pK7sLw2Zr9TbN"

static struct conf *
load(const char *secret)
{
	char text[512];
	struct conf *conf;

	snprintf(text, sizeof(text), "/ip ipsec peer add name=p "
	    "address=192.0.2.1 exchange-mode=ike2\n/ip ipsec identity add peer=p secret=%s\n",
	    secret);
	conf = conf_load_mem("test", text, strlen(text), NULL, NULL);
	ck_assert_ptr_nonnull(conf);
	return conf;
}

struct seen {
	size_t n;
	size_t with_secret;
	const char *secret;
};

static void
see(void *arg, struct buf *b)
{
	struct seen *s = arg;

	s->n++;
	s->with_secret += memmem(b->data, b->len, s->secret,
	    strlen(s->secret)) != NULL;
	buf_free(b);
}

static struct seen
kept(const struct keep *k, const char *secret)
{
	struct seen s = { .secret = secret };

	ck_assert_int_eq(keep_each(k, see, &s), 0);
	return s;
}

START_TEST(test_again_and_again)
{
	struct keep k = KEEP_NONE;
	struct conf *conf = load(SECRET);
	struct seen s;
	int i;

	ck_assert_int_eq(keep_fill(&k, conf), 0);
	conf_wipe_secrets(conf);
	for (i = 0; i < 3; i++) {
		s = kept(&k, SECRET);
		ck_assert_uint_eq(s.n, conf_sends_count(conf, PROC_CERTD));
		ck_assert_uint_eq(s.with_secret, 1);
	}
	keep_drop(&k);
	conf_free(conf);
}
END_TEST

START_TEST(test_replaced)
{
	struct keep k = KEEP_NONE;
	struct conf *old = load(SECRET), *fresh = load("Pb8wqT1nM4xKd6Yc5RgZ");

	ck_assert_int_eq(keep_fill(&k, old), 0);
	ck_assert_int_eq(keep_fill(&k, fresh), 0);
	ck_assert_uint_eq(kept(&k, SECRET).with_secret, 0);
	ck_assert_uint_eq(kept(&k, "Pb8wqT1nM4xKd6Yc5RgZ").with_secret, 1);
	keep_drop(&k);
	conf_free(old);
	conf_free(fresh);
}
END_TEST

START_TEST(test_empty)
{
	struct keep k = KEEP_NONE;

	ck_assert_uint_eq(kept(&k, SECRET).n, 0);
	keep_drop(&k);
}
END_TEST

/* What was cut off is an error, never half a configuration. */
START_TEST(test_short)
{
	struct keep k = KEEP_NONE;
	struct conf *conf = load(SECRET);
	struct seen s = { .secret = SECRET };

	ck_assert_int_eq(keep_fill(&k, conf), 0);
	ck_assert_int_eq(ftruncate(k.fd, lseek(k.fd, 0, SEEK_END) - 1), 0);
	ck_assert_int_eq(keep_each(&k, see, &s), -1);
	keep_drop(&k);
	conf_free(conf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keep");
	TCase *t = tcase_create("keep");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_again_and_again);
	tcase_add_test(t, test_replaced);
	tcase_add_test(t, test_empty);
	tcase_add_test(t, test_short);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
