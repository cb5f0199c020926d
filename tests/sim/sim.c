#include "tests/sim/sim_int.h"
#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
uint64_t
sim_random(struct sim *s)
{
	uint64_t z = (s->rng += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

unsigned
sim_below(struct sim *s, unsigned n)
{
	return n == 0 ? 0 : (unsigned)(sim_random(s) % n);
}

bool
sim_chance(struct sim *s, unsigned p)
{
	return sim_below(s, 1000) < p;
}

struct sim_event *
sim_event_new(struct sim *s, enum sim_kind kind, unsigned node, unsigned ms)
{
	struct sim_event *ev = calloc(1, sizeof(*ev)), **at;

	if (ev == NULL)
		abort();
	ev->kind = kind;
	ev->node = node;
	ev->life = s->node[node].life;
	ev->at = mono_add(s->now, MONO_MS(ms));
	for (at = &s->events; *at != NULL &&
	    mono_cmp((*at)->at, ev->at) <= 0; at = &(*at)->next)
		;
	ev->next = *at;
	*at = ev;
	return ev;
}

static void
event_free(struct sim_event *ev)
{
	if (ev->job != NULL)
		ke_job_free(ev->job);
	free(ev->data);
	free(ev->auth);
	free(ev->session);
	free(ev);
}

/* ---- the network ---- */

/* Where the datagram goes, as seen there; false: nowhere. */
static bool
route(struct sim *s, unsigned from, const struct ike_path *out,
    unsigned *to, struct ike_path *in)
{
	*in = (struct ike_path){ .local = out->remote,
		.remote = out->local };
	if (s->nat && from == 0) {
		in->remote.addr = s->nat_addr;
		in->remote.port = (uint16_t)(s->nat_port +
		    (out->local.port == 4500));
	}
	if (s->nat && addr_equal(&out->remote.addr, &s->nat_addr)) {
		if (out->remote.port != s->nat_port &&
		    out->remote.port != s->nat_port + 1)
			return false;
		in->local.addr = s->node[0].addr;
		in->local.port = out->remote.port == s->nat_port ? 500 : 4500;
		*to = 0;
		in->natt = in->local.port == 4500;
		return true;
	}
	for (*to = 0; *to < SIM_NODES; (*to)++)
		if (addr_equal(&s->node[*to].addr, &out->remote.addr))
			break;
	in->natt = in->local.port == 4500;
	return *to < SIM_NODES && !(s->nat && *to == 0);
}

static void
deliver(struct sim *s, unsigned to, const struct ike_path *in,
    const uint8_t *data, size_t len, unsigned ms)
{
	struct sim_event *ev = sim_event_new(s, EV_PACKET, to, ms);

	ev->path = *in;
	ev->data = malloc(len + 1);
	if (ev->data == NULL)
		abort();
	memcpy(ev->data, data, len);
	ev->len = len;
}

static unsigned
delay(struct sim *s)
{
	return s->net.delay_min + sim_below(s,
	    s->net.delay_max - s->net.delay_min + 1);
}

void
sim_inject(struct sim *s, unsigned to, const struct ike_path *in,
    const void *data, size_t len)
{
	deliver(s, to, in, data, len, 0);
}

static void
op_send(void *ctx, const struct ike_path *path, const uint8_t *data,
    size_t len)
{
	struct sim_node *n = ctx;
	struct sim *s = n->sim;
	struct ike_path out = *path, in;
	uint8_t copy[65536];
	unsigned to;

	s->sent++;
	memcpy(copy, data, len);
	if (n->deaf || (s->tap != NULL &&
	    s->tap(s, n->idx, &out, copy, &len) == SIM_DROP))
		return;
	if (!route(s, n->idx, &out, &to, &in) || sim_chance(s, s->net.loss))
		return;
	if (s->net.mtu > 0 && len + 8 + (in.natt ? 4 : 0) +
	    (out.remote.addr.family == AF_INET6 ? 40 : 20) > s->net.mtu)
		return;
	deliver(s, to, &in, copy, len, delay(s));
	if (sim_chance(s, s->net.dup))
		deliver(s, to, &in, copy, len, delay(s));
}

/* ---- the other ops ---- */

static struct mono
op_now(void *ctx)
{
	struct sim_node *n = ctx;

	return n->sim->now;
}

static void
op_random(void *ctx, void *dst, size_t len)
{
	struct sim_node *n = ctx;
	uint8_t *p = dst;

	while (len-- > 0)
		*p++ = (uint8_t)sim_random(n->sim);
}

static int
op_source(void *ctx, const struct addr *remote, struct addr *local)
{
	struct sim_node *n = ctx;

	(void)remote;
	if (n->no_route)
		return -1;
	*local = n->source.family != AF_UNSPEC ? n->source : n->addr;
	return 0;
}

static void
op_keepalive(void *ctx, const struct ike_path *path)
{
	struct sim_node *n = ctx;

	(void)path;
	n->keepalives++;
}

static void
op_ke_run(void *ctx, struct ke_job *job)
{
	struct sim_node *n = ctx;
	struct sim *s = n->sim;
	struct sim_event *ev;

	ke_job_run(job);
	if (n->help.ke_delay_max == 0) {
		engine_ke_done(n->engine, job);
		return;
	}
	ev = sim_event_new(s, EV_KE, n->idx, sim_below(s, n->help.ke_delay_max));
	ev->job = job;
}

static void
op_stopped(void *ctx)
{
	struct sim_node *n = ctx;

	n->stopped++;
}

static void
node_start(struct sim *s, unsigned idx)
{
	struct sim_node *n = &s->node[idx];
	struct engine_ops ops = {
		.ctx = n, .now = op_now, .random = op_random,
		.send = op_send, .keepalive = op_keepalive,
		.source = op_source, .ke_run = op_ke_run,
		.stopped = op_stopped,
	};

	sim_auth_ops(&ops);
	sim_help_ops(&ops);
	n->engine = engine_new(&ops, idx + 1);
	if (n->engine == NULL)
		abort();
	n->life++;
}

static void
log_sink_fn(void *arg, uint32_t topics, const char *line)
{
	struct sim *s = arg;
	size_t n = strlen(line);

	if (getenv("SIM_LOG") != NULL)
		fprintf(stderr, "%10.3f %s\n", (double)s->now.us / 1e6, line);
	if (!(topics & (LOG_T_ERROR | LOG_T_WARNING | LOG_T_INFO)))
		return;
	if (s->log_len + n + 2 > sizeof(s->log))
		s->log_len = 0;
	memcpy(s->log + s->log_len, line, n);
	s->log_len += n;
	s->log[s->log_len++] = '\n';
	s->log[s->log_len] = '\0';
}

struct sim *
sim_new(uint64_t seed)
{
	static const char *const addrs[] = { "10.0.0.1", "10.0.0.2" };
	static const char *const ids[] = { "a.example", "b.example" };
	struct sim *s = calloc(1, sizeof(*s));
	unsigned i;

	if (s == NULL)
		abort();
	s->rng = seed;
	s->now.us = 1000000000;
	s->net.delay_min = s->net.delay_max = 10;
	if (getenv("SIM_LOG") != NULL)
		log_set_mask(~0u);
	log_set_sink(log_sink_fn, s);
	(void)addr_parse(&s->nat_addr, "192.0.2.9");
	s->nat_port = 40000;
	for (i = 0; i < SIM_NODES; i++) {
		struct sim_node *n = &s->node[i];

		n->sim = s;
		n->idx = i;
		(void)addr_parse(&n->addr, addrs[i]);
		n->id = ids[i];
		n->peer_id = ids[1 - i];
		n->psk = "a secret of both";
		n->next_spi = 0x1000 * (i + 1);
		n->idle_s = UINT32_MAX;
		node_start(s, i);
	}
	return s;
}

void
sim_free(struct sim *s)
{
	struct sim_event *ev;
	unsigned i;

	s->tap = NULL;
	for (i = 0; i < SIM_NODES; i++)
		engine_free(s->node[i].engine);
	while ((ev = s->events) != NULL) {
		s->events = ev->next;
		event_free(ev);
	}
	log_set_sink(NULL, NULL);
	free(s);
}

void
sim_restart(struct sim *s, unsigned node)
{
	struct sim_node *n = &s->node[node];
	unsigned i;

	n->life++;
	engine_free(n->engine);
	for (i = 0; i < SIM_CHILDREN; i++)
		n->child[i].used = false;
	for (i = 0; i < SIM_SESSIONS; i++)
		n->session[i].used = false;
	n->vip_handle = 0;
	node_start(s, node);
}

void
sim_sessiond_restart(struct sim *s, unsigned node)
{
	struct sim_node *n = &s->node[node];
	unsigned i;

	for (i = 0; i < SIM_SESSIONS; i++)
		n->session[i].used = false;
	engine_session_resync(n->engine);
}

void
sim_keymgr_restart(struct sim *s, unsigned node)
{
	struct sim_node *n = &s->node[node];
	unsigned i;

	for (i = 0; i < SIM_CHILDREN; i++)
		if (n->child[i].installed)
			n->child[i].used = false;
	engine_resync(n->engine);
}

static void
handle(struct sim *s, struct sim_event *ev)
{
	struct sim_node *n = &s->node[ev->node];

	if (ev->kind == EV_PACKET) {
		if (!n->deaf)
			engine_recv(n->engine, &ev->path, ev->data, ev->len);
		return;
	}
	if (ev->life != n->life)
		return;
	switch (ev->kind) {
	case EV_KE:
		engine_ke_done(n->engine, ev->job);
		ev->job = NULL;
		break;
	case EV_AUTH:
		sim_auth_answer(n, ev);
		break;
	case EV_SESSION:
		engine_session_done(n->engine, ev->num, ev->session);
		break;
	case EV_CHILD:
		sim_child_answer(n, ev);
		break;
	default:
		engine_stat_done(n->engine, ev->num, ev->idle);
		break;
	}
}

/* One event or timer up to the limit; false: none. */
static bool
step(struct sim *s, struct mono limit)
{
	struct mono at = s->events == NULL ? MONO_NEVER : s->events->at;
	struct sim_event *ev;
	int who = -1;
	unsigned i;

	for (i = 0; i < SIM_NODES; i++) {
		struct mono t = engine_next(s->node[i].engine);

		if (mono_cmp(t, at) < 0) {
			at = t;
			who = (int)i;
		}
	}
	if (mono_cmp(at, limit) > 0)
		return false;
	if (mono_cmp(at, s->now) > 0)
		s->now = at;
	if (who >= 0) {
		engine_timers(s->node[who].engine);
		return true;
	}
	ev = s->events;
	s->events = ev->next;
	handle(s, ev);
	event_free(ev);
	return true;
}

void
sim_run_ms(struct sim *s, unsigned ms)
{
	struct mono limit = mono_add(s->now, MONO_MS(ms));
	unsigned steps = 0;

	while (step(s, limit))
		if (++steps > 2000000)
			abort();	/* time stands still */
	s->now = limit;
}

void
sim_run(struct sim *s, unsigned seconds)
{
	sim_run_ms(s, seconds * 1000);
}
