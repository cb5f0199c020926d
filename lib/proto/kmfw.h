/*
 * The edge keymgr - fwsync: what source NAT in tunnels is to be made of, as
 * it really stands in the kernel.  fwsync asks nothing and believes nobody
 * else.  When the edge comes up all that there are follow, then KMFW_KNOWN.
 */
#ifndef LIB_PROTO_KMFW_H
#define LIB_PROTO_KMFW_H

#include "lib/addr.h"
#include "lib/buf.h"

enum kmfw_type {
	KMFW_GIVEN = 1,		/* struct kmfw_given: the same name again
				 * replaces */
	KMFW_GONE,		/* u16 worker, u32 vip */
	KMFW_KNOWN,		/* empty */
};

#define KMFW_NETS	64
#define KMFW_NAME_LEN	64	/* with NUL */

/*
 * An address that a peer gave us.  Connections from src_list, or with
 * conn_mark, to one of the nets have their source translated to it; without
 * a net everything is behind the peer but src_list itself.  Neither of the
 * two: nothing is translated.
 */
struct kmfw_given {
	uint16_t worker;	/* these two name it */
	uint32_t vip;
	uint32_t identity;	/* configuration id */
	struct addr addr4, addr6;	/* AF_UNSPEC: none; one there is */
	char src_list[KMFW_NAME_LEN];	/* "": none */
	char conn_mark[KMFW_NAME_LEN];
	uint8_t nnets;
	struct prefix net[KMFW_NETS];
};

/* As in the other edges. */
void kmfw_given_put(struct buf *, const struct kmfw_given *);
int kmfw_given_get(struct cur *, struct kmfw_given *, const char **why);

#define KMFW_GONE_LEN	6
#define KMFW_GIVEN_MAX	(64 + 2 * (2 + KMFW_NAME_LEN) + KMFW_NETS * 18)

#endif
