/*
 * The edge sallyportd - every child: start, configuration, sockets and
 * peers' edges downwards; log lines and the orderly end upwards.
 *
 * Order downwards: SUPER_INIT; then, once the child has answered
 * SUPER_READY (it is confined from there on), a configuration, the peers,
 * the sockets and SUPER_START.  Later at any time: a complete configuration
 * again, a peer that was started anew, SUPER_LOG_MASK, SUPER_STOP.
 */
#ifndef LIB_PROTO_SUPER_H
#define LIB_PROTO_SUPER_H

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/dnsname.h"
#include "lib/imsg.h"
#include "lib/log.h"
#include "lib/proc.h"

#include <limits.h>
#include <stdint.h>

enum super_type {
	/* sallyportd -> child */
	SUPER_INIT = 1,		/* struct super_init */
	SUPER_CONF_BEGIN,	/* struct super_conf */
	SUPER_CONF_OBJECT,	/* one object, as lib/conf packs it */
	SUPER_CONF_END,		/* struct super_conf, equal to BEGIN's */
	SUPER_PEER,		/* struct super_peer; the edge's fd */
	SUPER_SOCKET,		/* struct super_socket; the socket */
	SUPER_START,		/* empty */
	SUPER_LOG_MASK,		/* u32 */
	SUPER_STOP,		/* empty */
	/* child -> sallyportd */
	SUPER_READY,		/* empty: confined */
	SUPER_LOG,		/* u32 topics, string */
	SUPER_STOPPED,		/* empty */
	/* sallyportd -> certd */
	SUPER_FILE,		/* u32: the object that names it; the open
				 * file, none when it cannot be opened */
	SUPER_FILES_END,	/* empty: all that belong together are here */
	/* ikepd -> sallyportd */
	SUPER_SILENT,		/* u32: the peer that does not answer */
	/* keymgr -> sallyportd */
	SUPER_DNS,		/* struct super_dns: a peer of ours wants its
				 * name servers asked, or no more */
	SUPER_DNS_KNOWN,	/* empty: what this keymgr has not named goes */
	SUPER_STUCK,		/* empty: espd does not answer */
};

#define SUPER_WORKERS_MAX	32	/* ikepd processes; the number is in
				 * five bits of our SPIs */

struct super_init {
	uint16_t worker;	/* this process's number among its kind */
	uint16_t workers;	/* how many ikepd there are, 1..WORKERS_MAX */
	uint32_t log_mask;
	uint8_t espd_threads;	/* packet threads of espd; 0: the kernel
				 * moves the packets */
	bool espd_marks;	/* IPv6 packets of the device bear a mark */
	char chroot_dir[PATH_MAX];	/* empty directory to live in */
};

/* Names one delivery of a configuration and how many objects it has. */
struct super_conf {
	uint32_t serial;
	uint32_t objects;
};

struct super_peer {
	enum proc_id proc;
	uint16_t worker;
};

struct super_socket {
	uint16_t kind;		/* CHILD_SOCK_ */
	struct endpoint local;	/* as bound; no address: AF_UNIX */
};

struct super_log {
	uint32_t topics;
	char line[LOG_LINE_MAX + 1];
};

#define SUPER_DNS_MAX	8
#define SUPER_NAMES_MAX	16

/* Name servers that come with an address somebody gave us. */
struct super_dns {
	uint16_t worker;	/* these two name it */
	uint32_t vip;
	char iface[16];		/* that the address is on, when it is there
				 * for nothing else; else "" */
	uint8_t ndns;		/* 0: not to be asked any more */
	struct addr dns[SUPER_DNS_MAX];
	uint8_t nnames;		/* 0: for all names */
	char names[SUPER_NAMES_MAX][DNSNAME_MAX + 1];
};

/* put appends; get returns 0, or -1 with *why set when the body is short,
 * out of range or has trailing bytes. */
void super_init_put(struct buf *, const struct super_init *);
int super_init_get(struct cur *, struct super_init *, const char **why);
void super_conf_put(struct buf *, const struct super_conf *);
int super_conf_get(struct cur *, struct super_conf *, const char **why);
void super_peer_put(struct buf *, const struct super_peer *);
int super_peer_get(struct cur *, struct super_peer *, const char **why);
void super_socket_put(struct buf *, const struct super_socket *);
int super_socket_get(struct cur *, struct super_socket *, const char **why);
void super_log_put(struct buf *, uint32_t topics, const char *line);
int super_log_get(struct cur *, struct super_log *, const char **why);
void super_dns_put(struct buf *, const struct super_dns *);
int super_dns_get(struct cur *, struct super_dns *, const char **why);

/* Lengths for permit tables */
#define SUPER_INIT_MIN	11
#define SUPER_INIT_MAX	(12 + PATH_MAX)
#define SUPER_CONF_LEN	8
#define SUPER_PEER_LEN	3
#define SUPER_FILE_LEN	4
#define SUPER_SOCKET_MIN	5
#define SUPER_SOCKET_MAX	21
#define SUPER_DNS_LEN_MAX						\
	(32 + SUPER_DNS_MAX * 17 + SUPER_NAMES_MAX * (2 + DNSNAME_MAX + 1))
#define SUPER_LOG_MIN	6
#define SUPER_LOG_MAX	(6 + LOG_LINE_MAX)

#endif
