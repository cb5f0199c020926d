/*
 * The algorithm table: one row per algorithm and key length.  The
 * configuration parser, negotiation, the kernel interface, print and the
 * manual all take names, numbers and lengths from here.
 */
#ifndef LIB_SUITE_SUITE_H
#define LIB_SUITE_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds are the transform types of RFC 7296 section 3.3.2. */
enum suite_kind {
	SUITE_ENCR = 1,
	SUITE_PRF = 2,
	SUITE_INTEG = 3,
	SUITE_KE = 4,
	SUITE_ESN = 5,
};

#define ALG_PHASE1	0x0001	/* may protect or set up an IKE SA */
#define ALG_PHASE2	0x0002	/* may protect or set up ESP or AH */
#define ALG_WEAK	0x0004	/* only with allow-weak=yes */
#define ALG_AEAD	0x0008	/* needs no integrity algorithm */
#define ALG_COUNTER	0x0010	/* the IV must never repeat under a key */
#define ALG_KEYLEN	0x0020	/* Key Length attribute is sent, 3.3.5 */
#define ALG_SLOW	0x0040	/* KE: an operation may take over 1 ms */
#define ALG_NONE	0x0080	/* stands for the absence of its kind */

#define ALG_NO_V2	0xffff	/* v2 of a row that IKEv2 does not have */

/* How an algorithm works; chooses the code that runs it. */
enum alg_mode {
	ALG_M_NONE,
	ALG_M_NULL,
	ALG_M_CBC,
	ALG_M_CTR,
	ALG_M_GCM,
	ALG_M_CCM,
	ALG_M_CHACHA,
	ALG_M_HMAC,
	ALG_M_XCBC,
	ALG_M_CMAC,
	ALG_M_MODP,
	ALG_M_ECP,
	ALG_M_XDH,
	ALG_M_COUNT,
};

struct alg {
	enum suite_kind kind;
	enum alg_mode mode;
	uint16_t v2;		/* IKEv2 transform id or ALG_NO_V2 */
	uint16_t v1_ph1;	/* IKEv1: encryption, hash or group; 0 none */
	uint16_t v1_esp;	/* DOI: ESP transform or auth value; 0 none */
	uint16_t v1_ah;		/* DOI: AH transform of an INTEG; 0 none */
	uint16_t bits;		/* key bits without salt; KE: group size */
	uint16_t key_len;	/* bytes of keying material, salt included */
	uint16_t out_len;	/* PRF, INTEG: full output; KE: g^ir */
	uint16_t pub_len;	/* KE: exact length of the public value */
	uint8_t salt_len;	/* bytes at the end of the key, not sent */
	uint8_t iv_len;		/* bytes of IV in each packet */
	uint8_t icv_len;	/* bytes of ICV in each packet; *8 for xfrm */
	uint8_t block;		/* plaintext is padded to a multiple of it */
	uint32_t flags;		/* ALG_ */
	const char *profile;	/* name in /ip ipsec profile, or NULL */
	const char *proposal;	/* name in /ip ipsec proposal, or NULL */
	const char *alias;	/* further names, space-separated, or NULL */
	const char *log;	/* name in logs and listings */
	const char *kernel;	/* xfrm name or NULL */
	const char *ossl;	/* OpenSSL cipher, digest or group, or NULL */
};

/*
 * Fetches everything from OpenSSL and checks the table against it.  To be
 * called once per process, before chroot and seccomp (providers and the
 * random generator open files); safe to use from threads afterwards.  Calling
 * it again does nothing.  -1: *why (static text) says what is missing.
 */
int suite_init(const char **why);

/*
 * The row of an IKEv2 transform.  attr: value of the Key Length attribute, 0
 * when absent; a length on an algorithm of fixed length, or none on one of
 * variable length, finds nothing (RFC 7296 section 3.3.5).
 */
const struct alg *suite_by_id(enum suite_kind, uint16_t v2, uint16_t attr);
/* Value of the Key Length attribute to send, 0: send none. */
uint16_t suite_attr(const struct alg *);
/* phase: ALG_PHASE1 or ALG_PHASE2 or both; any of a row's names matches. */
const struct alg *suite_by_name(enum suite_kind, unsigned phase,
    const char *name);
/* The name to print in that phase's menu; falls back on the other's. */
const char *suite_name(const struct alg *, unsigned phase);
/*
 * Walks the rows of a kind that serve any phase in the mask, in table order.
 * Start with NULL; NULL ends.
 */
const struct alg *suite_next(enum suite_kind, unsigned phase,
    const struct alg *prev);
/*
 * The row of a number, NULL when there is none, and the number of a row: for
 * plain-data structs within one version of the program.
 */
const struct alg *suite_row(uint16_t row);
uint16_t suite_row_of(const struct alg *);

/*
 * False when the row names something that the OpenSSL at hand lacks (DES
 * without the legacy provider) or suite_init was not called.
 */
bool suite_usable(const struct alg *);
/*
 * Whether an encryption and an integrity algorithm go together in a phase:
 * AEAD with none, others with one (RFC 8221 section 4, RFC 5282 section 8).
 * integ NULL means none.  On false *why (static text) says what is wrong.
 */
bool suite_pair_ok(const struct alg *encr, const struct alg *integ,
    unsigned phase, const char **why);
/*
 * Keying material of one direction of an ESP or AH SA: encryption key with
 * salt, then integrity key (RFC 7296 section 2.17).  Either may be NULL.
 */
size_t suite_keymat_len(const struct alg *encr, const struct alg *integ);

/* "ENCR", "PRF", "INTEG", "KE", "ESN" or "transform type". */
const char *suite_kind_str(unsigned kind);
/*
 * Log name of a transform as a peer sent it, known or not, for example
 * "AES-CBC-128" or "ENCR 99 (bits 64)".  Returns dst.
 */
#define SUITE_FMT_MAX	40
const char *suite_fmt(unsigned kind, uint16_t v2, uint16_t attr, char *dst,
    size_t size);

/*
 * Each thread caches cipher and MAC contexts that are keyed anew at each
 * use.  This wipes the keys still in the calling thread's contexts; call it
 * after an SA was destroyed.
 */
void suite_forget(void);

#endif
