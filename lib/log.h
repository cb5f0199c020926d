/*
 * Logging.  A line has topics (ipsec, error, ...) as RouterOS has them.  A
 * child process hands its lines to sallyportd over its supervisor edge; the
 * supervisor keeps them in a ring and writes them to syslog or stderr.
 * Secrets are never passed to these functions.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include "lib/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_topic {
	LOG_T_IPSEC = 1 << 0,
	LOG_T_L2TP = 1 << 1,
	LOG_T_PPP = 1 << 2,
	LOG_T_RADIUS = 1 << 3,
	LOG_T_FIREWALL = 1 << 4,
	LOG_T_CERTIFICATE = 1 << 5,
	LOG_T_SYSTEM = 1 << 6,
	LOG_T_ACCOUNT = 1 << 7,
	/* severities, exactly one a line */
	LOG_T_ERROR = 1 << 16,
	LOG_T_WARNING = 1 << 17,
	LOG_T_INFO = 1 << 18,
	LOG_T_DEBUG = 1 << 19,
	LOG_T_PACKET = 1 << 20,
};

#define LOG_LINE_MAX	1024	/* with NUL; longer ones end in "..." */

/* Receives each finished line, without newline.  topics: LOG_T_ bits. */
typedef void (*log_sink)(void *arg, uint32_t topics, const char *line);

/* Where lines go; NULL sink: stderr.  Initially stderr. */
void log_set_sink(log_sink, void *arg);
/* Which topics are produced at all; debug and packet are off at first. */
void log_set_mask(uint32_t topics);
/* True when a line with these topics would go anywhere: the mask has all. */
bool log_wanted(uint32_t topics);
/*
 * Bytes outside printable ASCII and UTF-8 are written as \xNN, so a peer
 * cannot forge lines or drive a terminal.
 */
void log_msg(uint32_t topics, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(t, ...)	log_msg((t) | LOG_T_ERROR, __VA_ARGS__)
#define log_warn(t, ...)	log_msg((t) | LOG_T_WARNING, __VA_ARGS__)
#define log_info(t, ...)	log_msg((t) | LOG_T_INFO, __VA_ARGS__)
#define log_debug(t, ...)						\
	do {								\
		if (log_wanted((t) | LOG_T_DEBUG))			\
			log_msg((t) | LOG_T_DEBUG, __VA_ARGS__);	\
	} while (0)

/*
 * The same escaping for len bytes from outside into dst (size > 0), always
 * terminated, cut with "..." when it does not fit.  Returns dst.
 */
const char *log_escape(char *dst, size_t size, const void *src, size_t len);
/* "ipsec,error" into dst; returns dst. */
const char *log_topics_str(uint32_t topics, char *dst, size_t size);
/* One topic by name; 0 when unknown. */
uint32_t log_topic_by_name(const char *);

/*
 * Holds back floods: at most burst lines, then one each interval.  When
 * lines were held back, the next one that passes is told how many.
 */
struct log_limit {
	uint32_t burst;		/* set by the owner, > 0 */
	uint32_t interval_ms;	/* set by the owner, > 0 */
	uint32_t tokens;
	uint32_t held;
	int64_t last_us;
	bool started;
};
/* True when the line may be logged; *held gets the number held back. */
bool log_limit_pass(struct log_limit *, uint32_t *held);
/* The same with the caller's clock; now must not go backwards. */
bool log_limit_pass_at(struct log_limit *, struct mono now, uint32_t *held);
/* What a line that passes ends in: " (N more like it before)", or "".
 * Returns dst. */
#define LOG_HELD_LEN	40
const char *log_held(uint32_t held, char dst[LOG_HELD_LEN]);
/* A line that the limit may hold back, with that end. */
void log_limited(struct log_limit *, struct mono now, uint32_t topics,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * A limit for each reason, so that many lines of one do not hide another.
 * Reasons may come from outside: there are so many limits and no more, and
 * some reasons share one.
 */
#define LOG_LIMITS	32
struct log_limits {
	uint32_t burst;		/* set by the owner, > 0 */
	uint32_t interval_ms;	/* set by the owner, > 0 */
	struct log_limit limit[LOG_LIMITS];
};
struct log_limit *log_limit_of(struct log_limits *, const char *reason);

#endif
