#include "espd/core.h"

const struct found *
core_find(struct esp_thread *t, const struct flow *f)
{
	struct esp *e = t->esp;
	struct found *c = &t->cache[flow_hash(f, e->seed) % FLOW_CACHE];
	uint64_t now = atomic_load(&e->epoch.now);
	struct addr dst = { 0 };

	if (c->at == now && flow_equal(&c->flow, f))
		return c;
	c->at = now;
	c->flow = *f;
	c->policy = spd_match(&e->spd, f);
	c->route = NULL;
	if (c->policy == NULL || c->policy->body.action != POLICY_ENCRYPT)
		return c;
	if (c->policy->body.transport) {
		dst.family = f->version == 4 ? AF_INET : AF_INET6;
		memcpy(dst.b, f->remote, sizeof(dst.b));
	}
	c->route = sad_route(&e->sad, c->policy->body.reqid, &dst, 0);
	return c;
}

bool
core_tell(struct esp_thread *t, const struct event_msg *m)
{
	bool told = event_put(&t->events, m);

	if (!told && m->kind == EVENT_ACQUIRE)
		stat_add(&t->stats, STAT_ACQUIRE_ERRORS, 1);
	t->esp->conf.io.wake(t->arg);
	return told;
}

void
core_tell_limits(struct esp_thread *t, const struct sa *s, unsigned bits)
{
	struct event_msg m = { .spi = s->conf.spi,
		.dst = atomic_load(&s->path)->dst.addr };

	if (bits & TOLD_SOFT) {
		m.kind = EVENT_SOFT;
		(void)core_tell(t, &m);
	}
	if (bits & TOLD_HARD) {
		m.kind = EVENT_HARD;
		(void)core_tell(t, &m);
	}
}

void
esp_lost(struct esp_thread *t, enum esp_way way, unsigned packets)
{
	stat_add(&t->stats, way == ESP_LOST_IN ? STAT_IN_BUFFER_ERRORS :
	    STAT_OUT_ERRORS, packets);
}

void
core_inject(struct esp_thread *t, uint8_t *p, size_t len)
{
	memset(p - VNET_LEN, 0, VNET_LEN);
	t->esp->conf.io.inject(t->arg, p - VNET_LEN, VNET_LEN + len);
}
