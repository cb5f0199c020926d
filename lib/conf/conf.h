/*
 * The configuration: objects in menus, as a RouterOS script writes them.
 * sallyportd loads the script; every process gets, object by object, the
 * properties that the schema (lib/conf/schema.h) sends there, and holds
 * them in a struct conf of its own.
 *
 * A property that was not given has its default, so the getters always
 * answer; a property that a process is not sent reads as empty or 0.
 */
#ifndef LIB_CONF_CONF_H
#define LIB_CONF_CONF_H

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/ikeid.h"
#include "lib/proc.h"
#include "lib/secret.h"
#include "lib/suite/suite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Menus; the order is the one in which a configuration is printed. */
enum conf_menu {
	CONF_SETTINGS,		/* /ip ipsec settings, one object */
	CONF_PROFILE,		/* /ip ipsec profile */
	CONF_PROPOSAL,		/* /ip ipsec proposal */
	CONF_GROUP,		/* /ip ipsec policy group */
	CONF_MODE_CONFIG,	/* /ip ipsec mode-config */
	CONF_PEER,		/* /ip ipsec peer */
	CONF_IDENTITY,		/* /ip ipsec identity */
	CONF_POLICY,		/* /ip ipsec policy, ordered */
	CONF_LOGGING_ACTION,	/* /system logging action */
	CONF_LOGGING,		/* /system logging */
	CONF_CERTIFICATE_SETTINGS, /* /certificate settings, one object */
	CONF_CERTIFICATE,	/* /certificate, what import declares */
	CONF_POOL,		/* /ip pool */
	CONF_DNS,		/* /ip dns, one object */
	/* Not acted upon yet; nothing but what is built in exists in them. */
	CONF_KEY,
	CONF_USER,
	CONF_MANUAL_SA,
	CONF_RADIUS,
	CONF_PPP_PROFILE,
	CONF_PPP_SECRET,
	CONF_L2TP_SERVER,
	CONF_L2TP_CLIENT,
	CONF_ADDRESS_LIST,
	CONF_NAT,
	CONF_FILTER,
	CONF_RAW,
	CONF_MANGLE,
	CONF_IP_ADDRESS,
	CONF_IP_ROUTE,
	CONF_IF_GRE,
	CONF_IF_IPIP,
	CONF_IF_BRIDGE,
	/* Listings; they hold no objects. */
	CONF_ACTIVE_PEERS,
	CONF_INSTALLED_SA,
	CONF_STATISTICS,
	CONF_LOG,
	CONF_MENUS
};

/* Properties.  The type in the comment says which getter reads it. */
enum conf_settings_prop {
	CONF_SETTINGS_ALLOW_WEAK,	/* bool */
	CONF_SETTINGS_IKE_PORT,		/* num */
	CONF_SETTINGS_NATT_PORT,	/* num */
	CONF_SETTINGS_NATT_KEEPALIVE,	/* num: seconds */
	CONF_SETTINGS_COOKIE_THRESHOLD,	/* num: half-open IKE SAs */
	CONF_SETTINGS_HALF_OPEN_MAX,	/* num: half-open IKE SAs */
	CONF_SETTINGS_FRAGMENT_SIZE,	/* num: bytes; 0: off */
	CONF_SETTINGS_ACCOUNTING,	/* bool */
	CONF_SETTINGS_INTERIM_UPDATE,	/* num: seconds */
	CONF_SETTINGS_XAUTH_USE_RADIUS,	/* bool */
	CONF_SETTINGS_DATA_PLANE,	/* num: enum conf_plane */
	CONF_SETTINGS_UDP_ENCAP,	/* num: enum conf_encap */
	CONF_SETTINGS_PROPS
};

