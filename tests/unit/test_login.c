#include "certd/login.h"

#include "login_util.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The configuration all the tests select from. */
static const char script[] =
    "/ip ipsec peer\n"
    "add name=site address=192.0.2.0/24 exchange-mode=ike2\n"
    "add name=open address=0.0.0.0/0 exchange-mode=ike2 passive=yes\n"
    "add name=bare address=198.51.100.7/32 exchange-mode=ike2\n"
    "/ip ipsec identity\n"
    "add peer=site secret=secret-of-auto comment=auto\n"
    "add peer=site secret=secret-of-a remote-id=fqdn:a.example "
	"my-id=fqdn:gw.example comment=a\n"
    "add peer=site secret=secret-of-mail comment=mail "
	"remote-id=user-fqdn:root@b.example\n"
    "add peer=site secret=secret-of-addr remote-id=address:192.0.2.9 "
	"comment=addr\n"
    "add peer=site secret=secret-of-off remote-id=fqdn:off.example "
	"disabled=yes comment=off\n"
    "add peer=open secret=first-secret my-id=fqdn:one.example comment=one\n"
    "add peer=open secret=second-secret my-id=fqdn:two.example "
	"comment=two\n"
    "add peer=open secret=third-secret remote-id=ignore comment=three\n";

static struct idents *is;
static struct conf *conf;
static uint8_t auth[PRF_MAX];
static struct buf id_buf, asked_buf;

static void
print_finding(void *arg, const struct conf_diag *d)
{
	(void)arg;
	if (d->level == CONF_ERROR)
		fprintf(stderr, "%u:%u: %s\n", d->line, d->col, d->text);
}

static void
setup(void)
{
	const char *why;

	ck_assert_int_eq(suite_init(&why), 0);
	conf = conf_load_mem("test", script, strlen(script), print_finding,
	    NULL);
	ck_assert_ptr_nonnull(conf);
	is = idents_new(conf);
	ck_assert_ptr_nonnull(is);
	buf_init(&id_buf, 600);
	buf_init(&asked_buf, 600);
}

static void
teardown(void)
{
	buf_free(&id_buf);
	buf_free(&asked_buf);
	idents_unref(&is);
}

static uint32_t
peer_id(const char *name)
{
	const struct conf_obj *o = conf_by_name(conf, CONF_PEER, name);

	ck_assert_ptr_nonnull(o);
	return o->id;
}

static const char *
comment_of(uint32_t identity)
{
	const struct conf_obj *o = conf_by_id(conf, identity);

	return o == NULL ? "" : conf_str(o, CONF_IDENTITY_COMMENT);
}

static struct login
login(const char *peer, bool initiator)
{
	return login_of(peer_id(peer), initiator);
}

/* The other end makes its AUTH with this secret and ID. */
static void
peer_says(struct login *l, const char *id, const char *secret)
{
	struct auth_parts theirs = parts_mirrored(&l->parts);
	struct secret psk = { 0 };

	l->verify = true;
	l->id_peer = id_body(&id_buf, id);
	ck_assert_int_eq(secret_set(&psk, secret, strlen(secret)), 0);
	ck_assert_int_eq(auth_psk(&theirs, AUTH_OWN, &l->id_peer, &psk,
	    auth), 0);
	secret_free(&psk);
	l->auth = (struct part){ auth, 32 };
}

static void
decide(struct idents *with, const struct login *l, struct login_answer *a)
{
	struct login_env env = { .is = with };

	login_start(&env, l, login_keep, a);
	ck_assert_uint_eq(env.pending, 0);
}

