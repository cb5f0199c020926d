#include "lib/conf/conf.h"
#include "tests/unit/conf_util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SECRET	"Xq3vvJ0pK7sLw2Zr9TbN"
#define SCRIPT								\
	"/ip ipsec settings set ike-port=501 natt-port=4501\n"		\
	"/ip ipsec profile add name=f "					\
	"enc-algorithm=aes-256-gcm,aes-256 "				\
	"hash-algorithm=sha384 dh-group=x25519 lifetime=2h\n"		\
	"/ip ipsec proposal add name=r pfs-group=none esn=both\n"	\
	"/ip ipsec peer\n"						\
	"add name=a address=192.0.2.2 exchange-mode=ike2 profile=f\n"	\
	"add name=b address=gw.example.net exchange-mode=ike2 "		\
	"disabled=yes comment=remark\n"					\
	"/ip ipsec identity add peer=a secret=" SECRET " "		\
	"my-id=fqdn:gw.example remote-id=key-id:other\n"		\
	"/ip ipsec policy\n"						\
	"add peer=a tunnel=yes src-address=10.0.0.0/8,2001:db8::/32 "	\
	"dst-address=10.9.0.0/16,2001:db9::/32 proposal=r "		\
	"protocol=udp "							\
	"dst-port=53 comment=remark\n"					\
	"add peer=a tunnel=yes src-address=10.0.0.0/8,2001:db8::/32 "	\
	"dst-address=10.9.0.0/16,2001:db9::/32 protocol=udp dst-port=53\n"

/* What one process gets of c; the bytes of all messages go to wire. */
static struct conf *
hand_over(const struct conf *c, enum proc_id proc, struct buf *wire)
{
	const struct conf_obj *o;
	struct conf *d = conf_new();
	const char *why = NULL;
	struct cur cur;
	struct buf b;
	size_t n = 0;
	int m;

	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(c, m, o) {
			if (!conf_sends(o, proc))
				continue;
			buf_init(&b, CONF_OBJECT_MAX);
			conf_pack(&b, o, proc);
			ck_assert_int_eq(buf_error(&b), 0);
			cur_init(&cur, b.data, b.len);
			ck_assert_msg(conf_unpack(d, &cur, &why) == 0, "%s",
			    why);
			buf_put(wire, b.data, b.len);
			buf_free(&b);
			n++;
		}
	ck_assert_uint_eq(n, conf_sends_count(c, proc));
	ck_assert_int_eq(conf_complete(d, &why), 0);
	return d;
}

static bool
has(const struct buf *b, const char *s)
{
	return memmem(b->data, b->len, s, strlen(s)) != NULL;
}

/* All values a getter knows are the same on both sides. */
static void
same(const struct conf_obj *a, const struct conf_obj *b, unsigned prop)
{
	char x[CONF_TEXT_MAX], y[CONF_TEXT_MAX];

	conf_fmt(a, prop, 0, x, sizeof(x));
	conf_fmt(b, prop, 0, y, sizeof(y));
	ck_assert_str_eq(x, y);
	ck_assert(conf_is_set(a, prop) == conf_is_set(b, prop));
}