enum conf_profile_prop {
	CONF_PROFILE_NAME,		/* str */
	CONF_PROFILE_HASH,		/* algs: SUITE_INTEG */
	CONF_PROFILE_PRF,		/* algs: SUITE_PRF; never empty: those
					 * of the hashes when not given */
	CONF_PROFILE_ENC,		/* algs: SUITE_ENCR */
	CONF_PROFILE_DH,		/* algs: SUITE_KE */
	CONF_PROFILE_LIFETIME,		/* num: seconds, of the IKE SA */
	CONF_PROFILE_LIFEBYTES,		/* num, IKEv1 */
	CONF_PROFILE_NAT_TRAVERSAL,	/* bool, IKEv1 */
	CONF_PROFILE_DPD_INTERVAL,	/* num: seconds, 0: disabled */
	CONF_PROFILE_DPD_MAX_FAILURES,	/* num, IKEv1 */
	CONF_PROFILE_PROPOSAL_CHECK,	/* num: enum, IKEv1 */
	CONF_PROFILE_COMMENT,		/* str */
	CONF_PROFILE_PROPS
};

enum conf_proposal_prop {
	CONF_PROPOSAL_NAME,		/* str */
	CONF_PROPOSAL_AUTH,		/* algs: SUITE_INTEG, or ALG_NONE */
	CONF_PROPOSAL_ENC,		/* algs: SUITE_ENCR */
	CONF_PROPOSAL_LIFETIME,		/* num: seconds, hard */
	CONF_PROPOSAL_LIFEBYTES,	/* num, hard; 0: none */
	CONF_PROPOSAL_LIFEPACKETS,	/* num, hard; 0: none */
	CONF_PROPOSAL_PFS,		/* algs: SUITE_KE; "none" is the row
					 * with ALG_NONE */
	CONF_PROPOSAL_ESN,		/* num: enum conf_esn */
	CONF_PROPOSAL_REPLAY_WINDOW,	/* num: packets */
	CONF_PROPOSAL_DISABLED,		/* bool */
	CONF_PROPOSAL_COMMENT,		/* str */
	CONF_PROPOSAL_PROPS
};

enum conf_group_prop {
	CONF_GROUP_NAME,		/* str */
	CONF_GROUP_COMMENT,		/* str */
	CONF_GROUP_PROPS
};

enum conf_peer_prop {
	CONF_PEER_NAME,			/* str */
	CONF_PEER_ADDRESS,		/* prefix, or str: a DNS name */
	CONF_PEER_PORT,			/* num: of the remote */
	CONF_PEER_LOCAL_ADDRESS,	/* addr; AF_UNSPEC: any */
	CONF_PEER_EXCHANGE_MODE,	/* num: enum conf_mode */
	CONF_PEER_PASSIVE,		/* bool */
	CONF_PEER_PROFILE,		/* ref: CONF_PROFILE */
	CONF_PEER_SEND_INITIAL_CONTACT,	/* bool */
	CONF_PEER_DISABLED,		/* bool */
	CONF_PEER_COMMENT,		/* str */
	CONF_PEER_PROPS
};

enum conf_identity_prop {
	CONF_IDENTITY_PEER,		/* ref: CONF_PEER */
	CONF_IDENTITY_AUTH_METHOD,	/* num: enum conf_auth */
	CONF_IDENTITY_SECRET,		/* secret */
	CONF_IDENTITY_MY_ID,		/* id */
	CONF_IDENTITY_REMOTE_ID,	/* id */
	CONF_IDENTITY_MATCH_BY,		/* num: enum conf_match */
	CONF_IDENTITY_GENERATE_POLICY,	/* num: enum conf_generate */
	CONF_IDENTITY_GROUP,		/* ref: CONF_GROUP, or none */
	CONF_IDENTITY_MODE_CONFIG,	/* ref: CONF_MODE_CONFIG, or none */
	CONF_IDENTITY_ONLY_ONE,		/* num: enum conf_only_one */
	CONF_IDENTITY_CERTIFICATE,	/* str */
	CONF_IDENTITY_REMOTE_CERTIFICATE, /* str */
	CONF_IDENTITY_EAP_METHODS,	/* num: bits */
	CONF_IDENTITY_USERNAME,		/* str */
	CONF_IDENTITY_PASSWORD,		/* secret */
	CONF_IDENTITY_NOTRACK_CHAIN,	/* str */
	CONF_IDENTITY_KEY,		/* str */
	CONF_IDENTITY_REMOTE_KEY,	/* str */
	CONF_IDENTITY_DISABLED,		/* bool */
	CONF_IDENTITY_COMMENT,		/* str */
	CONF_IDENTITY_PROPS
};

