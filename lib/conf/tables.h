/* The property tables behind lib/conf/schema.h; lib/conf alone. */
#ifndef LIB_CONF_TABLES_H
#define LIB_CONF_TABLES_H

#include "lib/conf/schema.h"

/* Who receives a property. */
#define TO_IKE		PROC_BIT(PROC_IKEPD)
#define TO_KM		PROC_BIT(PROC_KEYMGR)
#define TO_CERT		PROC_BIT(PROC_CERTD)
#define TO_FETCH	PROC_BIT(PROC_FETCHD)
#define TO_ALL		(TO_IKE | TO_KM | TO_CERT)
#define TO_SESS		PROC_BIT(PROC_SESSIOND)

#define LIVE		CONF_P_LIVE

#define COMMENT(to)							\
	{ .name = "comment", .type = CONF_T_STR, .procs = to,		\
	    .flags = LIVE, .help = "Free text." }
#define DISABLED(fl)							\
	{ .name = "disabled", .type = CONF_T_BOOL, .def = "no",		\
	    .procs = 0, .flags = fl,					\
	    .help = "The entry is kept but not used." }
#define NAME(to, fl, text)						\
	{ .name = "name", .type = CONF_T_NAME, .procs = to,		\
	    .flags = fl, .help = text }

extern const struct conf_prop schema_settings[CONF_SETTINGS_PROPS];
extern const struct conf_prop schema_profile[CONF_PROFILE_PROPS];
extern const struct conf_prop schema_proposal[CONF_PROPOSAL_PROPS];
extern const struct conf_prop schema_group[CONF_GROUP_PROPS];
extern const struct conf_prop schema_peer[CONF_PEER_PROPS];
extern const struct conf_prop schema_identity[CONF_IDENTITY_PROPS];
extern const struct conf_prop schema_policy[CONF_POLICY_PROPS];
extern const struct conf_prop
    schema_certificate_settings[CONF_CERTIFICATE_SETTINGS_PROPS];
extern const struct conf_prop schema_certificate[CONF_CERTIFICATE_PROPS];
extern const struct conf_prop schema_mode_config[CONF_MODE_CONFIG_PROPS];
extern const struct conf_prop schema_pool[CONF_POOL_PROPS];
extern const struct conf_prop schema_dns[CONF_DNS_PROPS];
extern const struct conf_prop schema_logging[CONF_LOGGING_PROPS];
extern const struct conf_prop
    schema_logging_action[CONF_LOGGING_ACTION_PROPS];

/* Menus that are not acted upon yet, and listings; the others' rows are
 * empty. */
extern const struct conf_menu_desc schema_rest[CONF_MENUS];

extern const struct conf_foreign schema_foreign_peer[];
extern const struct conf_foreign schema_foreign_policy[];
extern const struct conf_foreign schema_foreign_profile[];
extern const struct conf_foreign schema_foreign_mode_config[];
extern const struct conf_foreign schema_foreign_certificate[];
extern const struct conf_foreign schema_foreign_dns[];
extern const struct conf_foreign schema_foreign_menus[];

#endif
