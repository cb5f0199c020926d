/* Names of the DNS that somebody else gave us. */
#ifndef LIB_DNSNAME_H
#define LIB_DNSNAME_H

#include <stdbool.h>

#define DNSNAME_MAX	253	/* characters */

/*
 * Letters, digits, hyphens and underscores between dots, a last dot allowed;
 * no label of more than 63 characters, none that begins or ends with a
 * hyphen.  Such a name is safe in a file's line and as an argument.
 */
bool dnsname_ok(const char *);

#endif
