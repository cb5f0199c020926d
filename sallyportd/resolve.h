/*
 * The DNS names of peers.  Asking blocks and reads from the network, so a
 * short-lived process does it: this program again, as user nobody, with
 * nothing open but its pipe and none of our memory.
 */
#ifndef SALLYPORTD_RESOLVE_H
#define SALLYPORTD_RESOLVE_H

#include "lib/conf/conf.h"

#include <event2/event.h>

#include <sys/types.h>

struct resolver;

#define RESOLVE_ARG	"--resolve"	/* makes main() call resolve_main() */

/* changed: some peer got another address (conf_set_resolved was called). */
struct resolver *resolver_new(struct event_base *,
    void (*changed)(void *arg), void *arg);
void resolver_free(struct resolver *);
/*
 * The configuration was replaced; what is known of its names is put in at
 * once, and the names are asked for again.  conf is borrowed until the next
 * call.
 */
void resolver_conf(struct resolver *, struct conf *);
/* Nobody answers at the address of this peer: its name, if that is what it
 * is known by, is asked for again soon. */
void resolver_doubt(struct resolver *, uint32_t peer);
/* False: not the helper. */
bool resolver_reaped(struct resolver *, pid_t, int status);

/* The helper: names on fd 3, one a line; "name address" lines back. */
int resolve_main(void);

#endif
