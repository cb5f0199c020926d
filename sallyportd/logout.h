/*
 * Where log lines leave the suite: the ring, and standard error or syslog
 * (which is the journal where systemd runs).
 */
#ifndef SALLYPORTD_LOGOUT_H
#define SALLYPORTD_LOGOUT_H

#include "sallyportd/logring.h"

struct logout;

#define LOGOUT_STDERR	0x01
#define LOGOUT_SYSLOG	0x02

/* NULL: no memory. */
struct logout *logout_new(unsigned where);
void logout_where(struct logout *, unsigned where);
void logout_free(struct logout *);
/* from: the process, "ikepd.1". */
void logout_line(struct logout *, const char *from, uint32_t topics,
    const char *line);
/* The lines of this process, too, go there. */
void logout_attach(struct logout *, const char *from);
struct logring *logout_ring(struct logout *);

#endif
