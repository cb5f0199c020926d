/*
 * A load generator for IKEv2 responders: makes many IKE SAs, each with one
 * child, from one address, so many at a time, and says how many came up.
 * It drives any gateway; the CPU time is read from the gateway's processes
 * by the script that calls it.  x25519, AES-GCM-16-128, PRF SHA2-256; both
 * ends authenticate with a pre-shared key or with certificates of one CA.
 *
 *	ikeload -l LOCAL -r REMOTE {-k SECRET | -c CA-CERT -K CA-KEY}
 *	    [-n COUNT] [-w WINDOW] [-F] [-H]
 *
 * With -c every client has a certificate of its own, which the CA's private
 * key, given here, has just signed.
 *
 * -F moves to port 4500 for IKE_AUTH, as an initiator behind NAT does (a
 * gateway that can only do ESP in UDP installs the child then).  -H holds
 * the sockets after the end until standard input ends, so that the
 * gateway's memory can be looked at.
 */
#include "lib/addr.h"
#include "lib/mono.h"
#include "lib/suite/ke.h"
#include "lib/suite/prf.h"
#include "lib/suite/sk.h"
#include "ikepd/keymat.h"
#include "ikepd/natt.h"
#include "ikepd/proposal.h"
#include "ikepd/tsel.h"
#include "ikepd/wire/body.h"
#include "ikepd/wire/header.h"
#include "ikepd/wire/payload.h"
#include "ikepd/wire/writer.h"
#include "tests/bench/loadcert.h"

#include <openssl/rand.h>

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NONCE_LEN	32
#define MSG_MAX		4096
#define MARKER_LEN	4	/* RFC 3948 2.2 */
#define RETRANSMIT_MS	2000
#define TRIES_MAX	5

enum hs_state { HS_IDLE, HS_INIT, HS_AUTH, HS_DONE, HS_FAILED };

/* One handshake. */
struct hs {
	enum hs_state state;
	uint64_t ispi, rspi;
	unsigned tries;
	struct mono resend;
	struct ke_priv *ke;
	uint8_t ni[NONCE_LEN];
	struct buf request, response;	/* of IKE_SA_INIT */
	struct buf sent;		/* the request that waits */
	struct cur nr;			/* in response */
	struct ike_keys keys;
	struct sk_dir out, in;
};

static struct {
	struct endpoint local, remote;
	const char *psk;	/* NULL: certificates */
	uint8_t ca[LOADCERT_CA_HASH];
	int fd;			/* of port 500 */
	int fd_natt;		/* of port 4500 */
	bool floats;
	unsigned count, window;
	unsigned next, running, done, failed, children;
	struct hs *hs;
	struct offer ike, esp;
	const struct alg *prf, *encr, *group;
} g;

static void
fill_random(void *p, size_t n)
{
	if (RAND_bytes(p, (int)n) != 1)
		errx(1, "no randomness");
}

static void
hs_send(struct hs *h)
{
	static const uint8_t marker[MARKER_LEN];
	bool natt = g.floats && h->state == HS_AUTH;
	struct endpoint to = { .addr = g.remote.addr,
		.port = natt ? 4500 : 500 };
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(&to, &ss);
	uint8_t out[MARKER_LEN + MSG_MAX];
	size_t skip = natt ? 0 : MARKER_LEN;

	h->resend = mono_add(mono_now(), MONO_MS(RETRANSMIT_MS));
	h->tries++;
	memcpy(out, marker, MARKER_LEN);
	memcpy(out + MARKER_LEN, h->sent.data, h->sent.len);
	if (sendto(natt ? g.fd_natt : g.fd, out + skip,
	    MARKER_LEN + h->sent.len - skip, 0, (struct sockaddr *)&ss,
	    len) == -1)
		warn("sendto");
}

static void
hs_release(struct hs *h)
{
	ke_free(h->ke);
	h->ke = NULL;
	buf_free(&h->request);
	buf_free(&h->response);
	buf_free(&h->sent);
	ike_keys_wipe(&h->keys);
}

