/*
 * Fetches over HTTP, several at a time, each within limits of time, size
 * and redirections.
 */
#ifndef FETCHD_FETCH_H
#define FETCHD_FETCH_H

#include "lib/addr.h"

#include <event2/event.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FETCH_ACTIVE_MAX	16	/* at a time */
#define FETCH_WAITING_MAX	256	/* for their turn */
#define FETCH_REDIRECTS_MAX	2
#define FETCH_TIMEOUT_MS	10000	/* of one, all in all */

struct fetcher;

struct fetch_job {
	uint32_t id;		/* the asker's */
	const char *url;
	const char *type;	/* of the body: Content-Type */
	const uint8_t *body;	/* NULL: GET */
	size_t len;
	size_t limit;		/* of the answer's body */
};

/* reason NULL: data is the answer (borrowed), else why there is none. */
typedef void (*fetch_done)(void *arg, uint32_t id, const char *reason,
    const uint8_t *data, size_t len);

/* NULL: no memory. */
struct fetcher *fetcher_new(struct event_base *, fetch_done, void *arg);
void fetcher_free(struct fetcher *);	/* nothing is called any more */
/* Asks the name servers of that file (resolv.conf(5)). */
void fetcher_resolv_conf(struct fetcher *, const char *path);
/* One more name server: an address, or address and port.  -1: malformed. */
int fetcher_nameserver(struct fetcher *, const char *text);
/* Whether addresses of this machine and of the link may be connected to. */
void fetcher_allow_local(struct fetcher *, bool);
void fetcher_set_timeout(struct fetcher *, unsigned ms);
/*
 * Begins, or queues.  The memory of the job is not needed afterwards.  done
 * is called once for each, never from within.  -1: no room, it is not
 * called.
 */
int fetcher_start(struct fetcher *, const struct fetch_job *);

/* NULL, or why an address is none to fetch from. */
const char *fetch_address_refused(const struct addr *, bool allow_local);

#endif
