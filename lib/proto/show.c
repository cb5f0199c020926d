#include "lib/proto/show.h"

#include "lib/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct show_port {
	struct edge *edge;
	void (*fn)(void *arg, struct show_req *);
	edge_down down;
	void *arg;
	struct show_req *kept;
};

/* Codec */

void
show_req_put(struct buf *b, const struct show_req *r)
{
	unsigned i;

	if (r->nargs > SHOW_ARGS_MAX) {
		b->failed = true;
		return;
	}
	buf_u16(b, (uint16_t)r->what);
	buf_u32(b, r->flags);
	buf_u8(b, (uint8_t)r->nargs);
	for (i = 0; i < r->nargs; i++) {
		buf_str(b, r->args[i].name);
		buf_u8(b, (uint8_t)r->args[i].op);
		buf_str(b, r->args[i].value);
	}
	buf_u32(b, (uint32_t)r->blob_len);
	buf_put(b, r->blob, r->blob_len);
}

static int
arg_get(struct cur *c, struct show_arg *a)
{
	uint8_t op;

	if (cur_str(c, a->name, sizeof(a->name)) == -1 ||
	    a->name[0] == '\0' || cur_u8(c, &op) == -1 ||
	    (op != ':' && op != '=' && op != '~') ||
	    cur_str(c, a->value, sizeof(a->value)) == -1)
		return -1;
	a->op = (char)op;
	return 0;
}

int
show_req_get(struct cur *c, struct show_req *r, const char **why)
{
	uint32_t blob;
	uint16_t what;
	uint8_t n;

	*why = "malformed request";
	if (cur_u16(c, &what) == -1 || what == 0 || what >= SHOW_WHAT_MAX ||
	    cur_u32(c, &r->flags) == -1 || (r->flags & ~SHOW_FLAGS) != 0 ||
	    cur_u8(c, &n) == -1 || n > SHOW_ARGS_MAX)
		return -1;
	r->what = (enum show_what)what;
	for (r->nargs = 0; r->nargs < n; r->nargs++)
		if (arg_get(c, &r->args[r->nargs]) == -1)
			return -1;
	if (cur_u32(c, &blob) == -1 || blob > SHOW_BLOB_MAX ||
	    cur_ref(c, &r->blob, blob) == -1)
		return -1;
	r->blob_len = blob;
	return cur_end(c);
}

void
show_end_put(struct buf *b, const char *err)
{
	char line[sizeof(((struct show_end *)0)->error)];

	snprintf(line, sizeof(line), "%s", err != NULL ? err : "");
	buf_str(b, line);
}

int
show_end_get(struct cur *c, struct show_end *e, const char **why)
{
	*why = "malformed end of an answer";
	if (cur_str(c, e->error, sizeof(e->error)) == -1 || cur_end(c) == -1)
		return -1;
	return 0;
}

int
show_row_begin(struct cur *c, uint16_t *nfields)
{
	if (cur_u16(c, nfields) == -1 || *nfields > SHOW_FIELDS_MAX)
		return -1;
	return 0;
}

static int
text_ref(struct cur *c, const char **p, uint16_t *len)
{
	const uint8_t *bytes;

	if (cur_u16(c, len) == -1 || cur_ref(c, &bytes, *len) == -1 ||
	    memchr(bytes, '\0', *len) != NULL)
		return -1;
	*p = (const char *)bytes;
	return 0;
}

int
show_row_next(struct cur *c, uint16_t *nfields, struct show_pair *pair)
{
	if (*nfields == 0)
		return cur_end(c);
	if (text_ref(c, &pair->name, &pair->name_len) == -1 ||
	    text_ref(c, &pair->value, &pair->value_len) == -1 ||
	    pair->name_len == 0 || pair->name_len >= SHOW_NAME_LEN)
		return -1;
	(*nfields)--;
	return 1;
}

/* The answering end */

