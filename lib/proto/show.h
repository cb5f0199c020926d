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
	SHOW_IKE_STATISTICS,	/* ikepd, every worker; one row of counters,
				 * which controld adds up */
	SHOW_INSTALLED_SA,	/* keymgr */
	SHOW_FLUSH_SA,		/* keymgr; args: the filter */
	SHOW_POLICY,		/* keymgr */
	SHOW_STATISTICS,	/* keymgr: requirements 4.1 */
	SHOW_GIVEN,		/* keymgr: addresses that peers gave us */
	SHOW_SESSIONS,		/* sessiond */
	SHOW_SESSION_KILL,	/* sessiond; args: the filter */
	SHOW_POOL_USED,		/* sessiond */
	SHOW_CERTIFICATE,	/* certd */
	SHOW_CERT_LINT,		/* certd; name, address */
	SHOW_CERT_ADD,		/* certd; name and the words of a template */
	SHOW_CERT_SIGN,		/* certd; name, ca, ca-crl-host */
	SHOW_CERT_IMPORT,	/* certd; name, passphrase, trusted; blob */
	SHOW_CERT_EXPORT,	/* certd; name, type, export-passphrase; rows
				 * of file-name and content, in hexadecimal */
	SHOW_CERT_REVOKE,	/* certd; name */
	SHOW_CERT_REMOVE,	/* certd; name */
	SHOW_CONFIG,		/* sallyportd; menu: a menu's path */
	SHOW_LOG,		/* sallyportd; topics: "ipsec,!debug" */
	SHOW_LOG_CLEAR,		/* sallyportd */
	SHOW_PROCESSES,		/* sallyportd: pid, state, restarts of each */
	SHOW_RELOAD,		/* sallyportd */
	SHOW_WHAT_MAX
};

#define SHOW_SENSITIVE	0x01	/* the asker is root and asked for secrets */
#define SHOW_FLAGS	0x01	/* all there are */

#define SHOW_ARGS_MAX	16
#define SHOW_NAME_LEN	64
#define SHOW_VALUE_LEN	256
#define SHOW_BLOB_MAX	(96u * 1024)	/* a file that goes with a request */
#define SHOW_FIELDS_MAX	64	/* of a row */
#define SHOW_FIELD_LEN	8192	/* longest value in a row */
#define SHOW_QUEUE_MAX	(96u * 1024 * 1024)	/* a whole log, with room */

/* op: ':' a parameter of the question; a filter: '=' or '~' (regular
 * expression). */
struct show_arg {
	char name[SHOW_NAME_LEN];
	char op;
	char value[SHOW_VALUE_LEN];
};

struct show_port;

struct show_req {
	struct show_port *port;	/* where the answer goes; NULL: nowhere */
	uint32_t id;		/* of the request */
	enum show_what what;
	uint32_t flags;
	unsigned nargs;
	struct show_arg args[SHOW_ARGS_MAX];
	const uint8_t *blob;	/* borrowed; gone in what is kept */
	size_t blob_len;
	struct buf row;		/* the row under construction */
	uint16_t nfields;
	bool kept;		/* made by show_keep */
	bool failed;		/* a row was lost; show_end says so */
	struct show_req *next;	/* kept requests of the port */
};

/*
 * The answering end.  fn is called for each request; it answers at once or
 * keeps the request.  down: controld went away; the port may be freed in
 * it.  Takes ownership of fd.  NULL: no memory.
 */
struct show_port *show_port_new(struct event_base *, int fd,
    void (*fn)(void *arg, struct show_req *), edge_down down, void *arg);
/* Kept requests live on and their answers go nowhere.  NULL is allowed. */
void show_port_free(struct show_port *);

/*
 * Answering.  A process may copy the struct (by show_keep) and answer in a
 * later turn of the loop; it must answer with show_end exactly once.  If
 * controld dies meanwhile the answer goes nowhere.
 */
/* Value of a parameter (op ':'), or NULL. */
const char *show_arg(const struct show_req *, const char *name);
void show_field(struct show_req *, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Sends the fields since the last show_row as one row. */
void show_row(struct show_req *);
/* err NULL: done; else one line that says why not. */
void show_end(struct show_req *, const char *err);
/* A copy that outlives the callback; freed by show_end.  The original must
 * then not be answered.  NULL: no memory. */
struct show_req *show_keep(const struct show_req *);

/*
 * The filters of a request, compiled: every one must fit ("where a=b and
 * c~"re""); parameters are passed over.  For actions on some entries only;
 * rows of a print are filtered by controld.
 */
struct show_filter;
/*
 * Whether the answer's rows, or for an action what it acts on, can have a
 * property of each name that is filtered by.  -1: err names one that they
 * cannot have, and those that they can.
 */
int show_filter_check(const struct show_req *, char *err, size_t size);
/* NULL with *err filled (one line) when a regular expression is malformed. */
struct show_filter *show_filter_new(const struct show_arg *, unsigned n,
    char *err, size_t errsize);
void show_filter_free(struct show_filter *);
/*
 * get returns the value of a field by name, NULL when the entry has none (a
 * filter on it then fits only "name=" with an empty value).
 */
bool show_filter_match(const struct show_filter *,
    const char *(*get)(void *arg, const char *name), void *arg);

/* The asking end and the relays in between. */
struct show_end {
	char error[1024];	/* empty: done */
};
/* The request's fixed part and arguments; port and row are not touched. */
void show_req_put(struct buf *, const struct show_req *);
int show_req_get(struct cur *, struct show_req *, const char **why);
void show_end_put(struct buf *, const char *err);
int show_end_get(struct cur *, struct show_end *, const char **why);
/*
 * A row being read: show_row_begin, then show_row_next until it returns 0;
 * -1 is malformed.  Name and value borrow from the cursor's memory and are
 * not terminated.
 */
struct show_pair {
	const char *name, *value;
	uint16_t name_len, value_len;
};
int show_row_begin(struct cur *, uint16_t *nfields);
int show_row_next(struct cur *, uint16_t *nfields, struct show_pair *);

/* Lengths for permit tables */
#define SHOW_REQ_MIN	11
#define SHOW_REQ_MAX							\
	(11 + SHOW_BLOB_MAX +						\
	    SHOW_ARGS_MAX * (5 + SHOW_NAME_LEN + SHOW_VALUE_LEN))
#define SHOW_ROW_MIN	2
#define SHOW_ROW_MAX	65535
#define SHOW_END_MIN	2
#define SHOW_END_MAX	(2 + 1023)

#endif
