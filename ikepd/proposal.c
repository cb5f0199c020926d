#include "ikepd/proposal.h"

#include "ikepd/proposal_int.h"

#include <string.h>

void
offer_init(struct offer *o, uint8_t proto)
{
	memset(o, 0, sizeof(*o));
	o->proto = proto;
}

bool
offer_has(const struct offer *o, const struct alg *a)
{
	for (unsigned i = 0; i < o->n[a->kind]; i++)
		if (o->alg[a->kind][i] == a)
			return true;
	return false;
}

int
offer_add(struct offer *o, const struct alg *a)
{
	if (a == NULL || a->v2 == ALG_NO_V2)
		return -1;
	if ((a->flags & ALG_NONE) != 0 && a->kind == SUITE_KE)
		o->ke_none = true;
	if (((a->flags & ALG_NONE) != 0 && a->kind != SUITE_ESN) ||
	    offer_has(o, a))
		return 0;
	if (o->n[a->kind] == OFFER_ALGS_MAX)
		return -1;
	o->alg[a->kind][o->n[a->kind]++] = a;
	return 0;
}

int
offer_add_esn(struct offer *o, bool extended, bool plain)
{
	if (extended && offer_add(o, suite_by_id(SUITE_ESN, 1, 0)) == -1)
		return -1;
	if (plain && offer_add(o, suite_by_id(SUITE_ESN, 0, 0)) == -1)
		return -1;
	return 0;
}

/* Kinds a protocol uses (RFC 7296 3.3.3), in the order they are sent. */
static const uint8_t kinds_ike[] = {
	SUITE_ENCR, SUITE_PRF, SUITE_INTEG, SUITE_KE, 0
};
static const uint8_t kinds_esp[] = {
	SUITE_ENCR, SUITE_INTEG, SUITE_KE, SUITE_ESN, 0
};
static const uint8_t kinds_ah[] = {
	SUITE_INTEG, SUITE_KE, SUITE_ESN, 0
};

static const uint8_t *
proto_kinds(uint8_t proto)
{
	static const uint8_t none[] = { 0 };

	switch (proto) {
	case PROTO_IKE:
		return kinds_ike;
	case PROTO_ESP:
		return kinds_esp;
	case PROTO_AH:
		return kinds_ah;
	default:
		return none;
	}
}

static bool
is_aead(const struct alg *a)
{
	return (a->flags & ALG_AEAD) != 0;
}

/* False when this class of ciphers makes no complete proposal. */
static bool
layout_class(const struct offer *o, unsigned flags, bool aead,
    struct our_prop *out)
{
	unsigned nencr = 0;

	out->n = 0;
	for (const uint8_t *k = proto_kinds(o->proto); *k != 0; k++) {
		if ((*k == SUITE_INTEG && aead) ||
		    (*k == SUITE_KE && (flags & PROP_NO_KE)))
			continue;
		for (unsigned i = 0; i < o->n[*k]; i++) {
			const struct alg *a = o->alg[*k][i];

			if (*k == SUITE_ENCR && is_aead(a) != aead)
				continue;
			if (*k == SUITE_ENCR)
				nencr++;
			out->t[out->n++] = a;
		}
		/* Last, so that a group both have is preferred. */
		if (*k == SUITE_KE && o->ke_none && o->n[*k] > 0)
			out->t[out->n++] = suite_by_id(SUITE_KE, 0, 0);
	}
	if (o->proto == PROTO_AH)
		return !aead && o->n[SUITE_INTEG] > 0;
	/* A cipher without integrity is never offered (RFC 8221 4). */
	return nencr > 0 && (aead || o->n[SUITE_INTEG] > 0);
}

unsigned
offer_layout(const struct offer *o, unsigned flags,
    struct our_prop out[OFFER_PROPS_MAX])
{
	bool aead = o->n[SUITE_ENCR] > 0 && is_aead(o->alg[SUITE_ENCR][0]);
	unsigned n = 0;

	for (unsigned i = 0; i < OFFER_PROPS_MAX; i++, aead = !aead) {
		if (!layout_class(o, flags, aead, &out[n]))
			continue;
		out[n].num = (uint8_t)(n + 1);
		n++;
	}
	return n;
}

int
offer_check(const struct offer *o, const char **why)
{
	struct our_prop props[OFFER_PROPS_MAX];
	bool ike = o->proto == PROTO_IKE;

	if (*proto_kinds(o->proto) == 0)
		*why = "unknown protocol";
	else if (ike && o->n[SUITE_PRF] == 0)
		*why = "no pseudorandom function";
	else if (ike && o->n[SUITE_KE] == 0)
		*why = "no Diffie-Hellman group";
	else if (!ike && o->n[SUITE_ESN] == 0)
		*why = "neither extended nor plain sequence numbers";
	else if (o->proto != PROTO_AH && o->n[SUITE_ENCR] == 0)
		*why = "no encryption algorithm";
	else if (offer_layout(o, 0, props) == 0)
		*why = "no integrity algorithm";
	else
		return 0;
	return -1;
}

