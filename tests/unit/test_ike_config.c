/*
 * From a script to what the engine works on, by the way it takes: loaded,
 * packed for ikepd, unpacked, converted.
 */
#include "ikepd/config.h"
#include "ikepd/tsel.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char script[] =
    "/ip ipsec settings set cookie-threshold=7 half-open-max=70 "
    "ike-port=1500 natt-port=14500 natt-keepalive=11s\n"
    "/ip ipsec profile add name=strong enc-algorithm=aes-256-gcm,aes-128 "
    "hash-algorithm=sha256 dh-group=x25519,ecp256 lifetime=2h "
    "dpd-interval=33s\n"
    "/ip ipsec proposal add name=plain enc-algorithms=aes-256-cbc "
    "auth-algorithms=sha256 pfs-group=none lifetime=20m\n"
    "/ip ipsec proposal add name=pfs enc-algorithms=aes-128-gcm "
    "auth-algorithms=null pfs-group=ecp256\n"
    "/ip ipsec policy group add name=clients\n"
    "/ip ipsec peer add name=site address=192.0.2.7/32 profile=strong "
    "exchange-mode=ike2 local-address=192.0.2.1\n"
    "/ip ipsec peer add name=any address=0.0.0.0/0 exchange-mode=ike2 "
    "passive=yes send-initial-contact=no port=4321\n"
    "/ip ipsec peer add name=off address=192.0.2.8/32 exchange-mode=ike2 "
    "disabled=yes\n"
    "/ip ipsec peer add name=named address=gw.example.net "
    "exchange-mode=ike2\n"
    "/ip ipsec identity add peer=site secret=\"Xq3vvJ0pK7sLw2Zr9TbN\"\n"
    "/ip ipsec identity add peer=any secret=\"Yq3vvJ0pK7sLw2Zr9TbN\" "
    "policy-template-group=clients\n"
    "/ip ipsec identity add peer=named secret=\"Zq3vvJ0pK7sLw2Zr9TbN\"\n"
    "/ip ipsec policy add peer=site tunnel=yes "
    "src-address=10.1.0.0/24 dst-address=10.2.0.0/24 proposal=plain\n"
    "/ip ipsec policy add peer=site src-address=192.0.2.1/32 "
    "dst-address=192.0.2.7/32 protocol=udp dst-port=1701 proposal=pfs\n"
    "/ip ipsec policy add peer=site tunnel=yes action=none "
    "src-address=10.1.9.0/24 dst-address=10.2.9.0/24\n";

static void
diag(void *arg, const struct conf_diag *d)
{
	char text[512];

	(void)arg;
	if (d->level == CONF_ERROR)
		fprintf(stderr, "%s\n", conf_diag_fmt(d, text, sizeof(text)));
}

/* What ikepd gets of it. */
static struct conf *
received(const char *text)
{
	static const enum conf_menu menus[] = { CONF_SETTINGS, CONF_PROFILE,
		CONF_PROPOSAL, CONF_GROUP, CONF_PEER, CONF_IDENTITY,
		CONF_POLICY };
	struct conf *c = conf_load_mem("x", text, strlen(text), diag, NULL);
	struct conf *got = conf_new();
	struct conf_obj *o;
	const char *why;
	struct buf b;
	struct cur cur;
	size_t i;

	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_nonnull(got);
	for (i = 0; i < sizeof(menus) / sizeof(menus[0]); i++)
		CONF_FOREACH(c, menus[i], o) {
			if (!conf_sends(o, PROC_IKEPD))
				continue;
			buf_init(&b, CONF_OBJECT_MAX);
			conf_pack(&b, o, PROC_IKEPD);
			cur_init(&cur, b.data, b.len);
			ck_assert_msg(conf_unpack(got, &cur, &why) == 0,
			    "%s", why);
			buf_free(&b);
		}
	ck_assert_msg(conf_complete(got, &why) == 0, "%s", why);
	conf_free(c);
	return got;
}