static void
hs_end(struct hs *h, enum hs_state state, const char *why)
{
	if (state == HS_FAILED) {
		if (g.failed++ < 5)
			warnx("handshake %zu: %s", (size_t)(h - g.hs), why);
	} else
		g.done++;
	h->state = state;
	g.running--;
	hs_release(h);
}

static void
put_natd(struct msg_writer *w, uint16_t type, uint64_t ispi,
    const struct endpoint *e)
{
	uint8_t hash[NATT_HASH_LEN];

	if (natt_hash(hash, ispi, 0, e) == -1)
		errx(1, "SHA-1 failed");
	msg_notify(w, type, hash, sizeof(hash));
}

static void
init_build(struct hs *h, const struct cur *cookie)
{
	struct ike_hdr hdr = { .ispi = h->ispi, .exchange = IKE_SA_INIT,
		.flags = IKE_FLAG_INITIATOR };
	static const uint8_t sha256[] = { 0, 2 };	/* RFC 7427 section 4 */
	struct msg_writer w;
	const uint8_t *pub;
	size_t len;

	buf_reset(&h->sent);
	msg_begin(&w, &h->sent, &hdr);
	if (cookie != NULL)
		msg_notify(&w, N_COOKIE, cookie->p, cur_left(cookie));
	msg_payload(&w, PL_SA);
	prop_put(&h->sent, &g.ike, 0, NULL, 0);
	msg_payload(&w, PL_KE);
	pub = ke_public(h->ke, &len);
	ke_put(&h->sent, g.group->v2, pub, len);
	msg_add(&w, PL_NONCE, h->ni, sizeof(h->ni));
	put_natd(&w, N_NAT_DETECTION_SOURCE_IP, h->ispi, &g.local);
	put_natd(&w, N_NAT_DETECTION_DESTINATION_IP, h->ispi, &g.remote);
	if (g.psk == NULL)
		msg_notify(&w, N_SIGNATURE_HASH_ALGORITHMS, sha256,
		    sizeof(sha256));
	if (msg_end(&w) == -1)
		errx(1, "message too long");
	buf_reset(&h->request);
	buf_put(&h->request, h->sent.data, h->sent.len);
}

static void
hs_start(unsigned i)
{
	struct hs *h = &g.hs[i];

	buf_init(&h->request, MSG_MAX);
	buf_init(&h->response, MSG_MAX);
	buf_init(&h->sent, MSG_MAX);
	fill_random(h->ni, sizeof(h->ni));
	fill_random(&h->ispi, sizeof(h->ispi));
	/* The low half finds the handshake when an answer comes. */
	h->ispi = (h->ispi << 32) | (i + 1);
	if ((h->ke = ke_new(g.group)) == NULL)
		errx(1, "no key pair");
	h->state = HS_INIT;
	g.running++;
	init_build(h, NULL);
	hs_send(h);
}

/* What AUTH is about: message | nonce | prf(SK_p, ID body), RFC 7296 2.15.
 * To be freed. */
static struct buf
octets_of(const struct buf *msg, const void *nonce, size_t nlen,
    const uint8_t *sk_p, size_t p_len, const void *id, size_t idlen)
{
	struct part p_id = { id, idlen };
	uint8_t maced[PRF_MAX];
	struct buf b;

	if (prf(g.prf, sk_p, p_len, &p_id, 1, maced) == -1)
		errx(1, "prf failed");
	buf_init(&b, 2 * MSG_MAX);
	buf_put(&b, msg->data, msg->len);
	buf_put(&b, nonce, nlen);
	buf_put(&b, maced, g.prf->out_len);
	if (buf_error(&b) == -1)
		errx(1, "message too long");
	return b;
}

