#include "lib/conf/conf.h"
#include "tests/unit/conf_util.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every way to say the same. */
START_TEST(spellings)
{
	static const char *const same[] = {
		PEER,
		"/ip/ipsec/peer/add name=p address=192.0.2.2 "
		    "exchange-mode=ike2",
		"/ip ipsec peer add name=\"p\" address=\"192.0.2.2\"/32 "
		    "exchange-mode=ike2;",
		"/ip ipsec\npeer add name=p address=192.0.2.2 "
		    "exchange-mode=ike2\n",
		"/ip\nipsec\npeer\nadd name=p exchange-mode=ike2 "
		    "address=192.0.2.2\n",
		"/ip ipsec policy\n.. peer\nadd name=p exchange-mode=ike2 "
		    "address=192.0.2.2\n",
		"/ip ipsec policy\n../peer\nadd name=p exchange-mode=ike2 "
		    "address=192.0.2.2\n",
		"/ip ipsec peer\r\nadd name=p exchange-mode=ik\\\r\n"
		    "    e2 address=192.0.2.2\r\n",
		"\xef\xbb\xbf/ip ipsec peer\nadd \\\n  name=\\\n  p "
		    "exchange-mode=ike2 address=\\\n    192.0.2.2 # why\n",
		"/ip ipsec peer\nadd name=p exchange-mode=ike2\n"
		    "set p address=192.0.2.2\n",
		"/ip ipsec peer\nadd name=p exchange-mode=ike2\n"
		    "set 0 address=192.0.2.2\n",
		"/ip ipsec peer\nadd name=p exchange-mode=ike2\n"
		    "set [ find name=p ] address=192.0.2.2\n",
		"/ip ipsec peer\nadd name=p exchange-mode=ike2\n"
		    "set [find where name~\"^p\" exchange-mode=ike2] "
		    "address=192.0.2.2\n",
		"/ip ipsec peer\nadd name=p exchange-mode=ike2\n"
		    "set numbers=[find name=p] address=192.0.2.2\n",
		"/ip ipsec peer\nadd name=q exchange-mode=ike2 passive=yes "
		    "port=501 comment=x address=192.0.2.2\n"
		    "set q name=p !comment passive=no\nunset p port\n",
		"/ip ipsec peer\nadd name=p exchange-mode=ike2 "
		    "address=192.0.2.2\nadd name=r exchange-mode=ike2\n"
		    "remove r\ndisable p; enable 0\n",
		"/ip ipsec peer\nadd name=p exchange-mode=ike2 "
		    "address=192.0.2.2/32 local-address=0.0.0.0 "
		    "profile=default passive=false send-initial-contact=true",
	};
	struct conf *want = load_ok(PEER), *got;
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		got = load_ok(same[i]);
		ck_assert_msg(conf_equal(want, got), "%s", same[i]);
		conf_free(got);
	}
	got = load_ok("/ip ipsec peer add name=p address=192.0.2.3 "
	    "exchange-mode=ike2\n");
	ck_assert(!conf_equal(want, got));
	conf_free(got);
	conf_free(want);
}
END_TEST