static const struct ike_peer *
peer_named(const struct ike_conf *k, const char *name)
{
	size_t i;

	for (i = 0; i < k->npeers; i++)
		if (strcmp(k->peers[i].name, name) == 0)
			return &k->peers[i];
	return NULL;
}

static const struct ike_policy *
policy_to(const struct ike_conf *k, const char *remote)
{
	struct ts_list l;
	char text[256];
	size_t i;

	for (i = 0; i < k->npolicies; i++) {
		ike_policy_remote(&k->policies[i], &l);
		if (strcmp(tsel_fmt(&l, text, sizeof(text)), remote) == 0)
			return &k->policies[i];
	}
	return NULL;
}

/* Tens of thousands of policies are nothing out of the ordinary. */
START_TEST(test_policy_size)
{
	ck_assert_uint_le(sizeof(struct ike_policy) + 2 * sizeof(struct ts),
	    160);
}
END_TEST

START_TEST(test_policy_selectors)
{
	struct ts_list in[2] = { 0 }, out;
	struct ike_policy p = { 0 };
	unsigned i, n;

	for (n = 0; n <= TS_MAX; n++) {
		in[0].n = n;
		in[1].n = TS_MAX - n;
		for (i = 0; i < TS_MAX; i++) {
			in[0].ts[i].proto = (uint8_t)(i + 1);
			in[1].ts[i].proto = (uint8_t)(i + 101);
		}
		ck_assert_int_eq(ike_policy_set_ts(&p, &in[0], &in[1]), 0);
		ike_policy_local(&p, &out);
		ck_assert_uint_eq(out.n, n);
		for (i = 0; i < n; i++)
			ck_assert_uint_eq(out.ts[i].proto, i + 1);
		ike_policy_remote(&p, &out);
		ck_assert_uint_eq(out.n, TS_MAX - n);
		for (i = 0; i < out.n; i++)
			ck_assert_uint_eq(out.ts[i].proto, i + 101);
	}
	free(p.ts);
}
END_TEST