/* AUTH = prf(prf(secret, pad), octets) */
static void
auth_psk(const struct buf *octets, uint8_t *out)
{
	static const char pad[] = "Key Pad for IKEv2";
	struct part p_pad = { pad, sizeof(pad) - 1 };
	struct part p = { octets->data, octets->len };
	uint8_t key[PRF_MAX];

	if (prf(g.prf, g.psk, strlen(g.psk), &p_pad, 1, key) == -1 ||
	    prf(g.prf, key, g.prf->out_len, &p, 1, out) == -1)
		errx(1, "prf failed");
}

static void
put_ts(struct buf *b, uint8_t second, unsigned i, uint8_t bits)
{
	struct prefix p = { .addr = { .family = AF_INET,
		.b = { 10, second, (uint8_t)(i >> 8), (uint8_t)i } },
		.bits = bits };
	struct ts_list l = { .n = 1 };

	prefix_mask(&p);
	ts_from_prefix(&l.ts[0], &p, 0, -1);
	ts_put(b, &l);
}

/* CERT, CERTREQ and AUTH with a certificate, or AUTH alone. */
static void
put_auth(struct msg_writer *w, struct buf *out, const char *name,
    const struct buf *octets)
{
	uint8_t psk[PRF_MAX];
	struct buf b;

	if (g.psk != NULL) {
		auth_psk(octets, psk);
		msg_payload(w, PL_AUTH);
		auth_put(out, AUTH_PSK, psk, g.prf->out_len);
		return;
	}
	buf_init(&b, MSG_MAX);
	loadcert_make(name, &b);
	msg_payload(w, PL_CERT);
	cert_put(out, LOADCERT_X509, b.data, b.len);
	msg_payload(w, PL_CERTREQ);
	cert_put(out, LOADCERT_X509, g.ca, sizeof(g.ca));
	buf_reset(&b);
	loadcert_sign(octets, &b);
	msg_payload(w, PL_AUTH);
	auth_put(out, AUTH_DIGITAL_SIGNATURE, b.data, b.len);
	buf_free(&b);
}

static void
put_child(struct msg_writer *w, struct buf *out, unsigned i)
{
	uint8_t spi[4];

	fill_random(spi, sizeof(spi));
	spi[0] |= 0x80;
	msg_payload(w, PL_SA);
	prop_put(out, &g.esp, PROP_NO_KE, spi, sizeof(spi));
	msg_payload(w, PL_TSI);
	put_ts(out, 2, i, 32);
	msg_payload(w, PL_TSR);
	put_ts(out, 1, 0, 16);
}

static void
auth_build(struct hs *h)
{
	struct ike_hdr hdr = { .ispi = h->ispi, .rspi = h->rspi,
		.exchange = IKE_AUTH, .flags = IKE_FLAG_INITIATOR,
		.msgid = 1 };
	unsigned i = (unsigned)(h - g.hs);
	uint8_t id[64] = { ID_FQDN };
	char *name = (char *)id + 4;
	struct buf octets;
	struct msg_writer w;
	const char *why;
	size_t idlen, n;

	idlen = 4 + (size_t)snprintf(name, sizeof(id) - 4,
	    "client%u.example", i);
	octets = octets_of(&h->request, h->nr.p, cur_left(&h->nr),
	    h->keys.sk_pi, h->keys.p_len, id, idlen);
	buf_reset(&h->sent);
	msg_begin(&w, &h->sent, &hdr);
	msg_sk_begin(&w, sk_iv_len(&h->out));
	msg_add(&w, PL_IDI, id, idlen);
	put_auth(&w, &h->sent, name, &octets);
	put_child(&w, &h->sent, i);
	buf_free(&octets);
	n = msg_sk_close(&w);
	if (msg_sk_end(&w, sk_len(&h->out, n)) == -1 ||
	    sk_seal(&h->out, msg_bytes(&w), msg_sk_aad(&w), n, NULL, &why) ==
	    -1)
		errx(1, "cannot seal IKE_AUTH");
}

