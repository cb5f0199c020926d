#include "sallyportd/dns_help.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool
iface_ok(const char *s)
{
	if (*s == '\0' || strlen(s) >= IFNAMSIZ)
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s))
			return false;
	return true;
}

static int
servers_parse(char *list, struct dns_set *d)
{
	struct addr a;
	char *s;

	while ((s = strsep(&list, ",")) != NULL) {
		if (d->nservers == DNS_SERVERS || addr_parse(&a, s) == -1)
			return -1;
		addr_fmt(&a, d->server[d->nservers++], ADDR_STRLEN);
	}
	return d->nservers > 0 ? 0 : -1;
}

static int
domains_parse(char *list, struct dns_set *d)
{
	char *s;

	if (strcmp(list, "-") == 0)
		return 0;
	while ((s = strsep(&list, ",")) != NULL) {
		if (d->ndomains == DNS_DOMAINS || !dnsname_ok(s))
			return -1;
		snprintf(d->domain[d->ndomains++], DNSNAME_MAX + 1, "%s", s);
	}
	return 0;
}

int
dns_set_parse(char *line, struct dns_set *d)
{
	char *iface = strsep(&line, " "), *servers = strsep(&line, " ");
	char *domains = strsep(&line, " ");

	memset(d, 0, sizeof(*d));
	if (iface == NULL || servers == NULL || domains == NULL ||
	    line != NULL)
		return -1;
	if (strcmp(iface, "-") != 0) {
		if (!iface_ok(iface))
			return -1;
		snprintf(d->iface, sizeof(d->iface), "%s", iface);
	}
	return servers_parse(servers, d) == -1 ? -1 :
	    domains_parse(domains, d);
}
