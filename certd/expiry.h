/* Says in the log, ahead of time, which certificates are about to expire. */
#ifndef CERTD_EXPIRY_H
#define CERTD_EXPIRY_H

#include "certd/store.h"

#include <time.h>

/*
 * To be called when certificates change and from time to time.  Each name is
 * told of once 30, 7 and 1 days before it expires (not of 30 days when it is
 * made for less than twice that, and so on), and once when it has: with the
 * certificate of its chain that is the first to expire.
 */
void expiry_look(const struct store *, time_t now);

#endif
