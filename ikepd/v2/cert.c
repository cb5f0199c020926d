#include "ikepd/v2/cert.h"
#include "ikepd/wire/body.h"

#include <string.h>

#define CERT_X509	4	/* RFC 7296 3.6: X.509 certificate, signature */
#define HASH_BITS	15	/* numbers that have a bit */
/* IKE_SA_INIT must not grow beyond what travels in one piece; without a list
 * the peer sends what it has. */
#define INIT_CERTREQ_MAX	(24 * AUTH_CA_LEN)

void
engine_trust(struct engine *e, const struct trust *t)
{
	bool first = t->certs && !e->trust_certs;

	e->trust_hashes = t->hashes;
	e->trust_certs = t->certs;
	e->certreq_len = 0;
	if (t->certreq.len > 0 && t->certreq.len <= sizeof(e->certreq)) {
		memcpy(e->certreq, t->certreq.p, t->certreq.len);
		e->certreq_len = (uint16_t)t->certreq.len;
	}
	if (!first)
		return;
	eng_enter(e);
	initiate_wanted(e);
	eng_leave(e);
}

static bool
with_certs(const struct engine *e, const struct ike_sa *sa)
{
	const struct conf_peer *cp = sa_conf(e, sa);

	return e->trust_certs && cp != NULL && cp->certs;
}

static void
put_req(struct engine *e, struct outmsg *m, size_t max)
{
	msg_payload(&m->w, PL_CERTREQ);
	cert_put(&m->b, CERT_X509, e->certreq,
	    e->certreq_len <= max ? e->certreq_len : 0);
}

void
cert_put_init(struct engine *e, struct outmsg *m, const struct ike_sa *sa)
{
	uint8_t list[2 * HASH_BITS];
	size_t len = 0;
	unsigned n;

	if (!with_certs(e, sa))
		return;
	for (n = 1; n <= HASH_BITS; n++)
		if (e->trust_hashes & 1u << n) {
			list[len++] = 0;
			list[len++] = (uint8_t)n;
		}
	if (len > 0)
		msg_notify(&m->w, N_SIGNATURE_HASH_ALGORITHMS, list, len);
	if (!sa->k->initiator)
		put_req(e, m, INIT_CERTREQ_MAX);
}

void
cert_put_req(struct engine *e, struct outmsg *m, const struct ike_sa *sa)
{
	if (with_certs(e, sa))
		put_req(e, m, sizeof(e->certreq));
}

void
cert_read_init(struct ike_sa *sa, const struct inmsg *in)
{
	struct notify_body n;
	uint16_t id;

	sa->hs->hashes = 0;
	if (v2_notify(in, N_SIGNATURE_HASH_ALGORITHMS, &n))
		while (cur_u16(&n.data, &id) == 0)
			if (id >= 1 && id <= HASH_BITS)
				sa->hs->hashes |= (uint16_t)(1u << id);
	/* Without the list the answer still stands. */
	if (sa->k->initiator)
		(void)cert_read_req(&sa->hs->certreq, in);
}

int
cert_read(struct auth_req *r, const struct inmsg *in, struct wire_err *err)
{
	const struct payload *p;
	struct cert_body c;
	size_t len = 0;

	for (p = payload_get(&in->pl, PL_CERT); p != NULL;
	    p = payload_next(&in->pl, p)) {
		if (cert_parse(&c, p->body, PL_CERT, err) == -1)
			return -1;
		len += cur_left(&c.data);
		if (r->ncerts == AUTH_CERTS_MAX || len > AUTH_CERTS_LEN_MAX)
			return wire_fail(err, PL_CERT,
			    r->ncerts == AUTH_CERTS_MAX ?
			    "more than 16 CERT payloads" :
			    "more than 56 kB of certificates");
		r->certs[r->ncerts++] = (struct auth_cert){
			.encoding = c.encoding,
			.data = { c.data.p, cur_left(&c.data) } };
	}
	return 0;
}

int
cert_read_req(struct secret *dst, const struct inmsg *in)
{
	uint8_t list[AUTH_CERTREQ_MAX];
	const struct payload *p;
	struct cert_body c;
	size_t len = 0;

	for (p = payload_get(&in->pl, PL_CERTREQ); p != NULL;
	    p = payload_next(&in->pl, p)) {
		if (cert_parse(&c, p->body, PL_CERTREQ, NULL) == -1 ||
		    c.encoding != CERT_X509)
			continue;
		while (len < sizeof(list) &&
		    cur_copy(&c.data, list + len, AUTH_CA_LEN) == 0)
			len += AUTH_CA_LEN;
	}
	return secret_set(dst, list, len);
}

int
certs_keep(struct secret *dst, const struct auth_result *r)
{
	struct buf b;
	unsigned i;
	int ret;

	buf_init(&b, AUTH_CERTS_MAX * 5 + AUTH_CERTS_LEN_MAX);
	for (i = 0; i < r->ncerts; i++) {
		buf_u8(&b, r->certs[i].encoding);
		buf_u32(&b, (uint32_t)r->certs[i].data.len);
		buf_put(&b, r->certs[i].data.p, r->certs[i].data.len);
	}
	ret = buf_error(&b) == -1 ? -1 : secret_set(dst, b.data, b.len);
	buf_free(&b);
	return ret;
}

void
certs_put(struct outmsg *m, const struct secret *kept)
{
	const uint8_t *data;
	struct cur c;
	uint8_t encoding;
	uint32_t len;

	cur_init(&c, kept->data, kept->len);
	while (cur_u8(&c, &encoding) == 0 && cur_u32(&c, &len) == 0 &&
	    cur_ref(&c, &data, len) == 0) {
		msg_payload(&m->w, PL_CERT);
		cert_put(&m->b, encoding, data, len);
	}
}
