/*
 * Tells a service manager how it stands with us: datagrams to the socket
 * named in the environment (sd_notify(3)).  Without one nothing happens.
 */
#ifndef SALLYPORTD_NOTIFY_H
#define SALLYPORTD_NOTIFY_H

/* Looks for the socket and takes its name out of the environment. */
void notify_open(void);
/* "READY=1", "STOPPING=1", "RELOADING=1"... */
void notify(const char *state);

#endif
