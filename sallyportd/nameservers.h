/* The resolvers of the machine. */
#ifndef SALLYPORTD_NAMESERVERS_H
#define SALLYPORTD_NAMESERVERS_H

#include "lib/conf/conf.h"

/*
 * Gives a configuration without /ip dns servers those of the machine, as far
 * as others can reach them: not the ones on the loopback interface.
 */
void nameservers_fill(struct conf *);
/* The addresses of such a file in text; returns how many, at most max. */
size_t nameservers_parse(const char *text, struct addr *, size_t max);

/* True when the servers are others than when this was last asked, by the
 * files' times; looks at the files alone. */
bool nameservers_changed(void);

#endif
