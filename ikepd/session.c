#include "ikepd/session.h"
#include "ikepd/child.h"
#include "ikepd/task.h"
#include "ikepd/tsel.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t no_fp[AUTH_FP_LEN];

static int
watch_set(struct session *s, const struct blob *b)
{
	free(s->watch);
	s->watch = NULL;
	s->watch_len = 0;
	if (b->len == 0)
		return 0;
	if (b->len > UINT16_MAX || (s->watch = malloc(b->len)) == NULL)
		return -1;
	memcpy(s->watch, b->p, b->len);
	s->watch_len = (uint16_t)b->len;
	return 0;
}

int
session_login(struct engine *e, struct ike_sa *sa,
    const struct auth_result *r)
{
	if (sa->session == NULL &&
	    (sa->session = calloc(1, sizeof(*sa->session))) == NULL)
		return -1;
	memcpy(sa->session->fp, r->fp == NULL ? no_fp : r->fp, AUTH_FP_LEN);
	sa->session->since_us = eng_now(e).us;
	return watch_set(sa->session, &r->watch);
}

static void
describe(const struct ike_sa *sa, struct session_req *r)
{
	r->ike_spi = sa->k->spi_own;
	r->identity = sa->k->identity;
	r->remote = sa->k->path.remote;
	r->fp = sa->session->fp;
	r->id_peer = sa_id_peer(sa);
}

static void
describe_open(struct engine *e, const struct ike_sa *sa,
    struct session_req *r)
{
	const struct session *s = sa->session;

	describe(sa, r);
	r->addr4 = s->addr4;
	r->addr6 = s->addr6;
	r->want4 = s->addr4.family != AF_UNSPEC;
	r->want6 = s->addr6.family != AF_UNSPEC;
	r->age_s = (uint32_t)((eng_now(e).us - s->since_us) / 1000000);
}

void
session_ask(struct engine *e, struct ike_sa *sa, struct session_req *r)
{
	describe(sa, r);
	sa->session->asked = true;
	e->ops.session_open(e->ops.ctx, r);
}

void
session_answered(struct engine *e, struct ike_sa *sa,
    const struct session_result *r)
{
	struct session *s = sa->session;

	(void)e;
	if (s == NULL)
		return;
	s->asked = s->open = r->status == SESSION_OPEN;
	if (!s->open || !r->config)
		return;
	s->addr4 = r->cfg.addr4;
	s->addr6 = r->cfg.addr6;
}

static void
vip_tell(struct engine *e, const struct ike_sa *sa)
{
	struct vip_req r = { .vip = sa->session->vip, .peer = sa->k->peer,
		.identity = sa->k->identity,
		.local = sa->k->path.local.addr,
		.remote = sa->k->path.remote.addr, .cfg = sa->session->cfg };

	e->ops.vip_up(e->ops.ctx, &r);
}

static void
remember(struct engine *e, const struct addr *vip, const struct addr *outer)
{
	if (vip->family != outer->family)
		return;
	e->given[e->given_at].vip = *vip;
	e->given[e->given_at].outer = *outer;
	e->given_at = (e->given_at + 1) % GIVEN_MAX;
}

/* Also for some time after its end: keymgr takes the routes away later. */
void
session_outer(const struct engine *e, struct addr *a)
{
	unsigned i, k;

	for (i = 1; i <= GIVEN_MAX; i++) {
		k = (e->given_at + GIVEN_MAX - i) % GIVEN_MAX;
		if (addr_equal(&e->given[k].vip, a)) {
			*a = e->given[k].outer;
			return;
		}
	}
}

int
session_given(struct engine *e, struct ike_sa *sa, const struct cfg *cfg)
{
	struct session *s = sa->session;

	s->cfg = malloc(sizeof(*s->cfg));
	if (s->cfg == NULL)
		return -1;
	*s->cfg = *cfg;
	if (++e->next_vip == 0)
		e->next_vip = 1;
	s->vip = e->next_vip;
	remember(e, &cfg->addr4, &sa->k->path.local.addr);
	remember(e, &cfg->addr6, &sa->k->path.local.addr);
	vip_tell(e, sa);
	return 0;
}

static void
add_host(struct ts_list *l, const struct addr *a)
{
	struct ts ts;

	if (a->family == AF_UNSPEC)
		return;
	ts_from_addr(&ts, a, 0, -1);
	(void)tsel_add(l, &ts);
}

