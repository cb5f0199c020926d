/* Both ends of a login with certificates, and signatures in threads. */
#include "certd/certid.h"
#include "certd/login.h"

#include "cert_util.h"
#include "gate_util.h"
#include "login_util.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both ends, each kind of key, with RFC 7427 and without. */
static const struct pair {
	const char *kind;
	uint16_t hashes;
	uint8_t method;
} pairs[] = {
	{ "rsa", ALL_HASHES, 14 }, { "rsa", 0, 1 },
	{ "pss", ALL_HASHES, 14 },
	{ "p256", ALL_HASHES, 14 }, { "p256", 0, 9 },
	{ "p384", ALL_HASHES, 14 }, { "p384", 0, 10 },
	{ "p521", ALL_HASHES, 14 }, { "p521", 0, 11 },
	{ "ed25519", ALL_HASHES, 14 }, { "ed448", ALL_HASHES, 14 },
};

static const char both_script[] =
    "/certificate\n"
    "import file-name=ca.pem name=ca\n"
    "import file-name=i.pem name=mine\n"
    "/ip ipsec peer add name=any exchange-mode=ike2\n"
    "/ip ipsec identity\n"
    "add peer=any auth-method=digital-signature certificate=mine\n";

struct end {
	struct conf *conf;
	struct login_env env;
};

static void
end_open(struct end *e, const char *kind, const char *name, unsigned which)
{
	struct buf *b = file_new("i.pem");
	char san[64];
	X509 *x;

	snprintf(san, sizeof(san), "DNS:%s.example", name);
	x = make(&(struct spec){ .cn = name, .key = key(kind, which),
	    .issuer = ca, .issuer_key = key("p256", 0), .san = san });
	file_put_cert(b, x);
	file_put_key(b, key(kind, which));
	X509_free(x);
	e->conf = conf_of(both_script);
	e->env = (struct login_env){ .store = store_new(), .now = test_now };
	store_conf(e->env.store, e->conf);
	ck_assert(files_deliver(e->env.store, e->conf));
	e->env.is = idents_new(e->conf);
}

static void
end_close(struct end *e)
{
	store_free(e->env.store);
	idents_unref(&e->env.is);
}

static uint32_t
end_peer(const struct end *e)
{
	return conf_by_name(e->conf, CONF_PEER, "any")->id;
}

/* What one end answered is what the other one gets; copies it. */
struct carried {
	struct login *to;
	struct login_answer a;
};

static void
carry(void *arg, const struct login_answer *a)
{
	struct carried *c = arg;
	uint8_t *p;
	size_t i;

	c->a = *a;
	for (i = 0; c->to != NULL && i < a->ncerts; i++) {
		p = OPENSSL_memdup(a->certs[i].data.p, a->certs[i].data.len);
		c->to->certs[i].encoding = a->certs[i].encoding;
		c->to->certs[i].data = (struct part){ p,
			a->certs[i].data.len };
		c->to->ncerts++;
	}
}

