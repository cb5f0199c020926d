/* What the files of the simulation share, and nobody else sees. */
#ifndef TESTS_SIM_SIM_INT_H
#define TESTS_SIM_SIM_INT_H

#include "tests/sim/sim.h"

enum sim_kind { EV_PACKET, EV_KE, EV_AUTH, EV_CHILD, EV_STAT, EV_SESSION };

struct sim_event {
	struct sim_event *next;
	struct mono at;
	enum sim_kind kind;
	unsigned node, life;
	struct ike_path path;
	uint8_t *data;
	size_t len;
	struct ke_job *job;
	uint32_t num;			/* request, SPI */
	bool ok;
	enum auth_status status;
	const char *reason;
	uint8_t id[64], *auth;
	size_t id_len, auth_len;
	uint8_t method;
	const struct sim_cert *cert;	/* to be sent; NULL: none */
	uint8_t fp[AUTH_FP_LEN];	/* shown by the peer */
	struct session_result *session;
	uint32_t idle;
};

/* In ms from now; aborts without memory. */
struct sim_event *sim_event_new(struct sim *, enum sim_kind, unsigned node,
    unsigned ms);

/* The calls of an engine to certd, and to keymgr and sessiond. */
void sim_auth_ops(struct engine_ops *);
void sim_help_ops(struct engine_ops *);
/* What these answer when the time has come. */
void sim_auth_answer(struct sim_node *, const struct sim_event *);
void sim_child_answer(struct sim_node *, const struct sim_event *);

#endif
