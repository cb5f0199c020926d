/* Proposals in words, for the log. */
#include "ikepd/proposal.h"

#include "ikepd/proposal_int.h"
#include "ikepd/text.h"

static const char *
alg_text(unsigned kind, uint16_t id, uint16_t bits, char dst[SUITE_FMT_MAX])
{
	if (id == 0 && (kind == SUITE_INTEG || kind == SUITE_KE))
		return "none";
	if (kind == SUITE_ESN && id <= 1)
		return id == 1 ? "esn" : "no-esn";
	return suite_fmt(kind, id, bits, dst, SUITE_FMT_MAX);
}

/* The words of the log of old, with new ones for what it did not have. */
static const char *const reject_words[OFFER_KINDS] = {
	[SUITE_ENCR] = "enctype",
	[SUITE_PRF] = "prftype",
	[SUITE_INTEG] = "hashtype",
	[SUITE_KE] = "dh_group",
	[SUITE_ESN] = "esn",
};

static void
text_side(struct text *t, const char *who, unsigned prop, unsigned trns)
{
	text_add(t, "%s(prop#%u", who, prop);
	if (trns != 0)
		text_add(t, ":trns#%u", trns);
	text_add(t, ")");
}

const char *
prop_reject_fmt(const struct prop_reject *r, char *dst, size_t size)
{
	char a[SUITE_FMT_MAX], b[SUITE_FMT_MAX];
	struct text t;

	text_init(&t, dst, size);
	if (r->kind == REJECT_PROTO) {
		text_add(&t, "rejected protocol: Peer(prop#%u) = %s:%s",
		    r->peer_prop, ike_proto_name((uint8_t)r->local_id),
		    ike_proto_name((uint8_t)r->peer_id));
		return dst;
	}
	if (r->kind >= OFFER_KINDS) {
		text_add(&t, "rejected SPI: Peer(prop#%u) %s: length or "
		    "value not allowed here", r->peer_prop,
		    ike_proto_name((uint8_t)r->peer_id));
		return dst;
	}
	text_add(&t, "rejected %s: ", reject_words[r->kind]);
	text_side(&t, "DB", r->local_prop, r->local_trns);
	text_add(&t, ":");
	text_side(&t, "Peer", r->peer_prop, r->peer_trns);
	text_add(&t, " = %s:%s", r->local_trns == 0 ? "none" :
	    alg_text(r->kind, r->local_id, r->local_bits, a),
	    r->peer_trns == 0 ? "none" :
	    alg_text(r->kind, r->peer_id, r->peer_bits, b));
	return dst;
}

/* "a,b,c" of one kind, with '/' before it unless it is the first. */
struct kind_list {
	struct text *t;
	unsigned kind;		/* of the element before */
};

static void
kind_list_add(struct kind_list *l, unsigned kind, uint16_t id, uint16_t bits)
{
	char s[SUITE_FMT_MAX];

	text_add(l->t, "%s%s", l->kind == 0 ? " " :
	    l->kind == kind ? "," : "/", alg_text(kind, id, bits, s));
	l->kind = kind;
}

static void
text_offer(struct text *t, const struct offer *o, unsigned flags)
{
	struct our_prop props[OFFER_PROPS_MAX];
	unsigned n = offer_layout(o, flags, props);

	if (n == 0)
		text_add(t, "nothing");
	for (unsigned i = 0; i < n; i++) {
		struct kind_list l = { .t = t };

		text_add(t, "%s#%u %s", i > 0 ? "; " : "", props[i].num,
		    ike_proto_name(o->proto));
		for (unsigned j = 0; j < props[i].n; j++)
			kind_list_add(&l, props[i].t[j]->kind,
			    props[i].t[j]->v2, suite_attr(props[i].t[j]));
	}
}

const char *
offer_fmt(const struct offer *o, unsigned flags, char *dst, size_t size)
{
	struct text t;

	text_init(&t, dst, size);
	text_offer(&t, o, flags);
	return dst;
}

/* A peer may mix the kinds; they are sorted here as ours are. */
static void
text_peer_prop(struct text *t, const struct sa_payload *sa,
    const struct sa_proposal *p)
{
	struct kind_list l = { .t = t };

	text_add(t, "#%u %s", p->num, ike_proto_name(p->proto));
	for (unsigned kind = 0; kind <= UINT8_MAX; kind++) {
		for (unsigned i = 0; i < p->ntransforms; i++) {
			const struct sa_transform *x = &sa->t[p->first + i];

			if (x->type == kind)
				kind_list_add(&l, kind, x->id, x->bits);
		}
	}
}

const char *
sa_fmt(const struct sa_payload *sa, char *dst, size_t size)
{
	struct text t;

	text_init(&t, dst, size);
	for (unsigned i = 0; i < sa->nproposals; i++) {
		if (i > 0)
			text_add(&t, "; ");
		text_peer_prop(&t, sa, &sa->p[i]);
	}
	return dst;
}

const char *
prop_choice_fmt(const struct prop_choice *c, char *dst, size_t size)
{
	const struct alg *algs[] = { c->encr, c->prf, c->integ, c->ke };
	struct text t;

	text_init(&t, dst, size);
	for (unsigned i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		char s[SUITE_FMT_MAX];

		if (algs[i] == NULL)
			continue;
		text_add(&t, "%s%s", t.len > 0 ? "/" : "",
		    alg_text(algs[i]->kind, algs[i]->v2, suite_attr(algs[i]),
		    s));
	}
	if (c->proto != PROTO_IKE && c->esn)
		text_add(&t, "/esn");
	return dst;
}

static void
text_near(struct text *t, const struct prop_why *why)
{
	const char *sep = " ";

	if (why->near_local == 0)
		return;
	text_add(t, "; nearest: ours #%u and theirs #%u differ in",
	    why->near_local, why->near_peer);
	for (unsigned kind = 0; kind < OFFER_KINDS; kind++) {
		if ((why->near_kinds & (1u << kind)) == 0)
			continue;
		text_add(t, "%s%s", sep, kind == 0 ? "an unknown transform" :
		    reject_words[kind]);
		sep = ", ";
	}
}

const char *
prop_why_fmt(const struct prop_why *why, const struct offer *ours,
    const struct sa_payload *peer, unsigned flags, char *dst, size_t size)
{
	char theirs[PROP_LINE_MAX];
	struct text t;

	text_init(&t, dst, size);
	text_add(&t, "%s", why->reason != NULL ? why->reason : "accepted");
	text_near(&t, why);
	text_add(&t, "; local: ");
	text_offer(&t, ours, flags);
	text_add(&t, "; peer: %s", sa_fmt(peer, theirs, sizeof(theirs)));
	return dst;
}