START_TEST(keymgr_gets)
{
	struct conf *c = load_ok(SCRIPT), *d;
	const struct conf_obj *o, *p;
	struct buf wire;

	buf_init(&wire, 1 << 20);
	d = hand_over(c, PROC_KEYMGR, &wire);
	ck_assert(!has(&wire, SECRET));
	ck_assert(!has(&wire, "gw.example\1"));
	ck_assert_uint_eq(conf_count(d, CONF_POLICY), 3);
	ck_assert_uint_eq(conf_count(d, CONF_LOGGING), 0);
	p = conf_first(d, CONF_POLICY);
	CONF_FOREACH(c, CONF_POLICY, o) {
		ck_assert_uint_eq(o->id, p->id);
		ck_assert_uint_eq(o->flags, p->flags);
		ck_assert_uint_eq(o->line, p->line);
		ck_assert_ptr_eq(conf_by_id(d, o->id), p);
		ck_assert_uint_eq(conf_ref_id(o, CONF_POLICY_PEER),
		    conf_ref_id(p, CONF_POLICY_PEER));
		same(o, p, CONF_POLICY_SRC_ADDRESS);
		same(o, p, CONF_POLICY_DST_ADDRESS);
		same(o, p, CONF_POLICY_DST_PORT);
		same(o, p, CONF_POLICY_PROTOCOL);
		same(o, p, CONF_POLICY_TUNNEL);
		same(o, p, CONF_POLICY_COMMENT);
		p = p->next;
	}
	p = conf_first(d, CONF_POLICY)->next;
	ck_assert_str_eq(conf_name(conf_ref(d, p, CONF_POLICY_PROPOSAL)),
	    "r");
	ck_assert(conf_usable(d, p));
	ck_assert(!conf_usable(d, p->next));
	ck_assert_str_ne(p->next->reason, "");
	ck_assert(!conf_usable(d, conf_by_name(d, CONF_PEER, "b")));
	ck_assert_int_eq(conf_num(conf_single(d, CONF_SETTINGS),
	    CONF_SETTINGS_IKE_PORT), 501);
	conf_free(c);
	conf_free(d);
	buf_free(&wire);
}
END_TEST

START_TEST(ikepd_gets)
{
	struct conf *c = load_ok(SCRIPT), *d;
	const struct conf_obj *f, *i;
	struct buf wire;

	buf_init(&wire, 1 << 20);
	d = hand_over(c, PROC_IKEPD, &wire);
	ck_assert(!has(&wire, SECRET));
	ck_assert(!has(&wire, "remark"));
	f = conf_by_name(d, CONF_PROFILE, "f");
	same(conf_by_name(c, CONF_PROFILE, "f"), f, CONF_PROFILE_ENC);
	same(conf_by_name(c, CONF_PROFILE, "f"), f, CONF_PROFILE_PRF);
	same(conf_by_name(c, CONF_PROFILE, "f"), f, CONF_PROFILE_DH);
	ck_assert_int_eq(conf_num(f, CONF_PROFILE_LIFETIME), 7200);
	ck_assert_str_eq(conf_str(conf_by_name(d, CONF_PEER, "b"),
	    CONF_PEER_ADDRESS), "gw.example.net");
	i = conf_first(d, CONF_IDENTITY);
	ck_assert_uint_eq(conf_secret(i, CONF_IDENTITY_SECRET)->len, 0);
	ck_assert_ptr_eq(conf_ref(d, i, CONF_IDENTITY_PEER),
	    conf_by_name(d, CONF_PEER, "a"));
	conf_free(c);
	conf_free(d);
	buf_free(&wire);
}
END_TEST

START_TEST(certd_gets)
{
	struct conf *c = load_ok(SCRIPT), *d;
	const struct conf_obj *i;
	const struct secret *s;
	struct buf wire;

	buf_init(&wire, 1 << 20);
	d = hand_over(c, PROC_CERTD, &wire);
	i = conf_first(d, CONF_IDENTITY);
	s = conf_secret(i, CONF_IDENTITY_SECRET);
	ck_assert_uint_eq(s->len, strlen(SECRET));
	ck_assert_mem_eq(s->data, SECRET, s->len);
	ck_assert_int_eq(conf_id(i, CONF_IDENTITY_REMOTE_ID)->type,
	    IKEID_KEY_ID);
	ck_assert_uint_eq(conf_count(d, CONF_POLICY), 0);
	ck_assert_uint_eq(conf_count(d, CONF_PROFILE), 0);
	buf_reset(&wire);
	conf_free(d);
	d = hand_over(c, PROC_CONTROLD, &wire);
	ck_assert_uint_eq(wire.len, 0);
	conf_free(c);
	conf_free(d);
	buf_free(&wire);
}
END_TEST