enum conf_mode_config_prop {
	CONF_MODE_CONFIG_NAME,		/* str */
	CONF_MODE_CONFIG_RESPONDER,	/* bool: we hand out */
	CONF_MODE_CONFIG_ADDRESS,	/* addr: always this one */
	CONF_MODE_CONFIG_POOLS,		/* strs: names of CONF_POOL */
	CONF_MODE_CONFIG_PREFIX_LENGTH,	/* num: 1..32 */
	CONF_MODE_CONFIG_SPLIT_INCLUDE,	/* prefixes */
	CONF_MODE_CONFIG_SPLIT_DNS,	/* strs: DNS names */
	CONF_MODE_CONFIG_STATIC_DNS,	/* strs: addresses */
	CONF_MODE_CONFIG_SYSTEM_DNS,	/* bool; counts without static ones */
	CONF_MODE_CONFIG_SRC_ADDRESS_LIST, /* str */
	CONF_MODE_CONFIG_CONNECTION_MARK, /* str */
	CONF_MODE_CONFIG_COMMENT,	/* str */
	CONF_MODE_CONFIG_PROPS
};

enum conf_pool_prop {
	CONF_POOL_NAME,			/* str */
	CONF_POOL_RANGES,		/* strs: what range_parse() reads */
	CONF_POOL_NEXT,			/* ref: CONF_POOL, or none */
	CONF_POOL_COMMENT,		/* str */
	CONF_POOL_PROPS
};

enum conf_dns_prop {
	CONF_DNS_SERVERS,		/* strs: addresses; those of the system
					 * when not given (conf_set_dns) */
	CONF_DNS_PROPS
};

enum conf_policy_prop {
	CONF_POLICY_PEER,		/* ref: CONF_PEER */
	CONF_POLICY_TUNNEL,		/* bool */
	CONF_POLICY_SRC_ADDRESS,	/* prefixes; empty in a template: any */
	CONF_POLICY_SRC_PORT,		/* num; 0: any */
	CONF_POLICY_DST_ADDRESS,	/* prefixes */
	CONF_POLICY_DST_PORT,		/* num; 0: any */
	CONF_POLICY_PROTOCOL,		/* num; 0: all */
	CONF_POLICY_ACTION,		/* num: enum conf_action */
	CONF_POLICY_LEVEL,		/* num: enum conf_level */
	CONF_POLICY_IPSEC_PROTOCOLS,	/* num: enum conf_ipsec_proto bits */
	CONF_POLICY_PROPOSAL,		/* ref: CONF_PROPOSAL */
	CONF_POLICY_TEMPLATE,		/* bool */
	CONF_POLICY_GROUP,		/* ref: CONF_GROUP */
	CONF_POLICY_SA_SRC_ADDRESS,	/* addr */
	CONF_POLICY_SA_DST_ADDRESS,	/* addr */
	CONF_POLICY_MANUAL_SA,		/* str */
	CONF_POLICY_DONT_FRAGMENT,	/* num: enum */
	CONF_POLICY_DISABLED,		/* bool */
	CONF_POLICY_COMMENT,		/* str */
	CONF_POLICY_PROPS
};

