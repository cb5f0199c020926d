/*
 * The files that /certificate import names.  certd cannot open them, so they
 * are opened here and handed over as descriptors; their content is never
 * read in this process.  They are watched: when one changes, all those of
 * its name are handed over again.
 */
#ifndef SALLYPORTD_CERTFILES_H
#define SALLYPORTD_CERTFILES_H

#include "lib/conf/conf.h"

#include <event2/event.h>

#include <stdbool.h>
#include <stdint.h>

struct certfiles;

/*
 * script: path of the configuration, whose directory relative names begin
 * in.  changed: some files are others than at the last certfiles_open(),
 * which is to be called now.  NULL: no memory.
 */
struct certfiles *certfiles_new(struct event_base *, const char *script,
    void (*changed)(void *arg), void *arg);
void certfiles_free(struct certfiles *);
/* The configuration was replaced; nothing of it is kept. */
void certfiles_conf(struct certfiles *, const struct conf *);
/*
 * Opens every file, or with changed_only those of names of which a file has
 * changed, in the order of the configuration; fn gets the number of the
 * object and the descriptor, which becomes its own (-1: logged why not).
 */
void certfiles_open(struct certfiles *, bool changed_only,
    void (*fn)(void *arg, uint32_t obj, int fd), void *arg);

#endif
