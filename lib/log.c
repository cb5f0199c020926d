#include "lib/log.h"

#include "lib/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	uint32_t bit;
	const char *name;
} topic_names[] = {
	{ LOG_T_IPSEC, "ipsec" },
	{ LOG_T_L2TP, "l2tp" },
	{ LOG_T_PPP, "ppp" },
	{ LOG_T_RADIUS, "radius" },
	{ LOG_T_FIREWALL, "firewall" },
	{ LOG_T_CERTIFICATE, "certificate" },
	{ LOG_T_SYSTEM, "system" },
	{ LOG_T_ACCOUNT, "account" },
	{ LOG_T_ERROR, "error" },
	{ LOG_T_WARNING, "warning" },
	{ LOG_T_INFO, "info" },
	{ LOG_T_DEBUG, "debug" },
	{ LOG_T_PACKET, "packet" },
};
#define NTOPICS	(sizeof(topic_names) / sizeof(topic_names[0]))

static log_sink sink;
static void *sink_arg;
static uint32_t mask = ~(uint32_t)(LOG_T_DEBUG | LOG_T_PACKET);
static bool in_sink;

void
log_set_sink(log_sink fn, void *arg)
{
	sink = fn;
	sink_arg = arg;
}

void
log_set_mask(uint32_t topics)
{
	mask = topics;
}

bool
log_wanted(uint32_t topics)
{
	return (topics & ~mask) == 0;
}

/*
 * The length of the well-formed UTF-8 sequence at p (RFC 3629), with *cp its
 * code point; 0 when there is none.
 */
static size_t
utf8_len(const uint8_t *p, size_t left, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 :
	    p[0] < 0xf5 ? 4 : 0;

	if (n == 0 || n > left)
		return 0;
	*cp = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >> 11) == 0x1b)
		return 0;
	return n;
}

/* Control characters, line separators, and marks that reorder text. */
static bool
deceptive(uint32_t cp)
{
	return cp < 0xa0 || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == 0x200e || cp == 0x200f ||
	    cp == 0xfeff;
}

/* How many bytes at p may be shown as they are; 0: escape the first. */
static size_t
printable(const uint8_t *p, size_t left)
{
	uint32_t cp;
	size_t n;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	n = utf8_len(p, left, &cp);
	return n != 0 && !deceptive(cp) ? n : 0;
}

const char *
log_escape(char *dst, size_t size, const void *src, size_t len)
{
	const uint8_t *p = src;
	char piece[5];
	size_t out = 0, cut = 0, n, w;

	if (size == 0)
		return dst;
	for (size_t i = 0; i < len; i += n) {
		w = n = printable(p + i, len - i);
		if (n == 0) {
			n = 1;
			w = (size_t)snprintf(piece, sizeof(piece), "\\x%02x",
			    p[i]);
		} else
			memcpy(piece, p + i, n);
		if (out + w >= size) {
			snprintf(dst + cut, size - cut, "...");
			return dst;
		}
		memcpy(dst + out, piece, w);
		out += w;
		if (out + 4 <= size)	/* here "..." still fits */
			cut = out;
	}
	dst[out] = '\0';
	return dst;
}

static void
to_stderr(uint32_t topics, const char *line)
{
	char names[128];

	fprintf(stderr, "%s %s\n", log_topics_str(topics, names,
	    sizeof(names)), line);
}

void
log_msg(uint32_t topics, const char *fmt, ...)
{
	char raw[LOG_LINE_MAX + 1], line[LOG_LINE_MAX];
	int saved = errno, n;
	va_list ap;

	if (!log_wanted(topics))
		return;
	va_start(ap, fmt);
	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = snprintf(raw, sizeof(raw), "unprintable line: %s", fmt);
	if ((size_t)n >= sizeof(raw))
		n = sizeof(raw) - 1;
	log_escape(line, sizeof(line), raw, (size_t)n);
	/* A sink that fails and says so must not call itself for ever. */
	if (sink != NULL && !in_sink) {
		in_sink = true;
		sink(sink_arg, topics, line);
		in_sink = false;
	} else
		to_stderr(topics, line);
	errno = saved;
}

const char *
log_topics_str(uint32_t topics, char *dst, size_t size)
{
	size_t at = 0;
	int n;

	if (size > 0)
		dst[0] = '\0';
	for (size_t i = 0; i < NTOPICS; i++) {
		if ((topics & topic_names[i].bit) == 0 || at >= size)
			continue;
		n = snprintf(dst + at, size - at, "%s%s", at > 0 ? "," : "",
		    topic_names[i].name);
		at += (size_t)n;
	}
	return dst;
}

uint32_t
log_topic_by_name(const char *name)
{
	for (size_t i = 0; i < NTOPICS; i++)
		if (strcmp(topic_names[i].name, name) == 0)
			return topic_names[i].bit;
	return 0;
}

/* Tokens earned since last time; the remainder stays on the clock. */
static void
limit_refill(struct log_limit *l, struct mono now)
{
	int64_t step = (int64_t)l->interval_ms * 1000;
	int64_t n = (now.us - l->last_us) / step;

	if (n >= l->burst - l->tokens) {
		l->tokens = l->burst;
		l->last_us = now.us;
	} else if (n > 0) {
		l->tokens += (uint32_t)n;
		l->last_us += n * step;
	}
}

bool
log_limit_pass_at(struct log_limit *l, struct mono now, uint32_t *held)
{
	*held = 0;
	if (!l->started) {
		l->started = true;
		l->tokens = l->burst;
		l->last_us = now.us;
	}
	if (l->tokens < l->burst)
		limit_refill(l, now);
	else
		l->last_us = now.us;
	if (l->tokens == 0) {
		if (l->held < UINT32_MAX)
			l->held++;
		return false;
	}
	l->tokens--;
	*held = l->held;
	l->held = 0;
	return true;
}

bool
log_limit_pass(struct log_limit *l, uint32_t *held)
{
	return log_limit_pass_at(l, mono_now(), held);
}

const char *
log_held(uint32_t held, char dst[LOG_HELD_LEN])
{
	dst[0] = '\0';
	if (held > 0)
		snprintf(dst, LOG_HELD_LEN, " (%" PRIu32 " more like it "
		    "before)", held);
	return dst;
}

void
log_limited(struct log_limit *l, struct mono now, uint32_t topics,
    const char *fmt, ...)
{
	char text[LOG_LINE_MAX], more[LOG_HELD_LEN];
	uint32_t held;
	va_list ap;

	if (!log_limit_pass_at(l, now, &held))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_msg(topics, "%s%s", text, log_held(held, more));
}

struct log_limit *
log_limit_of(struct log_limits *ls, const char *reason)
{
	uint64_t key = hash_bytes(reason, strlen(reason), 0);
	struct log_limit *l = &ls->limit[key % LOG_LIMITS];

	if (l->burst == 0) {
		l->burst = ls->burst;
		l->interval_ms = ls->interval_ms;
	}
	return l;
}
