/*
 * Which worker gets a datagram, decided in the kernel: a classic BPF program
 * for a SO_REUSEPORT group whose n-th socket belongs to worker n.
 *
 * Our SPI carries the worker's number in the low five bits of its first
 * byte.  A datagram of the IKE SA's initiator (I flag set) names us in the
 * responder's SPI, one of the responder in the initiator's.  While the
 * responder's SPI is zero, and in IKEv1, the source address is hashed
 * (worker_of_addr()): whoever starts anew comes to the worker that has its
 * old IKE SA, for INITIAL_CONTACT (RFC 7296 2.4) to end it.
 */
#ifndef SALLYPORTD_STEER_H
#define SALLYPORTD_STEER_H

#include <linux/filter.h>

#include <stdbool.h>
#include <stddef.h>

#define STEER_MAX	48	/* instructions */

/*
 * Fills out[STEER_MAX].  workers: 1..32.  natt: the non-ESP marker precedes
 * the header (RFC 7296 section 3.1); what has none goes to the first socket,
 * or with threads, which have the sockets after those of the workers, to the
 * thread that the SPI names (lib/esptun.h).
 * Returns the number of instructions.
 */
size_t steer_program(struct sock_filter *out, unsigned workers,
    unsigned threads, bool natt);

#endif
