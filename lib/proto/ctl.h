/*
 * The edge sallyctl - controld: one request, rows, an end, over the control
 * socket.  Bodies are those of the show edge; controld checks who asks,
 * passes the question on to the process that owns the data, filters, and
 * merges the answers of several workers.
 */
#ifndef LIB_PROTO_CTL_H
#define LIB_PROTO_CTL_H

#include "lib/proto/show.h"

enum ctl_type {
	CTL_REQ = 1,	/* sallyctl -> controld: as SHOW_REQ */
	CTL_ROW,	/* controld -> sallyctl: as SHOW_ROW */
	CTL_END,	/* controld -> sallyctl: as SHOW_END */
};

#define CTL_SOCKET	"control.sock"	/* below the run directory */
#define CTL_CLIENTS_MAX	32
#define CTL_QUEUE_MAX	SHOW_QUEUE_MAX

/* Which processes own what a request asks for. */
struct ctl_what {
	enum show_what what;
	const char *name;	/* for the log */
	uint32_t procs;		/* PROC_BITs */
	uint8_t flags;		/* CTL_ACTION, CTL_SUM */
};
#define CTL_ACTION	0x01	/* changes something: root only; the filter
				 * goes to the process */
#define CTL_SUM		0x02	/* one row of numbers from each worker, to be
				 * added up */

/* NULL: no such question. */
const struct ctl_what *ctl_what(enum show_what);

#endif
