/* What is wrong with a configuration, and what is said about it. */
#include "lib/conf/conf.h"
#include "tests/unit/conf_util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct refusal {
	const char *script;
	const char *says;	/* every finding, exactly */
};

/* clang-format off */
static const struct refusal refusals[] = {
	/* words and menus */
	{ "/ip ipsec pear\nadd name=x\nset y\n",
	  "x:1:11: found \"pear\", expected a menu below /ip ipsec; did you "
	  "mean \"peer\"?\n" },
	{ "/ip ipsec peer\nad name=x\n",
	  "x:2:1: found \"ad\", expected a command in /ip ipsec peer; did "
	  "you mean \"add\"?\n" },
	{ "add name=x\n",
	  "x:1:1: found \"add\", expected a menu before it, such as "
	  "/ip ipsec peer\n" },
	{ "/ip ipsec peer\nprint\n",
	  "x:2:1: found \"print\", which has no place in a configuration\n" },
	{ "/ip ipsec active-peers remove 0\n",
	  "x:1:24: found \"remove\", which has no place in a "
	  "configuration\n" },
	{ "/ip ipsec peer add nam=x exchange-mode=ike2\n",
	  "x:1:20: found \"nam\", expected a property of /ip ipsec peer; did "
	  "you mean \"name\"?\n" },
	{ "/ip ipsec peer add frobnicate=1 exchange-mode=ike2\n",
	  "x:1:20: found \"frobnicate\", expected a property of "
	  "/ip ipsec peer\n" },
	{ "/ip ipsec peer add name=a name=b\n",
	  "x:1:27: name: given twice in one command\n" },
	{ "/ip ipsec profile add dh-group=ecp256 dh-groups=ecp384\n",
	  "x:1:39: dh-groups: given twice in one command\n" },
	{ "/ip ipsec peer add name\n",
	  "x:1:20: found \"name\", expected property=value\n" },
	{ "/ip ipsec identity add secret=two words peer=p\n",
	  "x:1:35: found a word behind secret, expected property=value, or "
	  "quotes around a value with blanks\n" },
	{ "/ip ipsec peer add exchange-mode=ike2 profile=none\n"
	  "/ip ipsec identity add peer=peer1\n",
	  "x:1:47: profile: found \"none\", expected the name of an entry in "
	  "/ip ipsec profile\n"
	  "x:2:20: an identity with auth-method=pre-shared-key needs "
	  "secret=\n" },
	{ "/ip ipsec settings add allow-weak=yes\n",
	  "x:1:20: found \"add\", expected \"set\": the menu has one "
	  "entry\n" },
	/* syntax */
	{ "/ip ipsec peer\nadd comment=\"open\n",
	  "x:2:13: found a quote without its end, expected \" on the same "
	  "line\n" },
	{ "/ip ipsec peer add comment=\"a\\qb\"\n",
	  "x:1:30: found an unknown escape, expected \\\" \\\\ \\n \\r "
	  "\\t \\$ \\? \\_ or \\ and two hexadecimal capitals\n" },
	{ "/ip ipsec peer add comment=\"a\\00b\"\n",
	  "x:1:30: found \"\\00\", expected text without a zero byte\n" },
	{ "/ip ipsec peer add comment=\"a$b\"\n",
	  "x:1:30: found \"$\", which begins a variable; expected "
	  "\"\\$\"\n" },
	{ ":global x 1\n",
	  "x:1:1: found \":\", expected a command; scripting is not "
	  "supported\n" },
	{ "/ip ipsec peer add name=[get x]\n",
	  "x:1:25: name: found \"[\", expected a value; scripting is not "
	  "supported\n" },
	{ "/ip ipsec peer add comment=(1+1)\n",
	  "x:1:28: found \"(\", expected a command; scripting is not "
	  "supported\n" },
	{ "/ip ipsec peer add =x\n",
	  "x:1:20: found \"=\", expected the name of a property before "
	  "it\n" },
	{ "/ip ipsec peer add comment=a\001b\n",
	  "x:1:29: found byte 0x01, expected text\n" },
	/* which entry */
	{ "/ip ipsec profile set defalt lifetime=1h\n",
	  "x:1:23: found \"defalt\", expected an entry of /ip ipsec profile: "
	  "its name, its number or [find ...]; did you mean \"default\"?\n" },
	{ "/ip ipsec profile set 7 lifetime=1h\n",
	  "x:1:23: found \"7\", expected an entry of /ip ipsec profile: its "
	  "name, its number or [find ...]\n" },
	{ "/ip ipsec profile set lifetime=1h\n",
	  "x:1:23: found no entry, expected its name, its number or "
	  "[find ...] in /ip ipsec profile\n" },
	{ "/ip ipsec profile set [find nme=x] lifetime=1h\n",
	  "x:1:29: found \"nme\", expected property=value or "
	  "property~\"expression\" of this menu\n" },
	{ "/ip ipsec profile set [find name~\"(\"] lifetime=1h\n",
	  "x:1:29: found \"name\", expected a regular expression behind "
	  "it\n" },
	{ "/ip ipsec profile set [find name=x lifetime=1h\n",
	  "x:1:23: found \"[\", expected \"]\" behind it\n" },
	{ "/ip ipsec profile remove default\n",
	  "x:1:19: a built-in entry cannot be removed\n" },
	{ "/ip ipsec profile set default name=other\n",
	  "x:1:36: name: found \"other\", expected \"default\": the name of a "
	  "built-in entry cannot change\n" },
	{ "/ip ipsec profile add name=default\n",
	  "x:1:28: name: \"default\" is taken by a built-in entry\n" },
	{ "/ip ipsec profile\nadd name=a\nadd name=a\n",
	  "x:3:10: name: \"a\" is taken by the entry of line 2\n" },
	{ "/ip ipsec profile move 0\n",
	  "x:1:19: the order of this menu has no meaning\n" },
	{ "/ip ipsec profile disable default\n",
	  "x:1:19: entries of this menu cannot be disabled\n" },
	/* values */
	{ "/ip ipsec profile set default enc-algorithm=aes-256,aes-257\n",
	  "x:1:53: enc-algorithm: found \"aes-257\", expected an encryption "
	  "algorithm; did you mean \"aes-256\"?\n" },
	{ "/ip ipsec profile set default enc-algorithm=aes-128,,aes-256\n",
	  "x:1:53: enc-algorithm: found \"\", expected an encryption "
	  "algorithm\n" },
	{ "/ip ipsec profile set default dh-group=none\n",
	  "x:1:40: dh-group: found \"none\", expected a Diffie-Hellman "
	  "group\n" },
	{ "/ip ipsec profile set default lifetime=1x\n",
	  "x:1:40: lifetime: found \"1x\", expected a time from 1m to 52w1d, "
	  "such as 30m, 1h30m or 00:30:00\n" },
	{ "/ip ipsec profile set default lifetime=10s\n",
	  "x:1:40: lifetime: found \"10s\", expected a time from 1m to 52w1d, "
	  "such as 30m, 1h30m or 00:30:00\n" },
	{ "/ip ipsec profile set default dpd-interval=disabled\n",
	  "x:1:44: dpd-interval: found \"disabled\", expected a time from 1s "
	  "to 1d, such as 30m, 1h30m or 00:30:00, or disable-dpd\n" },
	{ "/ip ipsec peer add exchange-mode=ike3\n",
	  "x:1:34: exchange-mode: found \"ike3\", expected main, aggressive, "
	  "base or ike2; did you mean \"ike2\"?\n" },
	{ "/ip ipsec peer add exchange-mode=ike2 passive=maybe\n",
	  "x:1:47: passive: found \"maybe\", expected yes or no\n" },
	{ "/ip ipsec peer add exchange-mode=ike2 port=70000\n",
	  "x:1:44: port: found \"70000\", expected a number from 1 to "
	  "65535\n" },
	{ "/ip ipsec peer add exchange-mode=ike2 address=10.0.0.1/24\n",
	  "x:1:47: address: found \"10.0.0.1/24\", expected a prefix without "
	  "host bits; did you mean \"10.0.0.0/24\"?\n" },
	{ "/ip ipsec peer add exchange-mode=ike2 address=10.0.0\n",
	  "x:1:47: address: found \"10.0.0\", expected an address, a prefix "
	  "or a DNS name\n" },
	{ "/ip ipsec peer add exchange-mode=ike2 local-address=here\n",
	  "x:1:53: local-address: found \"here\", expected an IPv4 or IPv6 "
	  "address\n" },
	{ "/ip ipsec policy add src-address=10.0.0.0/8,10.1.0.0/33\n",
	  "x:1:45: src-address: found \"10.1.0.0/33\", expected prefixes, "
	  "addresses or ranges such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9, with "
	  "commas between\n" },
	{ "/ip ipsec policy add protocol=tpc\n",
	  "x:1:31: protocol: found \"tpc\", expected all, the name of an IP "
	  "protocol, or its number from 1 to 255; did you mean \"tcp\"?\n" },
	{ "/ip ipsec policy add protocol=0\n",
	  "x:1:31: protocol: found \"0\", expected all, the name of an IP "
	  "protocol, or its number from 1 to 255\n" },
	{ "/ip ipsec identity add secret=0x123\n",
	  "x:1:31: secret: expected pairs of hexadecimal digits after 0x\n" },
	{ "/ip ipsec profile add name=*1\n",
	  "x:1:28: name: found \"*1\", expected a name of 1 to 63 printable "
	  "characters, not beginning with \"*\"\n" },
	{ "/ip ipsec proposal set default replay-window=16\n",
	  "x:1:46: replay-window: found \"16\", expected a number from 32 to "
	  "4096\n" },
	/* not yet */
	{ "/ip ipsec peer add exchange-mode=aggressive\n",
	  "x:1:34: exchange-mode=aggressive: not supported yet\n" },
	{ "/ip ipsec peer add name=a\n",
	  "x:1:16: exchange-mode=main (the default) is not supported yet, say "
	  "exchange-mode=ike2\n" },
	{ "/ip ipsec identity add peer=p auth-method=eap-radius\n",
	  "x:1:43: auth-method=eap-radius: not supported yet\n" },
	/* certificates */
	{ "/certificate import name=a\n",
	  "x:1:14: import needs file-name=\n" },
	{ "/certificate import file-name=a passphrase=x color=red\n",
	  "x:1:46: found \"color\", expected a property of /certificate\n" },
	{ "/certificate add file-name=a\n",
	  "x:1:14: found \"add\", expected \"import\"; certificates are made "
	  "and signed with sallyctl\n" },
	{ "/ip ipsec peer import name=a\n",
	  "x:1:16: found \"import\", which is for /certificate alone\n" },
	{ "/ip ipsec peer add name=p exchange-mode=ike2\n"
	  "/ip ipsec identity add peer=p auth-method=digital-signature\n",
	  "x:2:20: an identity with auth-method=digital-signature needs "
	  "certificate=\n" },
	{ "/ip ipsec peer add name=p exchange-mode=ike2\n"
	  "/ip ipsec identity add peer=p secret=" GOOD " match-by=certificate\n",
	  "x:2:70: match-by: found \"certificate\", which needs "
	  "auth-method=digital-signature\n" },
	{ "/certificate import file-name=a name=c\n"
	  "/ip ipsec peer add name=p exchange-mode=ike2\n"
	  "/ip ipsec identity add peer=p auth-method=rsa-signature "
	  "certificate=c match-by=certificate\n",
	  "x:3:80: match-by: found \"certificate\", which needs "
	  "remote-certificate=\n" },
	{ "/ip ipsec policy group add name=g\n/ip ipsec policy "
	  "add template=yes group=g src-address=10.0.0.0/8 "
	  "dst-address=2001:db8::/32\n",
	  "x:2:78: dst-address: is not of the same family (IPv4, IPv6) as "
	  "src-address\n" },
	{ "/ip ipsec identity add password=geheim\n",
	  "x:1:24: password: not supported yet\n" },
	{ "/ip ipsec policy add template=yes src-port=5\n",
	  "x:1:44: src-port: a port goes with protocol=tcp, udp, dccp, sctp "
	  "or udp-lite alone\n" },
	{ "/ip ipsec policy set 0 template=no\n",
	  "x:1:33: template: the built-in entry stays a template\n" },
	{ "/ip ipsec policy add ipsec-protocols=ah,esp\n",
	  "x:1:38: ipsec-protocols=ah: not supported yet\n" },
	{ "/ip ipsec policy add manual-sa=ah-sa1\n",
	  "x:1:22: manual-sa=ah-sa1: not supported yet\n" },
	{ "/ip ipsec policy add sa-dst-address=1.0.0.2\n",
	  "x:1:22: sa-dst-address=1.0.0.2: not supported yet\n" },
	{ "/ip firewall nat\nadd action=masquerade chain=srcnat\n",
	  "x:2:1: /ip firewall nat: not supported yet\n" },
	{ "/system logging add topics=ipsec action=echo\n",
	  "x:1:34: action=echo: not supported yet\n" },
	{ "/system logging action set memory memory-lines=5\n",
	  "x:1:35: memory-lines=5: not supported yet\n" },
	{ "/ip ipsec settings set xauth-use-radius=yes\n",
	  "x:1:24: xauth-use-radius=yes: not supported yet\n" },
	/* moved since */
	{ "/ip ipsec peer add address=1.1.1.1 secret=x enc-algorithm=aes-128\n",
	  "x:1:36: secret: not a property of /ip ipsec peer any more, it is "
	  "in /ip ipsec identity\n"
	  "x:1:45: enc-algorithm: not a property of /ip ipsec peer any more, "
	  "it is in /ip ipsec profile\n" },
	/* weak */
	{ "/ip ipsec profile set default hash-algorithm=md5\n",
	  "x:1:46: hash-algorithm: \"md5\" is weak; to use it all the same, "
	  "say /ip ipsec settings set allow-weak=yes\n" },
	{ "/ip ipsec proposal set default enc-algorithms=3des "
	  "pfs-group=modp1024\n",
	  "x:1:47: enc-algorithms: \"3des\" is weak; to use it all the same, "
	  "say /ip ipsec settings set allow-weak=yes\n"
	  "x:1:62: pfs-group: \"modp1024\" is weak; to use it all the same, "
	  "say /ip ipsec settings set allow-weak=yes\n" },
	{ "/ip ipsec proposal set default auth-algorithms=null\n",
	  "x:1:48: auth-algorithms: \"null\" goes only with encryption that "
	  "has its own integrity (gcm, ccm, chacha20poly1305), found "
	  "aes-256-cbc in enc-algorithms\n" },
	{ "/ip ipsec proposal set default enc-algorithms=twofish\n",
	  "x:1:47: enc-algorithms: \"twofish\" exists in IKEv1 only, which is "
	  "not supported yet\n" },
	/* objects among themselves */
	{ "/ip ipsec peer add name=a exchange-mode=ike2 profile=defualt\n",
	  "x:1:54: profile: found \"defualt\", expected the name of an entry "
	  "in /ip ipsec profile; did you mean \"default\"?\n" },
	{ BASE POLICY "src-address=10.0.0.0/8 dst-address=10.9.0.0/16 "
	  "proposal=fast\n",
	  "x:6:79: proposal: found \"fast\", expected the name of an entry in "
	  "/ip ipsec proposal\n" },
	{ PEER "/ip ipsec identity add peer=p\n",
	  "x:3:20: an identity with auth-method=pre-shared-key needs "
	  "secret=\n" },
	{ "/ip ipsec identity add secret=" GOOD "\n",
	  "x:1:20: an identity needs peer=\n" },
	{ PEER "/ip ipsec identity add peer=p my-id=ignore secret=" GOOD "\n",
	  "x:3:37: my-id: found \"ignore\", which only remote-id can be\n" },
	{ BASE POLICY "\n", "x:6:1: the policy needs src-address=\n" },
	{ BASE "/ip ipsec policy add src-address=10.0.0.0/8 "
	  "dst-address=10.9.0.0/16\n",
	  "x:5:18: a policy with action=encrypt needs peer=\n" },
	{ BASE POLICY "src-address=10.0.0.0/8 dst-address=2001:db8::/32\n",
	  "x:6:58: dst-address: is not of the same family (IPv4, IPv6) as "
	  "src-address\n" },
	{ BASE "/ip ipsec policy add peer=p src-address=10.0.0.0/8\n",
	  "x:5:41: src-address: transport mode is between two hosts, expected "
	  "one address; for nets say tunnel=yes\n" },
	{ BASE "/ip ipsec policy add peer=p\n",
	  "x:5:18: a policy in transport mode needs src-address=\n" },
	{ BASE "/ip ipsec policy add peer=p src-address=192.0.2.1 "
	  "dst-address=192.0.2.3\n",
	  "x:5:63: dst-address: is not the peer's address 192.0.2.2, as "
	  "transport mode needs; for other hosts say tunnel=yes\n" },
	{ BASE POLICY "src-address=10.0.0.0/8 dst-address=10.9.0.0/16 "
	  "src-port=80\n",
	  "x:6:79: src-port: a port goes with protocol=tcp, udp, dccp, sctp "
	  "or udp-lite alone\n" },
	{ "/ip ipsec peer add name=p exchange-mode=ike2 address=192.0.2.2 "
	  "local-address=2001:db8::1\n",
	  "x:1:78: local-address: is not of the same family (IPv4, IPv6) as "
	  "the address of the peer\n" },
	{ "/ip ipsec settings set natt-port=500\n",
	  "x:1:34: natt-port: is the same as ike-port, expected another "
	  "port\n" },
	{ "/ip ipsec settings set fragment-size=255\n",
	  "x:1:38: fragment-size: is too small for the headers, expected 0 "
	  "or 256 and more\n" },
};

