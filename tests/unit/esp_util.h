/*
 * Two packet cores in one test, what they send kept in memory: a gate each,
 * "west" 10.1.0.0/16 and "east" 10.2.0.0/16, 2001:db8:1::/48 and :2::/48.
 */
#ifndef TESTS_UNIT_ESP_UTIL_H
#define TESTS_UNIT_ESP_UTIL_H

#include "espd/esp.h"

#include <check.h>

#define KEPT_MAX	8192
#define KEPT_FROM	16
#define KEPT_BYTES	(16u << 20)

/* One packet that came out. */
struct kept {
	uint8_t *p;		/* in the gate's memory */
	size_t len;
	struct esp_run run;	/* of what was sent */
};

struct keep {
	unsigned n;
	struct kept v[KEPT_MAX];
};

struct gate {
	struct esp *e;
	struct esp_thread *t;
	struct endpoint outer;
	struct mono now;
	struct keep sent, injected, local, passed, strays;
	struct l2tppair from[KEPT_FROM];	/* of what is local */
	bool deaf;		/* takes nothing that is local */
	unsigned wakes;
	size_t used;
	uint8_t mem[KEPT_BYTES];
	/* What esp_events() told. */
	unsigned acquires, softs, hards, mappings, losts;
	struct sel acquired;
	uint32_t acquired_reqid, expired_spi;
	struct endpoint mapped;
};

/* What an SA pair is made of; gate_sa() fills in the rest. */
struct suite {
	const struct alg *encr, *integ;
};

/* suite_init() and a core, with one thread unless conf says otherwise; conf
 * NULL: as usual. */
struct gate *gate_new(const char *outer, const struct esp_conf *conf);
void gate_free(struct gate *);
/* Forgets what came out. */
void gate_clear(struct gate *);
/* An SA from one to the other, in both; sa: what differs from usual. */
void gate_sa(struct gate *from, struct gate *to, struct suite, uint32_t spi,
    const struct esp_sa *sa);
void gate_sa_out(struct gate *from, const struct gate *to, struct suite,
    uint32_t spi, const struct esp_sa *sa);
void gate_sa_in(const struct gate *from, struct gate *to, struct suite,
    uint32_t spi, const struct esp_sa *sa);
/* A policy between two prefixes, with all else at 0 in sel and body. */
void gate_policy(struct gate *, const char *local, const char *remote,
    const struct policy_body *);
/* The usual pair: west to east with SPI 0x1000, back with 0x2000. */
void gate_pair(struct gate *west, struct gate *east, struct suite);
uint64_t gate_stat(const struct gate *, const char *name);
/* All error counters together. */
uint64_t gate_errors(const struct gate *);
void gate_events(struct gate *);
/* A packet from the inside, without anything left to do; and the flush. */
void gate_out(struct gate *, const uint8_t *, size_t len);
/* One datagram from the other; p is not changed. */
void gate_in(struct gate *, const struct gate *from, const uint8_t *p,
    size_t len);
/* All that the one has sent, run by run as if by UDP_GRO. */
void gate_carry(struct gate *from, struct gate *to);

struct suite suite_named(const char *encr, const char *integ);
/* Walks all suites that work in user space: start with {NULL, NULL}. */
bool suite_walk(struct suite *);
struct addr addr_of(const char *);

/* IP packets; return the length.  Payload: bytes that count up from seed. */
size_t make_udp(uint8_t *, const char *src, const char *dst, uint16_t sport,
    uint16_t dport, size_t payload, uint8_t seed);
size_t make_tcp(uint8_t *, const char *src, const char *dst, uint16_t sport,
    uint16_t dport, uint32_t seq, uint8_t flags, size_t payload);
/* An IP packet of so many bytes and any protocol. */
size_t make_ip(uint8_t *, const char *src, const char *dst, uint8_t proto,
    size_t len);

#endif
