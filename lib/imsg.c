#include "lib/imsg.h"

#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLAG_FD		0x0001	/* an fd came with the first byte */
#define FLAGS_KNOWN	FLAG_FD

#define READ_SIZE	(64 * 1024)	/* grows when a message is longer */
#define CHUNK_SIZE	(32 * 1024)
#define IOV_BATCH	64
#define FDS_WAITING	8	/* received, not yet claimed by a message */
#define FDS_PER_READ	4	/* more than one is an error already */

/* Output: whole messages back to back; only the last chunk is filled. */
struct chunk {
	TAILQ_ENTRY(chunk) entry;
	size_t off, len, cap;
	uint8_t data[];
};

/* An fd that goes out with the byte at pos of the output stream. */
struct fdout {
	TAILQ_ENTRY(fdout) entry;
	uint64_t pos;
	int fd;
};

struct imsgbuf {
	int fd;
	/* input: rbuf[roff .. rlen) is not yet handed out */
	uint8_t *rbuf;
	size_t rcap, roff, rlen;
	size_t current;		/* length of the message handed out, or 0 */
	int fds[FDS_WAITING];
	size_t nfds;
	/* output */
	TAILQ_HEAD(chunkq, chunk) chunks;
	TAILQ_HEAD(, fdout) fdouts;
	struct chunk *spare;
	uint64_t sent;		/* stream position of the next byte out */
	size_t queued, queue_max;
};

static void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

struct imsgbuf *
imsgbuf_new(int fd, size_t queue_max)
{
	struct imsgbuf *b = NULL;
	int flags;

	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    (b = calloc(1, sizeof(*b))) == NULL ||
	    (b->rbuf = malloc(READ_SIZE)) == NULL) {
		free(b);
		close(fd);
		return NULL;
	}
	b->fd = fd;
	b->rcap = READ_SIZE;
	b->queue_max = queue_max;
	TAILQ_INIT(&b->chunks);
	TAILQ_INIT(&b->fdouts);
	return b;
}

static void
chunk_free(struct chunk *c)
{
	explicit_bzero(c->data, c->len);
	free(c);
}

/* Releases the first queued fd. */
static void
fdout_drop(struct imsgbuf *b)
{
	struct fdout *f = TAILQ_FIRST(&b->fdouts);

	TAILQ_REMOVE(&b->fdouts, f, entry);
	close(f->fd);
	free(f);
}

static void
close_received(struct imsgbuf *b)
{
	while (b->nfds > 0)
		close(b->fds[--b->nfds]);
}

void
imsgbuf_free(struct imsgbuf *b)
{
	struct chunk *c;

	if (b == NULL)
		return;
	while ((c = TAILQ_FIRST(&b->chunks)) != NULL) {
		TAILQ_REMOVE(&b->chunks, c, entry);
		chunk_free(c);
	}
	while (!TAILQ_EMPTY(&b->fdouts))
		fdout_drop(b);
	close_received(b);
	free(b->spare);
	explicit_bzero(b->rbuf, b->rlen);
	free(b->rbuf);
	close(b->fd);
	free(b);
}

int
imsgbuf_fd(const struct imsgbuf *b)
{
	return b->fd;
}

/* Moves what is not yet handed out to the front; nothing stays behind. */
static void
input_compact(struct imsgbuf *b)
{
	size_t n = b->rlen - b->roff;

	if (b->roff == 0)
		return;
	memmove(b->rbuf, b->rbuf + b->roff, n);
	explicit_bzero(b->rbuf + n, b->rlen - n);
	b->roff = 0;
	b->rlen = n;
}

/* realloc() would leave an unwiped copy behind. */
static int
input_grow(struct imsgbuf *b, size_t need)
{
	uint8_t *p;

	if (need <= b->rcap)
		return 0;
	if ((p = malloc(need)) == NULL)
		return -1;
	memcpy(p, b->rbuf, b->rlen);
	explicit_bzero(b->rbuf, b->rlen);
	free(b->rbuf);
	b->rbuf = p;
	b->rcap = need;
	return 0;
}

/*
 * Takes over the fds of one recvmsg.  The kernel ends a read behind bytes
 * that carry fds, so one at most is legitimate; a truncated list lost some.
 */