enum conf_certificate_settings_prop {
	CONF_CERTIFICATE_SETTINGS_CRL_USE,	/* bool */
	CONF_CERTIFICATE_SETTINGS_CRL_DOWNLOAD,	/* bool */
	CONF_CERTIFICATE_SETTINGS_OCSP_USE,	/* bool */
	CONF_CERTIFICATE_SETTINGS_STRICT,	/* bool */
	CONF_CERTIFICATE_SETTINGS_WAIT,		/* num: seconds */
	CONF_CERTIFICATE_SETTINGS_FETCH_LOCAL,	/* bool */
	CONF_CERTIFICATE_SETTINGS_PROPS
};

enum conf_certificate_prop {
	CONF_CERTIFICATE_NAME,		/* str; files may share one */
	CONF_CERTIFICATE_FILE_NAME,	/* str: path, relative to the script's
					 * directory */
	CONF_CERTIFICATE_PASSPHRASE,	/* secret */
	CONF_CERTIFICATE_TRUSTED,	/* bool */
	CONF_CERTIFICATE_PROPS
};

enum conf_logging_action_prop {
	CONF_LOGGING_ACTION_NAME,	/* str */
	CONF_LOGGING_ACTION_TARGET,	/* num: enum conf_log_target */
	CONF_LOGGING_ACTION_MEMORY_LINES, /* num */
	CONF_LOGGING_ACTION_REMOTE,	/* addr */
	CONF_LOGGING_ACTION_PROPS
};

enum conf_logging_prop {
	CONF_LOGGING_TOPICS,		/* strs: topic or !topic */
	CONF_LOGGING_ACTION_REF,	/* ref: CONF_LOGGING_ACTION */
	CONF_LOGGING_PREFIX,		/* str */
	CONF_LOGGING_DISABLED,		/* bool */
	CONF_LOGGING_PROPS
};

enum conf_mode { CONF_MODE_MAIN, CONF_MODE_AGGRESSIVE, CONF_MODE_BASE,
	CONF_MODE_IKE2 };
enum conf_auth { CONF_AUTH_PSK, CONF_AUTH_DIGITAL_SIGNATURE, CONF_AUTH_EAP,
	CONF_AUTH_EAP_RADIUS, CONF_AUTH_PSK_XAUTH, CONF_AUTH_RSA_KEY,
	CONF_AUTH_RSA_HYBRID };
enum conf_match { CONF_MATCH_REMOTE_ID, CONF_MATCH_CERTIFICATE };
enum conf_generate { CONF_GENERATE_NO, CONF_GENERATE_PORT_OVERRIDE,
	CONF_GENERATE_PORT_STRICT };
enum conf_only_one { CONF_ONLY_ONE_NO, CONF_ONLY_ONE_YES,
	CONF_ONLY_ONE_REPLACE };
enum conf_action { CONF_ACTION_ENCRYPT, CONF_ACTION_DISCARD,
	CONF_ACTION_NONE };
enum conf_plane { CONF_PLANE_AUTO, CONF_PLANE_KERNEL, CONF_PLANE_USERSPACE };
enum conf_encap { CONF_ENCAP_AUTO, CONF_ENCAP_NAT, CONF_ENCAP_ALWAYS };
enum conf_level { CONF_LEVEL_REQUIRE, CONF_LEVEL_UNIQUE, CONF_LEVEL_USE };
enum conf_df { CONF_DF_CLEAR, CONF_DF_INHERIT, CONF_DF_SET };
enum conf_ipsec_proto { CONF_PROTO_AH = 1, CONF_PROTO_ESP = 2 };
enum conf_esn { CONF_ESN_NO, CONF_ESN_YES, CONF_ESN_BOTH };
enum conf_log_target { CONF_LOG_MEMORY, CONF_LOG_ECHO, CONF_LOG_DISK,
	CONF_LOG_REMOTE };

