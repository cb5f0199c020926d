/*
 * controld: answers at the control socket.  It owns nothing and may do
 * nothing; it talks to
 *
 *   sallyportd		lib/proto/super.h	lib/child.c
 *   every process	lib/proto/show.h	ipc_owners.c
 *   sallyctl		lib/proto/ctl.h		ipc_clients.c
 */
#include "sallyctl/controld/ipc_clients.h"
#include "sallyctl/controld/ipc_owners.h"

#include "lib/child.h"

#include <unistd.h>

static struct owners *owners;
static struct clients *clients;
static int listener = -1;

static int
controld_init(struct child *c)
{
	if ((clients = clients_new(child_base(c))) == NULL)
		return -1;
	owners = owners_new(child_base(c), &clients_owners_ops, clients);
	clients_set_owners(clients, owners);
	return owners == NULL ? -1 : 0;
}

static void
controld_peer_up(struct child *c, enum proc_id proc, unsigned idx, int fd)
{
	(void)c;
	owners_up(owners, proc, idx, fd);
}

static void
controld_socket(struct child *c, uint16_t kind, const struct endpoint *local,
    int fd)
{
	(void)c;
	(void)local;
	if (kind == CHILD_SOCK_CONTROL && listener == -1)
		listener = fd;
	else
		close(fd);
}

/* Clients wait in the socket's queue until there is somebody to ask. */
static void
controld_start(struct child *c)
{
	if (listener == -1 || clients_listen(clients, listener) == -1)
		child_fatal(c, "no control socket");
}

int
main(int argc, char **argv)
{
	static const struct child_ops ops = {
		.id = PROC_CONTROLD,
		.init = controld_init,
		.peer_up = controld_peer_up,
		.socket = controld_socket,
		.start = controld_start,
	};

	return child_main(argc, argv, &ops);
}