const struct alg *
offer_ke_first(const struct offer *o)
{
	return o->n[SUITE_KE] > 0 ? o->alg[SUITE_KE][0] : NULL;
}

const struct alg *
offer_ke(const struct offer *o, uint16_t group)
{
	for (unsigned i = 0; i < o->n[SUITE_KE]; i++)
		if (o->alg[SUITE_KE][i]->v2 == group)
			return o->alg[SUITE_KE][i];
	return NULL;
}

/* A proposal of ours beside one of the peer's. */
struct pairing {
	const struct our_prop *ours;
	const struct sa_payload *sa;
	const struct sa_proposal *peer;
	unsigned flags;
	uint16_t ke_group;
};

/* What a kind came to. */
struct match {
	const struct alg *alg;	/* NULL: none */
	bool none;		/* the peer offered NONE in so many words */
};

static const struct sa_transform *
peer_transform(const struct pairing *p, unsigned i)
{
	return &p->sa->t[p->peer->first + i];
}

static bool
transform_is(const struct sa_transform *t, const struct alg *a)
{
	return t->type == a->kind && !t->unusable && t->id == a->v2 &&
	    t->bits == suite_attr(a);
}

static bool
peer_has(const struct pairing *p, const struct alg *a)
{
	for (unsigned i = 0; i < p->peer->ntransforms; i++)
		if (transform_is(peer_transform(p, i), a))
			return true;
	return false;
}

static unsigned
our_count(const struct our_prop *o, unsigned kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->n; i++)
		n += o->t[i]->kind == kind;
	return n;
}

/* *none: one of them is NONE. */
static unsigned
peer_count(const struct pairing *p, unsigned kind, bool *none)
{
	unsigned n = 0;

	*none = false;
	for (unsigned i = 0; i < p->peer->ntransforms; i++) {
		const struct sa_transform *t = peer_transform(p, i);

		if (t->type != kind)
			continue;
		n++;
		if (t->id == 0 && t->bits == 0 && !t->unusable)
			*none = true;
	}
	return n;
}

/*
 * Kinds we do not use fit when the peer does not use them either, or lets us
 * choose NONE (RFC 7296 3.3.3, 3.3.6).
 */
static bool
match_unused(const struct pairing *p, unsigned kind, struct match *m)
{
	bool none;

	if (peer_count(p, kind, &none) == 0)
		return true;
	m->none = none && (kind == SUITE_INTEG || kind == SUITE_KE);
	return m->none;
}

static bool
is_no_ke(const struct alg *a)
{
	return a->kind == SUITE_KE && (a->flags & ALG_NONE) != 0;
}

static bool
has_no_ke(const struct our_prop *o)
{
	for (unsigned i = 0; i < o->n; i++)
		if (is_no_ke(o->t[i]))
			return true;
	return false;
}

static bool
match_kind(const struct pairing *p, unsigned kind, struct match *m)
{
	*m = (struct match){ 0 };
	if (kind == SUITE_KE && (p->flags & PROP_NO_KE))
		return true;
	if (our_count(p->ours, kind) == 0)
		return match_unused(p, kind, m);
	if (kind == SUITE_KE && has_no_ke(p->ours) &&
	    peer_count(p, kind, &m->none) == 0)
		return true;
	for (unsigned i = 0; i < p->ours->n; i++) {
		const struct alg *a = p->ours->t[i];

		if (a->kind != kind || !peer_has(p, a))
			continue;
		if (m->alg == NULL)
			m->alg = a;
		if (kind == SUITE_KE && !is_no_ke(a) && a->v2 == p->ke_group)
			m->alg = a;
	}
	if (m->alg == NULL)
		return false;
	m->none = is_no_ke(m->alg);
	if (m->none)
		m->alg = NULL;
	return true;
}

static void
why_add(struct prop_why *why, const struct prop_reject *r)
{
	if (why->n < PROP_REJECTS_MAX)
		why->rej[why->n++] = *r;
	else
		why->dropped++;
}

