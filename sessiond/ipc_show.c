#include "sessiond/ipc_show.h"

#include "lib/proto/show.h"

#include <stdio.h>
#include <string.h>

#define TEXT_LEN	2200	/* an ID, escaped */

struct walk {
	struct sessions *sessions;
	struct show_req *req;
	struct show_filter *filter;
	const struct session *s;
	struct mono now;
	size_t killed;
	char text[TEXT_LEN];
};

/* Fields of a session: into w->text; empty when there is nothing to say. */

static void
f_user(struct walk *w)
{
	session_user_fmt(w->s, w->text, sizeof(w->text));
}

static const struct ident *
ident_of(const struct walk *w)
{
	return config_ident(sessions_config(w->sessions), w->s->identity);
}

static void
f_peer(struct walk *w)
{
	const struct ident *i = ident_of(w);

	if (i != NULL)
		snprintf(w->text, sizeof(w->text), "%s", i->peer);
}

static void
f_mode_config(struct walk *w)
{
	const struct ident *i = ident_of(w);

	if (i != NULL && i->mode != NULL)
		snprintf(w->text, sizeof(w->text), "%s",
		    conf_name(i->mode->obj));
}

static void
put_addr(struct walk *w, unsigned family)
{
	if (w->s->addr[family].family != AF_UNSPEC)
		addr_fmt(&w->s->addr[family], w->text, sizeof(w->text));
}

static void
f_address(struct walk *w)
{
	put_addr(w, FAMILY_4);
}

static void
f_address6(struct walk *w)
{
	put_addr(w, FAMILY_6);
}

static void
f_remote(struct walk *w)
{
	addr_fmt(&w->s->remote.addr, w->text, sizeof(w->text));
}

static void
f_port(struct walk *w)
{
	snprintf(w->text, sizeof(w->text), "%u", w->s->remote.port);
}

static void
f_uptime(struct walk *w)
{
	mono_seconds_fmt(mono_seconds(mono_sub(w->now, w->s->since)),
	    w->text, sizeof(w->text));
}

static void
f_worker(struct walk *w)
{
	snprintf(w->text, sizeof(w->text), "%u", w->s->worker);
}

static void
f_spi(struct walk *w)
{
	snprintf(w->text, sizeof(w->text), "%016llx",
	    (unsigned long long)w->s->spi);
}

static void
f_certificate(struct walk *w)
{
	static const uint8_t none[SESSION_FP_LEN];
	size_t i;

	if (memcmp(w->s->fp, none, sizeof(none)) == 0)
		return;
	for (i = 0; i < SESSION_FP_LEN; i++)
		snprintf(w->text + 2 * i, sizeof(w->text) - 2 * i, "%02x",
		    w->s->fp[i]);
}

static const struct {
	const char *name;
	void (*put)(struct walk *);
} fields[] = {
	{ "user", f_user },
	{ "peer", f_peer },
	{ "mode-config", f_mode_config },
	{ "address", f_address },
	{ "address6", f_address6 },
	{ "remote-address", f_remote },
	{ "remote-port", f_port },
	{ "uptime", f_uptime },
	{ "certificate", f_certificate },
	{ "worker", f_worker },
	{ "spi", f_spi },
};
#define NFIELDS	(sizeof(fields) / sizeof(fields[0]))

static void
row_session(void *arg, struct session *s)
{
	struct walk *w = arg;
	size_t i;

	w->s = s;
	for (i = 0; i < NFIELDS; i++) {
		w->text[0] = '\0';
		fields[i].put(w);
		if (w->text[0] != '\0')
			show_field(w->req, fields[i].name, "%s", w->text);
	}
	show_row(w->req);
}

static void
show_sessions(struct walk *w)
{
	sessions_each(w->sessions, row_session, w);
	show_end(w->req, NULL);
}

static void
row_used(void *arg, struct session *s)
{
	struct walk *w = arg;
	const char *pool;
	unsigned f;

	w->s = s;
	for (f = 0; f < 2; f++) {
		if (s->addr[f].family == AF_UNSPEC ||
		    config_pool_of(sessions_config(w->sessions), &s->addr[f],
		    &pool) == NULL)
			continue;
		show_field(w->req, "pool", "%s", pool);
		put_addr(w, f);
		show_field(w->req, "address", "%s", w->text);
		show_field(w->req, "owner", "IPsec");
		f_user(w);
		show_field(w->req, "info", "%s", w->text);
		show_row(w->req);
	}
}

static void
show_pool_used(struct walk *w)
{
	sessions_each(w->sessions, row_used, w);
	show_end(w->req, NULL);
}

static const char *
kill_field(void *arg, const char *name)
{
	struct walk *w = arg;
	size_t i;

	for (i = 0; i < NFIELDS; i++) {
		if (strcmp(fields[i].name, name) != 0)
			continue;
		w->text[0] = '\0';
		fields[i].put(w);
		return w->text[0] != '\0' ? w->text : NULL;
	}
	return NULL;
}

static void
kill_if_fits(void *arg, struct session *s)
{
	struct walk *w = arg;

	w->s = s;
	if (!show_filter_match(w->filter, kill_field, w))
		return;
	session_kill(w->sessions, s, "an operator ended the session");
	w->killed++;
}

static void
show_kill(struct walk *w)
{
	char err[1024];

	if (show_filter_check(w->req, err, sizeof(err)) == -1 ||
	    (w->filter = show_filter_new(w->req->args, w->req->nargs, err,
	    sizeof(err))) == NULL) {
		show_end(w->req, err);
		return;
	}
	sessions_each(w->sessions, kill_if_fits, w);
	show_filter_free(w->filter);
	show_field(w->req, "killed", "%zu", w->killed);
	show_row(w->req);
	show_end(w->req, NULL);
}

void
ipc_show(struct sessions *ss, struct show_req *req)
{
	static void (*const answers[SHOW_WHAT_MAX])(struct walk *) = {
		[SHOW_SESSIONS] = show_sessions,
		[SHOW_SESSION_KILL] = show_kill,
		[SHOW_POOL_USED] = show_pool_used,
	};
	struct walk w = { .sessions = ss, .req = req, .now = mono_now() };

	if (req->what >= SHOW_WHAT_MAX || answers[req->what] == NULL)
		show_end(req, "sessiond does not know that");
	else if (ss == NULL || sessions_config(ss) == NULL)
		show_end(req, "sessiond is only starting");
	else
		answers[req->what](&w);
}
