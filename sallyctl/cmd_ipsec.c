/* The commands below /ip/ipsec. */
#include "sallyctl/command.h"

static const struct flag_letter object_flags[] = {
	{ 'X', "disabled" }, { 'I', "invalid" }, { 'D', "dynamic" },
	{ '*', "default" }, { '\0', NULL },
};
static const struct flag_letter peer_flags[] = {
	{ 'X', "disabled" }, { 'D', "dynamic" }, { 'R', "responder" },
	{ 'I', "invalid" }, { '\0', NULL },
};
static const struct flag_letter active_flags[] = {
	{ 'R', "responder" }, { 'N', "natt-peer" }, { '\0', NULL },
};
static const struct flag_letter sa_flags[] = {
	{ 'H', "hw-aead" }, { 'A', "AH" }, { 'E', "ESP" }, { 'P', "pfs" },
	{ '\0', NULL },
};
static const struct flag_letter policy_flags[] = {
	{ 'T', "template" }, { 'X', "disabled" }, { 'D', "dynamic" },
	{ 'I', "invalid" }, { 'A', "active" }, { '*', "default" },
	{ '\0', NULL },
};

const struct command ipsec_commands[] = {
	{ "ip ipsec active-peers", "print", SHOW_ACTIVE_PEERS, LAYOUT_TABLE,
	    NULL, active_flags,
	    "peer id state side uptime ph2-total remote-address",
	    "peer remote-address rx-bytes rx-packets tx-bytes tx-packets "
	    "last-seen",
	    "the IKE SAs that stand", NULL },
	{ "ip ipsec active-peers", "kill-connections", SHOW_KILL_CONNECTIONS,
	    LAYOUT_NONE, NULL, NULL, "", NULL,
	    "end IKE SAs, all or those that fit (where)", NULL },
	{ "ip ipsec installed-sa", "print", SHOW_INSTALLED_SA, LAYOUT_TABLE,
	    NULL, sa_flags,
	    "spi src-address dst-address state auth-algorithm enc-algorithm "
	    "enc-key-size",
	    "spi src-address dst-address current-bytes current-packets "
	    "addtime expires-in",
	    "the SAs in the kernel", NULL },
	{ "ip ipsec installed-sa", "flush", SHOW_FLUSH_SA, LAYOUT_NONE, NULL,
	    NULL, "", NULL,
	    "remove SAs, all or those that fit (where)", NULL },
	{ "ip ipsec policy", "print", SHOW_POLICY, LAYOUT_TABLE, NULL,
	    policy_flags,
	    "peer tunnel src-address src-port dst-address dst-port protocol "
	    "action level ph2-count ph2-state",
	    "src-address dst-address sa-src-address sa-dst-address ph2-count",
	    "policies and whether they are active", NULL },
	{ "ip ipsec statistics", "print", SHOW_STATISTICS, LAYOUT_SINGLE,
	    NULL, NULL, "", NULL, "the kernel's counters", NULL },
	{ "ip ipsec ike-statistics", "print", SHOW_IKE_STATISTICS,
	    LAYOUT_SINGLE, NULL, NULL, "", NULL,
	    "counters of the negotiation, all workers together", NULL },
	{ "ip ipsec peer", "print", SHOW_CONFIG, LAYOUT_TABLE,
	    "ip ipsec peer", peer_flags,
	    "name address local-address profile exchange-mode passive "
	    "send-initial-contact", NULL,
	    "the peers of the configuration", NULL },
	{ "ip ipsec identity", "print", SHOW_CONFIG, LAYOUT_TABLE,
	    "ip ipsec identity", object_flags,
	    "peer auth-method my-id remote-id match-by generate-policy "
	    "policy-template-group", NULL,
	    "the identities, without their secrets", NULL },
	{ "ip ipsec profile", "print", SHOW_CONFIG, LAYOUT_TABLE,
	    "ip ipsec profile", object_flags,
	    "name hash-algorithm enc-algorithm dh-group lifetime "
	    "dpd-interval", NULL,
	    "what is negotiated for an IKE SA", NULL },
	{ "ip ipsec proposal", "print", SHOW_CONFIG, LAYOUT_TABLE,
	    "ip ipsec proposal", object_flags,
	    "name auth-algorithms enc-algorithms lifetime pfs-group", NULL,
	    "what is negotiated for a child SA", NULL },
	{ "ip ipsec policy group", "print", SHOW_CONFIG, LAYOUT_TABLE,
	    "ip ipsec policy group", object_flags, "name", NULL,
	    "the groups of policy templates", NULL },
	{ "ip ipsec session", "print", SHOW_SESSIONS, LAYOUT_TABLE, NULL,
	    NULL, "user peer address address6 remote-address uptime", NULL,
	    "who is online, and with which addresses", NULL },
	{ "ip ipsec session", "kill", SHOW_SESSION_KILL, LAYOUT_NONE, NULL,
	    NULL, "", NULL,
	    "end sessions, all or those that fit (where)", NULL },
	{ "ip ipsec given", "print", SHOW_GIVEN, LAYOUT_TABLE, NULL, NULL,
	    "peer mode-config address address6 interface dst-address dns",
	    NULL, "addresses that peers gave us", NULL },
	{ "ip ipsec mode-config", "print", SHOW_CONFIG, LAYOUT_TABLE,
	    "ip ipsec mode-config", object_flags,
	    "name responder address address-pool address-prefix-length", NULL,
	    "what remote users are given", NULL },
	{ "ip ipsec settings", "print", SHOW_CONFIG, LAYOUT_SINGLE,
	    "ip ipsec settings", NULL, "", NULL, "settings of all", NULL },
	{ "ip pool", "print", SHOW_CONFIG, LAYOUT_TABLE, "ip pool",
	    object_flags, "name ranges next-pool", NULL,
	    "the address pools", NULL },
	{ "ip pool used", "print", SHOW_POOL_USED, LAYOUT_TABLE, NULL, NULL,
	    "pool address owner info", NULL,
	    "addresses of the pools that somebody has", NULL },
	{ "ip dns", "print", SHOW_CONFIG, LAYOUT_SINGLE, "ip dns", NULL, "",
	    NULL, "DNS servers that are handed out", NULL },
	{ NULL },
};
