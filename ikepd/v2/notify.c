#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

bool
v2_notify(const struct inmsg *in, uint16_t type, struct notify_body *n)
{
	const struct payload *p;

	for (p = payload_get(&in->pl, PL_NOTIFY); p != NULL;
	    p = payload_next(&in->pl, p))
		if (notify_parse(n, p->body, NULL) == 0 && n->type == type)
			return true;
	return false;
}

uint16_t
v2_error(const struct inmsg *in, struct notify_body *n)
{
	const struct payload *p;

	for (p = payload_get(&in->pl, PL_NOTIFY); p != NULL;
	    p = payload_next(&in->pl, p))
		if (notify_parse(n, p->body, NULL) == 0 &&
		    ike_notify_is_error(n->type))
			return n->type;
	return 0;
}

int
v2_nonce(const struct inmsg *in, struct secret *dst)
{
	const struct payload *p = payload_get(&in->pl, PL_NONCE);
	struct cur c;

	if (p == NULL || nonce_parse(&c, p->body, NULL) == -1)
		return -1;
	return secret_set(dst, c.p, cur_left(&c));
}

void
v2_log_extras(const struct inmsg *in)
{
	const struct payload *p;
	struct notify_body n;

	if (!log_wanted(LOG_T_IPSEC | LOG_T_DEBUG))
		return;
	for (p = payload_get(&in->pl, PL_NOTIFY); p != NULL;
	    p = payload_next(&in->pl, p))
		if (notify_parse(&n, p->body, NULL) == 0)
			log_debug(LOG_T_IPSEC, "%s: notify %s (%u)",
			    ike_exchange_name(in->h.exchange),
			    ike_notify_name(n.type), n.type);
	if (in->pl.skipped > 0)
		log_debug(LOG_T_IPSEC, "%s: %u unknown payloads skipped",
		    ike_exchange_name(in->h.exchange), in->pl.skipped);
}