#define CONF_NAMELEN	64		/* an object's name, with NUL */
#define CONF_LIST_MAX	256		/* elements of one list */
#define CONF_TEXT_MAX	4096		/* bytes of a value, as text */
#define CONF_FILE_MAX	(64u << 20)	/* bytes of a script */
#define CONF_OBJECT_MAX	(64u << 10)	/* bytes of a packed object */

/* flags of an object */
#define CONF_F_BUILTIN	0x01	/* '*', cannot be removed */
#define CONF_F_DISABLED	0x02	/* 'X'; the property "disabled" itself is
				 * in sallyportd alone */
#define CONF_F_INVALID	0x04	/* 'I', reason says why; not used */
#define CONF_F_TEMPLATE	0x08	/* 'T', a policy that is a pattern */

struct conf;
struct conf_val;

/* Fields are read by everybody and written in lib/conf alone. */
struct conf_obj {
	enum conf_menu menu;
	uint32_t id;		/* > 0, the same in every process; kept over
				 * reloads (conf_inherit_ids) */
	uint32_t flags;		/* CONF_F_ */
	uint32_t line, col;	/* where it was added; 0: built in */
	char *reason;		/* of CONF_F_INVALID, else NULL */
	struct conf_val *val;	/* one a property */
	struct conf_obj *next, *prev;		/* in the menu's order */
	struct conf_obj *name_next;		/* in a hash chain */
};

/* One finding.  line and col count from 1, bytes; line 0: the whole file. */
enum conf_severity { CONF_ERROR, CONF_WARNING };
struct conf_diag {
	enum conf_severity level;
	const char *file;
	unsigned line, col;
	const char *text;	/* one line, without newline */
};
typedef void (*conf_diag_fn)(void *arg, const struct conf_diag *);

#define CONF_ERRORS_MAX	20	/* reported of one script */

/*
 * Loads a script.  All or nothing: NULL after at least one CONF_ERROR went
 * to fn; warnings alone do not stop it.  A file of "-" is standard input.
 * What was read is wiped.  Freed with conf_free().
 */
struct conf *conf_load_file(const char *path, conf_diag_fn fn, void *arg);
struct conf *conf_load_mem(const char *name, const void *text, size_t len,
    conf_diag_fn fn, void *arg);
/* "file:line:col: text", "file:line:col: warning: text". Returns dst. */
const char *conf_diag_fmt(const struct conf_diag *, char *dst, size_t size);
/* Wipes secrets.  NULL is allowed. */
void conf_free(struct conf *);

/*
 * Wipes every secret in place; the properties then read as not given.  The
 * supervisor does this once certd has them.
 */
void conf_wipe_secrets(struct conf *);
/*
 * The address that the DNS name of a peer's address stands for: conf_prefix()
 * then returns it as a full-length prefix, and it is packed with the object;
 * conf_str() and print still have the name.  NULL or AF_UNSPEC: not known.
 * No effect on a peer whose address is a prefix.
 */
void conf_set_resolved(struct conf_obj *, const struct addr *);

/*
 * The resolvers of the machine, for a configuration without /ip dns servers;
 * one with servers is left alone.  They are handed to the processes but not
 * printed.
 */
void conf_set_dns(struct conf *, const struct addr *, size_t n);

/*
 * After a reload: objects of conf that are in old too (by menu and name;
 * policies by selectors and peer, identities by peer and remote ID) get
 * old's numbers, the others numbers that old never gave out.
 */
void conf_inherit_ids(struct conf *, const struct conf *old);
/* The effective values and flags are the same (id and line do not count). */
bool conf_obj_equal(const struct conf_obj *, const struct conf_obj *);
/* All objects are equal and in the same order. */
bool conf_equal(const struct conf *, const struct conf *);

/* Objects of a menu, in order.  NULL at the end. */
struct conf_obj *conf_first(const struct conf *, enum conf_menu);
#define CONF_FOREACH(conf, menu, o)					\
	for ((o) = conf_first((conf), (menu)); (o) != NULL; (o) = (o)->next)
