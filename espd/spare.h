/*
 * Memory for OpenSSL, whose HMAC copies two digest states for each packet:
 * what a thread gives back it keeps and takes again, without a lock and
 * without a call of the allocator.  Threads are not expected to end.
 */
#ifndef ESPD_SPARE_H
#define ESPD_SPARE_H

/*
 * To be called before anything else of OpenSSL's.  -1: something of OpenSSL's
 * has been allocated already.
 */
int spare_init(void);

#endif
