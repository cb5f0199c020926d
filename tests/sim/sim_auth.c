/* certd, played: AUTH from the same octets as the real one. */
#include "tests/sim/sim_int.h"
#include "lib/suite/prf.h"

#include <stdlib.h>
#include <string.h>

static const char psk_pad[] = "Key Pad for IKEv2";

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
	ev = sim_event_new(s, EV_AUTH, n->idx, sim_below(s,
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

void
sim_auth_answer(struct sim_node *n, const struct sim_event *ev)
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

void
sim_auth_ops(struct engine_ops *ops)
{
	ops->auth = op_auth;
}
