/*
 * informd: tells clients inside tunnels, Windows above all, which nets are
 * behind the gateway, when they ask by DHCPINFORM.  It hands out no lease
 * and holds nothing; it talks to
 *
 *   sallyportd		lib/proto/super.h	lib/child.c
 *   sessiond		lib/proto/sedhcp.h	ipc_sessiond.c
 *   clients		UDP port 67		udp.c, dhcp.c
 */
#include "informd/asked.h"
#include "informd/ipc_sessiond.h"
#include "informd/udp.h"

#include "lib/child.h"
#include "lib/log.h"

#include <sys/random.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct informd {
	struct event_base *base;
	struct ipc_sessiond *sessiond;
	struct udp *udp;
	struct asked asked;
};

static struct informd self;

/* Whoever wants to know says who it is: its packet comes from there. */
static void
on_inform(void *arg, const uint8_t *data, size_t len, const struct addr *from,
    const struct addr *to)
{
	const struct asked_one *o;
	struct informd *d = arg;
	struct dhcp_inform inform;
	struct asked_one drop;
	const char *why;

	if (dhcp_inform_get(data, len, &inform, &why) == -1 ||
	    !addr_equal(&inform.ciaddr, from))
		return;
	o = asked_add(&d->asked, &inform, to, mono_now());
	if (o != NULL && ipc_sessiond_ask(d->sessiond, o->id, from) == -1)
		(void)asked_take(&d->asked, o->id, &drop);
}

static void
ack_put(struct buf *b, const struct asked_one *o, const struct sedhcp *s)
{
	const struct dhcp_told told = { .server = o->server,
		.route = s->route, .nroutes = s->nroutes,
		.dns = s->dns, .ndns = s->ndns, .domain = s->domain };

	dhcp_ack_put(b, &o->inform, &told);
}

static void
on_answer(void *arg, uint32_t id, const struct sedhcp *s)
{
	static struct log_limit limit = { .burst = 3, .interval_ms = 60000 };
	struct informd *d = arg;
	char a[ADDR_STRLEN];
	struct asked_one o;
	struct buf b;

	if (asked_take(&d->asked, id, &o) == -1 || !s->there ||
	    !addr_equal(&s->addr, &o.inform.ciaddr) || d->udp == NULL)
		return;
	buf_init(&b, DHCP_LEN_MAX);
	ack_put(&b, &o, s);
	addr_fmt(&o.inform.ciaddr, a, sizeof(a));
	if (buf_error(&b) == -1)
		log_error(LOG_T_SYSTEM, "out of memory");
	else if (udp_send(d->udp, &o.server, &o.inform.ciaddr, b.data,
	    b.len) == 0)
		log_debug(LOG_T_SYSTEM, "told %s of %u nets", a, s->nroutes);
	else
		log_limited(&limit, mono_now(), LOG_T_SYSTEM | LOG_T_WARNING,
		    "DHCPACK to %s: %s", a, strerror(errno));
	buf_free(&b);
}

static void
on_sessiond_down(void *arg)
{
	struct informd *d = arg;

	asked_forget(&d->asked);
}

static int
informd_init(struct child *c)
{
	struct ipc_sessiond_ops ops = { on_answer, on_sessiond_down, &self };
	uint64_t seed;

	self.base = child_base(c);
	self.sessiond = ipc_sessiond_new(self.base, &ops);
	if (self.sessiond == NULL ||
	    getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		log_error(LOG_T_SYSTEM, "informd: no memory or randomness");
		return -1;
	}
	asked_init(&self.asked, seed, mono_now());
	return 0;
}

static void
informd_conf(struct child *c, struct conf *conf)
{
	(void)c;
	conf_free(conf);	/* sessiond knows */
}

static void
informd_peer_up(struct child *c, enum proc_id proc, unsigned idx, int fd)
{
	(void)c;
	(void)idx;
	if (proc == PROC_SESSIOND)
		ipc_sessiond_up(self.sessiond, fd);
	else
		close(fd);
}

static void
informd_socket(struct child *c, uint16_t kind, const struct endpoint *local,
    int fd)
{
	(void)local;
	if (kind != CHILD_SOCK_DHCP || self.udp != NULL) {
		close(fd);
		return;
	}
	self.udp = udp_new(self.base, fd, on_inform, &self);
	if (self.udp == NULL)
		child_fatal(c, "out of memory");
}

int
main(int argc, char **argv)
{
	static const struct child_ops ops = {
		.id = PROC_INFORMD,
		.init = informd_init,
		.conf = informd_conf,
		.peer_up = informd_peer_up,
		.socket = informd_socket,
	};

	return child_main(argc, argv, &ops);
}