START_TEST(resolved)
{
	struct conf *c = load_ok(SCRIPT), *d;
	struct addr a;
	struct buf wire;
	char s[PREFIX_STRLEN];

	buf_init(&wire, 1 << 20);
	ck_assert_int_eq(addr_parse(&a, "2001:db8::7"), 0);
	conf_set_resolved(conf_by_name(c, CONF_PEER, "b"), &a);
	d = hand_over(c, PROC_IKEPD, &wire);
	ck_assert_str_eq(prefix_fmt(conf_prefix(conf_by_name(d, CONF_PEER,
	    "b"), CONF_PEER_ADDRESS), s, sizeof(s)), "2001:db8::7/128");
	conf_free(c);
	conf_free(d);
	buf_free(&wire);
}
END_TEST

/* Every shorter message is refused, and so is one byte more. */
START_TEST(lengths)
{
	struct conf *c = load_ok(SCRIPT), *d;
	const struct conf_obj *o;
	const char *why;
	struct cur cur;
	struct buf b;
	size_t len;
	int m;

	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(c, m, o) {
			buf_init(&b, CONF_OBJECT_MAX);
			conf_pack(&b, o, PROC_CERTD);
			conf_pack(&b, o, PROC_KEYMGR);
			buf_reset(&b);
			conf_pack(&b, o, _i == 0 ? PROC_CERTD : PROC_IKEPD);
			buf_u8(&b, 0);
			for (len = 0; len <= b.len; len++) {
				d = conf_new();
				why = NULL;
				cur_init(&cur, b.data, len);
				if (conf_unpack(d, &cur, &why) == 0)
					ck_assert_uint_eq(len, b.len - 1);
				else {
					ck_assert_uint_ne(len, b.len - 1);
					ck_assert_ptr_nonnull(why);
				}
				conf_free(d);
			}
			buf_free(&b);
		}
	conf_free(c);
}
END_TEST

/* Changed bytes either make an object within the schema, or are refused. */
START_TEST(damage)
{
	struct conf *c = load_ok(SCRIPT), *d;
	const struct conf_obj *o;
	const char *why;
	struct cur cur;
	struct buf b, out;
	uint8_t was;
	size_t i;
	int m, k;

	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(c, m, o) {
			buf_init(&b, CONF_OBJECT_MAX);
			conf_pack(&b, o, PROC_IKEPD);
			for (i = 0; i < b.len; i++)
				for (k = 0; k < 4; k++) {
					was = b.data[i];
					b.data[i] = k == 0 ? 0 : k == 1 ?
					    0xff : k == 2 ? was + 1 :
					    was ^ 0x80;
					d = conf_new();
					cur_init(&cur, b.data, b.len);
					if (conf_unpack(d, &cur, &why) == 0 &&
					    conf_complete(d, &why) == 0) {
						buf_init(&out, 1 << 20);
						(void)conf_print(&out, d,
						    CONF_PRINT_VERBOSE);
						buf_free(&out);
					}
					conf_free(d);
					b.data[i] = was;
				}
			buf_free(&b);
		}
	conf_free(c);
}
END_TEST

START_TEST(same_number_twice)
{
	struct conf *c = load_ok(SCRIPT), *d = conf_new();
	const char *why = NULL;
	struct cur cur;
	struct buf b;

	buf_init(&b, CONF_OBJECT_MAX);
	conf_pack(&b, conf_by_name(c, CONF_PEER, "a"), PROC_IKEPD);
	cur_init(&cur, b.data, b.len);
	ck_assert_int_eq(conf_unpack(d, &cur, &why), 0);
	cur_init(&cur, b.data, b.len);
	ck_assert_int_eq(conf_unpack(d, &cur, &why), -1);
	ck_assert_str_eq(why, "object number given twice");
	conf_free(c);
	conf_free(d);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_pack");
	TCase *t = tcase_create("pack");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, keymgr_gets);
	tcase_add_test(t, ikepd_gets);
	tcase_add_test(t, certd_gets);
	tcase_add_test(t, resolved);
	tcase_add_loop_test(t, lengths, 0, 2);
	tcase_add_test(t, damage);
	tcase_add_test(t, same_number_twice);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
