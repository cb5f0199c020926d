/*
 * Settings of an interface, by netlink: in most containers /proc/sys can be
 * read only, while CAP_NET_ADMIN is enough for this.
 */
#ifndef SALLYPORTD_IFCONF_H
#define SALLYPORTD_IFCONF_H

#include <stddef.h>
#include <stdint.h>

struct ifconf_ipv4 {
	uint16_t which;		/* IPV4_DEVCONF_* of linux/ip.h */
	uint32_t value;
};

#define IFCONF_MAX	8	/* settings at a time */

/* Both: 0 or an errno, and nothing is set then. */
int ifconf_ipv4(const char *name, const struct ifconf_ipv4 *, size_t n);
/* The interface makes itself no link-local address. */
int ifconf_no_link_local(const char *name);

#endif