size_t conf_count(const struct conf *, enum conf_menu);
/* NULL: none of that number, or name. */
struct conf_obj *conf_by_id(const struct conf *, uint32_t id);
struct conf_obj *conf_by_name(const struct conf *, enum conf_menu,
    const char *name);
/* The object of a menu that has exactly one. */
struct conf_obj *conf_single(const struct conf *, enum conf_menu);
/* Neither disabled nor invalid, and neither is what it refers to. */
bool conf_usable(const struct conf *, const struct conf_obj *);

/*
 * Getters.  prop is of the object's menu; asking with a getter of another
 * type yields nothing.  What is returned lives as long as the object.
 */
bool conf_is_set(const struct conf_obj *, unsigned prop); /* was given */
const char *conf_name(const struct conf_obj *);	/* "" without one */
/* Never NULL. */
const char *conf_str(const struct conf_obj *, unsigned prop);
int64_t conf_num(const struct conf_obj *, unsigned prop);
bool conf_bool(const struct conf_obj *, unsigned prop);
/* Family AF_UNSPEC when there is none. */
const struct addr *conf_addr(const struct conf_obj *, unsigned prop);
/* NULL when empty, or when a peer's address is a DNS name. */
const struct prefix *conf_prefix(const struct conf_obj *, unsigned prop);
const struct prefix *conf_prefixes(const struct conf_obj *, unsigned prop,
    size_t *n);
const struct alg *const *conf_algs(const struct conf_obj *, unsigned prop,
    size_t *n);
const char *const *conf_strs(const struct conf_obj *, unsigned prop,
    size_t *n);
/* The object referred to; NULL: none. */
struct conf_obj *conf_ref(const struct conf *, const struct conf_obj *,
    unsigned prop);
/* Its number; 0: none. */
uint32_t conf_ref_id(const struct conf_obj *, unsigned prop);
const struct ikeid *conf_id(const struct conf_obj *, unsigned prop);
const struct secret *conf_secret(const struct conf_obj *, unsigned prop);

/* Printing */
#define CONF_PRINT_HIDE		0x01	/* secrets are left out */
#define CONF_PRINT_VERBOSE	0x02	/* defaults are written too */
#define CONF_PRINT_MAX		(128u << 20)

/*
 * The whole configuration as a script that loads to equal objects (unless
 * CONF_PRINT_HIDE).  Appends to b; -1: b is full.
 */
int conf_print(struct buf *b, const struct conf *, unsigned flags);
/* One property as a script would write it, without quotes; dst is always
 * terminated.  "" for a secret with CONF_PRINT_HIDE.  Returns dst. */
const char *conf_fmt(const struct conf_obj *, unsigned prop, unsigned flags,
    char *dst, size_t size);
/* Rows of a listing: flag letters as "flags", then each property that the
 * script would print, or with CONF_PRINT_VERBOSE all that are not empty. */
typedef void (*conf_field_fn)(void *arg, const char *name, const char *value);
void conf_obj_fields(const struct conf *, const struct conf_obj *,
    unsigned flags, conf_field_fn, void *arg);
/* "XIT*" letters of an object; returns dst. */
const char *conf_flags_fmt(const struct conf_obj *, char dst[8]);

/*
 * Between processes: one message per object, in menu order.  Only
 * properties whose mask has the process go into it.
 */
bool conf_sends(const struct conf_obj *, enum proc_id);
size_t conf_sends_count(const struct conf *, enum proc_id);
void conf_pack(struct buf *, const struct conf_obj *, enum proc_id);
/*
 * The other side: conf_new(), conf_unpack() for each object, conf_complete().
 * -1: *why (static text) says what is wrong; the conf stays usable for
 * conf_free() alone.
 */
struct conf *conf_new(void);
int conf_unpack(struct conf *, struct cur *, const char **why);
int conf_complete(struct conf *, const char **why);

#endif
