/* What clients would refuse about a gateway's certificate. */
#ifndef CERTD_LINT_H
#define CERTD_LINT_H

#include "certd/cert.h"

#include <time.h>

/*
 * Calls fn for each finding: who (Windows, Apple, Android, all) would refuse,
 * and what.  address: the name or address that clients connect to, or NULL.
 * Returns how many.
 */
unsigned lint_server(const struct cert *, const char *address, time_t now,
    void (*fn)(void *arg, const char *who, const char *what), void *arg);

#endif