/* As a router prints it. */
START_TEST(pasted_export)
{
	struct conf *c = load_ok(
	    "# 2026-11-21 10:00:00 by RouterOS 7.16.1\r\n"
	    "# software id = ABCD-1234\r\n#\r\n"
	    "# model = RB4011iGS+\r\n# serial number = 0123456789AB\r\n"
	    "/interface ethernet\r\nset [ find default-name=ether1 ] name="
	    "WAN\r\n"
	    "/ip ipsec profile\r\n"
	    "set [ find default=yes ] dh-group=ecp256,modp2048 \\\r\n"
	    "    enc-algorithm=aes-256 nat-traversal=no\r\n"
	    "add dh-group=modp2048 enc-algorithm=aes-128 name=ike1-site2\r\n"
	    "/ip ipsec peer\r\n"
	    "add address=192.168.80.1/32 exchange-mode=ike2 name=ike1-site2 \\"
	    "\r\n    profile=ike1-site2\r\n"
	    "/ip ipsec proposal\r\n"
	    "set [ find default=yes ] auth-algorithms=sha256 enc-algorithms=\\"
	    "\r\n    aes-256-cbc,aes-128-cbc pfs-group=modp2048\r\n"
	    "add enc-algorithms=aes-128-cbc name=ike1-site2 pfs-group=modp20\\"
	    "\r\n    48\r\n"
	    "/ip ipsec identity\r\n"
	    "add comment=\"to the \\\r\n    other\\_side\\A9\" peer=ike1-site2 "
	    "secret=\"" "Xq3vvJ0pK7\\\"Lw2Zr\\$TbN" "\"\r\n"
	    "/ip ipsec policy\r\nset 0 disabled=yes\r\n"
	    "add dst-address=10.1.101.0/24 !comment peer=ike1-site2 "
	    "proposal=\\\r\n    ike1-site2 src-address=10.1.202.0/24 "
	    "tunnel=yes\r\n"
	    "/ip service\r\nset telnet disabled=yes\r\n"
	    "/system identity\r\nset name=site1\r\n");
	const struct conf_obj *o;
	const struct secret *s;
	char text[64];

	ck_assert_str_eq(diags,
	    "x:6:1: warning: /interface ethernet: a menu of RouterOS that "
	    "does not exist here; ignored\n"
	    "x:10:27: warning: nat-traversal=no has no effect: IKEv2 always "
	    "looks for address translators, and puts ESP into UDP where "
	    "there is one\n"
	    "x:27:1: warning: /ip service: a menu of RouterOS that does not "
	    "exist here; ignored\n"
	    "x:29:1: warning: /system identity: a menu of RouterOS that does "
	    "not exist here; ignored\n");
	o = conf_first(c, CONF_IDENTITY);
	s = conf_secret(o, CONF_IDENTITY_SECRET);
	ck_assert_uint_eq(s->len, 20);
	ck_assert_mem_eq(s->data, "Xq3vvJ0pK7\"Lw2Zr$TbN", 20);
	ck_assert_str_eq(conf_str(o, CONF_IDENTITY_COMMENT),
	    "to the other side\xa9");
	o = conf_first(c, CONF_POLICY);
	ck_assert_uint_eq(o->flags, CONF_F_BUILTIN | CONF_F_DISABLED |
	    CONF_F_TEMPLATE);
	ck_assert_str_eq(conf_str(o->next, CONF_POLICY_PROPOSAL),
	    "ike1-site2");
	o = conf_by_name(c, CONF_PROPOSAL, "ike1-site2");
	ck_assert_str_eq(conf_fmt(o, CONF_PROPOSAL_PFS, 0, text,
	    sizeof(text)), "modp2048");
	conf_free(c);
}
END_TEST

static int64_t
lifetime(const char *text)
{
	char script[128];
	struct conf *c;
	int64_t t = -1;

	snprintf(script, sizeof(script),
	    "/ip ipsec profile set default lifetime=%s", text);
	if ((c = load(script)) != NULL)
		t = conf_num(conf_by_name(c, CONF_PROFILE, "default"),
		    CONF_PROFILE_LIFETIME);
	conf_free(c);
	return t;
}

START_TEST(times)
{
	ck_assert_int_eq(lifetime("30m"), 1800);
	ck_assert_int_eq(lifetime("1d"), 86400);
	ck_assert_int_eq(lifetime("2m"), 120);
	ck_assert_int_eq(lifetime("28800s"), 28800);
	ck_assert_int_eq(lifetime("28800"), 28800);
	ck_assert_int_eq(lifetime("1h30m"), 5400);
	ck_assert_int_eq(lifetime("00:30:00"), 1800);
	ck_assert_int_eq(lifetime("08:00"), 28800);
	ck_assert_int_eq(lifetime("1d00:30:00"), 88200);
	ck_assert_int_eq(lifetime("1w2d3h4m5s"), 788645);
	ck_assert_int_eq(lifetime("00:60:00"), -1);
	ck_assert_int_eq(lifetime("1h2h"), -1);
	ck_assert_int_eq(lifetime("5s1h"), -1);
	ck_assert_int_eq(lifetime("1h30"), -1);
	ck_assert_int_eq(lifetime("h"), -1);
	ck_assert_int_eq(lifetime("\"\""), -1);
	ck_assert_int_eq(lifetime("-1h"), -1);
	ck_assert_int_eq(lifetime("99999999999999999999s"), -1);
	ck_assert_int_eq(lifetime("500ms"), -1);
}
END_TEST

