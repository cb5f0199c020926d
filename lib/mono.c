#include "lib/mono.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

struct mono
mono_now(void)
{
	struct timespec ts;

	/* Cannot fail with a known clock and a valid pointer. */
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (struct mono){ (int64_t)ts.tv_sec * 1000000 +
		ts.tv_nsec / 1000 };
}

struct mono
mono_add(struct mono t, struct mono_span d)
{
	struct mono r;

	if (mono_is_never(t))
		return MONO_NEVER;
	if (__builtin_add_overflow(t.us, d.us, &r.us))
		return d.us > 0 ? MONO_NEVER : (struct mono){ INT64_MIN };
	return r;
}

struct mono_span
mono_sub(struct mono a, struct mono b)
{
	struct mono_span r;

	if (__builtin_sub_overflow(a.us, b.us, &r.us))
		r.us = a.us > b.us ? INT64_MAX : INT64_MIN;
	return r;
}

int
mono_cmp(struct mono a, struct mono b)
{
	return (a.us > b.us) - (a.us < b.us);
}

bool
mono_is_never(struct mono t)
{
	return t.us == INT64_MAX;
}

uint64_t
mono_seconds(struct mono_span d)
{
	return d.us < 0 ? 0 : (uint64_t)d.us / 1000000;
}

const char *
mono_seconds_fmt(uint64_t s, char *dst, size_t size)
{
	static const struct {
		uint64_t s;
		char unit;
	} units[] = { { 604800, 'w' }, { 86400, 'd' }, { 3600, 'h' },
		{ 60, 'm' }, { 1, 's' } };
	size_t i, len = 0;

	dst[0] = '\0';
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (s < units[i].s && !(units[i].s == 1 && len == 0))
			continue;
		len += (size_t)snprintf(dst + len, size - len, "%" PRIu64 "%c",
		    s / units[i].s, units[i].unit);
		s %= units[i].s;
	}
	return dst;
}
