/*
 * The edge certd - fetchd: CRLs and OCSP answers over HTTP.  fetchd asks no
 * other server than the one certd names, and knows nothing but what it
 * fetches.
 */
#ifndef LIB_PROTO_CDFETCH_H
#define LIB_PROTO_CDFETCH_H

#include "lib/buf.h"

#include <stddef.h>
#include <stdint.h>

enum cdfetch_type {
	CDFETCH_FETCH = 1,	/* certd -> fetchd: struct cdfetch */
	CDFETCH_DATA,		/* fetchd -> certd: bytes, in order, before
				 * a result that is CDFETCH_OK */
	CDFETCH_RESULT,		/* fetchd -> certd: struct cdfetch_result;
				 * one to each question */
};

enum cdfetch_kind {
	CDFETCH_CRL = 1,	/* GET */
	CDFETCH_OCSP,		/* POST (RFC 6960 appendix A) */
	CDFETCH_KIND_MAX
};

#define CDFETCH_URL_MAX		1024	/* with NUL */
#define CDFETCH_CRL_MAX		(1u << 20)
#define CDFETCH_OCSP_MAX	(64u << 10)
#define CDFETCH_BODY_MAX	(16u << 10)	/* of a question */
#define CDFETCH_DATA_MAX	(64u << 10)	/* of one message */

struct cdfetch {
	enum cdfetch_kind kind;
	char url[CDFETCH_URL_MAX];	/* http:// */
	const uint8_t *body;	/* of OCSP, else NULL; get borrows from the
				 * cursor's memory */
	size_t len;
};

enum cdfetch_status {
	CDFETCH_OK,
	CDFETCH_REFUSED,	/* the question is not one to be asked */
	CDFETCH_FAILED,
	CDFETCH_STATUS_MAX
};

struct cdfetch_result {
	enum cdfetch_status status;
	char reason[200];	/* when not CDFETCH_OK */
	uint32_t len;		/* of all data that was sent */
};

/* As in the other edges. */
void cdfetch_put(struct buf *, const struct cdfetch *);
int cdfetch_get(struct cur *, struct cdfetch *, const char **why);
void cdfetch_result_put(struct buf *, const struct cdfetch_result *);
int cdfetch_result_get(struct cur *, struct cdfetch_result *,
    const char **why);

/* What an answer of that kind may have at most. */
size_t cdfetch_limit(enum cdfetch_kind);

#define CDFETCH_LEN_MIN		7
#define CDFETCH_LEN_MAX		(7 + CDFETCH_URL_MAX + CDFETCH_BODY_MAX)
#define CDFETCH_RESULT_MIN	7
#define CDFETCH_RESULT_MAX	(7 + 199)

#endif
