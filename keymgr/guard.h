/*
 * Is this request within my configuration and my records?  Whoever asks is
 * assumed to be taken over by an attacker; nothing it says is believed that
 * can be checked here.
 */
#ifndef KEYMGR_GUARD_H
#define KEYMGR_GUARD_H

#include "keymgr/config.h"
#include "keymgr/lease.h"
#include "keymgr/link.h"
#include "keymgr/sad.h"
#include "keymgr/spi.h"
#include "lib/secret.h"

#define GUARD_WHY_LEN	160	/* as km_result.reason */

/* A child SA as a worker asks for it. */
struct child_req {
	unsigned worker;
	uint32_t peer, policy, identity;
	uint64_t ike_spi;
	uint32_t replaces;
	bool initiator, transport, encap, esn;
	struct endpoint local, remote;
	uint32_t spi_in, spi_out;
	uint16_t encr, encr_bits, integ, pfs_group;
	struct secret encr_in, encr_out, integ_in, integ_out;
	size_t nlocal, nremote;
	struct tsel local_ts[TSEL_MAX], remote_ts[TSEL_MAX];
};
/* Wipes the keys. */
void child_req_free(struct child_req *);

/* What the checks found; pointers borrow from the configuration. */
struct guarded {
	const struct km_policy *policy;
	const struct km_peer *peer;
	const struct alg *encr, *integ;	/* integ NULL with an AEAD */
	size_t nsel;
	struct selector sel[SEL_MAX];	/* sorted */
};

struct guard {
	const struct km_conf *conf;
	const struct spi_tab *spi;
	const struct sad *sad;
	const struct leases *leases;
	const struct link *link;
};

/*
 * May this child be installed?  adopt: it is one that an earlier keymgr
 * installed, so that there are no keys and the SPI must be one found in the
 * kernel.  0 with *out filled, or -1 with the reason in why.
 */
int guard_child(const struct guard *, const struct child_req *, bool adopt,
    struct guarded *out, char why[GUARD_WHY_LEN]);
/* Is the child SA this worker's?  NULL: the reason is in why. */
struct sad_child *guard_own(const struct guard *, unsigned worker,
    uint32_t spi_in, char why[GUARD_WHY_LEN]);
/* May the child move to these outer endpoints? */
int guard_path(const struct guard *, const struct sad_child *,
    const struct endpoint *local, const struct endpoint *remote,
    char why[GUARD_WHY_LEN]);
/*
 * May these addresses be ours?  Only what an identity that asks for them
 * (mode-config responder=no) was given by its own peer.  have: how many the
 * worker has set already.
 */
int guard_vip(const struct guard *, const struct link_req *, size_t have,
    char why[GUARD_WHY_LEN]);
/* Would the configuration allow any at all to this identity? */
bool guard_vip_standing(const struct guard *, uint32_t peer,
    uint32_t identity);
/* Does the user that the child is for still have the addresses that it
 * speaks with? */
bool guard_leased(const struct guard *, const struct sad_child *,
    const struct selector *, size_t n, char why[GUARD_WHY_LEN]);
/*
 * Does the configuration still allow a child with these selectors?  Asked
 * of all when it was loaded anew; algorithms are not asked about, a change
 * there is for new SAs.
 */
int guard_standing(const struct guard *, const struct sad_child *,
    const struct selector *, size_t n, char why[GUARD_WHY_LEN]);

#endif