static int
on_req(void *arg, struct imsg *m, const char **why)
{
	struct show_port *p = arg;
	struct show_req r;

	memset(&r, 0, sizeof(r));
	if (show_req_get(&m->body, &r, why) == -1)
		return -1;
	r.port = p;
	r.id = m->id;
	buf_init(&r.row, SHOW_ROW_MAX);
	p->fn(p->arg, &r);
	buf_free(&r.row);
	/* A passphrase may have been among them. */
	secret_wipe(&r, sizeof(r));
	return 0;
}

static const struct permit show_permits[] = {
	{ SHOW_REQ, "request", SHOW_REQ_MIN, SHOW_REQ_MAX, 0, on_req },
};

static void
on_down(void *arg, const char *why)
{
	struct show_port *p = arg;

	p->down(p->arg, why);
}

struct show_port *
show_port_new(struct event_base *base, int fd,
    void (*fn)(void *arg, struct show_req *), edge_down down, void *arg)
{
	struct show_port *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->fn = fn;
	p->arg = arg;
	p->down = down;
	p->edge = edge_new(base, fd, "controld", EDGE_REFUSE, show_permits,
	    sizeof(show_permits) / sizeof(show_permits[0]), on_down, p,
	    SHOW_QUEUE_MAX);
	if (p->edge == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
show_port_free(struct show_port *p)
{
	struct show_req *r;

	if (p == NULL)
		return;
	for (r = p->kept; r != NULL; r = r->next)
		r->port = NULL;
	edge_free(p->edge);
	free(p);
}

const char *
show_arg(const struct show_req *r, const char *name)
{
	unsigned i;

	for (i = 0; i < r->nargs; i++)
		if (r->args[i].op == ':' && strcmp(r->args[i].name, name) == 0)
			return r->args[i].value;
	return NULL;
}

void
show_field(struct show_req *r, const char *name, const char *fmt, ...)
{
	char value[SHOW_FIELD_LEN];
	va_list ap;

	if (r->nfields == SHOW_FIELDS_MAX) {
		r->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (r->nfields++ == 0)
		buf_u16(&r->row, 0);
	buf_str(&r->row, name);
	buf_str(&r->row, value);
}

void
show_row(struct show_req *r)
{
	if (r->nfields == 0)
		return;
	if (buf_error(&r->row) == -1) {
		r->failed = true;
	} else {
		buf_set_u16(&r->row, 0, r->nfields);
		if (r->port != NULL && edge_send(r->port->edge, SHOW_ROW,
		    r->id, -1, &r->row) == -1)
			r->failed = true;
	}
	buf_reset(&r->row);
	r->nfields = 0;
}

static void
req_unlink(struct show_req *r)
{
	struct show_req **pp;

	if (r->port == NULL)
		return;
	for (pp = &r->port->kept; *pp != NULL; pp = &(*pp)->next)
		if (*pp == r) {
			*pp = r->next;
			return;
		}
}

void
show_end(struct show_req *r, const char *err)
{
	struct buf b;

	if (err == NULL && r->failed)
		err = "the answer is longer than can be sent";
	buf_init(&b, SHOW_END_MAX);
	show_end_put(&b, err);
	if (r->port != NULL)
		(void)edge_send(r->port->edge, SHOW_END, r->id, -1, &b);
	buf_free(&b);
	if (!r->kept)
		return;
	req_unlink(r);
	buf_free(&r->row);
	secret_wipe(r, sizeof(*r));
	free(r);
}

struct show_req *
show_keep(const struct show_req *r)
{
	struct show_req *k;

	if ((k = malloc(sizeof(*k))) == NULL)
		return NULL;
	*k = *r;
	buf_init(&k->row, SHOW_ROW_MAX);
	k->nfields = 0;
	k->blob = NULL;
	k->blob_len = 0;
	k->kept = true;
	k->next = NULL;
	if (k->port != NULL) {
		k->next = k->port->kept;
		k->port->kept = k;
	}
	return k;
}