/* One of ours (NULL: none) against each of the peer's of that kind. */
static void
why_against(struct prop_why *why, const struct pairing *p, unsigned kind,
    const struct alg *a, unsigned trns)
{
	struct prop_reject r = { .kind = (uint8_t)kind,
		.local_prop = p->ours->num, .peer_prop = p->peer->num };
	bool any = false;

	if (a != NULL) {
		r.local_trns = (uint8_t)trns;
		r.local_id = a->v2;
		r.local_bits = suite_attr(a);
	}
	for (unsigned i = 0; i < p->peer->ntransforms; i++) {
		const struct sa_transform *t = peer_transform(p, i);

		if (t->type != kind)
			continue;
		any = true;
		r.peer_trns = (uint8_t)(i + 1);
		r.peer_id = t->id;
		r.peer_bits = t->bits;
		why_add(why, &r);
	}
	if (!any)
		why_add(why, &r);
}

static void
why_kind(struct prop_why *why, const struct pairing *p, unsigned kind)
{
	if (our_count(p->ours, kind) == 0) {
		why_against(why, p, kind, NULL, 0);
		return;
	}
	for (unsigned i = 0; i < p->ours->n; i++)
		if (p->ours->t[i]->kind == kind)
			why_against(why, p, kind, p->ours->t[i], i + 1);
}

/* An AEAD against a cipher that needs integrity differs in the cipher;
 * that the integrity differs as well says nothing new. */
static bool
follows_from_encr(const struct pairing *p, unsigned kind, unsigned differ)
{
	bool none;

	return kind == SUITE_INTEG && (differ & (1u << SUITE_ENCR)) &&
	    (our_count(p->ours, kind) == 0 ||
	    peer_count(p, kind, &none) == 0);
}

static void
why_near(struct prop_why *why, const struct pairing *p, unsigned differ)
{
	unsigned now = (unsigned)__builtin_popcount(differ);
	unsigned best = (unsigned)__builtin_popcount(why->near_kinds);

	if (why->near_local != 0 && best <= now)
		return;
	why->near_local = p->ours->num;
	why->near_peer = p->peer->num;
	why->near_kinds = (uint8_t)differ;
}

static bool
has_foreign_type(const struct pairing *p)
{
	for (unsigned i = 0; i < p->peer->ntransforms; i++) {
		uint8_t type = peer_transform(p, i)->type;

		if (type == 0 || type > SUITE_ESN)
			return true;
	}
	return false;
}

/*
 * Compares all kinds.  why NULL: the answer alone is wanted.
 */
static bool
pair_match(const struct pairing *p, struct match m[OFFER_KINDS],
    struct prop_why *why)
{
	unsigned differ = 0;

	for (unsigned kind = SUITE_ENCR; kind <= SUITE_ESN; kind++)
		if (!match_kind(p, kind, &m[kind]))
			differ |= 1u << kind;
	/* RFC 7296 3.3.6: a transform type we do not understand spoils the
	 * proposal. */
	if (has_foreign_type(p))
		differ |= 1u;
	if (differ == 0 || why == NULL)
		return differ == 0;
	for (unsigned kind = SUITE_ENCR; kind <= SUITE_ESN; kind++)
		if ((differ & (1u << kind)) &&
		    !follows_from_encr(p, kind, differ))
			why_kind(why, p, kind);
	why_near(why, p, differ);
	return false;
}

static void
choice_fill(struct prop_choice *c, const struct pairing *p,
    const struct match m[OFFER_KINDS])
{
	*c = (struct prop_choice){
		.num = p->peer->num,
		.proto = p->peer->proto,
		.spi = sa_spi(p->peer),
		.encr = m[SUITE_ENCR].alg,
		.prf = m[SUITE_PRF].alg,
		.integ = m[SUITE_INTEG].alg,
		.ke = m[SUITE_KE].alg,
		.esn = m[SUITE_ESN].alg != NULL && m[SUITE_ESN].alg->v2 == 1,
		.integ_none = m[SUITE_INTEG].none,
		.ke_none = m[SUITE_KE].none,
	};
}

/* SPI as section 3.3.1 wants it, and not one that must not be used: zero,
 * or the reserved range 1..255 of ESP and AH (RFC 4303 2.1). */
static bool
spi_ok(const struct sa_proposal *p, unsigned flags)
{
	if (p->proto != PROTO_IKE)
		return p->spi_len == 4 && sa_spi(p) > 255;
	if (flags & PROP_REKEY_IKE)
		return p->spi_len == 8 && sa_spi(p) != 0;
	return p->spi_len == 0;
}

/* Protocol and SPI, before any transform is looked at. */
static bool
pair_eligible(const struct offer *o, const struct sa_proposal *p,
    unsigned flags, struct prop_why *why)
{
	struct prop_reject r = { .peer_prop = p->num, .local_id = o->proto,
		.peer_id = p->proto };

	if (p->proto == o->proto && spi_ok(p, flags))
		return true;
	r.kind = p->proto == o->proto ? REJECT_SPI : REJECT_PROTO;
	why_add(why, &r);
	return false;
}

