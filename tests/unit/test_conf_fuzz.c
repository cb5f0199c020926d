/* Damages scripts at random and runs the fuzz target on them. */
#include "lib/conf/conf.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t state;

static unsigned
rnd(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((state >> 33) % n);
}

static const char *const seeds[] = {
	"/ip ipsec profile\nset [ find default=yes ] dh-group=ecp256 \\\n"
	"    enc-algorithm=aes-256,aes-128-gcm lifetime=1h30m\n"
	"/ip ipsec peer\nadd name=\"a b\" address=192.0.2.2/32 "
	"exchange-mode=ike2 comment=\"x\\41\\$y\"\n",
	"/ip/ipsec/peer/add name=p exchange-mode=ike2 address=gw.example\n"
	"/ip ipsec identity add peer=p secret=0x0011 my-id=fqdn:a.b\n"
	"/ip ipsec policy add peer=p tunnel=yes src-address=10.0.0.0/8,"
	"2001:db8:1::1-2001:db8:1::9 dst-address=2001:db8::/32,10.2.0.0/16 "
	"place-before=0\n/ip ipsec policy\nmove 1 0; set 0 disabled=yes\n",
	"/ip ipsec\npolicy group\nadd name=g; set g name=h\nremove [find "
	"name~\"^h\"]\n.. .. peer\nadd name=x !comment port=501 "
	"exchange-mode=ike2\n"
	"/system logging add topics=ipsec,!debug\n",
	"/ip ipsec settings set allow-weak=yes ike-port=501\n/ip ipsec "
	"proposal\nadd name=q enc-algorithms=3des,null pfs-group=none "
	"lifetime=00:30:00 esn=both\nset q auth-algorithms=md5\n",
};
#define NSEEDS	(sizeof(seeds) / sizeof(seeds[0]))

static const char *const words[] = { "\"", "\\", "\\\n", "[", "]", "=", "~",
	" ", "\n", ";", "#", "!", ",", "/", "..", "-", "0", "99999999999999999",
	"yes", "none", "default", "set", "add", "find", "name=", "\\41", "0x",
	"::/0", "0.0.0.0/0", "\xff", "\r\n", "$", "remove 0", "move 0 1" };

static size_t
damage(uint8_t *s, size_t n, size_t max)
{
	const char *w = words[rnd(sizeof(words) / sizeof(words[0]))];
	size_t at = rnd((unsigned)n + 1), len = strlen(w), cut;

	switch (rnd(4)) {
	case 0:		/* insert a word */
		if (n + len > max)
			return n;
		memmove(s + at + len, s + at, n - at);
		memcpy(s + at, w, len);
		return n + len;
	case 1:		/* cut something out */
		cut = rnd(12);
		if (cut > n - at)
			cut = n - at;
		memmove(s + at, s + at + cut, n - at - cut);
		return n - cut;
	case 2:		/* change a byte */
		if (at < n)
			s[at] = (uint8_t)rnd(256);
		return n;
	default:	/* repeat a piece */
		cut = rnd(40);
		if (cut > n - at || n + cut > max)
			return n;
		memmove(s + at + cut, s + at, n - at);
		return n + cut;
	}
}

START_TEST(damaged)
{
	uint8_t s[4096];
	const char *runs = getenv("FUZZ_RUNS");
	int i, k, n = runs != NULL ? atoi(runs) : 600;
	size_t len;

	state = (uint64_t)_i + 1;
	for (i = 0; i < n; i++) {
		len = (size_t)snprintf((char *)s, sizeof(s), "%s%s",
		    seeds[rnd(NSEEDS)], seeds[rnd(NSEEDS)]);
		for (k = (int)rnd(6); k >= 0; k--)
			len = damage(s, len, sizeof(s));
		ck_assert_int_eq(LLVMFuzzerTestOneInput(s, len), 0);
	}
}
END_TEST

START_TEST(undamaged)
{
	struct conf *c = conf_load_mem("x", seeds[_i], strlen(seeds[_i]),
	    NULL, NULL);

	/* The seeds must get through, or the damage would test little. */
	ck_assert_ptr_nonnull(c);
	conf_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_fuzz");
	TCase *t = tcase_create("fuzz");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, undamaged, 0, NSEEDS);
	tcase_add_loop_test(t, damaged, 0, 4);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
