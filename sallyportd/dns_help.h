/*
 * The helper that tells the machine's resolver of name servers: this program
 * again, as root, with CAP_KILL alone, started before the supervisor confined
 * itself, since it runs resolvectl or resolvconf.
 *
 * It reads lines from fd 3 and checks them again:
 *	set INTERFACE|- SERVER[,SERVER...] DOMAIN[,DOMAIN...]|-
 *	clear
 * and answers with lines for the log, 'I' or 'W' first.  What is set goes
 * when the other end is closed.
 */
#ifndef SALLYPORTD_DNS_HELP_H
#define SALLYPORTD_DNS_HELP_H

#include "lib/addr.h"
#include "lib/dnsname.h"

#include <net/if.h>

#define DNS_ARG		"--name-servers"	/* makes main() call dns_main() */
#define DNS_FD		3
#define DNS_SERVERS	8
#define DNS_DOMAINS	32
#define DNS_LINE_MAX	(64 + DNS_SERVERS * ADDR_STRLEN + \
	DNS_DOMAINS * (DNSNAME_MAX + 1))

struct dns_set {
	char iface[IFNAMSIZ];	/* "": none */
	unsigned nservers, ndomains;	/* no domain: all names */
	char server[DNS_SERVERS][ADDR_STRLEN];
	char domain[DNS_DOMAINS][DNSNAME_MAX + 1];
};

/* The rest of a line after "set ", which is cut up.  -1: malformed. */
int dns_set_parse(char *line, struct dns_set *);
/* run_dir: where the note is that something was set. */
int dns_main(const char *run_dir);

#endif
