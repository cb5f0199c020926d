#include "lib/conf/schema.h"

#include "lib/conf/tables.h"

#include <string.h>

#define N(t)	(sizeof(t) / sizeof((t)[0]))
#define M_LIVE	CONF_MF_LIVE

/* clang-format off */

#define IPSEC(m, last, fl, t, text)					\
	[m] = { .menu = m, .path = "ip ipsec " last, .flags = fl,	\
	    .props = t, .nprops = N(t), .help = text

static const struct conf_menu_desc menus[CONF_MENUS] = {
	IPSEC(CONF_SETTINGS, "settings", M_LIVE | CONF_MF_SINGLE,
	    schema_settings, "Settings of the whole gateway.") },
	IPSEC(CONF_PROFILE, "profile", M_LIVE, schema_profile,
	    "What is negotiated for an IKE SA (phase 1)."),
	    .alias = "ip ipsec peer profile",
	    .foreign = schema_foreign_profile },
	IPSEC(CONF_PROPOSAL, "proposal", M_LIVE, schema_proposal,
	    "What is negotiated for a child SA (phase 2).") },
	IPSEC(CONF_GROUP, "policy group", M_LIVE, schema_group,
	    "Ties identities to policy templates."),
	    .alias = "ip ipsec group" },
	IPSEC(CONF_MODE_CONFIG, "mode-config", M_LIVE, schema_mode_config,
	    "What remote users are given, or ask for."),
	    .foreign = schema_foreign_mode_config },
	IPSEC(CONF_PEER, "peer", M_LIVE, schema_peer,
	    "Whom we talk to."), .foreign = schema_foreign_peer },
	IPSEC(CONF_IDENTITY, "identity", M_LIVE, schema_identity,
	    "How we and a peer prove who we are.") },
	IPSEC(CONF_POLICY, "policy", M_LIVE | CONF_MF_ORDERED,
	    schema_policy, "Which traffic is protected.  The first policy "
	    "that matches a packet decides, from top to bottom."),
	    .foreign = schema_foreign_policy },
	[CONF_CERTIFICATE_SETTINGS] = { .menu = CONF_CERTIFICATE_SETTINGS,
	    .path = "certificate settings",
	    .flags = M_LIVE | CONF_MF_SINGLE,
	    .props = schema_certificate_settings,
	    .nprops = N(schema_certificate_settings),
	    .help = "How it is found out that a certificate was revoked." },
	[CONF_CERTIFICATE] = { .menu = CONF_CERTIFICATE,
	    .path = "certificate", .flags = M_LIVE | CONF_MF_IMPORT,
	    .props = schema_certificate, .nprops = N(schema_certificate),
	    .foreign = schema_foreign_certificate,
	    .help = "Files with certificates, chains, keys or PKCS#12 "
	    "bundles.  Several files may share a name: a certificate, its "
	    "chain, its key.  They are watched and taken anew, all of one "
	    "name together, when they change." },
	[CONF_LOGGING_ACTION] = { .menu = CONF_LOGGING_ACTION,
	    .path = "system logging action", .flags = M_LIVE,
	    .props = schema_logging_action,
	    .nprops = N(schema_logging_action),
	    .help = "Where log lines go." },
	[CONF_LOGGING] = { .menu = CONF_LOGGING, .path = "system logging",
	    .flags = M_LIVE, .props = schema_logging,
	    .nprops = N(schema_logging), .help = "What is logged." },
	[CONF_POOL] = { .menu = CONF_POOL, .path = "ip pool",
	    .flags = M_LIVE, .props = schema_pool, .nprops = N(schema_pool),
	    .help = "Address pools." },
	[CONF_DNS] = { .menu = CONF_DNS, .path = "ip dns",
	    .flags = M_LIVE | CONF_MF_SINGLE, .props = schema_dns,
	    .nprops = N(schema_dns), .help = "DNS servers.",
	    .foreign = schema_foreign_dns },
};

/* clang-format on */

const struct conf_menu_desc *
conf_menu_desc(enum conf_menu m)
{
	return menus[m].path != NULL ? &menus[m] : &schema_rest[m];
}

/* Whether word is among the space-separated names. */
static bool
among(const char *names, const char *word)
{
	size_t n = strlen(word), len;

	if (names == NULL || n == 0)
		return false;
	while (*names != '\0') {
		len = strcspn(names, " ");
		if (len == n && memcmp(names, word, n) == 0)
			return true;
		names += len;
		names += strspn(names, " ");
	}
	return false;
}

const struct conf_prop *
conf_prop_find(const struct conf_menu_desc *d, const char *name)
{
	unsigned i;

	for (i = 0; i < d->nprops; i++)
		if (strcmp(d->props[i].name, name) == 0 ||
		    among(d->props[i].alias, name))
			return &d->props[i];
	return NULL;
}

const struct conf_foreign *
conf_foreign_find(const struct conf_menu_desc *d, const char *name)
{
	const struct conf_foreign *f;

	for (f = d->foreign; f != NULL && f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

uint32_t
conf_menu_procs(const struct conf_menu_desc *d)
{
	uint32_t procs = 0;
	unsigned i;

	for (i = 0; i < d->nprops; i++)
		procs |= d->props[i].procs;
	return procs;
}

/* path is p, or p lies below it; whole words. */
static bool
leads_to(const char *path, const char *p)
{
	size_t n = strlen(path);

	if (p == NULL)
		return false;
	if (n == 0)
		return true;
	return strncmp(p, path, n) == 0 && (p[n] == '\0' || p[n] == ' ');
}

const struct conf_menu_desc *
conf_menu_by_path(const char *path)
{
	const struct conf_menu_desc *d;
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		if (strcmp(d->path, path) == 0 ||
		    (d->alias != NULL && strcmp(d->alias, path) == 0))
			return d;
	}
	return NULL;
}

bool
conf_path_exists(const char *path)
{
	const struct conf_menu_desc *d;
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		if (leads_to(path, d->path) || leads_to(path, d->alias))
			return true;
	}
	return false;
}

const struct conf_foreign *
conf_foreign_menu(const char *path)
{
	const struct conf_foreign *f;

	for (f = schema_foreign_menus; f->name != NULL; f++)
		if (leads_to(f->name, path))
			return f;
	return NULL;
}

size_t
conf_path_children(const char *path, char (*out)[24], size_t max)
{
	const char *p;
	size_t n = 0, i, len, skip = strlen(path);
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		p = conf_menu_desc(m)->path;
		if (!leads_to(path, p) || p[skip] == '\0')
			continue;
		p += skip;
		p += strspn(p, " ");
		len = strcspn(p, " ");
		for (i = 0; i < n; i++)
			if (strlen(out[i]) == len &&
			    memcmp(out[i], p, len) == 0)
				break;
		if (i < n || n == max || len >= sizeof(out[0]))
			continue;
		memcpy(out[n], p, len);
		out[n++][len] = '\0';
	}
	return n;
}
