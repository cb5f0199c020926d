/* What the kernel tells of its own accord, turned into words to workers. */
#ifndef KEYMGR_EVENT_H
#define KEYMGR_EVENT_H

#include "keymgr/km.h"

/* The callbacks for bk_events; the argument is the struct km. */
void event_acquire(void *, uint32_t reqid, const struct selector *);
void event_expire(void *, uint32_t spi, const struct addr *dst, bool hard);
void event_mapping(void *, uint32_t spi, const struct endpoint *remote);
/* The worker that initiates for a peer. */
unsigned event_worker(const struct km *, const struct km_peer *);

#endif
