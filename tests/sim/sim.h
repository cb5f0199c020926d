/*
 * Two complete engines in one process, on a simulated network with a
 * simulated clock.  Everything follows from the seed, so a run that fails
 * can be repeated.  certd and keymgr are played here: certd computes AUTH
 * from the same octets as the real one, keymgr records the children.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "ikepd/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_NODES	2
#define SIM_KEY_MAX	128
#define SIM_CHILDREN	256

/* Per mille of datagrams, and milliseconds. */
struct sim_net {
	unsigned loss, dup;
	unsigned delay_min, delay_max;
	unsigned mtu;		/* IP datagrams beyond are lost; 0: none */
};

/* How the helpers of a node behave. */
struct sim_help {
	unsigned delay_max;		/* ms until certd, keymgr answer */
	unsigned ke_delay_max;		/* ms; 0: inside the call */
	unsigned auth_lost;		/* per mille: no answer at all */
	unsigned auth_unavailable;	/* per mille */
	unsigned verify_unavailable;	/* per mille, of an initiator's */
	bool no_key;			/* what AUTH is made with is missing */
	unsigned child_fails;		/* per mille */
	unsigned child_lost;		/* per mille: no answer at all */
	unsigned session_lost;		/* per mille: no answer at all */
	unsigned session_unavailable;	/* per mille */
	const char *session_refused;	/* NULL, or the reason */
};

/* A session as sessiond has it. */
#define SIM_SESSIONS	32
struct sim_session {
	bool used;
	uint64_t spi;
	uint32_t identity, age_s;
	struct addr addr4, addr6;
	uint8_t fp[AUTH_FP_LEN];
};

/* A certificate: what is sent, and whether the other side takes it. */
#define SIM_CERT_MAX	32768
struct sim_cert {
	size_t len;			/* 0: the node uses its secret */
	size_t sig_len;			/* of AUTH, <= AUTH_DATA_MAX */
	uint8_t seed;			/* its bytes are seed, seed + 1, ... */
	unsigned between;		/* further certificates, of 1 kB */
};

/* A child as keymgr has it. */
struct sim_child {
	bool used, installed;
	struct child_req r;
	uint8_t encr_in[SIM_KEY_MAX], encr_out[SIM_KEY_MAX];
	uint8_t integ_in[SIM_KEY_MAX], integ_out[SIM_KEY_MAX];
	struct ts_list local, remote;
};

struct sim;

struct sim_node {
	struct sim *sim;
	unsigned idx;
	unsigned life;			/* of the engine, counted */
	struct engine *engine;
	struct addr addr;
	struct addr source;		/* what the routes say; none: addr */
	bool no_route;			/* or that they lead nowhere */
	const char *id;			/* our FQDN */
	const char *peer_id;		/* expected; NULL: any */
	const char *psk;
	struct sim_cert cert;
	const char *distrusts;		/* reason for refusing certificates */
	struct auth_req got;		/* the last one with AUTH_VERIFY; its
					 * pointers do not hold */
	struct cfg pool;		/* what sessiond hands out */
	bool config;			/* it has a mode-config for them */
	struct sim_session session[SIM_SESSIONS];
	struct cfg vip;			/* what the engine was given */
	uint32_t vip_handle;		/* 0: nothing */
	unsigned silent;
	uint32_t silent_peer;	/* nobody answers there */
	unsigned vip_ups, vip_downs, moves, syncs, contacts;
	unsigned watches;		/* a new certd was told of, */
	uint8_t watch[AUTH_FP_LEN];	/* the last one */
	size_t auth_pad;		/* bytes behind our AUTH data */
	struct sim_help help;
	uint32_t next_spi;
	bool no_spi;			/* the pool is empty */
	struct sim_child child[SIM_CHILDREN];
	unsigned adds, dels, adopts, paths, keepalives, stopped;
	uint32_t idle_s;		/* answer to stat_get */
	bool deaf;			/* hears nothing, says nothing */
};

/* What becomes of a datagram. */
enum sim_fate { SIM_PASS, SIM_DROP };

