#include "lib/conf/tables.h"

/*
 * Logging, the menus that nothing acts upon yet, and the listings.  The
 * second are here so that what they hold is refused by its name.
 */

/* clang-format off */

static const struct conf_word words_target[] = {
	{ "memory", CONF_LOG_MEMORY, true },
	{ "echo", CONF_LOG_ECHO, false },
	{ "disk", CONF_LOG_DISK, false },
	{ "remote", CONF_LOG_REMOTE, false }, { NULL },
};

const struct conf_prop schema_logging_action[CONF_LOGGING_ACTION_PROPS] = {
	[CONF_LOGGING_ACTION_NAME] = NAME(0, 0, "Name of the action."),
	[CONF_LOGGING_ACTION_TARGET] = {
		.name = "target", .type = CONF_T_ENUM, .def = "memory",
		.words = words_target,
		.help = "Where lines go: memory is read with log print; they "
		    "go to the system's log too, or to stderr in the "
		    "foreground." },
	[CONF_LOGGING_ACTION_MEMORY_LINES] = {
		.name = "memory-lines", .type = CONF_T_NUM, .def = "100000",
		.lo = 1, .hi = 1000000,
		.help = "How many lines memory keeps." },
	[CONF_LOGGING_ACTION_REMOTE] = {
		.name = "remote", .type = CONF_T_ADDR,
		.help = "Syslog server of target=remote." },
};

const struct conf_prop schema_logging[CONF_LOGGING_PROPS] = {
	[CONF_LOGGING_TOPICS] = {
		.name = "topics", .type = CONF_T_STRS, .def = "info",
		.flags = LIVE,
		.help = "A line is logged when it has all of these topics "
		    "and none of those with an exclamation mark: ipsec, "
		    "l2tp, ppp, radius, firewall, certificate, system, "
		    "account; error, warning, info, debug, packet." },
	[CONF_LOGGING_ACTION_REF] = {
		.name = "action", .type = CONF_T_REF,
		.ref = CONF_LOGGING_ACTION, .def = "memory",
		.help = "What is done with the line." },
	[CONF_LOGGING_PREFIX] = {
		.name = "prefix", .type = CONF_T_STR,
		.help = "Text before each line." },
	[CONF_LOGGING_DISABLED] = DISABLED(LIVE),
};

#define STR(n, text)							\
	{ .name = n, .type = CONF_T_STR, .help = text }
#define STRS(n, text)							\
	{ .name = n, .type = CONF_T_STRS, .help = text }
#define ADDR(n, text)							\
	{ .name = n, .type = CONF_T_ADDR, .help = text }
#define NETS(n, text)							\
	{ .name = n, .type = CONF_T_PREFIXES, .help = text }
#define BOOL(n, d, text)						\
	{ .name = n, .type = CONF_T_BOOL, .def = d, .help = text }
#define NUM(n, d, l, h, text)						\
	{ .name = n, .type = CONF_T_NUM, .def = d, .lo = l, .hi = h,	\
	    .help = text }
#define SECRET(n, text)							\
	{ .name = n, .type = CONF_T_SECRET, .flags = CONF_P_SECRET,	\
	    .help = text }
#define ENUM(n, d, w, text)						\
	{ .name = n, .type = CONF_T_ENUM, .def = d, .words = w, .help = text }
#define BITS(n, d, w, text)						\
	{ .name = n, .type = CONF_T_BITS, .def = d, .words = w, .help = text }
#define REF(n, d, m, text)						\
	{ .name = n, .type = CONF_T_REF, .def = d, .ref = m,		\
	    .flags = CONF_P_NONE, .help = text }
#define PROTO(n, text)							\
	{ .name = n, .type = CONF_T_PROTO, .def = "all", .help = text }
#define RO(n, text)							\
	{ .name = n, .type = CONF_T_STR, .flags = CONF_P_READONLY,	\
	    .help = text }
#define OFF		DISABLED(0)
#define WORD(w, n)	{ w, n, true }

