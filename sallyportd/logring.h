/*
 * The last log lines, in memory, for `sallyctl log print`: at most so many
 * lines and so many bytes, the oldest go first.
 */
#ifndef SALLYPORTD_LOGRING_H
#define SALLYPORTD_LOGRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGRING_LINES	100000
#define LOGRING_BYTES	(8u * 1024 * 1024)
#define LOGRING_FROM	16	/* longest name of a process, with NUL */

struct logring;

struct logline {
	int64_t time_us;	/* wall clock, microseconds since 1970 */
	uint32_t topics;	/* LOG_T_ bits */
	char from[LOGRING_FROM];	/* "ikepd.1" */
	size_t len;
	char text[];		/* len bytes and a NUL */
};

/* A line passes when it has all of one set and none of the other. */
struct log_filter {
	uint32_t all;
	uint32_t none;
};

/* bytes counts texts and what is kept beside each.  NULL: no memory. */
struct logring *logring_new(size_t lines, size_t bytes);
void logring_free(struct logring *);
/* Copies; a line that finds no memory is dropped and counted. */
void logring_add(struct logring *, int64_t time_us, uint32_t topics,
    const char *from, const char *text);
void logring_clear(struct logring *);
size_t logring_count(const struct logring *);
size_t logring_bytes(const struct logring *);
/* Lines that have been pushed out or found no memory. */
uint64_t logring_dropped(const struct logring *);
/* Calls fn for the lines that pass, the oldest first. */
void logring_walk(const struct logring *, const struct log_filter *,
    void (*fn)(void *arg, const struct logline *), void *arg);

/* "ipsec,!debug".  -1: *bad (size bytes) names the unknown topic. */
int log_filter_parse(struct log_filter *, const char *text, char *bad,
    size_t size);
bool log_filter_pass(const struct log_filter *, uint32_t topics);

#endif