/* Sees every datagram that is sent; may change it. */
typedef enum sim_fate (*sim_tap)(struct sim *, unsigned from,
    struct ike_path *, uint8_t *data, size_t *len);

struct sim_event;

struct sim {
	struct mono now;
	uint64_t rng;
	uint64_t seq;
	struct sim_node node[SIM_NODES];
	struct sim_net net;
	bool nat;			/* node 0 is behind a NAT */
	struct addr nat_addr;
	uint16_t nat_port;		/* outside port of node 0's port 500;
					 * 4500 is nat_port + 1 */
	sim_tap tap;
	void *tap_arg;
	struct sim_event *events;	/* sorted by time */
	unsigned sent;
	/* The last error line and all of them, for tests of reports. */
	char log[16384];
	size_t log_len;
};

/* Two nodes without configuration, 10.0.0.1 and 10.0.0.2. */
struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *);
uint64_t sim_random(struct sim *);
/* A number in 0..n-1. */
unsigned sim_below(struct sim *, unsigned n);
/* True in p of 1000 cases. */
bool sim_chance(struct sim *, unsigned p);

/* What sim_conf() makes; defaults by sim_conf_default(). */
struct sim_conf {
	const char *encr[4], *integ[4], *prf[4], *group[4];	/* phase 1 */
	const char *esp_encr[4], *esp_integ[4], *pfs[4];
	bool passive, transport, no_contact, templates;
	unsigned policies;		/* 10.1.n.0/24 === 10.2.n.0/24 */
	uint32_t ike_life, dpd;
	uint32_t cookie_threshold;
	uint16_t port;			/* of the peer; 0: 500 */
	bool encap;		/* ESP in UDP without NAT, too */
	uint16_t fragment_size;
	const char *peer_prefix;	/* NULL: the other node's address */
	const char *wide;		/* NULL, or remote side of policy 0 */
	enum peer_mode mode;
	bool certs;			/* the identity uses certificates */
	enum cfg_role cfg;
	bool any6;			/* templates for IPv6, too */
	const char *template_net;	/* our side of templates */
	bool no_generate;
	bool no_identity;
};
void sim_conf_default(struct sim_conf *);
/* The configuration of a node. */
struct ike_conf *sim_conf(struct sim *, unsigned node,
    const struct sim_conf *);
/* The same configuration for both, mirrored; node 1 passive. */
void sim_configure(struct sim *, const struct sim_conf *);

/* Runs until the time has passed. */
void sim_run(struct sim *, unsigned seconds);
void sim_run_ms(struct sim *, unsigned ms);
/* Puts a datagram on the wire that no engine has sent. */
void sim_inject(struct sim *, unsigned to, const struct ike_path *,
    const void *data, size_t len);
/* The process dies: keymgr removes its children, a new one starts. */
void sim_restart(struct sim *, unsigned node);
/* sessiond anew: forgets its sessions and asks for them again. */
void sim_sessiond_restart(struct sim *, unsigned node);
unsigned sim_sessions(const struct sim *, unsigned node);
/* The node uses a certificate of len bytes, signatures of sig_len. */
void sim_use_cert(struct sim *, unsigned node, size_t len, size_t sig_len,
    unsigned between);
/* Its fingerprint as certd would have it. */
void sim_cert_fp(const struct sim_cert *, uint8_t fp[AUTH_FP_LEN]);
/* keymgr anew: forgets its children and asks for them again. */
void sim_keymgr_restart(struct sim *, unsigned node);

/* Looking */
unsigned sim_children(const struct sim *, unsigned node);
struct sim_child *sim_child_at(struct sim *, unsigned node, unsigned n);
unsigned sim_ikes(struct sim *, unsigned node, const char *state);
/* The one established IKE SA's row; false: none or several. */
bool sim_ike(struct sim *, unsigned node, struct ike_show *);
void sim_stats(struct sim *, unsigned node, struct engine_stats *);
bool sim_logged(const struct sim *, const char *text);

/* Both ends agree on every child and IKE SA.  NULL, or what differs. */
const char *sim_agree(struct sim *);
/* No SA waits without a timer; counters fit.  NULL, or what is wrong. */
const char *sim_sound(struct sim *);

#endif