static const struct conf_prop props_key[] = {
	NAME(0, 0, "Name of the key."),
	RO("key-size", "1024, 2048 or 4096 bits."),
	RO("private-key", "The private half is here."),
	RO("rsa", "It is an RSA key."),
};

static const struct conf_prop props_user[] = {
	NAME(0, 0, "User name."),
	SECRET("password", "Password."),
	ADDR("address", "Address the user always gets."),
	OFF, COMMENT(0),
};

static const struct conf_prop props_manual_sa[] = {
	NAME(0, 0, "Name of the entry."),
	STR("ah-spi", "Inbound and outbound SPI of AH."),
	STR("ah-algorithm", "Algorithm of AH."),
	SECRET("ah-key", "Key of AH."),
	STR("esp-spi", "Inbound and outbound SPI of ESP."),
	STR("esp-auth-algorithm", "Integrity algorithm of ESP."),
	SECRET("esp-auth-key", "Its key."),
	STR("esp-enc-algorithm", "Encryption algorithm of ESP."),
	SECRET("esp-enc-key", "Its key."),
	OFF, COMMENT(0),
};

static const struct conf_word words_service[] = {
	WORD("ipsec", 1), WORD("ppp", 2), WORD("login", 4),
	WORD("hotspot", 8), WORD("wireless", 16), WORD("dhcp", 32),
	WORD("dot1x", 64), { NULL },
};

static const struct conf_prop props_radius[] = {
	ADDR("address", "Address of the server."),
	SECRET("secret", "Shared secret."),
	BITS("service", NULL, words_service, "What it is asked for."),
	NUM("authentication-port", "1812", 1, 65535, "Its port."),
	NUM("accounting-port", "1813", 1, 65535, "Its accounting port."),
	{ .name = "timeout", .type = CONF_T_TIME, .def = "1s", .lo = 0,
	    .hi = 60, .help = "How long an answer is waited for." },
	ADDR("src-address", "Our address towards it."),
	OFF, COMMENT(0),
};

static const struct conf_word words_ydn[] = {
	WORD("default", 0), WORD("yes", 1), WORD("no", 2),
	WORD("required", 3), { NULL },
};

static const struct conf_prop props_ppp_profile[] = {
	NAME(0, 0, "Name of the profile."),
	STR("local-address", "Our address, or a pool."),
	STR("remote-address", "The peer's address, or a pool."),
	STRS("dns-server", "DNS servers to hand out."),
	ENUM("change-tcp-mss", "default", words_ydn, "Clamps TCP's MSS."),
	ENUM("only-one", "default", words_ydn, "One session per user."),
	ENUM("use-compression", "default", words_ydn, "Compression."),
	ENUM("use-encryption", "default", words_ydn, "PPP encryption."),
	ENUM("use-mpls", "default", words_ydn, "MPLS."),
	ENUM("use-upnp", "default", words_ydn, "UPnP."),
	COMMENT(0),
};

static const struct conf_prop props_ppp_secret[] = {
	NAME(0, 0, "User name."),
	SECRET("password", "Password."),
	REF("profile", "default", CONF_PPP_PROFILE, "PPP profile."),
	STR("service", "Services the user may use."),
	ADDR("local-address", "Our address."),
	ADDR("remote-address", "The user's address."),
	OFF, COMMENT(0),
};

static const struct conf_word words_use_ipsec[] = {
	WORD("no", 0), WORD("yes", 1), WORD("required", 2), { NULL },
};

static const struct conf_word words_ppp_auth[] = {
	WORD("pap", 1), WORD("chap", 2), WORD("mschap1", 4),
	WORD("mschap2", 8), { NULL },
};

static const struct conf_prop props_l2tp_server[] = {
	BOOL("enabled", "no", "Accepts L2TP."),
	ENUM("use-ipsec", "no", words_use_ipsec, "Protection by IPsec."),
	SECRET("ipsec-secret", "Pre-shared key of that."),
	REF("default-profile", "default", CONF_PPP_PROFILE, "PPP profile."),
	BITS("authentication", "mschap2", words_ppp_auth,
	    "Authentication methods."),
};

