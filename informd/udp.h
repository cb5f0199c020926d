/* The socket of UDP port 67, which the supervisor bound. */
#ifndef INFORMD_UDP_H
#define INFORMD_UDP_H

#include "lib/addr.h"

#include <event2/event.h>

struct udp;

/* from: the sender; to: our address that it came to, or that of the
 * interface a broadcast came in by. */
typedef void (*udp_recv)(void *arg, const uint8_t *, size_t len,
    const struct addr *from, const struct addr *to);

/* Takes fd over.  NULL: no memory (fd is closed). */
struct udp *udp_new(struct event_base *, int fd, udp_recv, void *arg);
void udp_free(struct udp *);	/* NULL is allowed */
/* To the client's port 68, from an address of ours.  -1: errno. */
int udp_send(struct udp *, const struct addr *from, const struct addr *to,
    const void *, size_t len);

#endif
