/*
 * Who moves the packets, and for a data plane in user space what only a
 * privileged process can open: the TUN device, raw sockets, and the memory
 * in which SAs outlive espd.
 */
#ifndef SALLYPORTD_DATAPLANE_H
#define SALLYPORTD_DATAPLANE_H

#include "lib/conf/conf.h"
#include "sallyportd/sockets.h"

/*
 * How many packet threads espd is to have; 0: the kernel moves the packets.
 * *why: the reason, static.  What was chosen is logged.  -1: what is
 * configured cannot be (logged).
 */
int dataplane_choose(const struct conf *, unsigned *threads,
    const char **why);
/* Opens it all for so many threads.  marks: whether IPv6 packets that come
 * out of the device bear ESPTUN_IN_MARK.  -1: logged. */
int dataplane_open(struct sockets *, unsigned threads, bool *marks);

#endif