struct warning {
	const char *script;
	const char *says;
};

static const struct warning warnings[] = {
	{ "# only a comment\n\n;;\n", "" },
	{ "/certificate import file-name=dir/a.p12\n"
	  "/ip ipsec peer add name=p exchange-mode=ike2\n"
	  "/ip ipsec identity add peer=p auth-method=digital-signature "
	  "certificate=a.p12_0 remote-certificate=a.p12\n",
	  "x:3:100: warning: remote-certificate: no /certificate import "
	  "declares \"a.p12\", so it must be one made with sallyctl; did you "
	  "mean \"a.p12_0\"?\n" },
	{ "/certificate import file-name=a name=c passphrase=x\n"
	  "/certificate import file-name=b name=c\n"
	  "/certificate import file-name=a name=c passphrase=y\n"
	  "/ip ipsec peer add name=p exchange-mode=ike2\n"
	  "/ip ipsec identity add peer=p auth-method=digital-signature "
	  "certificate=c remote-id=ignore\n",
	  "x:5:85: warning: remote-id: with \"ignore\" whoever has a "
	  "certificate of a trusted CA can say it is anybody else\n" },
	{ "", "" },
	{ BASE, "" },
	{ "/ip dhcp-client\nadd interface=ether1\nset 0 x=y\n"
	  "/system identity set name=gw\n" BASE,
	  "x:1:1: warning: /ip dhcp-client: a menu of RouterOS that does not "
	  "exist here; ignored\n"
	  "x:4:1: warning: /system identity: a menu of RouterOS that does not "
	  "exist here; ignored\n" },
	{ BASE "/ip ipsec policy set 0 priority=1\n",
	  "x:5:24: warning: priority: a property of RouterOS that does not "
	  "exist here; ignored\n" },
	/* made for IKEv1: what is so anyway, and what is not */
	{ "/ip ipsec profile set default lifebytes=0 nat-traversal=yes "
	  "dpd-maximum-failures=5 proposal-check=obey\n"
	  "/ip ipsec profile add name=q proposal-check=claim\n", "" },
	{ "/ip ipsec profile set default nat-traversal=no\n"
	  "/ip ipsec profile set default nat-traversal=yes\n",
	  "x:1:31: warning: nat-traversal=no has no effect: IKEv2 always "
	  "looks for address translators, and puts ESP into UDP where there "
	  "is one\n" },
	{ "/ip ipsec profile add name=q lifebytes=5\n",
	  "x:1:30: warning: lifebytes=5 has no effect: proposals of IKEv2 "
	  "have no lifetimes, and an IKE SA is replaced after its time "
	  "alone\n" },
	{ "/ip ipsec profile add name=q dpd-maximum-failures=3\n",
	  "x:1:30: warning: dpd-maximum-failures=3 has no effect: a probe is "
	  "repeated as any request of IKEv2, and after 41 seconds without an "
	  "answer the peer is dead\n" },
	{ "/ip ipsec profile\nadd name=q proposal-check=strict\n"
	  "add name=r proposal-check=exact\n",
	  "x:2:12: warning: proposal-check=strict has no effect: lifetimes "
	  "are not negotiated in IKEv2, and the end whose lifetime is the "
	  "shorter one replaces the SA\n"
	  "x:3:12: warning: proposal-check=exact has no effect: lifetimes "
	  "are not negotiated in IKEv2, and the end whose lifetime is the "
	  "shorter one replaces the SA\n" },
	{ "/ip ipsec profile set [find name=nobody] lifetime=1h\n",
	  "x:1:23: warning: no entry of /ip ipsec profile is found by this; "
	  "nothing is done\n" },
	{ PEER "/ip ipsec identity add peer=p secret=test\n",
	  "x:3:38: warning: secret: a weak pre-shared key, worth 18 bits at "
	  "most and open to guessing by whoever answers the peer; take 20 "
	  "random characters or more\n" },
	{ PEER, "x:2:1: warning: peer \"p\" has no identity and cannot "
	  "authenticate\n" },
	{ BASE "add peer=p secret=" GOOD "\n",
	  "x:5:1: warning: ambiguous: the identity of line 4 has the same "
	  "peer and remote-id; only the secrets can tell them apart\n" },
	{ BASE POLICY "src-address=10.0.0.0/8 dst-address=10.9.0.0/16\n"
	  "add peer=p tunnel=yes dst-address=10.9.0.0/16 "
	  "src-address=10.0.0.0/8\n",
	  "x:7:1: warning: this policy is invalid and not used: the policy of "
	  "line 6 has the same src-address, dst-address, protocol and "
	  "ports\n" },
	{ BASE "/ip ipsec peer add name=q address=192.0.2.2 "
	  "exchange-mode=ike2\n",
	  "x:5:16: warning: peer \"q\" is invalid and not used: peer \"p\" has "
	  "the same address, exchange-mode and local-address\n" },
	{ "/system logging add topics=wireless,ipsec\n",
	  "x:1:28: warning: topics: nothing here has the topic "
	  "\"wireless\"\n" },
	/* what is not supported, said to be as it is anyway */
	{ "/ip ipsec peer add name=p address=192.0.2.2 exchange-mode=ike2 "
	  "disabled=no\n"
	  "/ip ipsec identity add peer=p generate-policy=no mode-config=none "
	  "certificate=none notrack-chain=\"\" auth-method=pre-shared-key "
	  "secret=" GOOD "\n"
	  "/ip ipsec settings set xauth-use-radius=no accounting=yes\n"
	  "/ip ipsec policy add template=no ipsec-protocols=esp tunnel=yes "
	  "sa-src-address=0.0.0.0 sa-dst-address=:: manual-sa=none peer=p "
	  "src-address=10.0.0.0/8 dst-address=10.9.0.0/16\n"
	  "/system logging action set memory target=memory "
	  "memory-lines=100000\n"
	  "/system logging add topics=ipsec,!debug action=memory\n", "" },
	/* weak, allowed further down */
	{ "/ip ipsec profile set default hash-algorithm=md5 "
	  "enc-algorithm=3des,des dh-group=modp768,modp1024,modp1536\n"
	  "/ip ipsec proposal set default enc-algorithms=null,blowfish\n"
	  "/ip ipsec settings set allow-weak=yes\n", "" },
};
/* clang-format on */

START_TEST(refused)
{
	const struct refusal *r = &refusals[_i];
	struct conf *c = load(r->script);

	ck_assert_str_eq(diags, r->says);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(warned)
{
	const struct warning *w = &warnings[_i];
	struct conf *c = load(w->script);

	ck_assert_str_eq(diags, w->says);
	ck_assert_ptr_nonnull(c);
	conf_free(c);
}
END_TEST

START_TEST(many_errors)
{
	struct buf b;
	int i, lines = 0;
	const char *p;

	buf_init(&b, 65536);
	for (i = 0; i < 100; i++)
		buf_put(&b, "/ip ipsec peer add x=y\n", 23);
	buf_u8(&b, 0);
	ck_assert_ptr_null(load((const char *)b.data));
	for (p = diags; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ck_assert_int_eq(lines, CONF_ERRORS_MAX + 1);
	ck_assert_ptr_nonnull(strstr(diags, "too many errors, giving up\n"));
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_refused");
	TCase *t = tcase_create("findings");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, refused, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_loop_test(t, warned, 0,
	    sizeof(warnings) / sizeof(warnings[0]));
	tcase_add_test(t, many_errors);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
