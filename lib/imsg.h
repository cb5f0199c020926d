/*
 * Framed messages over a SOCK_STREAM socket pair: type, flags, length, id,
 * then the body.  At most one file descriptor rides on a message.  Output
 * is queued and written in batches.
 */
#ifndef LIB_IMSG_H
#define LIB_IMSG_H

#include "lib/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMSG_HDR_LEN	12
#define IMSG_BODY_MAX	(128 * 1024)	/* IKE messages of 64 kB ride along */

struct imsg {
	uint16_t type;
	uint32_t id;	/* the asker's, returned in the answer; else 0 */
	struct cur body;	/* valid until the handler returns */
	int fd;		/* -1, or owned by the receiver: take it with imsg_fd */
};

struct imsgbuf;

/* Takes ownership of fd and makes it non-blocking.  NULL: out of memory.
 * queue_max: bytes of output that may wait before imsg_send fails. */
struct imsgbuf *imsgbuf_new(int fd, size_t queue_max);
/* Closes the fd and any queued or received fds; wipes all bytes. */
void imsgbuf_free(struct imsgbuf *);
int imsgbuf_fd(const struct imsgbuf *);
/* Reads what is there.  1: something read, 0: nothing now, -1: peer closed
 * or error (errno 0 when closed). */
int imsgbuf_read(struct imsgbuf *);
/* Next whole message.  1: *m filled, 0: none yet, -1: protocol error. */
int imsgbuf_next(struct imsgbuf *, struct imsg *m);
/* Takes the fd out of a message; -1 when there is none. */
int imsg_fd(struct imsg *);
/* Must be called after each message from imsgbuf_next: closes an fd that
 * was not taken and wipes the body. */
void imsg_done(struct imsgbuf *, struct imsg *);
/*
 * Queues a message.  fd -1 or one that is duplicated by the kernel and
 * closed here once sent (also on error).  body may be NULL when len is 0.
 * -1: the queue is full or memory is out; nothing was queued.
 */
int imsgbuf_send(struct imsgbuf *, uint16_t type, uint32_t id, int fd,
    const void *body, size_t len);
/* Writes queued messages in batches.  1: more waits, 0: all written,
 * -1: peer gone. */
int imsgbuf_flush(struct imsgbuf *);
size_t imsgbuf_queued(const struct imsgbuf *);	/* bytes waiting */

#endif
