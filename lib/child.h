/*
 * What every child process of sallyportd has in common: the supervisor
 * edge, log relay, configuration in two phases, edges to its peers, show
 * requests, orderly end.  A daemon's main file is a struct child_ops and a
 * call of child_main().
 *
 * Order of events: init() (still root, not confined; may open files and
 * sockets) -> confined -> conf() with the first configuration -> peer_up()
 * for each peer, socket() for each inherited socket -> start() -> loop.
 * Later: conf() again on reload; peer_up() again when a peer died and was
 * started anew (its end is noticed on the edge to it, before or after); and
 * stop() at orderly shutdown.  When the supervisor edge goes down or says
 * what it must not, the process ends.
 *
 * Every member of struct child_ops but id may be NULL.  Callbacks run in
 * the loop of child_base().
 */
#ifndef LIB_CHILD_H
#define LIB_CHILD_H

#include "lib/conf/conf.h"
#include "lib/edge.h"
#include "lib/proc.h"

#include <event2/event.h>

struct child;
struct show_req;

struct child_ops {
	enum proc_id id;
	/* Before confinement.  -1: exit. */
	int (*init)(struct child *);
	/*
	 * A complete new configuration: only the objects and properties the
	 * schema sends to this process.  The child takes ownership of conf.
	 */
	void (*conf)(struct child *, struct conf *);
	/*
	 * A file that an object of the configuration names, fd owned by the
	 * callee (-1: it cannot be opened); after conf() and again when files
	 * change, all those that belong together, then files_end().
	 */
	void (*file)(struct child *, uint32_t obj, int fd);
	void (*files_end)(struct child *);
	/* An edge to a peer, fd owned by the callee. idx: worker number.
	 * An edge to the same peer that still stands is dead: replace it.
	 * Edges to controld (requests) do not come here but to show(), save
	 * in controld itself. */
	void (*peer_up)(struct child *, enum proc_id, unsigned idx, int fd);
	/* An inherited socket; kind and local as the supervisor bound it. */
	void (*socket)(struct child *, uint16_t kind,
	    const struct endpoint *local, int fd);
	/* Everything has been handed over; runs once. */
	void (*start)(struct child *);
	/* Answers a show request or action (lib/proto/show.h).  Without it
	 * the answer is an error. */
	void (*show)(struct child *, struct show_req *);
	/* Orderly end.  Return true when finished; or false and call
	 * child_stopped() later (the supervisor waits some seconds). */
	bool (*stop)(struct child *);
	/* The supervisor is gone without an orderly stop; the process exits
	 * after this returns. */
	void (*orphaned)(struct child *);
};

/* Socket kinds handed to socket() */
#define CHILD_SOCK_IKE		1	/* UDP, the IKE port */
#define CHILD_SOCK_NATT		2	/* UDP, the NAT-T port, UDP_ENCAP set */
#define CHILD_SOCK_CONTROL	3	/* listening AF_UNIX stream */
#define CHILD_SOCK_DHCP		4	/* UDP, port 67, IPv4 */
#define CHILD_SOCK_ESP_UDP	5	/* UDP, the NAT-T port, of espd; in the
					 * order of the packet threads, as the
					 * following */
#define CHILD_SOCK_ESP_RAW	6	/* protocol 50 */
#define CHILD_SOCK_ESP_TUN	7	/* a queue of the TUN device; port 1: it
					 * takes UDP super-packets */
#define CHILD_SOCK_ESP_PASS	13	/* raw, for packets with their header;
					 * one a family */
#define CHILD_SOCK_ESP_L2TP	14	/* a SOCK_SEQPACKET pair with who speaks
					 * L2TP, lib/l2tppair.h; none: their
					 * datagrams go by the device */
/* Two files to read and write, not sockets: sessiond's leases; this and + 1 */
#define CHILD_FILE_LEASES	8
/* Memory that outlives espd: what keymgr reads too (lib/esplive.h), and the
 * SAs with their keys, which only espd gets. */
#define CHILD_FILE_ESP_BOARD	10
#define CHILD_FILE_ESP_KEEP	11
#define CHILD_FILE_ESP_READ	12	/* the board, for keymgr */

/* Runs the daemon; the return value is the exit status. */
int child_main(int argc, char **argv, const struct child_ops *);

struct event_base *child_base(struct child *);
unsigned child_worker(const struct child *);	/* this worker's index */
unsigned child_workers(const struct child *);	/* how many ikepd there are */
unsigned child_espd_threads(const struct child *);	/* 0: no espd */
/* IPv6 packets that come out of the device of espd bear ESPTUN_IN_MARK. */
bool child_espd_marks(const struct child *);
void *child_data(struct child *);
void child_set_data(struct child *, void *);
/* A message of lib/proto/super.h to the supervisor, which knows who may send
 * it.  body may be NULL.  -1: it is lost. */
int child_tell(struct child *, uint16_t type, struct buf *body);
/* stop() is finished: tells the supervisor and leaves the loop. */
void child_stopped(struct child *);
/* Ends the process after its last log lines are written; the supervisor
 * starts another one.  why: one line, logged as an error. */
void child_fatal(struct child *, const char *why)
    __attribute__((noreturn));

#endif