static int
init_keys(struct hs *h, const struct msg_payloads *m, const char **why)
{
	const struct payload *pl_ke = payload_get(m, PL_KE);
	const struct payload *pl_n = payload_get(m, PL_NONCE);
	struct secret gir = { 0 };
	struct keymat_in in;
	struct wire_err we = { 0 };
	struct ke_body ke;
	int ret = -1;

	*why = "IKE_SA_INIT response without KE or nonce";
	if (pl_ke == NULL || pl_n == NULL ||
	    ke_parse(&ke, pl_ke->body, &we) == -1 ||
	    nonce_parse(&h->nr, pl_n->body, &we) == -1)
		return -1;
	if (ke_derive(h->ke, ke.data.p, cur_left(&ke.data), &gir, why) == -1)
		return -1;
	in = (struct keymat_in){ .ni = { h->ni, sizeof(h->ni) },
		.nr = { h->nr.p, cur_left(&h->nr) },
		.gir = { gir.data, gir.len },
		.ispi = h->ispi, .rspi = h->rspi };
	if (keymat_ike(&h->keys, g.encr, NULL, g.prf, &in, why) == 0 &&
	    sk_init(&h->out, g.encr, NULL, h->keys.sk_ei, NULL) == 0 &&
	    sk_init(&h->in, g.encr, NULL, h->keys.sk_er, NULL) == 0)
		ret = 0;
	secret_free(&gir);
	return ret;
}

static const struct payload *
find_notify(const struct msg_payloads *m, uint16_t type, struct cur *data)
{
	const struct payload *p;
	struct notify_body n;

	for (p = payload_get(m, PL_NOTIFY); p != NULL; p = payload_next(m, p))
		if (notify_parse(&n, p->body, NULL) == 0 && n.type == type) {
			*data = n.data;
			return p;
		}
	return NULL;
}

static void
init_recv(struct hs *h, const struct ike_hdr *hdr, const uint8_t *msg,
    size_t len)
{
	struct msg_payloads m;
	struct wire_err we = { 0 };
	const char *why;
	struct cur c;

	/* Cursors must point into memory that stays. */
	buf_reset(&h->response);
	buf_put(&h->response, msg, len);
	cur_init(&c, h->response.data + IKE_HDR_LEN, len - IKE_HDR_LEN);
	if (payloads_parse(&m, hdr->next, c, false, &we) == -1) {
		hs_end(h, HS_FAILED, we.why);
		return;
	}
	if (find_notify(&m, N_COOKIE, &c) != NULL) {
		init_build(h, &c);
		hs_send(h);
		return;
	}
	h->rspi = hdr->rspi;
	if (init_keys(h, &m, &why) == -1) {
		hs_end(h, HS_FAILED, why);
		return;
	}
	h->state = HS_AUTH;
	h->tries = 0;
	auth_build(h);
	hs_send(h);
}

static const char *
psk_check(const struct auth_body *a, const struct buf *octets)
{
	uint8_t want[PRF_MAX];

	auth_psk(octets, want);
	return secret_equal(a->data.p, cur_left(&a->data), want,
	    g.prf->out_len) ? NULL : "the responder's AUTH is wrong";
}

static const char *
cert_check(const struct auth_body *a, const struct payload *pl_cert,
    const struct buf *octets)
{
	struct cert_body c;

	if (pl_cert == NULL || a->method != AUTH_DIGITAL_SIGNATURE ||
	    cert_parse(&c, pl_cert->body, PL_CERT, NULL) == -1 ||
	    c.encoding != LOADCERT_X509)
		return "the responder shows no certificate";
	return loadcert_verify(c.data.p, cur_left(&c.data), a->data.p,
	    cur_left(&a->data), octets);
}

