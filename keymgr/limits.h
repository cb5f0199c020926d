/*
 * How much an SA may carry, beside how long it may stand: what is configured,
 * and what its algorithm and its sequence numbers bear.
 */
#ifndef KEYMGR_LIMITS_H
#define KEYMGR_LIMITS_H

#include "keymgr/backend.h"
#include "keymgr/config.h"

/*
 * The hard ones, and soft ones at 80 % less up to 5 %, so that the SAs of
 * a gateway are not all replaced at once.  A limit is never 0 but of bytes.
 */
void limits_set(struct bk_limits *, const struct km_proposal *,
    const struct alg *encr, bool esn);
/* The same rule for any number. */
uint64_t limits_soft(uint64_t hard);

#endif