const struct ike_policy *
session_template(const struct engine *e, const struct ike_sa *sa, int family)
{
	const struct ike_identity *id = e->conf == NULL ? NULL :
	    confidx_identity(e->conf, sa->k->identity);
	const struct ike_policy *const *templates;
	struct ts_list own = { 0 }, local;
	size_t i, n;

	if (sa->session == NULL || sa->session->vip == 0 || id == NULL ||
	    id->cfg != CFG_ASKS || id->generate == GEN_NO)
		return NULL;
	add_host(&own, family == AF_INET ? &sa->session->cfg->addr4 :
	    &sa->session->cfg->addr6);
	templates = confidx_templates(e->conf, id->group, &n);
	for (i = 0; own.n > 0 && i < n; i++) {
		ike_policy_local(templates[i], &local);
		if (tsel_covers(&local, &own))
			return templates[i];
	}
	return NULL;
}

void
session_children(struct engine *e, struct ike_sa *sa, uint32_t but)
{
	static const int families[] = { AF_INET, AF_INET6 };
	const struct ike_policy *p;
	size_t i;

	for (i = 0; i < 2; i++) {
		p = session_template(e, sa, families[i]);
		if (p != NULL && p->id != but &&
		    child_of_policy(sa, p->id) == NULL)
			(void)task_add_child(e, sa, p->id, NULL);
	}
}

void
session_pass_on(struct engine *e, struct ike_sa *from, struct ike_sa *to)
{
	child_move_all(e, from, to);
	if (from->session == NULL)
		return;
	session_end(e, to);
	to->session = from->session;
	from->session = NULL;
	if (to->session->asked)
		e->ops.session_move(e->ops.ctx, from->k->spi_own,
		    to->k->spi_own, &to->k->path.remote);
}

void
session_moved(struct engine *e, const struct ike_sa *sa)
{
	if (sa->session != NULL && sa->session->asked)
		e->ops.session_move(e->ops.ctx, sa->k->spi_own,
		    sa->k->spi_own, &sa->k->path.remote);
	if (sa->session != NULL && sa->session->vip != 0)
		vip_tell(e, sa);
}

void
session_vips(struct engine *e)
{
	struct ike_sa *sa;
	size_t at = 0;

	while ((sa = hash_next(&e->by_spi, &at)) != NULL)
		if (sa->session != NULL && sa->session->vip != 0)
			vip_tell(e, sa);
}

void
session_end(struct engine *e, struct ike_sa *sa)
{
	struct session *s = sa->session;
	struct session_req r = { 0 };

	if (s == NULL)
		return;
	if (s->asked) {
		describe_open(e, sa, &r);
		e->ops.session_close(e->ops.ctx, &r);
	}
	sa->session = NULL;
	if (s->vip != 0)
		e->ops.vip_down(e->ops.ctx, s->vip);
	free(s->watch);
	free(s->cfg);
	free(s);
}

void
session_assigned(const struct ike_sa *sa, struct ts_list *l)
{
	memset(l, 0, sizeof(*l));
	if (sa->session == NULL)
		return;
	add_host(l, &sa->session->addr4);
	add_host(l, &sa->session->addr6);
}

void
session_own(const struct ike_sa *sa, struct ts_list *l)
{
	memset(l, 0, sizeof(*l));
	if (sa->session == NULL || sa->session->cfg == NULL)
		return;
	add_host(l, &sa->session->cfg->addr4);
	add_host(l, &sa->session->cfg->addr6);
}

void
engine_session_kill(struct engine *e, uint64_t ike_spi, const char *reason)
{
	struct ike_sa *sa = store_get(e, ike_spi);
	char ip[ADDR_STRLEN];

	if (sa == NULL || sa->session == NULL || !sa->session->asked)
		return;
	eng_enter(e);
	log_info(LOG_T_IPSEC, "%s IKE SA %016llx is to end: %s",
	    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)),
	    (unsigned long long)ike_spi, reason);
	child_remove_all(e, sa);
	session_end(e, sa);
	if (sa_half_open(sa) || !task_add_first(e, sa, TASK_IKE_DEL, 0))
		sa_destroy(e, sa);
	eng_leave(e);
}

void
engine_session_resync(struct engine *e)
{
	struct ike_sa *sa;
	size_t at = 0;

	while ((sa = hash_next(&e->by_spi, &at)) != NULL) {
		struct session *s = sa->session;
		struct session_req r = { 0 };

		if (s == NULL || !s->open)
			continue;
		describe_open(e, sa, &r);
		e->ops.session_sync(e->ops.ctx, &r);
	}
}

void
engine_watch_resync(struct engine *e)
{
	struct ike_sa *sa;
	size_t at = 0;

	while ((sa = hash_next(&e->by_spi, &at)) != NULL) {
		struct session *s = sa->session;

		if (s != NULL && s->watch != NULL)
			e->ops.watch(e->ops.ctx,
			    &(struct blob){ s->watch, s->watch_len });
	}
}