static const struct conf_prop props_l2tp_client[] = {
	NAME(0, 0, "Name of the interface."),
	STR("connect-to", "Address or name of the server."),
	STR("user", "User name."),
	SECRET("password", "Password."),
	BOOL("use-ipsec", "no", "Protection by IPsec."),
	SECRET("ipsec-secret", "Pre-shared key of that."),
	OFF, COMMENT(0),
};

static const struct conf_prop props_address_list[] = {
	STR("list", "Name of the list."),
	STR("address", "Address, prefix, range or name."),
	OFF, COMMENT(0),
};

#define MATCHERS							\
	STR("chain", "Chain of the rule."),				\
	STR("src-address", "Source prefix; ! inverts."),		\
	STR("dst-address", "Destination prefix; ! inverts."),		\
	STR("src-address-list", "Source list; ! inverts."),		\
	STR("dst-address-list", "Destination list; ! inverts."),	\
	STR("in-interface", "Interface it came from."),			\
	STR("out-interface", "Interface it leaves by."),		\
	PROTO("protocol", "IP protocol."),				\
	STR("src-port", "Source ports."),				\
	STR("dst-port", "Destination ports."),				\
	STR("connection-state", "State of the connection."),		\
	STR("ipsec-policy", "DIR,POL: in or out, ipsec or none."),	\
	BOOL("log", "no", "Logs matches."),				\
	STR("log-prefix", "Text before such lines."),			\
	OFF, COMMENT(0)

static const struct conf_prop props_nat[] = {
	STR("action", "accept, masquerade or src-nat."),
	STR("to-addresses", "Address to translate to."), MATCHERS,
};

static const struct conf_prop props_filter[] = {
	STR("action", "accept or drop."), MATCHERS,
};

static const struct conf_prop props_raw[] = {
	STR("action", "notrack."), MATCHERS,
};

static const struct conf_prop props_mangle[] = {
	STR("action", "mark-connection or mark-routing."),
	STR("connection-mark", "Mark to match."),
	STR("new-connection-mark", "Mark to set."),
	STR("new-routing-mark", "Routing table to use."),
	BOOL("passthrough", "yes", "Goes on after the rule."), MATCHERS,
};

static const struct conf_prop props_address[] = {
	STR("address", "Address and prefix length."),
	STR("interface", "Interface that gets it."),
	STR("network", "Its network."), OFF, COMMENT(0),
};

static const struct conf_prop props_route[] = {
	{ .name = "dst-address", .alias = "dst-network",
	    .type = CONF_T_PREFIX, .help = "Destination." },
	STR("gateway", "Address or interface of the next hop."),
	NUM("distance", "1", 1, 255, "Smaller wins."),
	{ .name = "routing-table", .alias = "routing-mark",
	    .type = CONF_T_STR, .help = "Routing table." },
	ADDR("pref-src", "Preferred source address."), OFF, COMMENT(0),
};

#define TUNNEL								\
	NAME(0, 0, "Name of the interface."),				\
	ADDR("local-address", "Our outer address."),			\
	ADDR("remote-address", "The peer's outer address."),		\
	NUM("mtu", "1476", 68, 65535, "MTU."),				\
	BOOL("allow-fast-path", "yes", "Allows the fast path."),	\
	BOOL("clamp-tcp-mss", "yes", "Clamps TCP's MSS."),		\
	OFF, COMMENT(0)

static const struct conf_prop props_gre[] = {
	TUNNEL, NUM("ttl", "64", 1, 255, "Outer TTL."),
};

static const struct conf_prop props_ipip[] = { TUNNEL };

static const struct conf_prop props_bridge[] = {
	NAME(0, 0, "Name of the interface."),
	STR("auto-mac", "Chooses its own MAC address."), OFF, COMMENT(0),
};

static const struct conf_prop props_active_peers[] = {
	RO("local-address", "Our address and port."),
	RO("remote-address", "The peer's address and port."),
	RO("side", "initiator or responder."),
	RO("responder", "We answered."),
	RO("state", "Such as established."),
	RO("uptime", "Since it was established."),
	RO("last-seen", "Since the peer was heard."),
	RO("natt-peer", "An address translator is between."),
	RO("ph2-total", "Live child SAs."),
	RO("dynamic-address", "Address given or received."),
	RO("rx-bytes", "Bytes received."),
	RO("rx-packets", "Packets received."),
	RO("tx-bytes", "Bytes sent."),
	RO("tx-packets", "Packets sent."),
};

