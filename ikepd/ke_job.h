/*
 * A Diffie-Hellman computation as a parcel that may be carried to another
 * thread: it owns all it needs.
 */
#ifndef IKEPD_KE_JOB_H
#define IKEPD_KE_JOB_H

#include "lib/secret.h"
#include "lib/suite/ke.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ke_job {
	uint64_t spi;		/* who asked: our SPI of the IKE SA, */
	bool theirs;		/* which of its works, */
	uint32_t serial;	/* and which of that work's requests */
	const struct alg *group;
	struct ke_priv *priv;	/* NULL: make a key pair */
	bool derive;
	struct secret peer;	/* the peer's value, to derive */
	struct secret gir;
	atomic_bool dead;	/* nobody waits for it any more */
	bool ok;
	const char *why;	/* static, when !ok */
};

struct ke_job *ke_job_new(uint64_t spi, bool theirs,
    const struct alg *group);

#endif
