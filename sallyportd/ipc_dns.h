/*
 * Name servers that come with addresses given to us: what keymgr says of
 * them is put together and handed to the helper, which tells the machine's
 * resolver (dns_help.c).
 */
#ifndef SALLYPORTD_IPC_DNS_H
#define SALLYPORTD_IPC_DNS_H

#include "lib/imsg.h"

#include <event2/event.h>

#include <sys/types.h>

#include <stdbool.h>

struct dns;

/*
 * Starts the helper; to be done before confinement, as what it starts needs
 * more.  run_dir: where it notes what is to be taken back.  NULL: logged.
 */
struct dns *dns_start(const char *run_dir);
/* Its log lines are read from here on.  -1: no memory. */
int dns_loop(struct dns *, struct event_base *);
/* Everything is taken back, which is waited for some seconds.  May be
 * NULL, as in all of the following: servers are then only logged. */
void dns_end(struct dns *);

/* SUPER_DNS, SUPER_DNS_KNOWN, and the end of the keymgr that sent them. */
int dns_recv(struct dns *, struct imsg *, const char **why);
void dns_known(struct dns *);
void dns_keymgr_gone(struct dns *);
/* False: not the helper. */
bool dns_reaped(struct dns *, pid_t, int status);

#endif