/* We are the responder. */
static const struct selection {
	const char *peer, *id, *secret, *asked;
	enum login_status status;
	const char *chosen;	/* comment of the identity */
	const char *id_own;	/* or a part of the reason */
} selections[] = {
	/* a remote-id of its own wins over auto, whatever the order */
	{ "site", "fqdn:a.example", "secret-of-a", NULL, LOGIN_OK, "a",
	    "fqdn:gw.example" },
	{ "site", "fqdn:A.EXAMPLE", "secret-of-a", NULL, LOGIN_OK, "a",
	    "fqdn:gw.example" },
	{ "site", "user-fqdn:root@b.example", "secret-of-mail", NULL,
	    LOGIN_OK, "mail", "address:203.0.113.1" },
	{ "site", "address:192.0.2.9", "secret-of-addr", NULL, LOGIN_OK,
	    "addr", "address:203.0.113.1" },
	/* the secret of another identity does not do */
	{ "site", "fqdn:a.example", "secret-of-auto", NULL, LOGIN_BAD_AUTH,
	    "", "secrets differ" },
	/* everybody else is auto's */
	{ "site", "fqdn:c.example", "secret-of-auto", NULL, LOGIN_OK, "auto",
	    "address:203.0.113.1" },
	{ "site", "key-id:hello", "secret-of-auto", NULL, LOGIN_OK, "auto",
	    "address:203.0.113.1" },
	{ "site", "fqdn:c.example", "secret-of-b", NULL, LOGIN_BAD_AUTH, "",
	    "secrets differ" },
	/* a disabled one does not exist */
	{ "site", "fqdn:off.example", "secret-of-off", NULL, LOGIN_BAD_AUTH,
	    "", "secrets differ" },
	/* several open ones are told apart by their secrets */
	{ "open", "fqdn:x", "first-secret", NULL, LOGIN_OK, "one",
	    "fqdn:one.example" },
	{ "open", "fqdn:x", "second-secret", NULL, LOGIN_OK, "two",
	    "fqdn:two.example" },
	{ "open", "fqdn:x", "third-secret", NULL, LOGIN_OK, "three",
	    "address:203.0.113.1" },
	{ "open", "fqdn:x", "fourth-secret", NULL, LOGIN_BAD_AUTH, "",
	    "none of the identities" },
	/* what the initiator calls us */
	{ "site", "fqdn:a.example", "secret-of-a", "fqdn:gw.example",
	    LOGIN_OK, "a", "fqdn:gw.example" },
	{ "site", "fqdn:a.example", "secret-of-a", "fqdn:other.example",
	    LOGIN_BAD_ASKED_ID, "a", "we are fqdn:gw.example" },
	{ "site", "fqdn:c.example", "secret-of-auto", "address:203.0.113.1",
	    LOGIN_OK, "auto", "address:203.0.113.1" },
	{ "site", "fqdn:c.example", "secret-of-auto", "address:203.0.113.2",
	    LOGIN_BAD_ASKED_ID, "auto", "asks for address:203.0.113.2" },
	/* a wrong secret is not told the right name */
	{ "site", "fqdn:a.example", "wrong", "fqdn:other.example",
	    LOGIN_BAD_AUTH, "", "secrets differ" },
	{ "open", "fqdn:x", "second-secret", "fqdn:two.example", LOGIN_OK,
	    "two", "fqdn:two.example" },
	{ "open", "fqdn:x", "first-secret", "fqdn:two.example",
	    LOGIN_BAD_ASKED_ID, "one", "we are fqdn:one.example" },
	/* a peer without any */
	{ "bare", "fqdn:x", "secret", NULL, LOGIN_NO_IDENTITY, "",
	    "fqdn:x; configured: none" },
};

START_TEST(responder_selects)
{
	const struct selection *c = &selections[_i];
	struct login l = login(c->peer, false);
	struct login_answer a;
	char text[IKEID_STRLEN];

	l.make = true;
	peer_says(&l, c->id, c->secret);
	l.id_asked = id_body(&asked_buf, c->asked);
	decide(is, &l, &a);
	ck_assert_msg(a.status == c->status, "case %d: status %d, %s", _i,
	    a.status, a.reason);
	ck_assert_str_eq(comment_of(a.identity), c->chosen);
	if (c->status == LOGIN_OK)
		ck_assert_str_eq(ikeid_fmt(&a.id_own, text, sizeof(text)),
		    c->id_own);
	else
		ck_assert_msg(strstr(a.reason, c->id_own) != NULL,
		    "case %d: \"%s\"", _i, a.reason);
	ck_assert_uint_eq(a.auth_len, c->status == LOGIN_OK ? 32 : 0);
	ck_assert_ptr_null(strstr(a.reason, "secret-of"));
}
END_TEST

/* What we make is what the other end verifies. */
START_TEST(initiator_makes_then_verifies)
{
	struct login l = login("site", true), r;
	struct login_answer a, b;
	uint8_t made[PRF_MAX];

	l.make = true;
	decide(is, &l, &a);
	ck_assert_int_eq(a.status, LOGIN_OK);
	/* Those with a remote-id come before auto. */
	ck_assert_str_eq(comment_of(a.identity), "a");
	memcpy(made, a.auth, sizeof(made));

	/* As somebody who has the same secret and is called the same. */
	r = login("site", false);
	peer_says(&r, "fqdn:gw.example", "secret-of-a");
	ck_assert_mem_eq(auth, made, 32);

	/* Its answer: by the identity that was chosen, and no other. */
	l = login("site", true);
	l.identity = a.identity;
	peer_says(&l, "fqdn:a.example", "secret-of-a");
	decide(is, &l, &b);
	ck_assert_int_eq(b.status, LOGIN_OK);
	ck_assert_uint_eq(b.auth_len, 0);
	peer_says(&l, "fqdn:c.example", "secret-of-a");
	decide(is, &l, &b);
	ck_assert_int_eq(b.status, LOGIN_NO_IDENTITY);
	ck_assert_ptr_nonnull(strstr(b.reason, "fqdn:c.example"));
	ck_assert_ptr_nonnull(strstr(b.reason, "fqdn:a.example"));
	/* An identity of another peer is none. */
	l.peer = peer_id("open");
	decide(is, &l, &b);
	ck_assert_int_eq(b.status, LOGIN_NO_IDENTITY);
}
END_TEST

