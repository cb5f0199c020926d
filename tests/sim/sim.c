#include "tests/sim/sim.h"
#include "lib/log.h"
#include "lib/suite/prf.h"
#include "ikepd/tsel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static const char psk_pad[] = "Key Pad for IKEv2";

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

static struct sim_event *
event_new(struct sim *s, enum sim_kind kind, unsigned node, unsigned ms)
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
	struct sim_event *ev = event_new(s, EV_PACKET, to, ms);

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
	ev = event_new(s, EV_KE, n->idx, sim_below(s, n->help.ke_delay_max));
	ev->job = job;
}

static void
id_body(const char *fqdn, uint8_t *out, size_t *len)
{
	memset(out, 0, 4);
	out[0] = 2;	/* ID_FQDN */
	memcpy(out + 4, fqdn, strlen(fqdn));
	*len = 4 + strlen(fqdn);
}

/* AUTH of RFC 7296 2.15 with a shared key. */
static size_t
psk_auth(uint16_t prf_id, const char *psk, const struct blob *msg,
    const struct blob *nonce, const struct blob *sk_p, const uint8_t *id,
    size_t id_len, uint8_t *out)
{
	const struct alg *a = suite_by_id(SUITE_PRF, prf_id, 0);
	uint8_t key[PRF_MAX], mac[PRF_MAX];
	struct part p[3];

	p[0] = (struct part){ psk_pad, sizeof(psk_pad) - 1 };
	if (prf(a, psk, strlen(psk), p, 1, key) == -1)
		abort();
	p[0] = (struct part){ id, id_len };
	if (prf(a, sk_p->p, sk_p->len, p, 1, mac) == -1)
		abort();
	p[0] = (struct part){ msg->p, msg->len };
	p[1] = (struct part){ nonce->p, nonce->len };
	p[2] = (struct part){ mac, a->out_len };
	if (prf(a, key, a->out_len, p, 3, out) == -1)
		abort();
	return a->out_len;
}

/* ---- certificates ---- */

static void
fill(uint8_t *p, size_t len, uint8_t seed)
{
	while (len-- > 0)
		*p++ = seed++;
}

void
sim_cert_fp(const struct sim_cert *c, uint8_t fp[AUTH_FP_LEN])
{
	memset(fp, c->seed, AUTH_FP_LEN);
}

void
sim_use_cert(struct sim *s, unsigned node, size_t len, size_t sig_len,
    unsigned between)
{
	struct trust t = { .hashes = 0x3c, .certs = true };
	uint8_t cas[3 * AUTH_CA_LEN];
	unsigned i;

	s->node[node].cert = (struct sim_cert){ len, sig_len,
		(uint8_t)(0x10 + node), between };
	for (i = 0; i < 2; i++) {
		fill(cas, sizeof(cas), (uint8_t)(0x80 + i));
		t.certreq = (struct blob){ cas, sizeof(cas) };
		engine_trust(s->node[i].engine, &t);
	}
}

/* A signature: the shared-key MAC over the octets of 2.15, repeated. */
static uint8_t *
signature(const struct sim_cert *c, const uint8_t *mac, size_t mac_len)
{
	uint8_t *sig = malloc(c->sig_len + 1);
	size_t i;

	if (sig == NULL)
		abort();
	for (i = 0; i < c->sig_len; i++)
		sig[i] = mac[i % mac_len] ^ (uint8_t)(i / mac_len);
	return sig;
}

static enum auth_status
verify_cert(const struct sim_node *n, const struct auth_req *r,
    const char **reason)
{
	const struct sim_cert *c = &n->sim->node[1 - n->idx].cert;
	uint8_t mac[PRF_MAX], *want, *sig;
	size_t len;
	bool same;

	*reason = "the peer shows another certificate";
	want = malloc(c->len + 1);
	if (want == NULL)
		abort();
	fill(want, c->len, c->seed);
	same = r->ncerts == c->between + 1 && r->certs[0].encoding == 4 &&
	    r->certs[0].data.len == c->len &&
	    memcmp(r->certs[0].data.p, want, c->len) == 0;
	free(want);
	if (!same)
		return AUTH_BAD_CERT;
	*reason = n->distrusts;
	if (n->distrusts != NULL)
		return AUTH_BAD_CERT;
	*reason = "the signature is wrong";
	len = psk_auth(r->prf, n->psk, &r->msg_peer, &r->nonce_own,
	    &r->sk_peer, r->id_peer.p, r->id_peer.len, mac);
	sig = signature(c, mac, len);
	same = r->method == 14 && r->auth.len == c->sig_len &&
	    memcmp(r->auth.p, sig, c->sig_len) == 0;
	free(sig);
	return same ? AUTH_OK : AUTH_BAD;
}

