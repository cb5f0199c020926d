/* Whether the kernel has ESP. */
#ifndef SALLYPORTD_ESPPROBE_H
#define SALLYPORTD_ESPPROBE_H

#include <stdbool.h>

/* Needs CAP_NET_ADMIN.  Leaves nothing behind. */
bool espprobe(void);

#endif