START_TEST(other_methods_are_named)
{
	static const struct {
		uint8_t method;
		const char *name;
	} methods[] = { { 1, "RSA" }, { 14, "digital signature" },
	    { 9, "ECDSA" }, { 13, "NULL" }, { 200, "unknown" }, { 0, "EAP" } };
	struct login l = login("site", false);
	struct login_answer a;
	size_t i;

	peer_says(&l, "fqdn:a.example", "secret-of-a");
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		l.method = methods[i].method;
		decide(is, &l, &a);
		ck_assert_int_eq(a.status, LOGIN_BAD_METHOD);
		ck_assert_ptr_nonnull(strstr(a.reason, methods[i].name));
		ck_assert_ptr_nonnull(strstr(a.reason,
		    "a pre-shared key is wanted"));
	}
}
END_TEST

START_TEST(requests_that_do_not_fit)
{
	struct login l = login("site", false);
	struct login_answer a;
	size_t n;

	peer_says(&l, "fqdn:a.example", "secret-of-a");
	l.parts.msg_own = l.parts.msg_peer;
	decide(is, &l, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_REQUEST);

	/* An ID body cut short, AUTH data of other lengths. */
	l = login("site", false);
	peer_says(&l, "address:192.0.2.9", "secret-of-addr");
	for (n = 0; n < l.id_peer.len; n++) {
		struct login cut = l;

		cut.id_peer.len = n;
		decide(is, &cut, &a);
		ck_assert_int_eq(a.status, LOGIN_BAD_REQUEST);
	}
	for (n = 0; n < 32; n++) {
		struct login cut = l;

		cut.auth.len = n;
		decide(is, &cut, &a);
		ck_assert_int_eq(a.status, LOGIN_BAD_AUTH);
	}
	decide(is, &l, &a);
	ck_assert_int_eq(a.status, LOGIN_OK);
	/* what is missing for a while says nothing about the peer */
	decide(NULL, &l, &a);
	ck_assert_int_eq(a.status, LOGIN_BUSY);
}
END_TEST

/* Trying is bounded, and finding is not slow with many identities. */
START_TEST(many_identities)
{
	struct login l;
	struct login_answer a;
	char secret[32], id[64];
	struct idents *many;
	struct buf b;
	char line[160];
	int i;

	buf_init(&b, 4 << 20);
	snprintf(line, sizeof(line), "/ip ipsec peer add name=site address="
	    "0.0.0.0/0 exchange-mode=ike2 passive=yes\n/ip ipsec identity\n");
	buf_put(&b, line, strlen(line));
	for (i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line), "add peer=site secret=s%d "
		    "remote-id=fqdn:h%d.example\n", i, i);
		buf_put(&b, line, strlen(line));
	}
	for (i = 0; i < 70; i++) {
		snprintf(line, sizeof(line), "add peer=site secret=auto%d "
		    "my-id=fqdn:m%d\n", i, i);
		buf_put(&b, line, strlen(line));
	}
	many = idents_new(conf_load_mem("many", b.data, b.len, print_finding,
	    NULL));
	buf_free(&b);
	ck_assert_ptr_nonnull(many);
	ck_assert_uint_eq(ident_count(many, IDENT_ANY), 5070);
	l = login("site", false);
	for (i = 0; i < 5000; i += 499) {
		snprintf(secret, sizeof(secret), "s%d", i);
		snprintf(id, sizeof(id), "fqdn:h%d.example", i);
		peer_says(&l, id, secret);
		decide(many, &l, &a);
		ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	}
	peer_says(&l, "fqdn:stranger", "auto63");
	decide(many, &l, &a);
	ck_assert_int_eq(a.status, LOGIN_OK);
	peer_says(&l, "fqdn:stranger", "auto64");
	decide(many, &l, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_AUTH);
	idents_unref(&many);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("login");
	TCase *tc = tcase_create("login");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, responder_selects, 0,
	    (int)(sizeof(selections) / sizeof(selections[0])));
	tcase_add_test(tc, initiator_makes_then_verifies);
	tcase_add_test(tc, other_methods_are_named);
	tcase_add_test(tc, requests_that_do_not_fit);
	tcase_add_test(tc, many_identities);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