static enum auth_status
verify(const struct sim_node *n, const struct auth_req *r,
    const char **reason)
{
	uint8_t want[64], auth[PRF_MAX];
	size_t len;

	if (n->peer_id != NULL) {
		id_body(n->peer_id, want, &len);
		if (len != r->id_peer.len ||
		    memcmp(want, r->id_peer.p, len) != 0)
			return AUTH_NO_IDENTITY;
	}
	if (n->sim->node[1 - n->idx].cert.len > 0)
		return verify_cert(n, r, reason);
	if (r->method != 2)
		return AUTH_BAD_METHOD;
	len = psk_auth(r->prf, n->psk, &r->msg_peer, &r->nonce_own,
	    &r->sk_peer, r->id_peer.p, r->id_peer.len, auth);
	return len + n->sim->node[1 - n->idx].auth_pad == r->auth.len &&
	    memcmp(auth, r->auth.p, len) == 0 ? AUTH_OK : AUTH_BAD;
}

/* Our AUTH, and with a certificate what goes with it. */
static void
make_auth(const struct sim_node *n, const struct auth_req *r,
    struct sim_event *ev)
{
	uint8_t mac[PRF_MAX];
	size_t len;

	id_body(n->id, ev->id, &ev->id_len);
	len = psk_auth(r->prf, n->psk, &r->msg_own, &r->nonce_peer,
	    &r->sk_own, ev->id, ev->id_len, mac);
	if (n->cert.len == 0) {
		ev->auth = calloc(1, len + n->auth_pad);
		if (ev->auth == NULL)
			abort();
		memcpy(ev->auth, mac, len);
		ev->auth_len = len + n->auth_pad;
		ev->method = 2;
		return;
	}
	ev->auth = signature(&n->cert, mac, len);
	ev->auth_len = n->cert.sig_len;
	ev->method = 14;
	ev->cert = &n->cert;
}

static void
op_auth(void *ctx, const struct auth_req *r)
{
	struct sim_node *n = ctx;
	struct sim *s = n->sim;
	struct sim_event *ev;

	if (sim_chance(s, n->help.auth_lost))
		return;
	ev = event_new(s, EV_AUTH, n->idx, sim_below(s,
	    n->help.delay_max + 1));
	ev->num = r->req;
	ev->status = AUTH_OK;
	ev->reason = "the test's certd says so";
	if (sim_chance(s, n->help.auth_unavailable) ||
	    (r->what == AUTH_VERIFY &&
	    sim_chance(s, n->help.verify_unavailable)))
		ev->status = AUTH_UNAVAILABLE;
	else if (n->help.no_key)
		ev->status = AUTH_NO_KEY;
	else if (r->what & AUTH_VERIFY) {
		n->got = *r;
		ev->status = verify(n, r, &ev->reason);
		if (s->node[1 - n->idx].cert.len > 0)
			sim_cert_fp(&s->node[1 - n->idx].cert, ev->fp);
	}
	if (ev->status == AUTH_OK && (r->what & AUTH_MAKE))
		make_auth(n, r, ev);
}

static struct addr
next_addr(struct sim_node *n, struct addr *pool)
{
	struct addr a = *pool;
	size_t last = addr_len(pool);
	unsigned i;

	for (i = 0; last > 0 && i < SIM_SESSIONS; i++)
		if (n->session[i].used && (addr_equal(&n->session[i].addr4,
		    &a) || addr_equal(&n->session[i].addr6, &a))) {
			a.b[last - 1]++;
			i = (unsigned)-1;
		}
	return a;
}

static struct sim_session *
session_find(struct sim_node *n, uint64_t spi)
{
	unsigned i;

	for (i = 0; i < SIM_SESSIONS; i++)
		if (n->session[i].used && n->session[i].spi == spi)
			return &n->session[i];
	return NULL;
}

static struct sim_session *
session_record(struct sim_node *n, const struct session_req *r)
{
	struct sim_session *x = n->session;

	if (session_find(n, r->ike_spi) != NULL)
		abort();	/* one of a kind */
	while (x->used)
		if (++x == n->session + SIM_SESSIONS)
			abort();
	*x = (struct sim_session){ .used = true, .spi = r->ike_spi,
		.identity = r->identity, .age_s = r->age_s };
	memcpy(x->fp, r->fp, sizeof(x->fp));
	return x;
}

