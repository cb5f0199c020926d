/* The capabilities that sallyportd is started with. */
#ifndef SALLYPORTD_CAPS_H
#define SALLYPORTD_CAPS_H

/* Whether it has all that it and its children are to keep: root of a
 * container may lack some.  -1: which ones was logged. */
int caps_check(void);

#endif