static int
collect_fds(struct imsgbuf *b, struct msghdr *mh)
{
	struct cmsghdr *c;
	int fd, bad = (mh->msg_flags & MSG_CTRUNC) != 0;
	size_t n, taken = 0;

	for (c = CMSG_FIRSTHDR(mh); c != NULL; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (size_t i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (taken++ == 0 && b->nfds < FDS_WAITING) {
				b->fds[b->nfds++] = fd;
				continue;
			}
			close(fd);
			bad = 1;
		}
	}
	if (!bad)
		return 0;
	close_received(b);
	errno = EPROTO;
	return -1;
}

int
imsgbuf_read(struct imsgbuf *b)
{
	union {
		struct cmsghdr align;
		uint8_t space[CMSG_SPACE(sizeof(int) * FDS_PER_READ)];
	} ctl;
	struct iovec iov;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = ctl.space, .msg_controllen = sizeof(ctl) };
	ssize_t n;

	if (b->current != 0)
		return 0;
	input_compact(b);
	if (b->rlen == b->rcap)
		return 1;	/* the owner has not taken the last ones */
	iov.iov_base = b->rbuf + b->rlen;
	iov.iov_len = b->rcap - b->rlen;
	do
		n = recvmsg(b->fd, &mh, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	if (n == 0) {
		errno = 0;
		return -1;
	}
	b->rlen += (size_t)n;
	return collect_fds(b, &mh) == -1 ? -1 : 1;
}

/*
 * At the end of the whole messages, with left bytes of a next one whose
 * flags are known or not: is there an fd that no message can claim?
 */
static int
uninvited_fd(struct imsgbuf *b, size_t left, uint16_t flags)
{
	size_t may;

	if (left < IMSG_HDR_LEN)
		may = left > 0;
	else
		may = (flags & FLAG_FD) != 0;
	if (b->nfds <= may)
		return 0;
	close_received(b);
	return -1;
}

int
imsgbuf_next(struct imsgbuf *b, struct imsg *m)
{
	struct cur c;
	uint16_t flags = 0;
	uint32_t len = 0;
	size_t left = b->rlen - b->roff;

	cur_init(&c, b->rbuf + b->roff, left);
	if (left < IMSG_HDR_LEN)
		return uninvited_fd(b, left, 0);
	if (cur_u16(&c, &m->type) == -1 || cur_u16(&c, &flags) == -1 ||
	    cur_u32(&c, &len) == -1 || cur_u32(&c, &m->id) == -1)
		return -1;
	if ((flags & ~FLAGS_KNOWN) != 0 || len < IMSG_HDR_LEN ||
	    len > IMSG_HDR_LEN + IMSG_BODY_MAX)
		return -1;
	if (left < len) {
		if (uninvited_fd(b, left, flags) == -1)
			return -1;
		if (len > b->rcap - b->roff)
			input_compact(b);
		return input_grow(b, len);
	}
	m->fd = -1;
	if (flags & FLAG_FD) {
		if (b->nfds == 0)
			return -1;
		m->fd = b->fds[0];
		memmove(b->fds, b->fds + 1, --b->nfds * sizeof(b->fds[0]));
	}
	b->current = len;
	return cur_sub(&c, &m->body, len - IMSG_HDR_LEN) == -1 ? -1 : 1;
}

int
imsg_fd(struct imsg *m)
{
	int fd = m->fd;

	m->fd = -1;
	return fd;
}

void
imsg_done(struct imsgbuf *b, struct imsg *m)
{
	if (m->fd != -1)
		close(imsg_fd(m));
	explicit_bzero(b->rbuf + b->roff, b->current);
	b->roff += b->current;
	b->current = 0;
	if (b->roff == b->rlen)
		b->roff = b->rlen = 0;
	cur_init(&m->body, NULL, 0);
}

/* A chunk with room for n more bytes, at the end of the queue. */
static struct chunk *
output_room(struct imsgbuf *b, size_t n)
{
	struct chunk *c = TAILQ_LAST(&b->chunks, chunkq);
	size_t cap = n > CHUNK_SIZE ? n : CHUNK_SIZE;

	if (c != NULL && c->cap - c->len >= n)
		return c;
	if (b->spare != NULL && b->spare->cap >= n) {
		c = b->spare;
		b->spare = NULL;
	} else if ((c = malloc(sizeof(*c) + cap)) != NULL)
		c->cap = cap;
	else
		return NULL;
	c->off = c->len = 0;
	TAILQ_INSERT_TAIL(&b->chunks, c, entry);
	return c;
}

