/*
 * The inherited UDP sockets of a worker: datagrams with both their
 * addresses, the non-ESP marker of the NAT-T port (RFC 3948 2.2) added and
 * taken away.
 */
#ifndef IKEPD_UDP_H
#define IKEPD_UDP_H

#include "lib/addr.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct udp;

/* An IKE message has arrived; data is valid until the callback returns. */
typedef void (*udp_recv_fn)(void *arg, const struct endpoint *local,
    const struct endpoint *remote, const uint8_t *data, size_t len);

struct udp_stats {
	uint64_t received, sent, keepalives, runts, send_errors;
};

/* Opens the sockets of udp_source(): call before confinement.  NULL: no
 * memory. */
struct udp *udp_new(struct event_base *, udp_recv_fn, void *arg);
void udp_free(struct udp *);
/*
 * Adds a bound socket, which is owned from now on.  natt: messages carry the
 * non-ESP marker there.  -1: no memory, or more sockets than addresses a
 * gateway can have here (UDP_SOCKETS_MAX).
 */
int udp_add(struct udp *, int fd, const struct endpoint *bound, bool natt);
/*
 * Sends from local (whose port chooses the socket) to remote.  -1: no such
 * socket, or the kernel refused (errno); a full socket buffer counts as a
 * lost datagram.
 */
int udp_send(struct udp *, const struct endpoint *local,
    const struct endpoint *remote, const uint8_t *data, size_t len);
/* One byte 0xff to keep a NAT's mapping (RFC 3948 2.3). */
int udp_keepalive(struct udp *, const struct endpoint *local,
    const struct endpoint *remote);
/* The bound port of the IKE (natt false) or NAT-T sockets; 0: none. */
uint16_t udp_port(const struct udp *, bool natt);
/*
 * The address this host would send from to reach remote; AF_UNSPEC when
 * there is no route.
 */
void udp_source(const struct udp *, const struct endpoint *remote,
    struct addr *source);
const struct udp_stats *udp_stats(const struct udp *);

#endif
