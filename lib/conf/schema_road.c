#include "lib/conf/tables.h"

/* What remote users are given: mode-config, pools, DNS servers. */

/* clang-format off */

const struct conf_prop schema_mode_config[CONF_MODE_CONFIG_PROPS] = {
	[CONF_MODE_CONFIG_NAME] = NAME(TO_IKE | TO_KM | TO_SESS, LIVE,
	    "Name of the entry."),
	[CONF_MODE_CONFIG_RESPONDER] = {
		.name = "responder", .type = CONF_T_BOOL, .def = "yes",
		.procs = TO_IKE | TO_KM | TO_SESS, .flags = LIVE,
		.help = "Hands out; no asks the peer." },
	[CONF_MODE_CONFIG_ADDRESS] = {
		.name = "address", .type = CONF_T_ADDR,
		.procs = TO_IKE | TO_KM | TO_SESS, .flags = LIVE,
		.help = "One fixed address for the initiator.  A pool that "
		    "holds it gives it to nobody else; addresses of the "
		    "other family still come from address-pool." },
	[CONF_MODE_CONFIG_POOLS] = {
		.name = "address-pool", .alias = "address-pools",
		.type = CONF_T_STRS, .word = "none",
		.procs = TO_IKE | TO_KM | TO_SESS, .flags = LIVE,
		.help = "Pools that addresses are taken from, tried in this "
		    "order, for IPv4 and IPv6 each.  Where addresses are "
		    "given, policies that are made from templates are for "
		    "the address that the user was given and for no other." },
	[CONF_MODE_CONFIG_PREFIX_LENGTH] = {
		.name = "address-prefix-length", .type = CONF_T_NUM,
		.def = "32", .lo = 1, .hi = 32, .procs = TO_SESS,
		.flags = LIVE,
		.help = "Prefix length sent with an IPv4 address." },
	[CONF_MODE_CONFIG_SPLIT_INCLUDE] = {
		.name = "split-include", .type = CONF_T_PREFIXES,
		.procs = TO_SESS, .flags = LIVE,
		.help = "Nets that the initiator sends into the tunnel; all "
		    "when there are none.  This is advice, no protection." },
	[CONF_MODE_CONFIG_SPLIT_DNS] = {
		.name = "split-dns", .type = CONF_T_STRS, .procs = TO_SESS,
		.flags = LIVE,
		.help = "Domains asked of the DNS servers given." },
	[CONF_MODE_CONFIG_STATIC_DNS] = {
		.name = "static-dns", .type = CONF_T_STRS, .procs = TO_SESS,
		.flags = LIVE,
		.help = "DNS servers to hand out, in place of system-dns." },
	[CONF_MODE_CONFIG_SYSTEM_DNS] = {
		.name = "system-dns", .type = CONF_T_BOOL, .def = "yes",
		.procs = TO_SESS, .flags = LIVE,
		.help = "Hands out the gateway's own DNS servers." },
	[CONF_MODE_CONFIG_SRC_ADDRESS_LIST] = {
		.name = "src-address-list", .type = CONF_T_STR,
		.procs = TO_KM, .flags = LIVE,
		.help = "Sources translated to the address received." },
	[CONF_MODE_CONFIG_CONNECTION_MARK] = {
		.name = "connection-mark", .type = CONF_T_STR,
		.procs = TO_KM, .flags = LIVE,
		.help = "Connections with this mark are translated to the "
		    "address received." },
	[CONF_MODE_CONFIG_COMMENT] = COMMENT(0),
};

const struct conf_prop schema_pool[CONF_POOL_PROPS] = {
	[CONF_POOL_NAME] = NAME(TO_SESS, LIVE, "Name of the pool."),
	[CONF_POOL_RANGES] = {
		.name = "ranges", .alias = "range", .type = CONF_T_STRS,
		.procs = TO_SESS, .flags = LIVE,
		.help = "Addresses of the pool: A-B, prefixes and single "
		    "addresses, IPv4 or IPv6, of any size.  No address of a "
		    "range is left out." },
	[CONF_POOL_NEXT] = {
		.name = "next-pool", .type = CONF_T_REF, .ref = CONF_POOL,
		.def = "none", .procs = TO_SESS, .flags = LIVE | CONF_P_NONE,
		.help = "Pool to take from when this one is full." },
	[CONF_POOL_COMMENT] = COMMENT(0),
};

const struct conf_prop schema_dns[CONF_DNS_PROPS] = {
	[CONF_DNS_SERVERS] = {
		.name = "servers", .alias = "server", .type = CONF_T_STRS,
		.procs = TO_SESS, .flags = LIVE,
		.help = "DNS servers that system-dns hands out; without any, "
		    "those of the machine that are not on it, as they are "
		    "at the time." },
};

/* clang-format on */

const struct conf_foreign schema_foreign_mode_config[] = {
	{ "connection-mark", NULL },
	{ "use-responder-dns", NULL },
	{ NULL, NULL },
};

const struct conf_foreign schema_foreign_dns[] = {
	{ "allow-remote-requests", NULL },
	{ "cache-max-ttl", NULL },
	{ "cache-size", NULL },
	{ "doh-max-concurrent-queries", NULL },
	{ "max-concurrent-queries", NULL },
	{ "max-udp-packet-size", NULL },
	{ "query-server-timeout", NULL },
	{ "query-total-timeout", NULL },
	{ "use-doh-server", NULL },
	{ "verify-doh-cert", NULL },
	{ NULL, NULL },
};
