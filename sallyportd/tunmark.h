/*
 * IPv6 packets that come out of the device bear a mark, by which a policy
 * of the kernel knows that they came through a tunnel: for IPv6 the kernel's
 * setting that spares a device its policies is about packets to forward
 * alone, not about those to an address of its own.
 */
#ifndef SALLYPORTD_TUNMARK_H
#define SALLYPORTD_TUNMARK_H

/* Of a device that is there, once.  0 or -1 with errno. */
int tunmark(const char *device);

#endif
