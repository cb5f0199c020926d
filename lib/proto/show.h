/*
 * The edge controld - every process: questions ("show") and a short list of
 * actions.  An answer is a stream of rows of (name, value) and an end.
 * Rows carry values as RouterOS prints them; sallyctl lays them out.
 */
#ifndef LIB_PROTO_SHOW_H
#define LIB_PROTO_SHOW_H

#include "lib/buf.h"
#include "lib/edge.h"

#include <stdbool.h>
#include <stdint.h>

enum show_type {
	SHOW_REQ = 1,	/* controld -> process */
	SHOW_ROW,	/* process -> controld */
	SHOW_END,	/* process -> controld */
};

/* What is asked, and of whom. */
enum show_what {
	SHOW_ACTIVE_PEERS = 1,	/* ikepd, every worker */
	SHOW_KILL_CONNECTIONS,	/* ikepd, every worker; args: the filter */
	SHOW_IKE_STATISTICS,	/* ikepd */
	SHOW_INSTALLED_SA,	/* keymgr */
	SHOW_FLUSH_SA,		/* keymgr */
	SHOW_POLICY,		/* keymgr */
	SHOW_STATISTICS,	/* keymgr: requirements 4.1 */
	SHOW_CONFIG,		/* sallyportd; arg "menu": a menu's path */
	SHOW_LOG,		/* sallyportd */
	SHOW_LOG_CLEAR,		/* sallyportd */
	SHOW_PROCESSES,		/* sallyportd: pid, state, restarts of each */
	SHOW_RELOAD,		/* sallyportd */
	SHOW_WHAT_MAX
};

#define SHOW_SENSITIVE	0x01	/* the asker is root and asked for secrets */

#define SHOW_ARGS_MAX	16
#define SHOW_NAME_LEN	64
#define SHOW_VALUE_LEN	256

/* A filter or argument: name, '=' or '~' (regular expression), value. */
struct show_arg {
	char name[SHOW_NAME_LEN];
	char op;
	char value[SHOW_VALUE_LEN];
};

struct show_req {
	struct edge *edge;	/* where the answer goes */
	uint32_t id;		/* of the request */
	enum show_what what;
	uint32_t flags;
	unsigned nargs;
	struct show_arg args[SHOW_ARGS_MAX];
	struct buf row;		/* the row under construction */
	uint16_t nfields;
};

/*
 * Answering.  A process may copy the struct (by show_keep) and answer in a
 * later turn of the loop; it must answer with show_end exactly once.  If
 * controld dies meanwhile the answer goes nowhere.
 */
/* Value of an argument with op '=', or NULL. */
const char *show_arg(const struct show_req *, const char *name);
void show_field(struct show_req *, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Sends the fields since the last show_row as one row. */
void show_row(struct show_req *);
/* err NULL: done; else one line that says why not. */
void show_end(struct show_req *, const char *err);
/* A copy that outlives the callback; freed by show_end. */
struct show_req *show_keep(const struct show_req *);

#endif