static const struct conf_prop props_installed_sa[] = {
	RO("spi", "SPI."),
	RO("src-address", "Outer source."),
	RO("dst-address", "Outer destination."),
	RO("state", "larval, mature, dying or dead."),
	RO("auth-algorithm", "Integrity algorithm."),
	RO("enc-algorithm", "Encryption algorithm."),
	RO("enc-key-size", "Its key size in bits."),
	RO("auth-key", "Its key, hidden."),
	RO("enc-key", "Its key, hidden."),
	RO("replay", "Anti-replay window in bytes."),
	RO("addtime", "When it was installed."),
	RO("add-lifetime", "Lifetimes, soft/hard."),
	RO("usetime", "When it was first used."),
	RO("use-lifetime", "Lifetimes from first use."),
	RO("lifebytes", "Limits in bytes, soft/hard; 0/0: none."),
	RO("lifepackets", "Limits in packets, soft/hard."),
	RO("current-bytes", "Bytes so far."),
	RO("current-packets", "Packets so far."),
	RO("expires-in", "Time left."),
	RO("hw-aead", "Done by hardware."),
};

static const struct conf_prop props_log[] = {
	RO("time", "When."),
	RO("topics", "Topics."),
	RO("message", "The line."),
};

#define ROW(m, p, fl, t, text)						\
	[m] = { .menu = m, .path = p, .flags = fl, .props = t,		\
	    .nprops = sizeof(t) / sizeof((t)[0]), .help = text
#define LISTING	(CONF_MF_LIVE | CONF_MF_LISTING)

const struct conf_menu_desc schema_rest[CONF_MENUS] = {
	ROW(CONF_KEY, "ip ipsec key", 0,
	    props_key, "RSA keys.") },
	ROW(CONF_USER, "ip ipsec user", 0,
	    props_user, "XAuth users.") },
	ROW(CONF_MANUAL_SA, "ip ipsec manual-sa", 0,
	    props_manual_sa, "Static keys.") },
	ROW(CONF_RADIUS, "radius", CONF_MF_ORDERED,
	    props_radius, "RADIUS servers.") },
	ROW(CONF_PPP_PROFILE, "ppp profile", 0,
	    props_ppp_profile, "PPP profiles.") },
	ROW(CONF_PPP_SECRET, "ppp secret", 0,
	    props_ppp_secret, "PPP users.") },
	ROW(CONF_L2TP_SERVER, "interface l2tp-server server", CONF_MF_SINGLE,
	    props_l2tp_server, "The L2TP server.") },
	ROW(CONF_L2TP_CLIENT, "interface l2tp-client", 0,
	    props_l2tp_client, "L2TP clients.") },
	ROW(CONF_ADDRESS_LIST, "ip firewall address-list", 0,
	    props_address_list, "Address lists.") },
	ROW(CONF_NAT, "ip firewall nat", CONF_MF_ORDERED,
	    props_nat, "Address translation.") },
	ROW(CONF_FILTER, "ip firewall filter", CONF_MF_ORDERED,
	    props_filter, "Packet filter.") },
	ROW(CONF_RAW, "ip firewall raw", CONF_MF_ORDERED,
	    props_raw, "Before connection tracking.") },
	ROW(CONF_MANGLE, "ip firewall mangle", CONF_MF_ORDERED,
	    props_mangle, "Marks.") },
	ROW(CONF_IP_ADDRESS, "ip address", 0,
	    props_address, "Addresses.") },
	ROW(CONF_IP_ROUTE, "ip route", 0,
	    props_route, "Routes.") },
	ROW(CONF_IF_GRE, "interface gre", 0,
	    props_gre, "GRE tunnels.") },
	ROW(CONF_IF_IPIP, "interface ipip", 0,
	    props_ipip, "IP in IP tunnels.") },
	ROW(CONF_IF_BRIDGE, "interface bridge", 0,
	    props_bridge, "Bridges.") },
	ROW(CONF_ACTIVE_PEERS, "ip ipsec active-peers", LISTING,
	    props_active_peers, "IKE SAs."), .alias = "ip ipsec remote-peers" },
	ROW(CONF_INSTALLED_SA, "ip ipsec installed-sa", LISTING,
	    props_installed_sa, "SAs in the kernel.") },
	[CONF_STATISTICS] = { .menu = CONF_STATISTICS,
	    .path = "ip ipsec statistics", .flags = LISTING,
	    .help = "The kernel's IPsec counters." },
	ROW(CONF_LOG, "log", LISTING,
	    props_log, "Log lines.") },
};

