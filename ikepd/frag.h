/*
 * IKE fragmentation (RFC 7383) without the messages around it: into how
 * many pieces a content is cut, and the pieces of one message of the peer
 * until all of them are there.  Work per fragment does not depend on how
 * many came before; whoever calls has authenticated what is stored.
 */
#ifndef IKEPD_FRAG_H
#define IKEPD_FRAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAG_MAX	64	/* fragments of a message */
#define FRAG_S		30	/* seconds until the last of them is there */
/* Content of a message, so that it fits a datagram with its header. */
#define FRAG_CONTENT_MAX	(65535 - 28)
/* Held of unfinished messages of all peers together, bytes.  Half of it is
 * only for those who have authenticated themselves. */
#define FRAG_HELD_MAX	(32u << 20)

/* Fragments of one message.  NULL wherever no message is under way. */
struct frag_set;

/* What a fragment's envelope says. */
struct frag_id {
	uint32_t msgid;
	uint8_t exchange;
	uint8_t first;		/* type of the first inner payload; counts in
				 * fragment 1 alone */
	uint16_t num, total;	/* 1 <= num <= total */
};

enum frag_look {
	FRAG_WANTED,
	FRAG_AGAIN,		/* is there already */
	FRAG_OUTDATED,		/* of a cut into fewer pieces (2.6) */
	FRAG_OTHER,		/* of another exchange type */
	FRAG_TOO_MANY,		/* more than FRAG_MAX in all */
};

/*
 * Whether a fragment is worth the work of opening it, by its envelope, which
 * is not proven yet.
 */
enum frag_look frag_look(const struct frag_set *, const struct frag_id *);
/*
 * Keeps a copy of an opened fragment that frag_look() wants.  A larger total
 * than before, or another message id, starts over (2.6).  1: the message is
 * complete; 0: more is missing; -1: it would be too long or memory is short,
 * then the whole set is gone and *why says it.
 */
int frag_put(struct frag_set **, const struct frag_id *, const void *,
    size_t, const char **why);
/* Bytes stored. */
size_t frag_held(const struct frag_set *);
/*
 * The whole content of a complete set to dst, which has room for
 * FRAG_CONTENT_MAX; the set is freed.  Returns the length; *first is the
 * type of the first payload.
 */
size_t frag_take(struct frag_set **, uint8_t *dst, uint8_t *first);
/* Wipes and frees; *s may be NULL and becomes NULL. */
void frag_free(struct frag_set **s);

/*
 * How many fragments n > 0 bytes make when each carries up to room bytes,
 * and how many bytes all but the last carry, at *chunk.  Beyond FRAG_MAX
 * the pieces grow rather than become more.
 */
unsigned frag_plan(size_t n, size_t room, size_t *chunk);

#endif