START_TEST(test_build)
{
	struct conf *conf = received(script);
	struct ike_conf *k = ike_conf_build(conf, 2, 3, false);
	const struct ike_peer *p;
	const struct ike_policy *pol;
	const struct ike_profile *prof = NULL;
	const struct ike_proposal *prop = NULL;
	char text[512];
	size_t i;

	ck_assert_ptr_nonnull(k);
	ck_assert_uint_eq(k->set.cookie_threshold, 7);
	ck_assert_uint_eq(k->set.half_open_max, 70);
	ck_assert_uint_eq(k->set.port_ike, 1500);
	ck_assert_uint_eq(k->set.port_natt, 14500);
	ck_assert_uint_eq(k->set.keepalive_s, 11);
	ck_assert(!k->set.encap);
	ck_assert_uint_eq(k->set.worker, 2);
	ck_assert_uint_eq(k->set.workers, 3);

	p = peer_named(k, "site");
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p->address.bits, 32);
	ck_assert_uint_eq(p->port, 500);
	ck_assert(!p->passive && p->initial_contact);
	ck_assert_int_eq(p->mode, PEER_IKE2);
	ck_assert_int_eq(p->local.family, AF_INET);
	ck_assert_str_eq(p->dns, "");
	for (i = 0; i < k->nprofiles; i++)
		if (k->profiles[i].id == p->profile)
			prof = &k->profiles[i];
	ck_assert_ptr_nonnull(prof);
	ck_assert_str_eq(prof->name, "strong");
	ck_assert_uint_eq(prof->lifetime_s, 7200);
	ck_assert_uint_eq(prof->dpd_s, 33);
	offer_fmt(&prof->offer, 0, text, sizeof(text));
	ck_assert_msg(strstr(text, "AES-GCM-16-256") != NULL, "%s", text);
	ck_assert_msg(strstr(text, "X25519") != NULL, "%s", text);

	pol = policy_to(k, "10.2.0.0/24");
	ck_assert_ptr_nonnull(pol);
	ck_assert(!pol->transport && !pol->template);
	ck_assert_uint_eq(pol->peer, p->id);
	for (i = 0; i < k->nproposals; i++)
		if (k->proposals[i].id == pol->proposal)
			prop = &k->proposals[i];
	ck_assert_ptr_nonnull(prop);
	ck_assert_uint_eq(prop->lifetime_s, 1200);
	ck_assert_ptr_null(offer_ke_first(&prop->offer));

	pol = policy_to(k, "192.0.2.7/32[udp/1701]");
	ck_assert_ptr_nonnull(pol);
	ck_assert(pol->transport);
	/* action=none is no matter of negotiation. */
	ck_assert_ptr_null(policy_to(k, "10.2.9.0/24"));
	/* The built-in template admits any address. */
	pol = policy_to(k, "0.0.0.0/0 ::/0");
	ck_assert_ptr_nonnull(pol);
	ck_assert(pol->template && pol->peer == 0 && pol->group != 0);

	p = peer_named(k, "any");
	ck_assert(p != NULL && p->passive && !p->initial_contact);
	ck_assert_uint_eq(p->port, 4321);
	for (i = 0; i < k->nidentities; i++)
		if (k->identities[i].peer == p->id)
			break;
	ck_assert_uint_lt(i, k->nidentities);
	ck_assert_int_eq(k->identities[i].generate, GEN_NO);
	ck_assert_uint_ne(k->identities[i].group, 0);
	ck_assert_uint_ne(k->identities[i].group, pol->group);
	ck_assert_ptr_null(peer_named(k, "off"));
	p = peer_named(k, "named");
	ck_assert(p != NULL && p->address.addr.family == AF_UNSPEC);
	ck_assert_str_eq(p->dns, "gw.example.net");
	ike_conf_free(k);
	conf_free(conf);
}
END_TEST

/* ESP in UDP without NAT: setting, who moves the packets, and what follows */
START_TEST(test_encap)
{
	static const struct {
		const char *setting;
		bool own_esp, encap;
	} rows[] = {
		{ "auto", false, false }, { "auto", true, true },
		{ "nat", false, false }, { "nat", true, false },
		{ "always", false, true }, { "always", true, true },
	};
	char text[128];
	struct conf *conf;
	struct ike_conf *k;

	snprintf(text, sizeof(text), "/ip ipsec settings set "
	    "udp-encapsulation=%s\n", rows[_i].setting);
	conf = received(text);
	k = ike_conf_build(conf, 0, 1, rows[_i].own_esp);
	ck_assert_ptr_nonnull(k);
	ck_assert_int_eq(k->set.encap, rows[_i].encap);
	ike_conf_free(k);
	conf_free(conf);
}
END_TEST

START_TEST(test_empty)
{
	struct conf *conf = received("");
	struct ike_conf *k = ike_conf_build(conf, 0, 1, true);

	ck_assert_ptr_nonnull(k);
	ck_assert_uint_eq(k->npeers, 0);
	ck_assert_uint_eq(k->set.port_ike, 500);
	ck_assert_uint_eq(k->set.port_natt, 4500);
	ck_assert_uint_gt(k->set.half_open_max, k->set.cookie_threshold);
	ike_conf_free(k);
	conf_free(conf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ike_config");
	TCase *t = tcase_create("config");
	SRunner *r;
	const char *why;
	int failed;

	if (suite_init(&why) == -1)
		return EXIT_FAILURE;
	tcase_add_test(t, test_build);
	tcase_add_test(t, test_policy_size);
	tcase_add_test(t, test_policy_selectors);
	tcase_add_loop_test(t, test_encap, 0, 6);
	tcase_add_test(t, test_empty);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
