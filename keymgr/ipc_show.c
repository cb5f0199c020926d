#include "keymgr/ipc_show.h"

#include "keymgr/count.h"
#include "keymgr/install.h"
#include "lib/log.h"
#include "lib/proto/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* installed-sa: two rows a child, a few children in each turn of the loop. */
struct sa_show {
	struct km *km;
	struct show_req *req;
};

#define SPAN_LEN	32

/* 1d2h3m4s */
static const char *
span_fmt(uint64_t s, char dst[SPAN_LEN])
{
	static const struct {
		uint64_t s;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i, n = 0;

	for (i = 0; i < 4; i++) {
		if (s < units[i].s && !(i == 3 && n == 0))
			continue;
		n += (size_t)snprintf(dst + n, SPAN_LEN - n, "%" PRIu64 "%c",
		    s / units[i].s, units[i].unit);
		s %= units[i].s;
	}
	return dst;
}

static void
field_wall(struct show_req *req, const char *name, uint64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (t == 0 || gmtime_r(&when, &tm) == NULL)
		return;
	show_field(req, name, "%04d-%02d-%02d %02d:%02d:%02d",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
}

static void
field_endpoint(struct show_req *req, const char *name, bool encap,
    const struct endpoint *e)
{
	char text[ENDPOINT_STRLEN];

	show_field(req, name, "%s", encap ?
	    endpoint_fmt(e, text, sizeof(text)) :
	    addr_fmt(&e->addr, text, sizeof(text)));
}

static void
field_key(struct show_req *req, const char *name, const struct secret *key)
{
	char hex[2 * 128 + 1];
	size_t i;

	if (key->len == 0 || key->len > 128)
		return;
	for (i = 0; i < key->len; i++)
		snprintf(hex + 2 * i, 3, "%02x", key->data[i]);
	show_field(req, name, "%s", hex);
	secret_wipe(hex, sizeof(hex));
}

/* The wall clock of an age that was measured by the other one. */
static void
field_lifetimes(struct show_req *req, const struct sad_child *c)
{
	uint64_t age = mono_seconds(mono_sub(mono_now(), c->added));
	char soft[SPAN_LEN], hard[SPAN_LEN];

	field_wall(req, "addtime", (uint64_t)time(NULL) - age);
	if (c->hard_s == 0)
		return;
	show_field(req, "add-lifetime", "%s/%s", span_fmt(c->soft_s, soft),
	    span_fmt(c->hard_s, hard));
	show_field(req, "expires-in", "%s",
	    span_fmt(c->hard_s > age ? c->hard_s - age : 0, hard));
}

static const char *
sa_state(const struct sad_child *c)
{
	if (c->installing)
		return "larval";
	return c->softened ? "dying" : "mature";
}

static void
row_algs(struct show_req *req, const struct sad_child *c)
{
	show_field(req, "auth-algorithm", "%s", c->integ == NULL ? "null" :
	    suite_name(c->integ, ALG_PHASE2));
	show_field(req, "enc-algorithm", "%s",
	    suite_name(c->encr, ALG_PHASE2));
	show_field(req, "enc-key-size", "%u", c->encr->bits);
}

static void
row_counters(struct show_req *req, const struct sad_child *c,
    const struct bk_sa_state *s)
{
	if (req->flags & SHOW_SENSITIVE) {
		field_key(req, "auth-key", &s->integ_key);
		field_key(req, "enc-key", &s->encr_key);
	}
	field_lifetimes(req, c);
	field_wall(req, "usetime", s->use_time);
	show_field(req, "use-lifetime", "0s/0s");
	show_field(req, "lifebytes", "%" PRIu64 "/%" PRIu64,
	    c->limits.soft_bytes, c->limits.hard_bytes);
	show_field(req, "lifepackets", "%" PRIu64 "/%" PRIu64,
	    c->limits.soft_packets, c->limits.hard_packets);
	show_field(req, "current-bytes", "%" PRIu64, s->bytes);
	show_field(req, "current-packets", "%" PRIu64, s->packets);
	show_field(req, "replay-errors", "%u", s->errors_replay);
	show_field(req, "integrity-errors", "%u", s->errors_integ);
	show_field(req, "hw-aead", "%s", s->offload ? "yes" : "no");
}

static void
row_sa(struct km *km, struct show_req *req, const struct sad_child *c,
    bool inbound)
{
	const struct endpoint *src = inbound ? &c->remote : &c->local;
	const struct endpoint *dst = inbound ? &c->local : &c->remote;
	uint32_t spi = inbound ? c->spi_in : c->spi_out;
	const struct km_peer *q = km_conf_peer(km->conf, c->peer);
	struct bk_sa_state s;
	bool there;

	there = km->bk.ops->sa_get(km->bk.ctx, &dst->addr, spi, &s) == 0;
	show_field(req, "flags", "%s%s%s", there && s.offload ? "H" : "",
	    "E", c->pfs_group != 0 ? "P" : "");
	show_field(req, "spi", "0x%08x", spi);
	field_endpoint(req, "src-address", c->encap, src);
	field_endpoint(req, "dst-address", c->encap, dst);
	show_field(req, "state", "%s", there || c->installing ?
	    sa_state(c) : "dead");
	row_algs(req, c);
	/* RouterOS counts the window in bytes of its bit map. */
	show_field(req, "replay", "%u", inbound ? (c->window + 7) / 8 : 0);
	if (there)
		row_counters(req, c, &s);
	show_field(req, "direction", "%s", inbound ? "in" : "out");
	show_field(req, "mode", "%s", c->transport ? "transport" : "tunnel");
	show_field(req, "esn", "%s", c->esn ? "yes" : "no");
	show_field(req, "udp-encapsulation", "%s", c->encap ? "yes" : "no");
	show_field(req, "reqid", "0x%08x", c->flow->reqid);
	if (q != NULL)
		show_field(req, "peer", "%s", q->name);
	show_field(req, "ike-spi", "%016" PRIx64, c->ike_spi);
	show_row(req);
	if (there)
		bk_sa_state_free(&s);
}

static void
sa_each(void *arg, struct sad_child *c)
{
	struct sa_show *s = arg;

	row_sa(s->km, s->req, c, true);
	row_sa(s->km, s->req, c, false);
}

static void
sa_end(void *arg)
{
	struct sa_show *s = arg;

	show_end(s->req, NULL);
	free(s);
}

/* Goes through all children, then answers. */
static void
show_walk(struct km *km, struct walks *walks, struct show_req *req,
    walk_each each, walk_end end)
{
	struct sa_show *s = calloc(1, sizeof(*s));
	struct show_req *kept = s == NULL ? NULL : show_keep(req);

	if (kept == NULL) {
		free(s);
		show_end(req, "out of memory");
		return;
	}
	s->km = km;
	s->req = kept;
	if (walk_start(walks, WALK_ALL, each, end, s) == 0)
		return;
	show_end(kept, "out of memory");
	free(s);
}

/* flush: what the filter may ask about. */
struct sa_field {
	const struct km *km;
	const struct sad_child *c;
	const struct show_filter *filter;
	bool inbound;
	char text[ENDPOINT_STRLEN];
};

static const char *
sa_field(void *arg, const char *name)
{
	struct sa_field *f = arg;
	const struct sad_child *c = f->c;
	const struct endpoint *src = f->inbound ? &c->remote : &c->local;
	const struct endpoint *dst = f->inbound ? &c->local : &c->remote;
	const struct km_peer *q;

	if (strcmp(name, "sa-type") == 0)
		return "esp";
	if (strcmp(name, "spi") == 0) {
		snprintf(f->text, sizeof(f->text), "0x%08x",
		    f->inbound ? c->spi_in : c->spi_out);
		return f->text;
	}
	if (strcmp(name, "src-address") == 0)
		return addr_fmt(&src->addr, f->text, sizeof(f->text));
	if (strcmp(name, "dst-address") == 0)
		return addr_fmt(&dst->addr, f->text, sizeof(f->text));
	if (strcmp(name, "peer") == 0) {
		q = km_conf_peer(f->km->conf, c->peer);
		return q == NULL ? NULL : q->name;
	}
	return NULL;
}

/* Either of the two SAs fits: they go together. */
static bool
flush_fits(void *arg, const struct sad_child *c)
{
	struct sa_field *f = arg;

	f->c = c;
	f->inbound = true;
	if (show_filter_match(f->filter, sa_field, f))
		return true;
	f->inbound = false;
	return show_filter_match(f->filter, sa_field, f);
}

/* sa-type=all is the default; it is no filter. */
static unsigned
flush_args(const struct show_req *req, struct show_arg *out)
{
	unsigned i, n = 0;

	for (i = 0; i < req->nargs; i++)
		if (strcmp(req->args[i].name, "sa-type") != 0 ||
		    strcmp(req->args[i].value, "all") != 0)
			out[n++] = req->args[i];
	return n;
}

static void
flush(struct km *km, struct show_req *req)
{
	struct show_arg args[SHOW_ARGS_MAX];
	struct sa_field f = { .km = km };
	struct show_filter *filter;
	char err[1024];
	size_t n;

	if (show_filter_check(req, err, sizeof(err)) == -1 ||
	    (filter = show_filter_new(args, flush_args(req, args), err,
	    sizeof(err))) == NULL) {
		show_end(req, err);
		return;
	}
	f.filter = filter;
	n = install_remove_if(km, flush_fits, &f, true);
	show_filter_free(filter);
	log_info(LOG_T_IPSEC, "%zu child SAs flushed by the operator", n);
	show_end(req, NULL);
}

static void
field_conf(void *arg, const char *name, const char *value)
{
	struct show_req *req = arg;

	if (strcmp(name, "flags") != 0)
		show_field(req, name, "%s", value);
}

static void
field_addr(struct show_req *req, const char *name, const struct addr *a)
{
	char text[ADDR_STRLEN];

	if (a->family != AF_UNSPEC)
		show_field(req, name, "%s", addr_fmt(a, text, sizeof(text)));
}

static const char *
ph2_state(const struct sad_child *c)
{
	if (c == NULL)
		return "no-phase2";
	return c->softened ? "expired" : "established";
}

/* What went through its SAs. */
static void
field_packets(struct show_req *req, uint64_t in, uint64_t out)
{
	show_field(req, "in-transformed", "%" PRIu64, in);
	show_field(req, "out-transformed", "%" PRIu64, out);
}

/* What the configuration does not know of a policy. */
static void
row_live(struct show_req *req, const struct km_policy *p,
    const struct spd_policy *sp, const struct flow *f, size_t count)
{
	const struct sad_child *c = f == NULL ? NULL :
	    LIST_FIRST(&f->children);

	if (c != NULL) {
		field_addr(req, "sa-src-address", &c->local.addr);
		field_addr(req, "sa-dst-address", &c->remote.addr);
	} else if (p->peer != NULL) {
		field_addr(req, "sa-src-address", &p->peer->local);
		if (km_peer_known(p->peer))
			field_addr(req, "sa-dst-address",
			    &p->peer->address.addr);
	}
	if (p->action != CONF_ACTION_ENCRYPT || p->template || sp == NULL)
		return;
	field_packets(req, (sp->fixed == NULL ? 0 : sp->fixed->in) + sp->in,
	    (sp->fixed == NULL ? 0 : sp->fixed->out) + sp->out);
	show_field(req, "ph2-count", "%zu", count);
	show_field(req, "ph2-state", "%s", ph2_state(c));
}

static void
row_policy(const struct km *km, struct show_req *req,
    const struct km_policy *p)
{
	const struct spd_policy *sp = spd_policy(km->spd, p->id);
	const struct flow *f = NULL;
	size_t count = sp == NULL ? 0 : sp->nchildren;

	if (sp != NULL)
		f = sp->fixed != NULL && sp->fixed->nchildren > 0 ?
		    sp->fixed : LIST_FIRST(&sp->dynamic);
	show_field(req, "flags", "%s%s%s%s%s", p->template ? "T" : "",
	    p->obj->flags & CONF_F_DISABLED ? "X" : "",
	    !p->usable && !(p->obj->flags & CONF_F_DISABLED) ? "I" : "",
	    count > 0 && !p->template ? "A" : "",
	    p->obj->flags & CONF_F_BUILTIN ? "*" : "");
	show_field(req, "number", "%u", p->index);
	conf_obj_fields(km->conf->conf, p->obj,
	    CONF_PRINT_HIDE | CONF_PRINT_VERBOSE, field_conf, req);
	row_live(req, p, sp, f, count);
	if (!p->usable && !(p->obj->flags & CONF_F_DISABLED))
		show_field(req, "reason", "%s", p->why);
	show_row(req);
}

/* One side of all selectors, each prefix once. */
static void
field_side(struct show_req *req, const char *name, const struct flow *f,
    bool local)
{
	char text[SHOW_VALUE_LEN * 4] = "", one[PREFIX_STRLEN];
	const struct prefix *p, *last = NULL;
	size_t i, n = 0;

	for (i = 0; i < f->nsel && n + PREFIX_STRLEN < sizeof(text); i++) {
		p = local ? &f->sel[i].local : &f->sel[i].remote;
		if (last != NULL && prefix_equal(last, p))
			continue;
		/* Sorted by the local side; the remote one comes round. */
		if (!local && i > 0 && sel_cmp(&f->sel[i], &f->sel[0]) != 0 &&
		    prefix_equal(p, &f->sel[0].remote))
			break;
		last = p;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    n == 0 ? "" : ",", prefix_fmt(p, one, sizeof(one)));
	}
	show_field(req, name, "%s", text);
}

static void
field_port(struct show_req *req, const char *name, uint16_t port,
    uint16_t mask)
{
	if (mask == 0)
		show_field(req, name, "any");
	else
		show_field(req, name, "%u", port);
}

static void
row_dynamic(const struct km *km, struct show_req *req, const struct flow *f)
{
	const struct km_policy *p = f->sp->conf;
	const struct sad_child *c = LIST_FIRST(&f->children);
	const struct km_peer *q = c == NULL ? NULL :
	    km_conf_peer(km->conf, c->peer);
	const struct selector *s = &f->sel[0];

	show_field(req, "flags", "DA");
	if (q != NULL)
		show_field(req, "peer", "%s", q->name);
	show_field(req, "tunnel", "%s",
	    c != NULL && c->transport ? "no" : "yes");
	field_side(req, "src-address", f, true);
	field_port(req, "src-port", s->lport, s->lmask);
	field_side(req, "dst-address", f, false);
	field_port(req, "dst-port", s->rport, s->rmask);
	if (s->proto == 0)
		show_field(req, "protocol", "all");
	else
		show_field(req, "protocol", "%u", s->proto);
	show_field(req, "action", "encrypt");
	show_field(req, "level", "%s",
	    p->level == CONF_LEVEL_USE ? "use" : "unique");
	show_field(req, "ipsec-protocols", "esp");
	show_field(req, "proposal", "%s", p->proposal->name);
	if (c != NULL) {
		field_addr(req, "sa-src-address", &c->local.addr);
		field_addr(req, "sa-dst-address", &c->remote.addr);
	}
	field_packets(req, f->in, f->out);
	show_field(req, "ph2-count", "%zu", f->nchildren);
	show_field(req, "ph2-state", "%s", ph2_state(c));
	show_row(req);
}

/* In the order in which they are looked up: a policy's dynamic ones before
 * it, those of a template, which itself is no policy, after it. */
static void
policy_rows(const struct km *km, struct show_req *req)
{
	const struct km_policy *p;
	const struct spd_policy *sp;
	const struct flow *f;
	size_t i;

	for (i = 0; km->conf != NULL && i < km->conf->npolicies; i++) {
		p = &km->conf->policies[i];
		sp = spd_policy(km->spd, p->id);
		if (p->template)
			row_policy(km, req, p);
		if (sp != NULL)
			LIST_FOREACH(f, &sp->dynamic, in_policy)
				row_dynamic(km, req, f);
		if (!p->template)
			row_policy(km, req, p);
	}
	show_end(req, NULL);
}

static void
policy_each(void *arg, struct sad_child *c)
{
	struct sa_show *s = arg;

	count_child(s->km, c);
}

static void
policy_end(void *arg)
{
	struct sa_show *s = arg;

	policy_rows(s->km, s->req);
	free(s);
}

static void
field_stat(void *arg, const char *name, uint64_t value)
{
	struct show_req *req = arg;

	show_field(req, name, "%" PRIu64, value);
}

static void
show_statistics(const struct km *km, struct show_req *req)
{
	bool there = km->bk.ops->stats(km->bk.ctx, field_stat, req) == 0;

	show_field(req, "child-installed", "%" PRIu64, km->n.installed);
	show_field(req, "child-failed", "%" PRIu64, km->n.failed);
	show_field(req, "child-adopted", "%" PRIu64, km->n.adopted);
	show_field(req, "child-expired", "%" PRIu64, km->n.expired);
	show_field(req, "acquires", "%" PRIu64, km->n.acquired);
	show_field(req, "refused-requests", "%" PRIu64, km->n.refused);
	show_row(req);
	show_end(req, there ? NULL : "this kernel keeps no statistics "
	    "(CONFIG_XFRM_STATISTICS)");
}

void
ipc_show(struct km *km, struct walks *walks, struct show_req *req)
{
	switch (req->what) {
	case SHOW_INSTALLED_SA:
		show_walk(km, walks, req, sa_each, sa_end);
		break;
	case SHOW_FLUSH_SA:
		flush(km, req);
		break;
	case SHOW_POLICY:
		show_walk(km, walks, req, policy_each, policy_end);
		break;
	case SHOW_GIVEN:
		ipc_show_given(km, req);
		break;
	case SHOW_STATISTICS:
		show_statistics(km, req);
		break;
	default:
		show_end(req, "keymgr does not know");
		break;
	}
}
