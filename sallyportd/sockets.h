/*
 * The sockets that the supervisor binds and never reads: the IKE and NAT-T
 * ports of every worker, for each address family, and the control socket.
 * The supervisor keeps each one open for its own life, because the kernel
 * renumbers a SO_REUSEPORT group when a member closes, and passes copies.
 */
#ifndef SALLYPORTD_SOCKETS_H
#define SALLYPORTD_SOCKETS_H

#include "lib/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock {
	uint16_t kind;		/* CHILD_SOCK_ */
	unsigned worker;	/* of ikepd; else 0 */
	struct endpoint local;
	int fd;
};

struct sockets {
	struct sock *socks;	/* owned */
	size_t n;
};

/*
 * Binds both ports for so many workers, and the second one also for the
 * packet threads of espd (0: the kernel takes the ESP packets).  A machine
 * without IPv6 (or IPv4) gets the other's alone.  -1: logged; what was opened
 * is closed again.
 */
int sockets_open(struct sockets *, unsigned workers, unsigned espd_threads,
    uint16_t ike, uint16_t natt);
/*
 * UDP port 67, where clients inside tunnels ask what is behind us.  If it is
 * taken, as by a DHCP server, nobody is answered; that is logged.
 */
void sockets_dhcp(struct sockets *);
/* Lets the socket's datagrams go past all policies.  -1: errno. */
int sockets_bypass(int fd, int family);
/* Lets the socket be told what a path takes. */
void sockets_errors(int fd, int family);
/* Is there one of this kind? */
bool sockets_has(const struct sockets *, uint16_t kind);
/* Anything else that a process is handed; takes fd over. */
void sockets_add(struct sockets *, uint16_t kind, int fd);
/*
 * A listening AF_UNIX socket at path, replacing one that a dead supervisor
 * left.  Root and the members of the group (when it exists) may connect.
 * -1: logged.
 */
int sockets_control(struct sockets *, const char *path, const char *group);
void sockets_close(struct sockets *);
/* A copy for a child, close-on-exec; -1: logged. */
int sock_dup(const struct sock *);

#endif
