#include "sallyportd/logout.h"

#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

struct logout {
	struct logring *ring;
	unsigned where;		/* LOGOUT_ */
	const char *own;	/* this process's name in the log */
};

struct logout *
logout_new(unsigned where)
{
	struct logout *o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	o->where = where;
	o->ring = logring_new(LOGRING_LINES, LOGRING_BYTES);
	if (o->ring == NULL) {
		free(o);
		return NULL;
	}
	if ((where & LOGOUT_SYSLOG) != 0)
		openlog("sallyport", LOG_NDELAY, LOG_DAEMON);
	return o;
}

void
logout_where(struct logout *o, unsigned where)
{
	o->where = where;
}

void
logout_free(struct logout *o)
{
	if (o == NULL)
		return;
	log_set_sink(NULL, NULL);
	logring_free(o->ring);
	free(o);
}

static int
syslog_level(uint32_t topics)
{
	if ((topics & LOG_T_ERROR) != 0)
		return LOG_ERR;
	if ((topics & LOG_T_WARNING) != 0)
		return LOG_WARNING;
	if ((topics & (LOG_T_DEBUG | LOG_T_PACKET)) != 0)
		return LOG_DEBUG;
	return LOG_INFO;
}

static void
to_stderr(int64_t us, const char *from, const char *topics, const char *line)
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	localtime_r(&t, &tm);
	fprintf(stderr, "%02d:%02d:%02d.%03d %s %s %s\n", tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (int)(us / 1000 % 1000), from, topics, line);
}

void
logout_line(struct logout *o, const char *from, uint32_t topics,
    const char *line)
{
	struct timespec ts;
	char names[128];
	int64_t us;

	clock_gettime(CLOCK_REALTIME, &ts);
	us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	logring_add(o->ring, us, topics, from, line);
	log_topics_str(topics, names, sizeof(names));
	if ((o->where & LOGOUT_STDERR) != 0)
		to_stderr(us, from, names, line);
	if ((o->where & LOGOUT_SYSLOG) != 0)
		syslog(syslog_level(topics), "%s %s %s", from, names, line);
}

static void
own_line(void *arg, uint32_t topics, const char *line)
{
	struct logout *o = arg;

	logout_line(o, o->own, topics, line);
}

void
logout_attach(struct logout *o, const char *from)
{
	o->own = from;
	log_set_sink(own_line, o);
}

struct logring *
logout_ring(struct logout *o)
{
	return o->ring;
}
