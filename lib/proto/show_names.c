/* By which names a filter may choose.  Rows leave out what is empty, so what
 * a row has does not tell. */
#include "lib/proto/show.h"

#include "lib/conf/schema.h"

#include <stdio.h>
#include <string.h>

#define SESSION								\
	"user peer mode-config address address6 remote-address "	\
	"remote-port uptime certificate worker spi"

/* "menu": and the properties of that menu. */
static const struct {
	enum show_what what;
	const char *menu;
	const char *names;
} choices[] = {
	{ SHOW_ACTIVE_PEERS, NULL, "flags peer id local-address "
	    "remote-address port state side responder uptime last-seen "
	    "natt-peer natt-self ph2-total suite rx-bytes rx-packets "
	    "tx-bytes tx-packets spi" },
	{ SHOW_KILL_CONNECTIONS, NULL, "peer id local-address "
	    "remote-address state side" },
	{ SHOW_INSTALLED_SA, NULL, "flags spi src-address dst-address state "
	    "auth-algorithm enc-algorithm enc-key-size auth-key enc-key "
	    "replay add-lifetime addtime expires-in usetime use-lifetime "
	    "lifebytes lifepackets current-bytes current-packets "
	    "replay-errors integrity-errors hw-aead direction mode esn "
	    "udp-encapsulation reqid peer ike-spi" },
	{ SHOW_FLUSH_SA, NULL, "sa-type spi src-address dst-address peer" },
	{ SHOW_POLICY, "ip ipsec policy", "flags number reason "
	    "in-transformed out-transformed ph2-count ph2-state" },
	{ SHOW_SESSIONS, NULL, SESSION },
	{ SHOW_SESSION_KILL, NULL, SESSION },
	{ SHOW_GIVEN, NULL, "peer mode-config address address6 interface "
	    "dst-address src-address-list connection-mark dns domains" },
	{ SHOW_POOL_USED, NULL, "pool address owner info" },
	{ SHOW_CERTIFICATE, NULL, "flags name common-name country state "
	    "locality organization unit subject-alt-name expires-after "
	    "subject issuer serial-number invalid-before invalid-after "
	    "key-usage key-type key-size days-valid fingerprint chain" },
	{ SHOW_CERT_LINT, NULL, "client finding" },
	{ SHOW_CONFIG, "", "flags number reason data-plane-used "
	    "data-plane-why" },
	{ SHOW_LOG, NULL, "time process topics message" },
	{ SHOW_PROCESSES, NULL, "name state pid user uptime restarts refused "
	    "last-end" },
};

/* Whether name is one of the list's. */
static bool
listed(const char *list, const char *name)
{
	size_t n = strlen(name), len;

	for (; *list != '\0'; list += len + (list[len] == ' ')) {
		len = strcspn(list, " ");
		if (len == n && memcmp(list, name, n) == 0)
			return true;
	}
	return false;
}

static const struct conf_menu_desc *
menu_of(const struct show_req *r, const char *menu)
{
	if (menu == NULL)
		return NULL;
	if (menu[0] == '\0')
		menu = show_arg(r, "menu");
	return menu == NULL ? NULL : conf_menu_by_path(menu);
}

/* No row has a secret. */
static bool
prop_shown(const struct conf_prop *p)
{
	return p->type != CONF_T_SECRET && (p->flags & CONF_P_SECRET) == 0;
}

static bool
has_prop(const struct conf_menu_desc *d, const char *name)
{
	unsigned i;

	for (i = 0; d != NULL && i < d->nprops; i++)
		if (strcmp(d->props[i].name, name) == 0)
			return prop_shown(&d->props[i]);
	return false;
}

static void
refuse(const char *name, const char *names, const struct conf_menu_desc *d,
    char *err, size_t size)
{
	size_t n;
	unsigned i;

	if (names[0] == '\0') {
		snprintf(err, size, "there is nothing to choose from here, "
		    "so no filter is possible");
		return;
	}
	n = (size_t)snprintf(err, size, "\"%.32s\" is not known here; a "
	    "filter may be on ", name);
	for (i = 0; d != NULL && i < d->nprops && n < size; i++)
		if (prop_shown(&d->props[i]))
			n += (size_t)snprintf(err + n, size - n, "%s ",
			    d->props[i].name);
	if (n < size)
		snprintf(err + n, size - n, "%s", names);
}

int
show_filter_check(const struct show_req *r, char *err, size_t size)
{
	const struct conf_menu_desc *d = NULL;
	const char *names = "";
	size_t i;

	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (choices[i].what == r->what) {
			names = choices[i].names;
			d = menu_of(r, choices[i].menu);
		}
	for (i = 0; i < r->nargs; i++) {
		if (r->args[i].op == ':' || listed(names, r->args[i].name) ||
		    has_prop(d, r->args[i].name))
			continue;
		refuse(r->args[i].name, names, d, err, size);
		return -1;
	}
	return 0;
}
