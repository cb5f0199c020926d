#include "sallyportd/sockets.h"

#include "lib/child.h"
#include "lib/esptun.h"
#include "lib/log.h"
#include "sallyportd/steer.h"

#include <linux/in6.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RCVBUF	(4 * 1024 * 1024)	/* a burst of ten thousand requests */
#define SNDBUF	(4 * 1024 * 1024)	/* of 64 kB each; three by default */
#define BACKLOG	16
#define DHCP_PORT	67

struct port {
	uint16_t kind;
	uint16_t port;
};

/* Who shares a port. */
struct sharers {
	unsigned workers;
	unsigned threads;	/* of espd */
};

#define NPORTS	2
#define OTHERS	16	/* the control socket, sockets_add() */
#define ESPD_KINDS	5	/* UDP and raw of both families, TUN */

static const int families[] = { AF_INET, AF_INET6 };

#define NFAMILIES	(sizeof(families) / sizeof(families[0]))

static int
set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

int
sockets_bypass(int fd, int family)
{
	struct xfrm_userpolicy_info p;
	int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int name = family == AF_INET ? IP_XFRM_POLICY : IPV6_XFRM_POLICY;
	uint8_t dir;

	memset(&p, 0, sizeof(p));
	p.action = XFRM_POLICY_ALLOW;
	p.sel.family = (uint16_t)family;
	for (dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_OUT; dir++) {
		p.dir = dir;
		if (setsockopt(fd, level, name, &p, sizeof(p)) == -1)
			return -1;
	}
	return 0;
}

/* Options without which replies would leave from the wrong address. */
static int
set_needed(int fd, int family)
{
	if (family == AF_INET)
		return set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == -1)
		return -1;
	return set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

void
sockets_errors(int fd, int family)
{
	if (family == AF_INET)
		(void)set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
	else
		(void)set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

/* Several datagrams at once, and how each was marked on its way. */
static int
set_gro(int fd, int family)
{
	if (family == AF_INET)
		(void)set_int(fd, IPPROTO_IP, IP_RECVTOS, 1);
	else
		(void)set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	sockets_errors(fd, family);
	return set_int(fd, IPPROTO_UDP, UDP_GRO, 1);
}

/*
 * Options without which something works less well; said for one socket.
 * own_esp: ESP is not the kernel's.
 */
static void
set_wanted(int fd, int family, uint16_t kind, bool say, bool own_esp)
{
	if (own_esp && set_int(fd, SOL_SOCKET, SO_MARK,
	    (int)ESPTUN_MARK) == -1 && say)
		log_warn(LOG_T_SYSTEM, "mark on a socket: %s",
		    strerror(errno));
	if (sockets_bypass(fd, family) == -1 && say)
		log_warn(LOG_T_SYSTEM, "this kernel has no policy for one "
		    "socket: %s; IKE itself must not match a policy",
		    strerror(errno));
	if (kind == CHILD_SOCK_ESP_UDP && set_gro(fd, family) == -1 && say)
		log_warn(LOG_T_SYSTEM, "this kernel does not join datagrams "
		    "(IPv%d): %s", family == AF_INET ? 4 : 6,
		    strerror(errno));
	if (kind == CHILD_SOCK_NATT && !own_esp && set_int(fd, IPPROTO_UDP, UDP_ENCAP,
	    UDP_ENCAP_ESPINUDP) == -1 && say)
		log_warn(LOG_T_SYSTEM, "this kernel takes no ESP in UDP "
		    "(IPv%d): %s", family == AF_INET ? 4 : 6, strerror(errno));
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, RCVBUF) == -1)
		(void)set_int(fd, SOL_SOCKET, SO_RCVBUF, RCVBUF);
	if (kind == CHILD_SOCK_ESP_UDP)
		(void)set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, SNDBUF);
}

static void
any_address(struct endpoint *e, int family, uint16_t port)
{
	memset(e, 0, sizeof(*e));
	e->addr.family = (uint8_t)family;
	e->port = port;
}

static int
bind_any(int fd, const struct endpoint *local)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(local, &ss);

	return bind(fd, (struct sockaddr *)&ss, len);
}

/*
 * SO_REUSEPORT would let a second IKE daemon of root's share the port; so
 * see first whether the port is free.
 */
static int
port_free(int family, const struct endpoint *local)
{
	int fd, rc, saved;

	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	rc = set_needed(fd, family);
	if (rc == 0)
		rc = bind_any(fd, local);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

static int
sock_open(struct sock *s, int family, unsigned n, const struct port *p,
    const struct sharers *g)
{
	bool ours = n < g->workers;

	s->kind = ours ? p->kind : CHILD_SOCK_ESP_UDP;
	s->worker = ours ? n : 0;
	any_address(&s->local, family, p->port);
	s->fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd == -1)
		return -1;
	if (set_needed(s->fd, family) == -1 ||
	    set_int(s->fd, SOL_SOCKET, SO_REUSEPORT, 1) == -1)
		return -1;
	set_wanted(s->fd, family, s->kind, n == 0, g->threads != 0);
	return bind_any(s->fd, &s->local);
}

static int
attach_steering(int fd, unsigned workers, unsigned threads, bool natt)
{
	struct sock_filter code[STEER_MAX];
	struct sock_fprog prog = { .filter = code };

	prog.len = (unsigned short)steer_program(code, workers, threads,
	    natt);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
	    sizeof(prog));
}

