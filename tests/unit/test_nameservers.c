#include "sallyportd/nameservers.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The servers found, with blanks between. */
static const char *
found(const char *text)
{
	static char out[512];
	struct addr a[4];
	size_t i, n = nameservers_parse(text, a, 4);

	out[0] = '\0';
	for (i = 0; i < n; i++) {
		addr_fmt(&a[i], out + strlen(out), ADDR_STRLEN);
		strcat(out, " ");
	}
	return out;
}

START_TEST(read)
{
	ck_assert_str_eq(found(""), "");
	ck_assert_str_eq(found("nameserver 192.0.2.1\n"), "192.0.2.1 ");
	ck_assert_str_eq(found("# x\nsearch a.example\nnameserver\t192.0.2.1 "
	    "# first\r\noptions edns0\nnameserver 2001:db8::1"),
	    "192.0.2.1 2001:db8::1 ");
	/* not for others */
	ck_assert_str_eq(found("nameserver 127.0.0.53\nnameserver ::1\n"
	    "nameserver fe80::1\nnameserver 169.254.1.1\n"
	    "nameserver 0.0.0.0\n"), "");
	/* not what they seem */
	ck_assert_str_eq(found("nameservers 192.0.2.1\n nameserver 192.0.2.2\n"
	    "nameserver\nnameserver \nnameserver fe80::1%eth0\n"
	    "nameserver 0123456789012345678901234567890123456789012345678\n"
	    "nameserver 192.0.2\n;nameserver 192.0.2.3\n"), "");
	/* as many as there is room for */
	ck_assert_str_eq(found("nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "nameserver 192.0.2.3\nnameserver 192.0.2.4\n"
	    "nameserver 192.0.2.5\n"),
	    "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 ");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nameservers");
	TCase *t = tcase_create("file");
	SRunner *r;
	int failed;

	tcase_add_test(t, read);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