static void
op_session_open(void *ctx, const struct session_req *r)
{
	struct sim_node *n = ctx;
	struct sim *s = n->sim;
	struct sim_session *x;
	struct sim_event *ev;

	if (sim_chance(s, n->help.session_lost))
		return;
	ev = event_new(s, EV_SESSION, n->idx, sim_below(s,
	    n->help.delay_max + 1));
	ev->num = r->req;
	ev->session = calloc(1, sizeof(*ev->session));
	if (ev->session == NULL)
		abort();
	ev->session->reason = "";
	if (n->help.session_refused != NULL) {
		ev->session->status = SESSION_REFUSED;
		ev->session->reason = n->help.session_refused;
		return;
	}
	if (sim_chance(s, n->help.session_unavailable)) {
		ev->session->status = SESSION_UNAVAILABLE;
		ev->session->reason = "sessiond is not there";
		return;
	}
	x = session_record(n, r);
	n->contacts += r->contact;
	if (!n->config)
		return;
	ev->session->config = true;
	ev->session->cfg = n->pool;
	x->addr4 = ev->session->cfg.addr4 = r->want4 ?
	    next_addr(n, &n->pool.addr4) : (struct addr){ 0 };
	x->addr6 = ev->session->cfg.addr6 = r->want6 ?
	    next_addr(n, &n->pool.addr6) : (struct addr){ 0 };
	if (x->addr4.family == AF_UNSPEC && x->addr6.family == AF_UNSPEC)
		ev->session->reason = "the pool is empty";
}

static void
op_session_close(void *ctx, uint64_t spi)
{
	struct sim_session *x = session_find(ctx, spi);

	if (x != NULL)
		x->used = false;
}

static void
op_session_move(void *ctx, uint64_t from, uint64_t to,
    const struct endpoint *remote)
{
	struct sim_session *x = session_find(ctx, from);
	struct sim_node *n = ctx;

	(void)remote;
	n->moves++;
	if (x != NULL)
		x->spi = to;
}

static void
op_watch(void *ctx, const struct blob *b)
{
	struct sim_node *n = ctx;

	if (b->len != AUTH_FP_LEN)
		abort();
	memcpy(n->watch, b->p, b->len);
	n->watches++;
}

static void
op_session_sync(void *ctx, const struct session_req *r)
{
	struct sim_session *x = session_record(ctx, r);
	struct sim_node *n = ctx;

	n->syncs++;
	x->addr4 = r->addr4;
	x->addr6 = r->addr6;
}

static void
op_vip_up(void *ctx, const struct vip_req *r)
{
	struct sim_node *n = ctx;

	if (r->vip == 0 || r->identity != 50 || r->peer != 20)
		abort();
	n->vip_ups++;
	n->vip_handle = r->vip;
	n->vip = *r->cfg;
}

static void
op_peer_silent(void *ctx, uint32_t peer)
{
	struct sim_node *n = ctx;

	n->silent++;
	n->silent_peer = peer;
}

static void
op_vip_down(void *ctx, uint32_t vip)
{
	struct sim_node *n = ctx;

	n->vip_downs++;
	if (n->vip_handle == vip)
		n->vip_handle = 0;
}

static struct sim_child *
child_find(struct sim_node *n, uint32_t spi_in)
{
	unsigned i;

	for (i = 0; i < SIM_CHILDREN; i++)
		if (n->child[i].used && n->child[i].r.spi_in == spi_in)
			return &n->child[i];
	return NULL;
}

static void
copy_key(uint8_t *dst, struct blob *b)
{
	if (b->len > SIM_KEY_MAX)
		abort();
	if (b->len > 0)
		memcpy(dst, b->p, b->len);
	b->p = dst;
}

static struct sim_child *
child_record(struct sim_node *n, const struct child_req *r)
{
	struct sim_child *c = n->child;

	while (c->used)
		if (++c == n->child + SIM_CHILDREN)
			abort();
	memset(c, 0, sizeof(*c));
	c->used = true;
	c->r = *r;
	copy_key(c->encr_in, &c->r.encr_in);
	copy_key(c->encr_out, &c->r.encr_out);
	copy_key(c->integ_in, &c->r.integ_in);
	copy_key(c->integ_out, &c->r.integ_out);
	c->local.n = r->nlocal;
	memcpy(c->local.ts, r->local_ts, r->nlocal * sizeof(struct ts));
	c->remote.n = r->nremote;
	memcpy(c->remote.ts, r->remote_ts, r->nremote * sizeof(struct ts));
	c->r.local_ts = c->local.ts;
	c->r.remote_ts = c->remote.ts;
	return c;
}