START_TEST(both_ends)
{
	const struct pair *p = &pairs[_i];
	struct carried c = { NULL };
	struct login i, r, i2;
	struct buf id_i, id_r;
	uint8_t auth_i[SIGN_MAX];
	struct end ini, rsp;
	uint32_t chosen;

	end_open(&ini, p->kind, "left", 0);
	end_open(&rsp, p->kind, "right", 1);
	buf_init(&id_i, 600);
	buf_init(&id_r, 600);

	i = login_of(end_peer(&ini), true);
	i.make = true;
	i.hashes = p->hashes;
	r = login_of(end_peer(&rsp), false);
	c.to = &r;
	login_start(&ini.env, &i, carry, &c);
	ck_assert_msg(c.a.status == LOGIN_OK, "%s", c.a.reason);
	ck_assert_uint_eq(c.a.method, p->method);
	chosen = c.a.identity;

	ikeid_put_body(&id_i, &c.a.id_own);
	memcpy(auth_i, c.a.auth, c.a.auth_len);
	r.verify = r.make = true;
	r.hashes = p->hashes;
	r.id_peer = (struct part){ id_i.data, id_i.len };
	r.method = c.a.method;
	r.auth = (struct part){ auth_i, c.a.auth_len };
	i2 = login_of(end_peer(&ini), true);
	c.to = &i2;
	login_start(&rsp.env, &r, carry, &c);
	ck_assert_msg(c.a.status == LOGIN_OK, "%s", c.a.reason);
	ck_assert_str_eq(c.a.subject, "CN=left");
	ck_assert_uint_eq(c.a.method, p->method);

	ikeid_put_body(&id_r, &c.a.id_own);
	memcpy(auth_i, c.a.auth, c.a.auth_len);
	i2.verify = true;
	i2.identity = chosen;
	i2.id_peer = (struct part){ id_r.data, id_r.len };
	i2.method = c.a.method;
	i2.auth = (struct part){ auth_i, c.a.auth_len };
	c.to = NULL;
	login_start(&ini.env, &i2, carry, &c);
	ck_assert_msg(c.a.status == LOGIN_OK, "%s", c.a.reason);
	ck_assert_str_eq(c.a.subject, "CN=right");
	ck_assert_uint_eq(c.a.auth_len, 0);

	/* A reflected AUTH is none. */
	i2.id_peer = r.id_peer;
	i2.auth = r.auth;
	login_start(&ini.env, &i2, carry, &c);
	ck_assert_int_eq(c.a.status, LOGIN_BAD_AUTH);
	login_hide(&r);
	login_hide(&i2);
	buf_free(&id_i);
	buf_free(&id_r);
	end_close(&ini);
	end_close(&rsp);
}
END_TEST

static unsigned answered;

static void
count_ok(void *arg, const struct login_answer *a)
{
	(void)arg;
	ck_assert_msg(a->status == LOGIN_OK, "%s", a->reason);
	ck_assert_uint_gt(a->auth_len, 0);
	answered++;
}

/* Signatures in threads, many at once; what is configured may change. */
START_TEST(in_threads)
{
	struct event_base *base = event_base_new();
	struct spec s = alice_spec();
	struct end rsp;
	struct login l;
	X509 *x;
	int i;

	s.key = key("rsa", 5);
	x = make(&s);
	end_open(&rsp, "rsa", "right", 1);
	rsp.env.pool = pool_new(base, 3, 64);
	ck_assert_ptr_nonnull(rsp.env.pool);
	l = login_of(end_peer(&rsp), false);
	login_show(&l, CERTENC_X509, x);
	client_signs(&l, s.key, "fqdn:alice.example", ALL_HASHES, false);
	for (i = 0; i < 50; i++)
		login_start(&rsp.env, &l, count_ok, NULL);
	ck_assert_uint_eq(answered, 0);
	ck_assert_uint_eq(rsp.env.pending, 50);
	/* New identities and files while they are under way. */
	idents_unref(&rsp.env.is);
	rsp.conf = conf_of(both_script);
	store_conf(rsp.env.store, rsp.conf);
	(void)files_deliver(rsp.env.store, rsp.conf);
	rsp.env.is = idents_new(rsp.conf);
	while (rsp.env.pending > 0)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(answered, 50);
	pool_free(rsp.env.pool);
	login_hide(&l);
	X509_free(x);
	end_close(&rsp);
	event_base_free(base);
}
END_TEST

/* The peer's PSS is answered with PSS, by a key that could do either. */
START_TEST(pss_is_mirrored)
{
	struct spec s = alice_spec();
	struct end rsp;
	struct login l;
	struct login_answer a;
	X509 *x;
	int pss;

	s.key = key("rsa", 5);
	x = make(&s);
	end_open(&rsp, "rsa", "right", 1);
	for (pss = 0; pss < 2; pss++) {
		l = login_of(end_peer(&rsp), false);
		login_show(&l, CERTENC_X509, x);
		client_signs(&l, s.key, "fqdn:alice.example", ALL_HASHES,
		    pss);
		login_start(&rsp.env, &l, login_keep, &a);
		ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
		ck_assert_uint_eq(a.auth[0], pss ? 67 : 15);
		login_hide(&l);
	}
	X509_free(x);
	end_close(&rsp);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert_ends");
	TCase *tc = tcase_create("login");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, keys_setup, keys_free);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, both_ends, 0,
	    (int)(sizeof(pairs) / sizeof(pairs[0])));
	tcase_add_test(tc, in_threads);
	tcase_add_test(tc, pss_is_mirrored);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
