#include "lib/conf/tables.h"

/* clang-format off */

static const struct conf_word words_plane[] = {
	{ "auto", CONF_PLANE_AUTO, true },
	{ "kernel", CONF_PLANE_KERNEL, true },
	{ "userspace", CONF_PLANE_USERSPACE, true },
	{ NULL, 0, false },
};

static const struct conf_word words_encap[] = {
	{ "auto", CONF_ENCAP_AUTO, true },
	{ "nat", CONF_ENCAP_NAT, true },
	{ "always", CONF_ENCAP_ALWAYS, true },
	{ NULL, 0, false },
};

const struct conf_prop schema_settings[CONF_SETTINGS_PROPS] = {
	[CONF_SETTINGS_ALLOW_WEAK] = {
		.name = "allow-weak", .type = CONF_T_BOOL, .def = "no",
		.procs = TO_CERT, .flags = LIVE,
		.help = "Lets weak algorithms (md5, des, 3des, blowfish, "
		    "modp768, modp1024, modp1536, null encryption) be named. "
		    "Without it a configuration that names one is refused. "
		    "Certificates may be signed with sha1, RSA keys have "
		    "1024 bits or a small exponent." },
	[CONF_SETTINGS_IKE_PORT] = {
		.name = "ike-port", .type = CONF_T_NUM, .def = "500",
		.lo = 1, .hi = 65535, .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Our UDP port for IKE." },
	[CONF_SETTINGS_NATT_PORT] = {
		.name = "natt-port", .type = CONF_T_NUM, .def = "4500",
		.lo = 1, .hi = 65535, .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Our UDP port for IKE and ESP through address "
		    "translation." },
	[CONF_SETTINGS_NATT_KEEPALIVE] = {
		.name = "natt-keepalive", .type = CONF_T_TIME, .def = "20s",
		.lo = 1, .hi = 3600, .procs = TO_IKE, .flags = LIVE,
		.help = "Silence after which a keepalive is sent from behind "
		    "an address translator." },
	[CONF_SETTINGS_COOKIE_THRESHOLD] = {
		.name = "cookie-threshold", .type = CONF_T_NUM, .def = "100",
		.lo = 0, .hi = 1000000, .procs = TO_IKE, .flags = LIVE,
		.help = "Number of half-open IKE SAs from which on a cookie "
		    "is asked for before state is made." },
	[CONF_SETTINGS_HALF_OPEN_MAX] = {
		.name = "half-open-max", .type = CONF_T_NUM, .def = "4000",
		.lo = 1, .hi = 1000000, .procs = TO_IKE, .flags = LIVE,
		.help = "Number of half-open IKE SAs beyond which new ones "
		    "are not answered." },
	[CONF_SETTINGS_FRAGMENT_SIZE] = {
		.name = "fragment-size", .type = CONF_T_NUM, .def = "1280",
		.lo = 0, .hi = 65535, .procs = TO_IKE, .flags = LIVE,
		.help = "Size of an IP datagram, in bytes, above which an "
		    "IKEv2 message is sent in fragments, when the peer knows "
		    "them; 0 is off, otherwise 256 or more." },
	[CONF_SETTINGS_ACCOUNTING] = {
		.name = "accounting", .type = CONF_T_BOOL, .def = "yes",
		.help = "RADIUS accounting of users authenticated by EAP or "
		    "XAuth." },
	[CONF_SETTINGS_INTERIM_UPDATE] = {
		.name = "interim-update", .type = CONF_T_TIME, .def = "0s",
		.lo = 0, .hi = 31536000,
		.help = "Interval of interim accounting; 0 is off." },
	[CONF_SETTINGS_XAUTH_USE_RADIUS] = {
		.name = "xauth-use-radius", .type = CONF_T_BOOL, .def = "no",
		.help = "XAuth users are asked of RADIUS." },
	[CONF_SETTINGS_DATA_PLANE] = {
		.name = "data-plane", .type = CONF_T_ENUM, .def = "auto",
		.words = words_plane, .procs = TO_KM, .flags = LIVE,
		.help = "Who moves the packets of tunnels: the kernel, or "
		    "our process espd through the device sallyport0.  auto "
		    "is the kernel when it has ESP.  Acted upon at the start." },
	[CONF_SETTINGS_UDP_ENCAP] = {
		.name = "udp-encapsulation", .type = CONF_T_ENUM,
		.def = "auto", .words = words_encap, .procs = TO_IKE,
		.flags = LIVE,
		.help = "When ESP goes in UDP: nat is when a NAT is found, "
		    "always is with every peer that knows it, auto is nat "
		    "when the kernel moves the packets and always when espd "
		    "does, since a socket takes many datagrams of UDP at a "
		    "time and of ESP one.  A peer is told by hashes from "
		    "which it finds a NAT in front of us.  Acted upon with "
		    "the next IKE SA." },
};

static const struct conf_word words_proposal_check[] = {
	{ "obey", 0, true }, { "claim", 1, true }, { "exact", 2, true },
	{ "strict", 3, true }, { NULL },
};

const struct conf_prop schema_profile[CONF_PROFILE_PROPS] = {
	[CONF_PROFILE_NAME] = NAME(TO_IKE | TO_KM, LIVE,
	    "Name of the profile."),
	[CONF_PROFILE_HASH] = {
		.name = "hash-algorithm", .alias = "hash-algorithms",
		.type = CONF_T_ALGS, .kind = SUITE_INTEG, .phase = ALG_PHASE1,
		.def = "sha256", .procs = TO_IKE, .flags = LIVE,
		.help = "Integrity algorithms of the IKE SA, most wanted "
		    "first; with IKEv2 also its pseudo-random functions "
		    "unless prf-algorithms is given." },
	[CONF_PROFILE_PRF] = {
		.name = "prf-algorithms", .alias = "prf-algorithm",
		.type = CONF_T_ALGS, .kind = SUITE_PRF, .phase = ALG_PHASE1,
		.word = "auto", .procs = TO_IKE, .flags = LIVE,
		.help = "Pseudo-random functions of the IKE SA; auto takes "
		    "those of hash-algorithm." },
	[CONF_PROFILE_ENC] = {
		.name = "enc-algorithm", .alias = "enc-algorithms",
		.type = CONF_T_ALGS, .kind = SUITE_ENCR, .phase = ALG_PHASE1,
		.def = "aes-256,aes-128", .procs = TO_IKE, .flags = LIVE,
		.help = "Encryption algorithms of the IKE SA, most wanted "
		    "first." },
	[CONF_PROFILE_DH] = {
		.name = "dh-group", .alias = "dh-groups",
		.type = CONF_T_ALGS, .kind = SUITE_KE, .phase = ALG_PHASE1,
		.def = "ecp256,modp2048", .procs = TO_IKE, .flags = LIVE,
		.help = "Diffie-Hellman groups of the IKE SA, most wanted "
		    "first; the initiator starts with the first." },
	[CONF_PROFILE_LIFETIME] = {
		.name = "lifetime", .type = CONF_T_TIME, .def = "1d",
		.lo = 60, .hi = 31536000, .procs = TO_IKE, .flags = LIVE,
		.help = "How long an IKE SA lives before it is replaced." },
	[CONF_PROFILE_LIFEBYTES] = {
		.name = "lifebytes", .type = CONF_T_NUM, .def = "0",
		.lo = 0, .hi = 4294967295, .flags = LIVE,
		.v2_same = "0",
		.v2_instead = "proposals of IKEv2 have no lifetimes, and an "
		    "IKE SA is replaced after its time alone",
		.help = "Byte lifetime named in the proposal." },
	[CONF_PROFILE_NAT_TRAVERSAL] = {
		.name = "nat-traversal", .type = CONF_T_BOOL, .def = "yes",
		.flags = LIVE, .v2_same = "yes",
		.v2_instead = "IKEv2 always looks for address translators, "
		    "and puts ESP into UDP where there is one",
		.help = "Finds address translators and passes them." },
	[CONF_PROFILE_DPD_INTERVAL] = {
		.name = "dpd-interval", .type = CONF_T_TIME, .def = "2m",
		.lo = 1, .hi = 86400, .word = "disable-dpd",
		.procs = TO_IKE, .flags = LIVE,
		.help = "Silence after which the peer is asked whether it "
		    "lives." },
	[CONF_PROFILE_DPD_MAX_FAILURES] = {
		.name = "dpd-maximum-failures", .type = CONF_T_NUM,
		.def = "5", .lo = 1, .hi = 100, .flags = LIVE,
		.v2_same = "5",
		.v2_instead = "a probe is repeated as any request of IKEv2, "
		    "and after 41 seconds without an answer the peer is dead",
		.help = "Unanswered probes after which the peer is dead." },
	[CONF_PROFILE_PROPOSAL_CHECK] = {
		.name = "proposal-check", .type = CONF_T_ENUM, .def = "obey",
		.words = words_proposal_check, .flags = LIVE,
		.v2_same = "obey claim",
		.v2_instead = "lifetimes are not negotiated in IKEv2, and the "
		    "end whose lifetime is the shorter one replaces the SA",
		.help = "What the responder makes of a different lifetime." },
	[CONF_PROFILE_COMMENT] = COMMENT(0),
};

static const struct conf_word words_esn[] = {
	{ "no", CONF_ESN_NO, true }, { "yes", CONF_ESN_YES, true },
	{ "both", CONF_ESN_BOTH, true }, { NULL },
};

const struct conf_prop schema_proposal[CONF_PROPOSAL_PROPS] = {
	[CONF_PROPOSAL_NAME] = NAME(TO_IKE | TO_KM, LIVE,
	    "Name of the proposal."),
	[CONF_PROPOSAL_AUTH] = {
		.name = "auth-algorithms", .alias = "auth-algorithm",
		.type = CONF_T_ALGS, .kind = SUITE_INTEG, .phase = ALG_PHASE2,
		.def = "sha256,sha1", .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Integrity algorithms, most wanted first; null goes "
		    "only with encryption that has its own (gcm, ccm, "
		    "chacha20poly1305)." },
	[CONF_PROPOSAL_ENC] = {
		.name = "enc-algorithms", .alias = "enc-algorithm",
		.type = CONF_T_ALGS, .kind = SUITE_ENCR, .phase = ALG_PHASE2,
		.def = "aes-256-cbc,aes-192-cbc,aes-128-cbc,"
		    "aes-256-gcm,aes-128-gcm",
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Encryption algorithms, most wanted first." },
	[CONF_PROPOSAL_LIFETIME] = {
		.name = "lifetime", .type = CONF_T_TIME, .def = "30m",
		.lo = 30, .hi = 31536000, .procs = TO_IKE | TO_KM,
		.flags = LIVE,
		.help = "How long an SA lives at most; its successor is "
		    "negotiated at 80 % of it." },
	[CONF_PROPOSAL_LIFEBYTES] = {
		.name = "lifebytes", .type = CONF_T_NUM, .def = "0",
		.lo = 0, .hi = INT64_C(1) << 53, .procs = TO_KM,
		.flags = LIVE,
		.help = "How many bytes an SA carries at most in either "
		    "direction, with a successor at 80 %; 0 sets no limit "
		    "but that of ciphers with 64-bit blocks." },
	[CONF_PROPOSAL_LIFEPACKETS] = {
		.name = "lifepackets", .type = CONF_T_NUM, .def = "0",
		.lo = 0, .hi = INT64_C(1) << 53, .procs = TO_KM,
		.flags = LIVE,
		.help = "The same in packets; 0 sets no limit but that of "
		    "the sequence numbers." },
	[CONF_PROPOSAL_PFS] = {
		.name = "pfs-group", .alias = "pfs-groups",
		.type = CONF_T_ALGS, .kind = SUITE_KE, .phase = ALG_PHASE2,
		.def = "ecp256,modp2048", .procs = TO_IKE, .flags = LIVE,
		.help = "Diffie-Hellman groups of a new key exchange for "
		    "each SA but the first, most wanted first; none does "
		    "without, and beside groups makes it the peer's choice." },
	[CONF_PROPOSAL_ESN] = {
		.name = "esn", .type = CONF_T_ENUM, .def = "no",
		.words = words_esn, .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Extended (64-bit) sequence numbers; both offers "
		    "either, off first." },
	[CONF_PROPOSAL_REPLAY_WINDOW] = {
		.name = "replay-window", .type = CONF_T_NUM, .def = "64",
		.lo = 32, .hi = 4096, .procs = TO_KM, .flags = LIVE,
		.help = "Anti-replay window in packets." },
	[CONF_PROPOSAL_DISABLED] = DISABLED(LIVE),
	[CONF_PROPOSAL_COMMENT] = COMMENT(0),
};

const struct conf_prop schema_group[CONF_GROUP_PROPS] = {
	[CONF_GROUP_NAME] = NAME(TO_IKE | TO_KM, LIVE, "Name of the group."),
	[CONF_GROUP_COMMENT] = COMMENT(0),
};

static const struct conf_word words_mode[] = {
	{ "main", CONF_MODE_MAIN, false },
	{ "aggressive", CONF_MODE_AGGRESSIVE, false },
	{ "base", CONF_MODE_BASE, false },
	{ "ike2", CONF_MODE_IKE2, true }, { NULL },
};

const struct conf_prop schema_peer[CONF_PEER_PROPS] = {
	[CONF_PEER_NAME] = NAME(TO_ALL | TO_SESS, LIVE, "Name of the peer."),
	[CONF_PEER_ADDRESS] = {
		.name = "address", .type = CONF_T_HOST, .def = "0.0.0.0/0",
		.procs = TO_ALL, .flags = LIVE,
		.help = "Where the peer may come from, a prefix or a DNS "
		    "name; the most specific one wins.  IPv6 link-local "
		    "addresses cannot be used." },
	[CONF_PEER_PORT] = {
		.name = "port", .type = CONF_T_NUM, .def = "500",
		.lo = 1, .hi = 65535, .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "The peer's UDP port when we initiate." },
	[CONF_PEER_LOCAL_ADDRESS] = {
		.name = "local-address", .type = CONF_T_ADDR,
		.procs = TO_ALL, .flags = LIVE,
		.help = "Our address towards this peer; any when not given." },
	[CONF_PEER_EXCHANGE_MODE] = {
		.name = "exchange-mode", .type = CONF_T_ENUM, .def = "main",
		.words = words_mode, .procs = TO_ALL, .flags = LIVE,
		.help = "Which protocol is spoken; ike2 is IKEv2." },
	[CONF_PEER_PASSIVE] = {
		.name = "passive", .type = CONF_T_BOOL, .def = "no",
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Never initiate, wait for the peer." },
	[CONF_PEER_PROFILE] = {
		.name = "profile", .type = CONF_T_REF, .ref = CONF_PROFILE,
		.def = "default", .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Profile of the IKE SA." },
	[CONF_PEER_SEND_INITIAL_CONTACT] = {
		.name = "send-initial-contact", .type = CONF_T_BOOL,
		.def = "yes", .procs = TO_IKE, .flags = LIVE,
		.help = "Tells the peer at first contact to drop what it "
		    "still has of us." },
	[CONF_PEER_DISABLED] = DISABLED(LIVE),
	[CONF_PEER_COMMENT] = COMMENT(0),
};

static const struct conf_word words_auth[] = {
	{ "pre-shared-key", CONF_AUTH_PSK, true },
	{ "digital-signature", CONF_AUTH_DIGITAL_SIGNATURE, true },
	{ "rsa-signature", CONF_AUTH_DIGITAL_SIGNATURE, true },
	{ "eap", CONF_AUTH_EAP, false },
	{ "eap-radius", CONF_AUTH_EAP_RADIUS, false },
	{ "pre-shared-key-xauth", CONF_AUTH_PSK_XAUTH, false },
	{ "rsa-key", CONF_AUTH_RSA_KEY, false },
	{ "rsa-signature-hybrid", CONF_AUTH_RSA_HYBRID, false }, { NULL },
};

static const struct conf_word words_match[] = {
	{ "remote-id", CONF_MATCH_REMOTE_ID, true },
	{ "certificate", CONF_MATCH_CERTIFICATE, true }, { NULL },
};

static const struct conf_word words_generate[] = {
	{ "no", CONF_GENERATE_NO, true },
	{ "port-override", CONF_GENERATE_PORT_OVERRIDE, true },
	{ "port-strict", CONF_GENERATE_PORT_STRICT, true }, { NULL },
};

static const struct conf_word words_eap[] = {
	{ "eap-mschapv2", 1, false }, { "eap-peap", 2, false },
	{ "eap-tls", 4, true }, { "eap-ttls", 8, false }, { NULL },
};

static const struct conf_word words_only_one[] = {
	{ "no", CONF_ONLY_ONE_NO, true }, { "yes", CONF_ONLY_ONE_YES, true },
	{ "replace", CONF_ONLY_ONE_REPLACE, true }, { NULL },
};

const struct conf_prop schema_identity[CONF_IDENTITY_PROPS] = {
	[CONF_IDENTITY_PEER] = {
		.name = "peer", .type = CONF_T_REF, .ref = CONF_PEER,
		.procs = TO_ALL | TO_SESS, .flags = LIVE,
		.help = "The peer it belongs to; must be given." },
	[CONF_IDENTITY_AUTH_METHOD] = {
		.name = "auth-method", .type = CONF_T_ENUM,
		.def = "pre-shared-key", .words = words_auth,
		.procs = TO_IKE | TO_CERT, .flags = LIVE,
		.help = "How the two sides prove who they are." },
	[CONF_IDENTITY_SECRET] = {
		.name = "secret", .type = CONF_T_SECRET, .procs = TO_CERT,
		.flags = LIVE | CONF_P_SECRET,
		.help = "The pre-shared key: text, or 0x and hexadecimal "
		    "digits." },
	[CONF_IDENTITY_MY_ID] = {
		.name = "my-id", .type = CONF_T_ID, .def = "auto",
		.procs = TO_IKE | TO_CERT, .flags = LIVE,
		.help = "Who we say we are: auto (with a certificate its "
		    "first alternative name, or else its subject; with a "
		    "secret our address), address:A, fqdn:NAME, "
		    "user-fqdn:USER@NAME, key-id:TEXT or dn:NAME.  "
		    "ID_DER_ASN1_GN can be received, not configured." },
	[CONF_IDENTITY_REMOTE_ID] = {
		.name = "remote-id", .type = CONF_T_ID, .def = "auto",
		.procs = TO_IKE | TO_CERT, .flags = LIVE,
		.help = "Who the peer must say it is, written as my-id; auto "
		    "takes anybody, but where we connect to the peer no "
		    "certificate that is for clients alone.  What it says must stand in its "
		    "certificate: a dn as the subject, a key-id as the "
		    "identifier of the key, anything else among the "
		    "alternative names.  ignore takes anybody and does not "
		    "look there, so whoever has any certificate of a CA that "
		    "is trusted may say it is somebody else." },
	[CONF_IDENTITY_MATCH_BY] = {
		.name = "match-by", .type = CONF_T_ENUM, .def = "remote-id",
		.words = words_match, .procs = TO_CERT, .flags = LIVE,
		.help = "What selects this identity for a peer: its ID, or "
		    "with certificate that it shows remote-certificate." },
	[CONF_IDENTITY_GENERATE_POLICY] = {
		.name = "generate-policy", .type = CONF_T_ENUM, .def = "no",
		.words = words_generate, .procs = TO_IKE | TO_KM,
		.flags = LIVE,
		.help = "Whether policies are made from templates for what "
		    "is negotiated with the peer, unless a policy of its own "
		    "has it.  port-strict and port-override are equal with "
		    "IKEv2, where the selectors agreed on are the policy." },
	[CONF_IDENTITY_GROUP] = {
		.name = "policy-template-group", .type = CONF_T_REF,
		.ref = CONF_GROUP, .def = "default",
		.procs = TO_IKE | TO_KM, .flags = LIVE | CONF_P_NONE,
		.help = "Group of the templates that generated policies are "
		    "made from; what none of them holds is refused." },
	[CONF_IDENTITY_MODE_CONFIG] = {
		.name = "mode-config", .type = CONF_T_REF,
		.ref = CONF_MODE_CONFIG, .def = "none",
		.procs = TO_IKE | TO_KM | TO_SESS, .flags = LIVE | CONF_P_NONE,
		.help = "Addresses and names to hand out or to ask for." },
	[CONF_IDENTITY_ONLY_ONE] = {
		.name = "only-one", .type = CONF_T_ENUM, .def = "no",
		.words = words_only_one, .procs = TO_SESS, .flags = LIVE,
		.help = "One session per user, who is known by the ID (of a "
		    "certificate with several names, each is another user): "
		    "no sets no limit, yes refuses the second login, replace "
		    "ends the first session in its favour.  A user who says "
		    "that there is no other (INITIAL_CONTACT, as many "
		    "clients do) has the older sessions ended in any case." },
	[CONF_IDENTITY_CERTIFICATE] = {
		.name = "certificate", .type = CONF_T_STR, .word = "none",
		.procs = TO_CERT, .flags = LIVE,
		.help = "Name of our certificate, which needs its private "
		    "key; or of a bare private key." },
	[CONF_IDENTITY_REMOTE_CERTIFICATE] = {
		.name = "remote-certificate", .type = CONF_T_STR,
		.word = "none", .procs = TO_CERT, .flags = LIVE,
		.help = "Name of the one certificate (or public key) the "
		    "peer must show; if it is a CA's, the CA the peer's "
		    "certificate must come from.  Without it any CA that is "
		    "trusted will do; a CA's own certificate must be named "
		    "here." },
	[CONF_IDENTITY_EAP_METHODS] = {
		.name = "eap-methods", .type = CONF_T_BITS, .def = "eap-tls",
		.words = words_eap, .help = "EAP methods we try." },
	[CONF_IDENTITY_USERNAME] = {
		.name = "username", .type = CONF_T_STR,
		.help = "User name for EAP or XAuth." },
	[CONF_IDENTITY_PASSWORD] = {
		.name = "password", .type = CONF_T_SECRET,
		.flags = CONF_P_SECRET, .help = "Its password." },
	[CONF_IDENTITY_NOTRACK_CHAIN] = {
		.name = "notrack-chain", .type = CONF_T_STR,
		.help = "Chain that gets notrack rules for the policies." },
	[CONF_IDENTITY_KEY] = {
		.name = "key", .type = CONF_T_STR, .word = "none",
		.help = "Our RSA key." },
	[CONF_IDENTITY_REMOTE_KEY] = {
		.name = "remote-key", .type = CONF_T_STR, .word = "none",
		.help = "The peer's public RSA key." },
	[CONF_IDENTITY_DISABLED] = DISABLED(LIVE),
	[CONF_IDENTITY_COMMENT] = COMMENT(0),
};

static const struct conf_word words_action[] = {
	{ "encrypt", CONF_ACTION_ENCRYPT, true },
	{ "discard", CONF_ACTION_DISCARD, true },
	{ "none", CONF_ACTION_NONE, true }, { NULL },
};

static const struct conf_word words_level[] = {
	{ "require", CONF_LEVEL_REQUIRE, true },
	{ "unique", CONF_LEVEL_UNIQUE, true },
	{ "use", CONF_LEVEL_USE, true }, { NULL },
};

static const struct conf_word words_ipsec[] = {
	{ "ah", CONF_PROTO_AH, false }, { "esp", CONF_PROTO_ESP, true },
	{ NULL },
};

static const struct conf_word words_df[] = {
	{ "clear", CONF_DF_CLEAR, true },
	{ "inherit", CONF_DF_INHERIT, true }, { "set", CONF_DF_SET, true },
	{ NULL },
};

const struct conf_prop schema_policy[CONF_POLICY_PROPS] = {
	[CONF_POLICY_PEER] = {
		.name = "peer", .type = CONF_T_REF, .ref = CONF_PEER,
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "The peer that the traffic goes to and comes from." },
	[CONF_POLICY_TUNNEL] = {
		.name = "tunnel", .type = CONF_T_BOOL, .def = "no",
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Tunnel mode, for nets behind the two gateways; no "
		    "is transport mode, between the two hosts." },
	[CONF_POLICY_SRC_ADDRESS] = {
		.name = "src-address", .type = CONF_T_PREFIXES,
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Our side of the traffic: prefixes, addresses or "
		    "ranges." },
	[CONF_POLICY_SRC_PORT] = {
		.name = "src-port", .type = CONF_T_NUM, .def = "any",
		.lo = 0, .hi = 65535, .word = "any",
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Port on our side." },
	[CONF_POLICY_DST_ADDRESS] = {
		.name = "dst-address", .type = CONF_T_PREFIXES,
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "The peer's side of the traffic." },
	[CONF_POLICY_DST_PORT] = {
		.name = "dst-port", .type = CONF_T_NUM, .def = "any",
		.lo = 0, .hi = 65535, .word = "any",
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Port on the peer's side." },
	[CONF_POLICY_PROTOCOL] = {
		.name = "protocol", .type = CONF_T_PROTO, .def = "all",
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "IP protocol, by name or number." },
	[CONF_POLICY_ACTION] = {
		.name = "action", .type = CONF_T_ENUM, .def = "encrypt",
		.words = words_action, .procs = TO_IKE | TO_KM,
		.flags = LIVE,
		.help = "What happens to the traffic: encrypt, discard (drop "
		    "it), none (let it pass in clear)." },
	[CONF_POLICY_LEVEL] = {
		.name = "level", .type = CONF_T_ENUM, .def = "require",
		.words = words_level, .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "While there is no SA: require and unique hold the "
		    "traffic and ask for one, use sends it in clear; unique "
		    "shares the SA with no other policy." },
	[CONF_POLICY_IPSEC_PROTOCOLS] = {
		.name = "ipsec-protocols", .type = CONF_T_BITS,
		.def = "esp", .words = words_ipsec, .procs = TO_IKE | TO_KM,
		.flags = LIVE, .help = "Protocols that protect the traffic." },
	[CONF_POLICY_PROPOSAL] = {
		.name = "proposal", .type = CONF_T_REF, .ref = CONF_PROPOSAL,
		.def = "default", .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Proposal of its SAs." },
	[CONF_POLICY_TEMPLATE] = {
		.name = "template", .type = CONF_T_BOOL, .def = "no",
		.procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Not a policy but a pattern for generated ones, "
		    "which may have less than its addresses (not given or "
		    "::/0: any of IPv4 and IPv6), protocol and ports." },
	[CONF_POLICY_GROUP] = {
		.name = "group", .type = CONF_T_REF, .ref = CONF_GROUP,
		.def = "default", .procs = TO_IKE | TO_KM, .flags = LIVE,
		.help = "Group of a template." },
	[CONF_POLICY_SA_SRC_ADDRESS] = {
		.name = "sa-src-address", .type = CONF_T_ADDR,
		.help = "Our outer address of manual keys; otherwise the "
		    "peer has it." },
	[CONF_POLICY_SA_DST_ADDRESS] = {
		.name = "sa-dst-address", .type = CONF_T_ADDR,
		.help = "The remote outer address of manual keys; otherwise "
		    "the peer has it." },
	[CONF_POLICY_MANUAL_SA] = {
		.name = "manual-sa", .type = CONF_T_STR, .word = "none",
		.help = "Static keys to use." },
	[CONF_POLICY_DONT_FRAGMENT] = {
		.name = "dont-fragment", .type = CONF_T_ENUM, .def = "clear",
		.words = words_df, .procs = TO_KM, .flags = LIVE,
		.help = "Don't-fragment bit of the outer IPv4 header of "
		    "tunnels: clear lets the network fragment what has "
		    "grown too large for it; inherit takes that of the "
		    "inner packet, and with set, too, the sender is told "
		    "what the path takes.  The kernel has no set: there it "
		    "is as inherit." },
	[CONF_POLICY_DISABLED] = DISABLED(LIVE),
	[CONF_POLICY_COMMENT] = COMMENT(TO_KM),
};

/* clang-format on */

/* clang-format off */

const struct conf_prop
    schema_certificate_settings[CONF_CERTIFICATE_SETTINGS_PROPS] = {
	[CONF_CERTIFICATE_SETTINGS_CRL_USE] = {
		.name = "crl-use", .type = CONF_T_BOOL, .def = "yes",
		.procs = TO_CERT, .flags = LIVE,
		.help = "CRLs decide: those imported from files, those of our "
		    "own CAs, and downloaded ones." },
	[CONF_CERTIFICATE_SETTINGS_CRL_DOWNLOAD] = {
		.name = "crl-download", .type = CONF_T_BOOL, .def = "yes",
		.procs = TO_CERT, .flags = LIVE,
		.help = "CRLs are fetched over HTTP from where a certificate "
		    "says that they are." },
	[CONF_CERTIFICATE_SETTINGS_OCSP_USE] = {
		.name = "ocsp-use", .type = CONF_T_BOOL, .def = "yes",
		.procs = TO_CERT, .flags = LIVE,
		.help = "The OCSP responder that a certificate names is "
		    "asked, and answers that the peer sends are used." },
	[CONF_CERTIFICATE_SETTINGS_STRICT] = {
		.name = "strict", .type = CONF_T_BOOL, .def = "no",
		.procs = TO_CERT, .flags = LIVE,
		.help = "Without fresh information that a certificate was "
		    "not revoked it is refused; and sessions end when the "
		    "certificate with which they began expires." },
	[CONF_CERTIFICATE_SETTINGS_WAIT] = {
		.name = "wait", .type = CONF_T_TIME, .def = "5s",
		.lo = 1, .hi = 30, .procs = TO_CERT, .flags = LIVE,
		.help = "How long a login waits for CRLs and OCSP answers." },
	[CONF_CERTIFICATE_SETTINGS_FETCH_LOCAL] = {
		.name = "fetch-local", .type = CONF_T_BOOL, .def = "no",
		.procs = TO_FETCH, .flags = LIVE,
		.help = "Loopback and link-local addresses may be fetched "
		    "from." },
};

const struct conf_prop schema_certificate[CONF_CERTIFICATE_PROPS] = {
	[CONF_CERTIFICATE_NAME] = {
		.name = "name", .type = CONF_T_STR, .procs = TO_CERT,
		.flags = LIVE,
		.help = "What identities call it; the name of the file and "
		    "_0 when not given." },
	[CONF_CERTIFICATE_FILE_NAME] = {
		.name = "file-name", .type = CONF_T_STR, .procs = TO_CERT,
		.flags = LIVE,
		.help = "The file, in PEM, DER or PKCS#12; a relative path "
		    "begins in the directory of the script.  It is watched: "
		    "when it changes and all files of the name make a whole "
		    "again, what is new counts from then on.  The log warns "
		    "30, 7 and 1 days before the certificate or one of its "
		    "chain expires." },
	[CONF_CERTIFICATE_PASSPHRASE] = {
		.name = "passphrase", .type = CONF_T_SECRET,
		.procs = TO_CERT, .flags = LIVE | CONF_P_SECRET,
		.help = "Opens an encrypted key or bundle." },
	[CONF_CERTIFICATE_TRUSTED] = {
		.name = "trusted", .type = CONF_T_BOOL, .def = "yes",
		.procs = TO_CERT, .flags = LIVE,
		.help = "A CA certificate without our private key beside it, "
		    "and any self-signed CA certificate, is one that peers' "
		    "certificates may come from." },
};

/* clang-format on */

#define TO_IDENTITY	"/ip ipsec identity"
#define TO_PROFILE	"/ip ipsec profile"

/* Where the layouts before RouterOS 6.44 had what is elsewhere now. */
const struct conf_foreign schema_foreign_peer[] = {
	{ "auth-method", TO_IDENTITY },
	{ "secret", TO_IDENTITY },
	{ "certificate", TO_IDENTITY },
	{ "remote-certificate", TO_IDENTITY },
	{ "generate-policy", TO_IDENTITY },
	{ "policy-template-group", TO_IDENTITY },
	{ "policy-group", TO_IDENTITY " (policy-template-group)" },
	{ "mode-config", TO_IDENTITY },
	{ "my-id", TO_IDENTITY },
	{ "my-id-user-fqdn", TO_IDENTITY " (my-id=user-fqdn:)" },
	{ "notrack-chain", TO_IDENTITY },
	{ "key", TO_IDENTITY },
	{ "remote-key", TO_IDENTITY },
	{ "xauth-login", TO_IDENTITY " (username)" },
	{ "xauth-password", TO_IDENTITY " (password)" },
	{ "hash-algorithm", TO_PROFILE },
	{ "enc-algorithm", TO_PROFILE },
	{ "dh-group", TO_PROFILE },
	{ "lifetime", TO_PROFILE },
	{ "lifebytes", TO_PROFILE },
	{ "nat-traversal", TO_PROFILE },
	{ "proposal-check", TO_PROFILE },
	{ "dpd-interval", TO_PROFILE },
	{ "dpd-maximum-failures", TO_PROFILE },
	{ "compatibility-options", NULL },
	{ NULL, NULL },
};

const struct conf_foreign schema_foreign_policy[] = {
	{ "priority", NULL },
	{ "dscp", NULL },
	{ NULL, NULL },
};

const struct conf_foreign schema_foreign_profile[] = {
	{ "compatibility-options", NULL },
	{ NULL, NULL },
};

const struct conf_foreign schema_foreign_certificate[] = {
	{ "no-key-export", NULL },
	{ NULL, NULL },
};