static void
op_child_add(void *ctx, const struct child_req *r)
{
	struct sim_node *n = ctx;
	struct sim *s = n->sim;
	struct sim_event *ev;

	n->adds++;
	if (child_find(n, r->spi_in) != NULL)
		abort();	/* an SPI must not be used twice */
	(void)child_record(n, r);
	if (sim_chance(s, n->help.child_lost))
		return;
	ev = event_new(s, EV_CHILD, n->idx, sim_below(s,
	    n->help.delay_max + 1));
	ev->num = r->spi_in;
	ev->ok = !sim_chance(s, n->help.child_fails);
}

static void
op_child_adopt(void *ctx, const struct child_req *r)
{
	struct sim_node *n = ctx;

	n->adopts++;
	child_record(n, r)->installed = true;
}

static void
op_child_del(void *ctx, uint32_t spi_in)
{
	struct sim_node *n = ctx;
	struct sim_child *c = child_find(n, spi_in);

	n->dels++;
	if (c != NULL)
		c->used = false;
}

static void
op_child_path(void *ctx, uint32_t spi_in, const struct endpoint *local,
    const struct endpoint *remote)
{
	struct sim_node *n = ctx;
	struct sim_child *c = child_find(n, spi_in);

	n->paths++;
	if (c == NULL)
		return;
	c->r.local = *local;
	c->r.remote = *remote;
}

static uint32_t
op_spi_get(void *ctx)
{
	struct sim_node *n = ctx;

	return n->no_spi ? 0 : n->next_spi++;
}

static void
op_spi_put(void *ctx, uint32_t spi)
{
	struct sim_node *n = ctx;

	if (child_find(n, spi) != NULL)
		abort();	/* one in use cannot go back */
}

static void
op_stat_get(void *ctx, uint32_t spi_in)
{
	struct sim_node *n = ctx;
	struct sim_event *ev = event_new(n->sim, EV_STAT, n->idx,
	    sim_below(n->sim, n->help.delay_max + 1));

	ev->num = spi_in;
	ev->idle = n->idle_s;
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
	const struct engine_ops ops = {
		.ctx = n, .now = op_now, .random = op_random,
		.send = op_send, .keepalive = op_keepalive,
		.source = op_source, .ke_run = op_ke_run, .auth = op_auth,
		.child_add = op_child_add, .child_adopt = op_child_adopt,
		.child_del = op_child_del, .child_path = op_child_path,
		.spi_get = op_spi_get, .spi_put = op_spi_put,
		.session_open = op_session_open,
		.session_close = op_session_close,
		.session_move = op_session_move,
		.session_sync = op_session_sync,
		.watch = op_watch,
		.vip_up = op_vip_up, .vip_down = op_vip_down,
		.peer_silent = op_peer_silent,
		.stat_get = op_stat_get, .stopped = op_stopped,
	};

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
child_answer(struct sim_node *n, const struct sim_event *ev)
{
	struct sim_child *c = child_find(n, ev->num);

	if (c != NULL) {
		c->installed = ev->ok;
		if (!ev->ok)
			c->used = false;
	}
	engine_child_done(n->engine, ev->num, ev->ok, "refused by the test");
}

static void
auth_answer(struct sim_node *n, const struct sim_event *ev)
{
	struct auth_result r = {
		.status = ev->status, .identity = 50, .method = ev->method,
		.reason = ev->reason,
		.id_own = { ev->id, ev->id_len },
		.auth = { ev->auth, ev->auth_len },
		.fp = ev->fp,
	};
	static const uint8_t none[AUTH_FP_LEN];
	uint8_t leaf[SIM_CERT_MAX], ca[1024];

	/* What certd wants back is its own affair: here the fingerprint. */
	if (memcmp(ev->fp, none, sizeof(none)) != 0)
		r.watch = (struct blob){ ev->fp, sizeof(ev->fp) };
	if (ev->cert != NULL) {
		fill(leaf, ev->cert->len, ev->cert->seed);
		fill(ca, sizeof(ca), 0);
		r.certs[r.ncerts++] = (struct auth_cert){ 4,
			{ leaf, ev->cert->len } };
		while (r.ncerts <= ev->cert->between)
			r.certs[r.ncerts++] = (struct auth_cert){ 4,
				{ ca, sizeof(ca) } };
	}
	engine_auth_done(n->engine, ev->num, &r);
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
		auth_answer(n, ev);
		break;
	case EV_SESSION:
		engine_session_done(n->engine, ev->num, ev->session);
		break;
	case EV_CHILD:
		child_answer(n, ev);
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