START_TEST(escapes)
{
	struct conf *c = load_ok("/ip ipsec group add name=g comment="
	    "\"a\\\"b\\\\c\\nd\\re\\tf\\$g\\?h"
	    "\\_i\\41\\7E\\a\\b\\f\\v\"\"j\"k");

	ck_assert_str_eq(conf_str(conf_by_name(c, CONF_GROUP, "g"),
	    CONF_GROUP_COMMENT),
	    "a\"b\\c\nd\re\tf$g?h iA~\a\b\f\vjk");
	conf_free(c);
}
END_TEST

START_TEST(getters)
{
	struct conf *c = load_ok(
	    "/ip ipsec profile add name=f enc-algorithm=aes-256-gcm,"
	    "chacha20poly1305,aes-128-ccm,aes-192-ctr hash-algorithm=sha384,"
	    "aes-xcbc,aes-cmac dh-group=x25519,x448 dpd-interval=disable-dpd\n"
	    "/ip ipsec proposal add name=r pfs-group=none esn=both "
	    "replay-window=512 auth-algorithms=null "
	    "enc-algorithms=aes-128gcm\n"
	    "/ip ipsec peer\n"
	    "add name=a address=gw.example.net exchange-mode=ike2 profile=f\n"
	    "add name=b address=2001:db8::/32 exchange-mode=ike2 passive=yes "
	    "local-address=2001:db8::1 port=501\n"
	    "/ip ipsec identity\n"
	    "add peer=a secret=0x000102 my-id=user-fqdn:a@b remote-id=ignore\n"
	    "add peer=b secret=0x00 policy-template-group=none\n"
	    "/ip ipsec policy add peer=b tunnel=yes protocol=tcp src-port=any "
	    "dst-port=80 level=unique src-address=10.0.0.0/8,2001:db8:1::/48 "
	    "dst-address=10.9.0.4-10.9.0.9,2001:db8:2::/48 proposal=r\n");
	const struct conf_obj *f = conf_by_name(c, CONF_PROFILE, "f");
	const struct conf_obj *r = conf_by_name(c, CONF_PROPOSAL, "r");
	const struct conf_obj *a = conf_by_name(c, CONF_PEER, "a");
	const struct conf_obj *b = conf_by_name(c, CONF_PEER, "b");
	const struct conf_obj *id = conf_first(c, CONF_IDENTITY);
	const struct conf_obj *p = conf_first(c, CONF_POLICY)->next;
	const struct alg *const *algs;
	const struct prefix *pfx;
	char s[PREFIX_STRLEN];
	size_t n;

	algs = conf_algs(f, CONF_PROFILE_ENC, &n);
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(suite_name(algs[0], ALG_PHASE1), "aes-256-gcm");
	ck_assert_int_eq(algs[0]->v2, 20);
	algs = conf_algs(f, CONF_PROFILE_PRF, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(algs[0]->kind, SUITE_PRF);
	ck_assert_int_eq(algs[0]->v2, 6);
	ck_assert_int_eq(algs[1]->v2, 4);
	ck_assert_int_eq(algs[2]->v2, 8);
	ck_assert(!conf_is_set(f, CONF_PROFILE_PRF));
	ck_assert_int_eq(conf_num(f, CONF_PROFILE_DPD_INTERVAL), 0);
	algs = conf_algs(r, CONF_PROPOSAL_PFS, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert(algs[0]->flags & ALG_NONE);
	ck_assert_int_eq(conf_num(r, CONF_PROPOSAL_ESN), CONF_ESN_BOTH);
	ck_assert_int_eq(conf_num(r, CONF_PROPOSAL_REPLAY_WINDOW), 512);

	ck_assert_ptr_null(conf_prefix(a, CONF_PEER_ADDRESS));
	ck_assert_str_eq(conf_str(a, CONF_PEER_ADDRESS), "gw.example.net");
	ck_assert_ptr_eq(conf_ref(c, a, CONF_PEER_PROFILE), f);
	ck_assert_int_eq(conf_addr(a, CONF_PEER_LOCAL_ADDRESS)->family,
	    AF_UNSPEC);
	ck_assert_str_eq(prefix_fmt(conf_prefix(b, CONF_PEER_ADDRESS), s,
	    sizeof(s)), "2001:db8::/32");
	ck_assert_int_eq(conf_num(b, CONF_PEER_PORT), 501);
	ck_assert(conf_bool(b, CONF_PEER_PASSIVE));
	ck_assert_int_eq(conf_num(b, CONF_PEER_EXCHANGE_MODE),
	    CONF_MODE_IKE2);
	ck_assert_str_eq(conf_str(b, CONF_PEER_EXCHANGE_MODE), "ike2");
	ck_assert_str_eq(conf_str(b, CONF_PEER_PROFILE), "default");

	ck_assert_uint_eq(conf_secret(id, CONF_IDENTITY_SECRET)->len, 3);
	ck_assert_mem_eq(conf_secret(id, CONF_IDENTITY_SECRET)->data,
	    "\0\1\2", 3);
	ck_assert_int_eq(conf_id(id, CONF_IDENTITY_MY_ID)->type,
	    IKEID_USER_FQDN);
	ck_assert_int_eq(conf_id(id, CONF_IDENTITY_REMOTE_ID)->type,
	    IKEID_IGNORE);
	ck_assert_str_eq(conf_str(id, CONF_IDENTITY_GROUP), "default");
	ck_assert_uint_eq(conf_ref_id(id->next, CONF_IDENTITY_GROUP), 0);

	pfx = conf_prefixes(p, CONF_POLICY_DST_ADDRESS, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(prefix_fmt(&pfx[1], s, sizeof(s)), "10.9.0.8/31");
	ck_assert_int_eq(conf_num(p, CONF_POLICY_PROTOCOL), 6);
	ck_assert_int_eq(conf_num(p, CONF_POLICY_SRC_PORT), 0);
	ck_assert_int_eq(conf_num(p, CONF_POLICY_DST_PORT), 80);
	ck_assert_int_eq(conf_num(p, CONF_POLICY_LEVEL), CONF_LEVEL_UNIQUE);
	ck_assert(conf_usable(c, p));
	/* a getter of another type */
	ck_assert_int_eq(conf_num(p, CONF_POLICY_SRC_ADDRESS), 0);
	ck_assert_ptr_null(conf_prefixes(p, CONF_POLICY_LEVEL, &n));
	ck_assert_str_eq(conf_str(p, 99), "");
	conf_free(c);
}
END_TEST

/* What one gets without saying anything. */
START_TEST(defaults)
{
	struct conf *c = load_ok("");
	const struct conf_obj *t = conf_first(c, CONF_POLICY);
	char s[256];

	ck_assert_uint_eq(conf_count(c, CONF_POLICY), 1);
	ck_assert_uint_eq(t->flags, CONF_F_BUILTIN | CONF_F_TEMPLATE);
	ck_assert_str_eq(conf_flags_fmt(t, s), "T*");
	ck_assert_str_eq(conf_fmt(t, CONF_POLICY_SRC_ADDRESS, 0, s,
	    sizeof(s)), "::/0");
	ck_assert_ptr_nonnull(conf_by_name(c, CONF_MODE_CONFIG,
	    "request-only"));
	ck_assert_ptr_nonnull(conf_by_name(c, CONF_GROUP, "default"));
	t = conf_by_name(c, CONF_PROPOSAL, "default");
	ck_assert_str_eq(conf_fmt(t, CONF_PROPOSAL_ENC, 0, s, sizeof(s)),
	    "aes-256-cbc,aes-192-cbc,aes-128-cbc,aes-256-gcm,aes-128-gcm");
	ck_assert_str_eq(conf_fmt(t, CONF_PROPOSAL_LIFETIME, 0, s,
	    sizeof(s)), "30m");
	ck_assert_int_eq(conf_num(conf_single(c, CONF_SETTINGS),
	    CONF_SETTINGS_IKE_PORT), 500);
	conf_free(c);
}
END_TEST

START_TEST(order)
{
	struct conf *c = load_ok(BASE POLICY
	    "src-address=10.0.1.0/24 dst-address=10.9.0.0/16 comment=a\n"
	    "add peer=p tunnel=yes src-address=10.0.2.0/24 "
	    "dst-address=10.9.0.0/16 comment=b\n"
	    "add peer=p tunnel=yes src-address=10.0.3.0/24 "
	    "dst-address=10.9.0.0/16 comment=c place-before=1\n"
	    "add action=none src-address=10.0.4.0/24 "
	    "dst-address=10.9.0.0/16 comment=d place-before=[find comment=b]\n"
	    "move [find comment=a] 0\nmove 1\n");
	const struct conf_obj *o;
	char seen[16] = "";

	CONF_FOREACH(c, CONF_POLICY, o)
		strcat(seen, o->flags & CONF_F_BUILTIN ? "*" :
		    conf_str(o, CONF_POLICY_COMMENT));
	ck_assert_str_eq(seen, "acdb*");
	conf_free(c);
}
END_TEST

START_TEST(transport_addresses)
{
	struct conf *c = load_ok("/ip ipsec peer add name=p "
	    "address=192.0.2.2 local-address=192.0.2.1 exchange-mode=ike2\n"
	    IDENT "/ip ipsec policy add peer=p protocol=gre\n");
	const struct conf_obj *o = conf_first(c, CONF_POLICY)->next;
	char s[64];

	ck_assert_str_eq(conf_fmt(o, CONF_POLICY_SRC_ADDRESS, 0, s,
	    sizeof(s)), "192.0.2.1/32");
	ck_assert_str_eq(conf_fmt(o, CONF_POLICY_DST_ADDRESS, 0, s,
	    sizeof(s)), "192.0.2.2/32");
	conf_free(c);
}
END_TEST

START_TEST(usable)
{
	struct conf *c = load_ok(BASE POLICY
	    "src-address=10.0.0.0/8 dst-address=10.9.0.0/16\n"
	    "add peer=p tunnel=yes src-address=10.0.0.0/8 "
	    "dst-address=10.9.0.0/16\n"
	    "/ip ipsec peer disable p\n");
	const struct conf_obj *o = conf_first(c, CONF_POLICY)->next;

	ck_assert(!conf_usable(c, conf_by_name(c, CONF_PEER, "p")));
	ck_assert(!conf_usable(c, o));
	ck_assert_uint_eq(o->flags, 0);
	ck_assert_uint_eq(o->next->flags, CONF_F_INVALID);
	ck_assert_str_eq(o->next->reason, "the policy of line 6 has the same "
	    "src-address, dst-address, protocol and ports");
	conf_free(c);
}
END_TEST

START_TEST(numbers_kept)
{
	struct conf *old = load_ok(BASE POLICY
	    "src-address=10.0.1.0/24 dst-address=10.9.0.0/16\n"
	    "add peer=p tunnel=yes src-address=10.0.2.0/24 "
	    "dst-address=10.9.0.0/16\n");
	struct conf *new = load_ok("/ip ipsec peer add name=o address=1.1.1.1 "
	    "exchange-mode=ike2\n" BASE "add peer=o secret=" GOOD "\n" POLICY
	    "src-address=10.0.2.0/24 dst-address=10.9.0.0/16 comment=x\n"
	    "add peer=o tunnel=yes src-address=10.0.1.0/24 "
	    "dst-address=10.9.0.0/16\n");
	const struct conf_obj *a, *b;

	conf_inherit_ids(new, old);
	ck_assert_uint_eq(conf_by_name(new, CONF_PEER, "p")->id,
	    conf_by_name(old, CONF_PEER, "p")->id);
	a = conf_first(old, CONF_POLICY)->next->next;	/* 10.0.2.0 */
	b = conf_first(new, CONF_POLICY)->next;
	ck_assert_uint_eq(a->id, b->id);
	ck_assert(!conf_obj_equal(a, b));
	ck_assert_ptr_null(conf_by_id(old, b->next->id));
	ck_assert_ptr_null(conf_by_id(old,
	    conf_by_name(new, CONF_PEER, "o")->id));
	ck_assert_ptr_eq(conf_ref(new, b->next, CONF_POLICY_PEER),
	    conf_by_name(new, CONF_PEER, "o"));
	ck_assert_ptr_eq(conf_by_id(new, b->id), b);
	conf_free(old);
	conf_free(new);
}
END_TEST

/* A template is known again by its place in its group. */
START_TEST(numbers_of_templates)
{
	struct conf *old = load_ok("/ip ipsec policy\n"
	    "add template=yes src-address=10.1.0.0/24\n"
	    "add template=yes src-address=10.2.0.0/24\n");
	struct conf *new = load_ok("/ip ipsec policy group add name=g\n"
	    "/ip ipsec policy\n"
	    "add template=yes group=g src-address=10.1.0.0/24\n"
	    "add template=yes src-address=10.9.0.0/16\n");
	const struct conf_obj *a = conf_first(old, CONF_POLICY)->next;
	const struct conf_obj *b = conf_first(new, CONF_POLICY)->next;

	conf_inherit_ids(new, old);
	ck_assert_ptr_null(conf_by_id(old, b->id));
	ck_assert_uint_eq(b->next->id, a->id);
	conf_free(old);
	conf_free(new);
}
END_TEST

static uint32_t
identity_id(const struct conf *c, unsigned n)
{
	const struct conf_obj *o = conf_first(c, CONF_IDENTITY);

	while (n-- > 0)
		o = o->next;
	return o->id;
}

/* Identities that only their secrets tell apart keep their numbers as long
 * as they are as many; else nobody could say which one went. */
START_TEST(numbers_of_the_ambiguous)
{
	static const char two[] = BASE "add peer=p secret=Xq3vvJ0pK7sLw2Zr9T"
	    "bN\nadd peer=p secret=Yq3vvJ0pK7sLw2Zr9TbN "
	    "remote-id=fqdn:a.example\n";
	struct conf *old = load_ok(two), *same = load_ok(two);
	struct conf *one = load_ok(BASE
	    "add peer=p secret=Yq3vvJ0pK7sLw2Zr9TbN "
	    "remote-id=fqdn:a.example\n");
	unsigned i;

	conf_inherit_ids(same, old);
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(identity_id(same, i), identity_id(old, i));
	conf_inherit_ids(one, same);
	ck_assert_uint_ne(identity_id(one, 0), identity_id(old, 0));
	ck_assert_uint_ne(identity_id(one, 0), identity_id(old, 1));
	ck_assert_uint_eq(identity_id(one, 1), identity_id(old, 2));
	conf_free(old);
	conf_free(same);
	conf_free(one);
}
END_TEST

START_TEST(resolved_name)
{
	struct conf *c = load_ok("/ip ipsec peer\nadd name=p "
	    "address=gw.example.net exchange-mode=ike2\n"
	    "add name=q address=10.0.0.0/8 exchange-mode=ike2\n");
	struct conf_obj *p = conf_by_name(c, CONF_PEER, "p");
	struct conf_obj *q = conf_by_name(c, CONF_PEER, "q");
	struct addr a;
	char s[PREFIX_STRLEN];

	ck_assert_int_eq(addr_parse(&a, "198.51.100.7"), 0);
	conf_set_resolved(p, &a);
	conf_set_resolved(q, &a);
	ck_assert_str_eq(prefix_fmt(conf_prefix(p, CONF_PEER_ADDRESS), s,
	    sizeof(s)), "198.51.100.7/32");
	ck_assert_str_eq(conf_str(p, CONF_PEER_ADDRESS), "gw.example.net");
	ck_assert_str_eq(prefix_fmt(conf_prefix(q, CONF_PEER_ADDRESS), s,
	    sizeof(s)), "10.0.0.0/8");
	conf_set_resolved(p, NULL);
	ck_assert_ptr_null(conf_prefix(p, CONF_PEER_ADDRESS));
	conf_free(c);
}
END_TEST

START_TEST(secrets_wiped)
{
	struct conf *c = load_ok(BASE);
	const struct conf_obj *o = conf_first(c, CONF_IDENTITY);

	ck_assert_uint_eq(conf_secret(o, CONF_IDENTITY_SECRET)->len, 20);
	conf_wipe_secrets(c);
	ck_assert_uint_eq(conf_secret(o, CONF_IDENTITY_SECRET)->len, 0);
	ck_assert(!conf_is_set(o, CONF_IDENTITY_SECRET));
	conf_free(c);
}
END_TEST

START_TEST(imports)
{
	struct conf *c = load_ok("/certificate\n"
	    "import file-name=/etc/x/gw.p12 passphrase=one\n"
	    "import file-name=b name=c trusted=no\n"
	    "import file-name=/etc/x/gw.p12 passphrase=two\n");
	const struct conf_obj *o = conf_first(c, CONF_CERTIFICATE);

	/* The second declaration of a file stands for the first. */
	ck_assert_uint_eq(conf_count(c, CONF_CERTIFICATE), 2);
	ck_assert_str_eq(conf_str(o, CONF_CERTIFICATE_NAME), "c");
	ck_assert(!conf_bool(o, CONF_CERTIFICATE_TRUSTED));
	o = o->next;
	ck_assert_str_eq(conf_str(o, CONF_CERTIFICATE_NAME), "gw.p12_0");
	ck_assert(conf_bool(o, CONF_CERTIFICATE_TRUSTED));
	ck_assert_uint_eq(conf_secret(o, CONF_CERTIFICATE_PASSPHRASE)->len, 3);
	ck_assert_mem_eq(conf_secret(o, CONF_CERTIFICATE_PASSPHRASE)->data,
	    "two", 3);
	/* Keys and what opens them are certd's alone. */
	ck_assert(conf_sends(o, PROC_CERTD));
	ck_assert(!conf_sends(o, PROC_IKEPD));
	conf_free(c);
}
END_TEST

START_TEST(many_objects)
{
	struct conf *c;
	struct buf b;
	char line[256];
	int i;

	buf_init(&b, 8 << 20);
	for (i = 0; i < 3000; i++) {
		snprintf(line, sizeof(line), "/ip ipsec peer add name=p%d "
		    "address=10.%d.%d.1 exchange-mode=ike2\n"
		    "/ip ipsec identity add peer=p%d secret=" GOOD "\n", i,
		    i / 256, i % 256, i);
		buf_put(&b, line, strlen(line));
	}
	buf_u8(&b, 0);
	c = load_ok((const char *)b.data);
	ck_assert_str_eq(diags, "");
	ck_assert_uint_eq(conf_count(c, CONF_PEER), 3000);
	ck_assert_ptr_nonnull(conf_by_name(c, CONF_PEER, "p2999"));
	conf_free(c);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("load");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, spellings);
	tcase_add_test(t, pasted_export);
	tcase_add_test(t, times);
	tcase_add_test(t, escapes);
	tcase_add_test(t, getters);
	tcase_add_test(t, defaults);
	tcase_add_test(t, order);
	tcase_add_test(t, transport_addresses);
	tcase_add_test(t, usable);
	tcase_add_test(t, numbers_kept);
	tcase_add_test(t, numbers_of_templates);
	tcase_add_test(t, numbers_of_the_ambiguous);
	tcase_add_test(t, resolved_name);
	tcase_add_test(t, secrets_wiped);
	tcase_add_test(t, imports);
	tcase_add_test(t, many_objects);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
