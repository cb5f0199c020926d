/*
 * An edge of the process graph: an imsgbuf bound to the event loop, with a
 * permit table that says what may arrive.  Sender first (an edge has one
 * peer, and its table lists what that peer may send), exact length second,
 * act third.
 */
#ifndef LIB_EDGE_H
#define LIB_EDGE_H

#include "lib/imsg.h"

#include <event2/event.h>

struct edge;

/* Flags of a permit row */
#define PERMIT_FD	0x01	/* exactly one fd rides along */
#define PERMIT_FD_OPT	0x02	/* an fd may ride along */

/*
 * Handles one message; the body has min..max bytes.  Returns 0, or -1 with
 * *why set (a static string) when the content is not acceptable; the edge
 * then applies its owner's policy (edge_policy).  The handler must read
 * the body to its end: trailing bytes are an error of the sender.
 * The handler must not free the edge.
 */
typedef int (*edge_fn)(void *arg, struct imsg *m, const char **why);

struct permit {
	uint16_t type;
	const char *name;	/* for the log */
	size_t min, max;	/* length of the body */
	uint8_t flags;
	edge_fn fn;
};

/* What happens on a message outside the table or refused by a handler. */
enum edge_policy {
	EDGE_REFUSE,	/* privileged side: log, count, drop it, live */
	EDGE_EXIT,	/* towards a supervisor: log and exit */
	EDGE_CLOSE,	/* control clients: log, close (down is called) */
};

/* Called from the loop when the peer closed or broke the framing; the edge
 * may be freed in it. */
typedef void (*edge_down)(void *arg, const char *why);
/* The why of an edge whose other end has ended. */
extern const char edge_closed[];

/*
 * name: the peer's, for the log.  permits: n rows, kept by reference.
 * Takes ownership of fd.  queue_max as in imsgbuf_new.  NULL: no memory.
 */
struct edge *edge_new(struct event_base *, int fd, const char *name,
    enum edge_policy, const struct permit *permits, size_t n,
    edge_down down, void *arg, size_t queue_max);
void edge_free(struct edge *);		/* NULL is allowed */
/* Queues; writes at the end of this turn of the loop.  -1: not queued
 * (queue full, or e is NULL: the peer is down). */
int edge_send(struct edge *, uint16_t type, uint32_t id, int fd,
    const struct buf *body);		/* body NULL: empty */
/* Writes now as much as the socket takes. */
void edge_flush(struct edge *);
/* Handles what has arrived, without waiting; down may be called in it.  Not
 * from a handler of the same edge.  NULL is allowed. */
void edge_poll(struct edge *);
/* Blocks until everything queued was written (used once, at exit). */
void edge_drain(struct edge *);
/*
 * What this peer has said is handled before what is there from others.  To
 * be called before anything has arrived, in a base of two priorities.
 */
int edge_first(struct edge *);
size_t edge_queued(const struct edge *);
uint64_t edge_refused(const struct edge *);	/* messages refused so far */
const char *edge_name(const struct edge *);
/*
 * Back-pressure: stops/starts reading from the peer, for an owner whose own
 * output stands at its high-water mark.
 */
void edge_read_enable(struct edge *, bool on);

#endif