static int
queue_fd(struct imsgbuf *b, int fd)
{
	struct fdout *f = malloc(sizeof(*f));

	if (f == NULL)
		return -1;
	f->pos = b->sent + b->queued;
	f->fd = fd;
	TAILQ_INSERT_TAIL(&b->fdouts, f, entry);
	return 0;
}

int
imsgbuf_send(struct imsgbuf *b, uint16_t type, uint32_t id, int fd,
    const void *body, size_t len)
{
	size_t total = IMSG_HDR_LEN + len;
	struct chunk *c;
	uint8_t *p;

	if (len > IMSG_BODY_MAX || b->queued > b->queue_max ||
	    total > b->queue_max - b->queued ||
	    (c = output_room(b, total)) == NULL ||
	    (fd != -1 && queue_fd(b, fd) == -1)) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	p = c->data + c->len;
	put_u32(p, (uint32_t)type << 16 | (fd != -1 ? FLAG_FD : 0));
	put_u32(p + 4, (uint32_t)total);
	put_u32(p + 8, id);
	if (len > 0)
		memcpy(p + IMSG_HDR_LEN, body, len);
	c->len += total;
	b->queued += total;
	return 0;
}

/*
 * Gathers from the front of the queue up to the next byte that needs an fd
 * of its own.  *fd: the one that goes with the first byte, or -1.
 */
static size_t
output_gather(struct imsgbuf *b, struct iovec *iov, int *fd)
{
	struct fdout *f = TAILQ_FIRST(&b->fdouts);
	struct chunk *c;
	size_t n = 0, room = b->queued, take;

	*fd = -1;
	if (f != NULL && f->pos == b->sent) {
		*fd = f->fd;
		f = TAILQ_NEXT(f, entry);
	}
	if (f != NULL)
		room = (size_t)(f->pos - b->sent);
	TAILQ_FOREACH(c, &b->chunks, entry) {
		if (n == IOV_BATCH || room == 0)
			break;
		take = c->len - c->off;
		if (take > room)
			take = room;
		iov[n].iov_base = c->data + c->off;
		iov[n++].iov_len = take;
		room -= take;
	}
	return n;
}

/* n bytes were written: wipe them and let go of empty chunks. */
static void
output_consume(struct imsgbuf *b, size_t n)
{
	struct chunk *c;
	size_t take;

	b->sent += n;
	b->queued -= n;
	while (n > 0) {
		c = TAILQ_FIRST(&b->chunks);
		take = c->len - c->off < n ? c->len - c->off : n;
		explicit_bzero(c->data + c->off, take);
		c->off += take;
		n -= take;
		if (c->off < c->len)
			break;
		TAILQ_REMOVE(&b->chunks, c, entry);
		if (b->spare == NULL && c->cap == CHUNK_SIZE)
			b->spare = c;
		else
			free(c);
	}
}

static ssize_t
output_write(struct imsgbuf *b)
{
	union {
		struct cmsghdr align;
		uint8_t space[CMSG_SPACE(sizeof(int))];
	} ctl = { .space = { 0 } };
	struct iovec iov[IOV_BATCH];
	struct msghdr mh = { .msg_iov = iov };
	struct cmsghdr *cm;
	ssize_t n;
	int fd;

	mh.msg_iovlen = output_gather(b, iov, &fd);
	if (fd != -1) {
		mh.msg_control = ctl.space;
		mh.msg_controllen = sizeof(ctl.space);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	}
	do
		n = sendmsg(b->fd, &mh, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n > 0 && fd != -1)
		fdout_drop(b);
	return n;
}

int
imsgbuf_flush(struct imsgbuf *b)
{
	ssize_t n;

	while (b->queued > 0) {
		if ((n = output_write(b)) == -1) {
			if (errno == EAGAIN || errno == EWOULDBLOCK ||
			    errno == ENOBUFS)
				return 1;
			return -1;
		}
		output_consume(b, (size_t)n);
	}
	return 0;
}

size_t
imsgbuf_queued(const struct imsgbuf *b)
{
	return b->queued;
}