int
prop_select(struct prop_choice *c, const struct offer *ours,
    const struct sa_payload *peer, unsigned flags, uint16_t ke_group,
    struct prop_why *why)
{
	struct our_prop props[OFFER_PROPS_MAX];
	struct match m[OFFER_KINDS];
	unsigned n = offer_layout(ours, flags, props);

	memset(why, 0, sizeof(*why));
	for (unsigned i = 0; i < peer->nproposals; i++) {
		struct pairing p = { .sa = peer, .peer = &peer->p[i],
			.flags = flags, .ke_group = ke_group };

		if (!pair_eligible(ours, p.peer, flags, why))
			continue;
		for (unsigned j = 0; j < n; j++) {
			p.ours = &props[j];
			if (!pair_match(&p, m, why))
				continue;
			choice_fill(c, &p, m);
			memset(why, 0, sizeof(*why));
			return 0;
		}
	}
	why->reason = "no proposal of the peer is acceptable";
	return -1;
}

static int
answer_fail(struct prop_why *why, const char *reason)
{
	why->reason = reason;
	return -1;
}

/* RFC 7296 3.3.6: of each kind one, as it was offered. */
static int
answer_match(struct prop_choice *c, const struct pairing *p,
    struct prop_why *why)
{
	struct match m[OFFER_KINDS];
	bool none;

	for (unsigned kind = SUITE_ENCR; kind <= SUITE_ESN; kind++)
		if (peer_count(p, kind, &none) > 1)
			return answer_fail(why, "the answer has several "
			    "transforms of one type");
	if (!pair_match(p, m, why))
		return answer_fail(why, "the answer is not what was offered");
	if ((p->flags & PROP_NO_KE) &&
	    peer_count(p, SUITE_KE, &none) > 0 && !none)
		return answer_fail(why, "the answer has a key exchange that "
		    "was not offered");
	choice_fill(c, p, m);
	return 0;
}

int
prop_check_answer(struct prop_choice *c, const struct offer *ours,
    const struct sa_payload *answer, unsigned flags, struct prop_why *why)
{
	struct our_prop props[OFFER_PROPS_MAX];
	unsigned n = offer_layout(ours, flags, props);
	struct pairing p = { .sa = answer, .peer = &answer->p[0],
		.flags = flags };

	memset(why, 0, sizeof(*why));
	if (answer->nproposals != 1)
		return answer_fail(why, "the answer has more than one "
		    "proposal");
	if (!pair_eligible(ours, p.peer, flags, why))
		return answer_fail(why, "the answer's protocol or SPI is not "
		    "acceptable");
	if (p.peer->num == 0 || p.peer->num > n)
		return answer_fail(why, "the answer's proposal number was "
		    "not offered");
	p.ours = &props[p.peer->num - 1];
	return answer_match(c, &p, why);
}

uint16_t
prop_ke_wanted(const struct prop_choice *c, uint16_t ke_group)
{
	if (c->ke == NULL || c->ke->v2 == ke_group)
		return 0;
	return c->ke->v2;
}

void
prop_put(struct buf *b, const struct offer *o, unsigned flags,
    const void *spi, size_t spi_len)
{
	struct our_prop props[OFFER_PROPS_MAX];
	unsigned n = offer_layout(o, flags, props);
	struct sa_writer w;

	sa_begin(&w, b);
	for (unsigned i = 0; i < n; i++) {
		sa_put_proposal(&w, props[i].num, o->proto, spi, spi_len);
		for (unsigned j = 0; j < props[i].n; j++) {
			const struct alg *a = props[i].t[j];

			sa_put_transform(&w, a->kind, a->v2, suite_attr(a));
		}
	}
	sa_end(&w);
}

static void
put_chosen(struct sa_writer *w, const struct alg *a, unsigned kind, bool none)
{
	if (a != NULL)
		sa_put_transform(w, a->kind, a->v2, suite_attr(a));
	else if (none)
		sa_put_transform(w, (uint8_t)kind, 0, 0);
}

void
prop_put_choice(struct buf *b, const struct prop_choice *c, const void *spi,
    size_t spi_len)
{
	struct sa_writer w;

	sa_begin(&w, b);
	sa_put_proposal(&w, c->num, c->proto, spi, spi_len);
	put_chosen(&w, c->encr, SUITE_ENCR, false);
	put_chosen(&w, c->prf, SUITE_PRF, false);
	put_chosen(&w, c->integ, SUITE_INTEG, c->integ_none);
	put_chosen(&w, c->ke, SUITE_KE, c->ke_none);
	if (c->proto != PROTO_IKE)
		sa_put_transform(&w, SUITE_ESN, c->esn, 0);
	sa_end(&w);
}