/*
 * One port of one family: the sockets of all workers, in their order, then
 * where ESP comes those of espd's threads.
 */
static int
group_open(struct sockets *ss, int family, const struct port *p,
    const struct sharers *g)
{
	bool natt = p->kind == CHILD_SOCK_NATT;
	unsigned threads = natt ? g->threads : 0;
	struct endpoint local;
	char text[ENDPOINT_STRLEN];
	struct sock *s = NULL;
	unsigned w;

	any_address(&local, family, p->port);
	endpoint_fmt(&local, text, sizeof(text));
	if (port_free(family, &local) == -1)
		goto bad;
	for (w = 0; w < g->workers + threads; w++) {
		s = &ss->socks[ss->n++];
		if (sock_open(s, family, w, p, g) == -1)
			goto bad;
	}
	if (g->workers + threads > 1 && attach_steering(s->fd, g->workers,
	    threads, natt) == -1)
		goto bad;
	return 0;
bad:
	if (errno == EADDRINUSE)
		log_error(LOG_T_SYSTEM, "UDP %s is taken: another IKE daemon "
		    "runs here", text);
	else
		log_error(LOG_T_SYSTEM, "UDP %s: %s", text, strerror(errno));
	return -1;
}

static bool
family_there(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

int
sockets_open(struct sockets *ss, unsigned workers, unsigned espd_threads,
    uint16_t ike, uint16_t natt)
{
	const struct sharers sharers = { workers, espd_threads };
	const struct port ports[NPORTS] = {
		{ CHILD_SOCK_IKE, ike }, { CHILD_SOCK_NATT, natt },
	};
	size_t f, p, i, max = NPORTS * NFAMILIES * workers +
	    ESPD_KINDS * espd_threads + OTHERS;

	memset(ss, 0, sizeof(*ss));
	if ((ss->socks = calloc(max, sizeof(*ss->socks))) == NULL)
		return -1;
	for (i = 0; i < max; i++)
		ss->socks[i].fd = -1;
	for (f = 0; f < NFAMILIES; f++) {
		if (!family_there(families[f])) {
			log_info(LOG_T_SYSTEM, "no IPv%d here",
			    families[f] == AF_INET ? 4 : 6);
			continue;
		}
		for (p = 0; p < NPORTS; p++)
			if (group_open(ss, families[f], &ports[p],
			    &sharers) == -1)
				goto bad;
	}
	if (ss->n == 0) {
		log_error(LOG_T_SYSTEM, "neither IPv4 nor IPv6 here");
		goto bad;
	}
	return 0;
bad:
	sockets_close(ss);
	return -1;
}

/* Who may connect: root, or the members of the group. */
static int
control_rights(const char *path, const char *group)
{
	struct group *g = getgrnam(group);

	if (g == NULL)
		return chmod(path, 0600);
	if (chown(path, 0, g->gr_gid) == -1)
		return -1;
	return chmod(path, 0660);
}

int
sockets_control(struct sockets *ss, const char *path, const char *group)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct sock *s = &ss->socks[ss->n];
	mode_t mask;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		log_error(LOG_T_SYSTEM, "%s: too long for a socket's name",
		    path);
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	s->kind = CHILD_SOCK_CONTROL;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd == -1)
		goto bad;
	ss->n++;
	if (unlink(path) == -1 && errno != ENOENT)
		goto bad;
	mask = umask(0177);
	if (bind(s->fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		umask(mask);
		goto bad;
	}
	umask(mask);
	if (control_rights(path, group) == -1 || listen(s->fd, BACKLOG) == -1)
		goto bad;
	return 0;
bad:
	log_error(LOG_T_SYSTEM, "control socket %s: %s", path,
	    strerror(errno));
	return -1;
}

void
sockets_dhcp(struct sockets *ss)
{
	struct endpoint local;
	int fd;

	any_address(&local, AF_INET, DHCP_PORT);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || set_needed(fd, AF_INET) == -1 ||
	    bind_any(fd, &local) == -1) {
		log_warn(LOG_T_SYSTEM, "UDP port %d: %s; clients that ask by "
		    "DHCP for split-include are not answered", DHCP_PORT,
		    errno == EADDRINUSE ? "a DHCP server has it" :
		    strerror(errno));
		if (fd != -1)
			close(fd);
		return;
	}
	sockets_add(ss, CHILD_SOCK_DHCP, fd);
}

bool
sockets_has(const struct sockets *ss, uint16_t kind)
{
	size_t i;

	for (i = 0; i < ss->n; i++)
		if (ss->socks[i].kind == kind)
			return true;
	return false;
}

void
sockets_add(struct sockets *ss, uint16_t kind, int fd)
{
	struct sock *s = &ss->socks[ss->n++];

	s->kind = kind;
	s->fd = fd;
}

void
sockets_close(struct sockets *ss)
{
	size_t i;

	for (i = 0; i < ss->n; i++)
		if (ss->socks[i].fd != -1)
			close(ss->socks[i].fd);
	free(ss->socks);
	memset(ss, 0, sizeof(*ss));
}

int
sock_dup(const struct sock *s)
{
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);

	if (fd == -1)
		log_error(LOG_T_SYSTEM, "copy of a socket: %s",
		    strerror(errno));
	return fd;
}
