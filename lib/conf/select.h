/* Which entries a command means; lib/conf alone. */
#ifndef LIB_CONF_SELECT_H
#define LIB_CONF_SELECT_H

#include "lib/conf/cmd.h"
#include "lib/conf/object.h"

struct select_result {
	struct conf_obj **objs;	/* owned */
	size_t n;
};

void select_free(struct select_result *);
/*
 * Reads a name, numbers, numbers= or [find ...] at item *at and moves *at
 * behind it.  -1: reported; r is empty.
 */
int select_objects(struct conf *, const struct conf_menu_desc *,
    const struct cmd *, size_t *at, struct select_result *r,
    struct conf_report *);
/* The same of the value of item at: place-before=3 or =[find ...]. */
int select_value(struct conf *, const struct conf_menu_desc *,
    const struct cmd *, size_t at, struct select_result *r,
    struct conf_report *);
/* The item behind the bracket that closes the one at item `at`. */
size_t select_skip(const struct cmd *, size_t at);

#endif
