/*
 * The supervisor's state: one of these in a process.  No secret stays in it
 * longer than while the configuration is loaded.
 */
#ifndef SALLYPORTD_GATEWAY_H
#define SALLYPORTD_GATEWAY_H

#include "lib/conf/conf.h"
#include "lib/mono.h"
#include "sallyportd/keep.h"
#include "sallyportd/logout.h"
#include "sallyportd/logrules.h"
#include "sallyportd/sockets.h"

#include <event2/event.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
	bool foreground;	/* -d */
	bool check;		/* -n */
	bool print;		/* -p */
	const char *file;
	const char *run_dir;
	const char *state_dir;
	const char *libexec;
	const char *control;
	const char *pid_file;
	const char *group;	/* of the control socket */
	unsigned workers;	/* 1..32 */
};

struct certfiles;
struct dns;
struct kids;
struct resolver;

struct gateway {
	const struct options *opt;
	struct event_base *base;
	struct logout *out;
	struct log_rules rules;
	struct conf *conf;	/* its secrets are wiped */
	uint32_t serial;	/* of the configuration, counts loads */
	struct keep keep;	/* certd's share of it, with the secrets */
	struct sockets socks;
	bool espd_marks;	/* what comes out of espd's device has one */
	unsigned espd_threads;	/* 0: the kernel moves the packets */
	const char *plane_why;	/* why it is so */
	struct kids *kids;
	struct resolver *resolver;
	struct certfiles *certfiles;
	struct event *look;	/* for changed name servers */
	struct dns *dns;	/* NULL: nobody asks for addresses */
	char chroot_dir[512];
	struct mono started;
	bool running;		/* everything came up once */
	bool stopping;
	int status;		/* exit status */
	void (*on_running)(struct gateway *);
};

/*
 * Reads the file; the running configuration changes only when all of it
 * loads.  deliver: hand it to the children.  -1: what is wrong has been
 * logged and the first finding is in err (size bytes).
 */
int gateway_load(struct gateway *, bool deliver, char *err, size_t size);
/* There are routes to be told to clients that ask by DHCP. */
bool gateway_informs(const struct conf *);
/* Somebody asks peers for addresses, with which name servers may come. */
bool gateway_asks(const struct conf *);
/* Stops everything in order, then leaves the loop.  A second call does not
 * wait any longer. */
void gateway_stop(struct gateway *, int status);

#endif