/* clang-format on */

/* A menu stands for those below it too. */
const struct conf_foreign schema_foreign_menus[] = {
	{ "caps-man", NULL },
	{ "container", NULL },
	{ "disk", NULL },
	{ "dude", NULL },
	{ "file", NULL },
	{ "interface bonding", NULL },
	{ "interface bridge port", NULL },
	{ "interface bridge settings", NULL },
	{ "interface bridge vlan", NULL },
	{ "interface detect-internet", NULL },
	{ "interface eoip", NULL },
	{ "interface ethernet", NULL },
	{ "interface list", NULL },
	{ "interface lte", NULL },
	{ "interface ovpn-client", NULL },
	{ "interface ovpn-server", NULL },
	{ "interface ppp-client", NULL },
	{ "interface pppoe-client", NULL },
	{ "interface pppoe-server", NULL },
	{ "interface pptp-client", NULL },
	{ "interface pptp-server", NULL },
	{ "interface sstp-client", NULL },
	{ "interface sstp-server", NULL },
	{ "interface veth", NULL },
	{ "interface vlan", NULL },
	{ "interface vrrp", NULL },
	{ "interface vxlan", NULL },
	{ "interface wifi", NULL },
	{ "interface wireguard", NULL },
	{ "interface wireless", NULL },
	{ "iot", NULL },
	{ "ip arp", NULL },
	{ "ip cloud", NULL },
	{ "ip dhcp-client", NULL },
	{ "ip dhcp-relay", NULL },
	{ "ip dhcp-server", NULL },
	{ "ip dns static", NULL },
	{ "ip firewall connection", NULL },
	{ "ip firewall layer7-protocol", NULL },
	{ "ip firewall service-port", NULL },
	{ "ip hotspot", NULL },
	{ "ip kid-control", NULL },
	{ "ip media", NULL },
	{ "ip nat-pmp", NULL },
	{ "ip neighbor", NULL },
	{ "ip proxy", NULL },
	{ "ip service", NULL },
	{ "ip settings", NULL },
	{ "ip smb", NULL },
	{ "ip socks", NULL },
	{ "ip ssh", NULL },
	{ "ip tftp", NULL },
	{ "ip traffic-flow", NULL },
	{ "ip upnp", NULL },
	{ "ip vrf", NULL },
	{ "ipv6", NULL },
	{ "lora", NULL },
	{ "mpls", NULL },
	{ "port", NULL },
	{ "ppp aaa", NULL },
	{ "ppp l2tp-secret", NULL },
	{ "queue", NULL },
	{ "radius incoming", NULL },
	{ "routing", NULL },
	{ "snmp", NULL },
	{ "special-login", NULL },
	{ "system clock", NULL },
	{ "system console", NULL },
	{ "system health", NULL },
	{ "system identity", NULL },
	{ "system leds", NULL },
	{ "system note", NULL },
	{ "system ntp", NULL },
	{ "system package", NULL },
	{ "system resource", NULL },
	{ "system routerboard", NULL },
	{ "system scheduler", NULL },
	{ "system script", NULL },
	{ "system upgrade", NULL },
	{ "system watchdog", NULL },
	{ "tool", NULL },
	{ "user", NULL },
	{ "zerotier", NULL },
	{ NULL, NULL },
};
