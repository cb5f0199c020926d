/*
 * The lease file: which address a user had last, over restarts of the whole
 * gateway.  (Which addresses are in use is known by the negotiators, who
 * say so when this process is new.)
 *
 * Two files take turns.  One is the journal: a header and records of equal
 * length, each with a check sum, appended; a record that is half written or
 * of an older turn ends it.  When it has become long, what is worth keeping
 * is written into the other file, whose header comes last and has a higher
 * turn.  So there is always one that is whole, without a file to be made,
 * cut or renamed: this process could not.
 */
#ifndef SESSIOND_PERSIST_H
#define SESSIOND_PERSIST_H

#include "lib/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct persist;

#define PERSIST_MAX	(256u * 1024)	/* records of one compaction */

typedef void (*persist_fn)(void *arg, const struct addr *, uint64_t user);

/*
 * Takes over both descriptors, -1 for none: then nothing is remembered.
 * random: a seed for the numbers of users, used when there is no file yet.
 * NULL: no memory.
 */
struct persist *persist_new(int fd0, int fd1, uint64_t random);
void persist_free(struct persist *);	/* NULL is allowed */
/* Finds the journal, or begins one.  Once, before the rest. */
void persist_open(struct persist *);
/* The seed that users' numbers were, and are to be, made with. */
uint64_t persist_seed(const struct persist *);
/* What is in the journal, oldest first.  Once, before it is written. */
void persist_load(struct persist *, persist_fn, void *arg);
/* The user has the address. */
void persist_note(struct persist *, const struct addr *, uint64_t user);
/* Writes what was noted.  After an error, which is logged once, nothing is
 * noted any more until all is written anew by persist_begin(). */
void persist_flush(struct persist *);
/* There was such an error. */
bool persist_is_stuck(const struct persist *);
/* The journal is long against so many addresses that are known. */
bool persist_is_long(const struct persist *, size_t known);
/* Begins the other file; then persist_note for each that is to be kept
 * (PERSIST_MAX at most are); then the end of it. */
void persist_begin(struct persist *);
void persist_end(struct persist *);

#endif