/* The responder's AUTH is checked: a gateway that skips work is no peer. */
static const char *
auth_check(struct hs *h, const struct msg_payloads *m)
{
	const struct payload *pl_id = payload_get(m, PL_IDR);
	const struct payload *pl_auth = payload_get(m, PL_AUTH);
	struct auth_body a;
	struct buf octets;
	const char *why;

	if (pl_id == NULL || pl_auth == NULL)
		return "no IDr or AUTH in the IKE_AUTH response";
	if (auth_parse(&a, pl_auth->body, NULL) == -1)
		return "malformed AUTH";
	octets = octets_of(&h->response, h->ni, sizeof(h->ni),
	    h->keys.sk_pr, h->keys.p_len, pl_id->body.p,
	    cur_left(&pl_id->body));
	why = g.psk != NULL ? psk_check(&a, &octets) :
	    cert_check(&a, payload_get(m, PL_CERT), &octets);
	buf_free(&octets);
	return why;
}

static void
auth_recv(struct hs *h, const struct ike_hdr *hdr, uint8_t *msg, size_t len)
{
	struct msg_payloads m;
	struct wire_err we = { 0 };
	const char *why = "no SK payload in the IKE_AUTH response";
	struct cur c;
	uint8_t *in;
	size_t n;

	cur_init(&c, msg + IKE_HDR_LEN, len - IKE_HDR_LEN);
	if (payloads_parse(&m, hdr->next, c, false, &we) == -1 || m.n == 0 ||
	    m.pl[m.n - 1].type != PL_SK ||
	    sk_open(&h->in, msg, payload_sk_aad(&m.pl[m.n - 1], msg), len,
	    &in, &n, &why) == -1) {
		hs_end(h, HS_FAILED, why);
		return;
	}
	cur_init(&c, in, n);
	if (payloads_parse(&m, m.pl[m.n - 1].first, c, true, &we) == -1 ||
	    (why = auth_check(h, &m)) != NULL) {
		hs_end(h, HS_FAILED, we.why != NULL ? we.why : why);
		return;
	}
	if (payload_get(&m, PL_SA) != NULL)
		g.children++;
	hs_end(h, HS_DONE, NULL);
}

static void
datagram(uint8_t *msg, size_t len)
{
	struct wire_err we = { 0 };
	struct ike_hdr hdr;
	struct hs *h;
	uint32_t i;

	if (ike_hdr_parse(&hdr, msg, len, &we) != IKE_HDR_V2 ||
	    (hdr.flags & IKE_FLAG_RESPONSE) == 0)
		return;
	i = (uint32_t)hdr.ispi;
	if (i == 0 || i > g.count)
		return;
	h = &g.hs[i - 1];
	if (h->ispi != hdr.ispi)
		return;
	if (h->state == HS_INIT && hdr.exchange == IKE_SA_INIT)
		init_recv(h, &hdr, msg, len);
	else if (h->state == HS_AUTH && hdr.exchange == IKE_AUTH)
		auth_recv(h, &hdr, msg, len);
}

static void
resend_due(void)
{
	struct mono now = mono_now();
	unsigned i;

	for (i = 0; i < g.next; i++) {
		struct hs *h = &g.hs[i];

		if ((h->state != HS_INIT && h->state != HS_AUTH) ||
		    mono_cmp(h->resend, now) > 0)
			continue;
		if (h->tries >= TRIES_MAX)
			hs_end(h, HS_FAILED, "no answer");
		else
			hs_send(h);
	}
}

static void
drain(int fd, size_t skip)
{
	static uint8_t in[65536];
	ssize_t n;

	while ((n = recv(fd, in, sizeof(in), MSG_DONTWAIT)) > 0)
		if ((size_t)n > skip)
			datagram(in + skip, (size_t)n - skip);
}

