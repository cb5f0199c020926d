#include "lib/dnsname.h"

#include <ctype.h>
#include <string.h>

bool
dnsname_ok(const char *s)
{
	size_t len;

	if (strlen(s) > DNSNAME_MAX)
		return false;
	for (;;) {
		len = strcspn(s, ".");
		if (len == 0 || len > 63 || s[0] == '-' || s[len - 1] == '-')
			return false;
		for (; len > 0; len--, s++)
			if (!isalnum((unsigned char)*s) && *s != '-' &&
			    *s != '_')
				return false;
		if (*s == '\0' || s[1] == '\0')	/* a last dot */
			return true;
		s++;
	}
}
