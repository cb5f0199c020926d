#include "ikepd/frag.h"

#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>

struct piece {
	uint8_t *p;
	uint16_t len;
};

struct frag_set {
	uint32_t msgid;
	uint8_t exchange;
	uint8_t first;
	uint16_t total;
	uint16_t count;		/* pieces that are there */
	uint32_t bytes;		/* in them */
	uint64_t have;		/* bit num - 1 */
	struct piece piece[];	/* total of them, by number */
};

_Static_assert(FRAG_MAX <= 64, "a bit for each fragment");

enum frag_look
frag_look(const struct frag_set *s, const struct frag_id *id)
{
	if (id->total > FRAG_MAX)
		return FRAG_TOO_MANY;
	if (s == NULL || s->msgid != id->msgid)
		return FRAG_WANTED;
	if (s->exchange != id->exchange)
		return FRAG_OTHER;
	if (id->total < s->total)
		return FRAG_OUTDATED;
	if (id->total == s->total && (s->have >> (id->num - 1) & 1))
		return FRAG_AGAIN;
	return FRAG_WANTED;
}

void
frag_free(struct frag_set **sp)
{
	struct frag_set *s = *sp;
	unsigned i;

	if (s == NULL)
		return;
	for (i = 0; i < s->total; i++) {
		if (s->piece[i].p != NULL)
			secret_wipe(s->piece[i].p, s->piece[i].len);
		free(s->piece[i].p);
	}
	free(s);
	*sp = NULL;
}

static struct frag_set *
set_new(const struct frag_id *id)
{
	struct frag_set *s = calloc(1, sizeof(*s) +
	    id->total * sizeof(s->piece[0]));

	if (s == NULL)
		return NULL;
	s->msgid = id->msgid;
	s->exchange = id->exchange;
	s->total = id->total;
	return s;
}

static int
set_add(struct frag_set *s, const struct frag_id *id, const void *data,
    size_t len)
{
	struct piece *p = &s->piece[id->num - 1];

	if (len > 0) {
		p->p = malloc(len);
		if (p->p == NULL)
			return -1;
		memcpy(p->p, data, len);
	}
	p->len = (uint16_t)len;
	s->have |= 1ULL << (id->num - 1);
	s->bytes += (uint32_t)len;
	if (id->num == 1)
		s->first = id->first;
	return ++s->count == s->total;
}

int
frag_put(struct frag_set **sp, const struct frag_id *id, const void *data,
    size_t len, const char **why)
{
	int n;

	if (*sp != NULL && ((*sp)->msgid != id->msgid ||
	    (*sp)->total != id->total))
		frag_free(sp);
	*why = "a message in fragments is too long";
	if (len > FRAG_CONTENT_MAX || frag_held(*sp) + len >
	    FRAG_CONTENT_MAX) {
		frag_free(sp);
		return -1;
	}
	*why = "out of memory for fragments";
	if (*sp == NULL && (*sp = set_new(id)) == NULL)
		return -1;
	n = set_add(*sp, id, data, len);
	if (n == -1)
		frag_free(sp);
	return n;
}

size_t
frag_held(const struct frag_set *s)
{
	return s == NULL ? 0 : s->bytes;
}

size_t
frag_take(struct frag_set **sp, uint8_t *dst, uint8_t *first)
{
	struct frag_set *s = *sp;
	size_t n = 0;
	unsigned i;

	for (i = 0; i < s->total; i++) {
		if (s->piece[i].len > 0)
			memcpy(dst + n, s->piece[i].p, s->piece[i].len);
		n += s->piece[i].len;
	}
	*first = s->first;
	frag_free(sp);
	return n;
}

unsigned
frag_plan(size_t n, size_t room, size_t *chunk)
{
	size_t least = (n + FRAG_MAX - 1) / FRAG_MAX;

	*chunk = room > least ? room : least;
	return (unsigned)((n + *chunk - 1) / *chunk);
}