static void
run(void)
{
	struct pollfd pfd[2] = { { .fd = g.fd, .events = POLLIN },
		{ .fd = g.fd_natt, .events = POLLIN } };
	struct mono check = mono_add(mono_now(), MONO_MS(200));

	while (g.done + g.failed < g.count) {
		while (g.running < g.window && g.next < g.count)
			hs_start(g.next++);
		if (poll(pfd, 2, 200) > 0) {
			drain(g.fd, 0);
			drain(g.fd_natt, MARKER_LEN);
		}
		if (mono_cmp(check, mono_now()) <= 0) {
			resend_due();
			check = mono_add(mono_now(), MONO_MS(200));
		}
	}
}

static int
bound(const char *local, uint16_t port)
{
	struct sockaddr_storage ss;
	struct endpoint e = { .addr = g.local.addr, .port = port };
	socklen_t len = endpoint_to_sockaddr(&e, &ss);
	int fd = socket(e.addr.family, SOCK_DGRAM, 0), size = 4 << 20;

	if (fd == -1 || bind(fd, (struct sockaddr *)&ss, len) == -1)
		err(1, "bind %s port %u", local, port);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void
setup(const char *local, const char *remote)
{
	const char *why;

	if (suite_init(&why) == -1)
		errx(1, "%s", why);
	g.encr = suite_by_name(SUITE_ENCR, ALG_PHASE1, "aes-128-gcm");
	g.prf = suite_by_id(SUITE_PRF, 5, 0);
	g.group = suite_by_name(SUITE_KE, ALG_PHASE1, "x25519");
	offer_init(&g.ike, PROTO_IKE);
	offer_init(&g.esp, PROTO_ESP);
	if (g.encr == NULL || g.prf == NULL || g.group == NULL ||
	    offer_add(&g.ike, g.encr) == -1 ||
	    offer_add(&g.ike, g.prf) == -1 ||
	    offer_add(&g.ike, g.group) == -1 ||
	    offer_add(&g.esp, g.encr) == -1 ||
	    offer_add_esn(&g.esp, false, true) == -1)
		errx(1, "an algorithm is missing");
	if (addr_parse(&g.local.addr, local) == -1 ||
	    addr_parse(&g.remote.addr, remote) == -1)
		errx(1, "bad address");
	g.local.port = 500;
	g.remote.port = 500;
	g.fd = bound(local, 500);
	g.fd_natt = bound(local, 4500);
	if ((g.hs = calloc(g.count, sizeof(*g.hs))) == NULL)
		err(1, NULL);
}

static void
usage(void)
{
	fprintf(stderr, "usage: ikeload -l LOCAL -r REMOTE {-k SECRET | "
	    "-c CA-CERT -K CA-KEY} [-n COUNT] [-w WINDOW] [-F] [-H]\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	const char *local = NULL, *remote = NULL, *cert = NULL, *key = NULL;
	bool hold = false;
	struct mono t0;
	int ch;

	g.count = 1000;
	g.window = 16;
	while ((ch = getopt(argc, argv, "l:r:k:c:K:n:w:FH")) != -1)
		switch (ch) {
		case 'l': local = optarg; break;
		case 'r': remote = optarg; break;
		case 'k': g.psk = optarg; break;
		case 'c': cert = optarg; break;
		case 'K': key = optarg; break;
		case 'n': g.count = (unsigned)atoi(optarg); break;
		case 'w': g.window = (unsigned)atoi(optarg); break;
		case 'F': g.floats = true; break;
		case 'H': hold = true; break;
		default: usage();
		}
	if (local == NULL || remote == NULL || g.count == 0 ||
	    g.window == 0 || (g.psk == NULL) != (cert != NULL && key != NULL))
		usage();
	setup(local, remote);
	if (g.psk == NULL) {
		loadcert_init(cert, key);
		loadcert_ca(g.ca);
	}
	t0 = mono_now();
	run();
	printf("done %u failed %u children %u wall-ms %lld\n", g.done,
	    g.failed, g.children,
	    (long long)(mono_sub(mono_now(), t0).us / 1000));
	fflush(stdout);
	while (hold && getchar() != EOF)
		continue;
	return g.failed == 0 ? 0 : 1;
}
