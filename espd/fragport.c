#include "espd/fragport.h"

/* A slot and its key: the flow but for the ports, and the direction. */
static size_t
find(const struct pkt *k, bool inbound, const struct flow *f,
    struct flow *key)
{
	*key = *f;
	key->lport = key->rport = 0;
	key->opaque = 0;
	key->zero = inbound;
	return flow_hash(key, k->id) % FRAGPORT_SLOTS;
}

void
fragport_note(struct fragport *n, const struct pkt *k, bool inbound,
    const struct flow *f, struct mono now)
{
	struct flow key;
	size_t i;

	if (!k->frag || k->opaque || f->opaque)
		return;
	i = find(k, inbound, f, &key);
	n->v[i].key = key;
	n->v[i].id = k->id;
	n->v[i].lport = f->lport;
	n->v[i].rport = f->rport;
	n->v[i].until = now.us + FRAGPORT_US;
}

void
fragport_fill(const struct fragport *n, const struct pkt *k, bool inbound,
    struct flow *f, struct mono now)
{
	struct flow key;
	size_t i;

	if (!k->opaque)
		return;
	i = find(k, inbound, f, &key);
	if (n->v[i].until <= now.us || n->v[i].id != k->id ||
	    !flow_equal(&n->v[i].key, &key))
		return;
	f->lport = n->v[i].lport;
	f->rport = n->v[i].rport;
	f->opaque = 0;
}
