#include "sallyportd/logring.h"

#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct logring {
	struct logline **lines;	/* max slots, used in a circle */
	size_t max;
	size_t max_bytes;
	size_t head;		/* the oldest */
	size_t n;
	size_t bytes;
	uint64_t dropped;
};

static size_t
cost(const struct logline *l)
{
	return sizeof(*l) + l->len + 1;
}

struct logring *
logring_new(size_t lines, size_t bytes)
{
	struct logring *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->lines = calloc(lines, sizeof(*r->lines));
	if (r->lines == NULL) {
		free(r);
		return NULL;
	}
	r->max = lines;
	r->max_bytes = bytes;
	return r;
}

static void
drop_oldest(struct logring *r)
{
	struct logline *l = r->lines[r->head];

	r->bytes -= cost(l);
	r->lines[r->head] = NULL;
	r->head = (r->head + 1) % r->max;
	r->n--;
	free(l);
}

void
logring_clear(struct logring *r)
{
	while (r->n > 0)
		drop_oldest(r);
}

void
logring_free(struct logring *r)
{
	if (r == NULL)
		return;
	logring_clear(r);
	free(r->lines);
	free(r);
}

void
logring_add(struct logring *r, int64_t time_us, uint32_t topics,
    const char *from, const char *text)
{
	struct logline *l;
	size_t len = strlen(text);

	if (sizeof(*l) + len + 1 > r->max_bytes ||
	    (l = malloc(sizeof(*l) + len + 1)) == NULL) {
		r->dropped++;
		return;
	}
	l->time_us = time_us;
	l->topics = topics;
	snprintf(l->from, sizeof(l->from), "%s", from);
	l->len = len;
	memcpy(l->text, text, len + 1);
	while (r->n == r->max || r->bytes + cost(l) > r->max_bytes) {
		drop_oldest(r);
		r->dropped++;
	}
	r->lines[(r->head + r->n) % r->max] = l;
	r->n++;
	r->bytes += cost(l);
}

size_t
logring_count(const struct logring *r)
{
	return r->n;
}

size_t
logring_bytes(const struct logring *r)
{
	return r->bytes;
}

uint64_t
logring_dropped(const struct logring *r)
{
	return r->dropped;
}

void
logring_walk(const struct logring *r, const struct log_filter *f,
    void (*fn)(void *arg, const struct logline *), void *arg)
{
	const struct logline *l;
	size_t i;

	for (i = 0; i < r->n; i++) {
		l = r->lines[(r->head + i) % r->max];
		if (log_filter_pass(f, l->topics))
			fn(arg, l);
	}
}

static int
filter_word(struct log_filter *f, const char *word, size_t len, char *bad,
    size_t size)
{
	char name[32];
	uint32_t bit = 0, *set = &f->all;

	if (len > 0 && word[0] == '!') {
		set = &f->none;
		word++;
		len--;
	}
	if (len < sizeof(name)) {
		memcpy(name, word, len);
		name[len] = '\0';
		bit = log_topic_by_name(name);
	}
	if (bit == 0) {
		snprintf(bad, size, "%.*s", (int)len, word);
		return -1;
	}
	*set |= bit;
	return 0;
}

int
log_filter_parse(struct log_filter *f, const char *text, char *bad,
    size_t size)
{
	size_t len;

	memset(f, 0, sizeof(*f));
	while (*text != '\0') {
		len = strcspn(text, ",");
		if (filter_word(f, text, len, bad, size) == -1)
			return -1;
		text += len;
		if (*text == ',')
			text++;
	}
	return 0;
}

bool
log_filter_pass(const struct log_filter *f, uint32_t topics)
{
	return (topics & f->all) == f->all && (topics & f->none) == 0;
}
