#include "keymgr/ipc_show.h"

#include "lib/proto/show.h"

#include <string.h>

struct given {
	const struct km *km;
	struct show_req *req;
};

static void
field_addr(struct show_req *req, const char *name, const struct addr *a)
{
	char text[ADDR_STRLEN];

	if (a->family != AF_UNSPEC)
		show_field(req, name, "%s", addr_fmt(a, text, sizeof(text)));
}

static void
field_list(struct show_req *req, const char *name, const struct buf *b)
{
	if (buf_error(b) == 0 && b->len > 0)
		show_field(req, name, "%.*s", (int)b->len,
		    (const char *)b->data);
}

static void
list_add(struct buf *b, const char *text)
{
	if (b->len > 0)
		buf_u8(b, ',');
	buf_put(b, text, strlen(text));
}

static void
given_lists(struct show_req *req, const struct link_req *r)
{
	char text[PREFIX_STRLEN];
	struct buf b;
	size_t i;

	buf_init(&b, SHOW_FIELD_LEN);
	for (i = 0; i < r->nnets; i++)
		list_add(&b, prefix_fmt(&r->net[i], text, sizeof(text)));
	if (r->nnets == 0 && r->addr4.family != AF_UNSPEC)
		list_add(&b, "0.0.0.0/0");
	if (r->nnets == 0 && r->addr6.family != AF_UNSPEC)
		list_add(&b, "::/0");
	field_list(req, "dst-address", &b);
	b.len = 0;
	for (i = 0; i < r->ndns; i++)
		list_add(&b, addr_fmt(&r->dns[i], text, sizeof(text)));
	field_list(req, "dns", &b);
	b.len = 0;
	for (i = 0; i < r->nnames; i++)
		list_add(&b, r->names[i]);
	field_list(req, "domains", &b);
	buf_free(&b);
}

static void
field_str(struct show_req *req, const char *name, const struct conf_obj *o,
    unsigned prop)
{
	if (conf_is_set(o, prop))
		show_field(req, name, "%s", conf_str(o, prop));
}

static void
row_given(void *arg, const struct link_req *r, bool own)
{
	const struct given *g = arg;
	const struct km_peer *p = km_conf_peer(g->km->conf, r->peer);
	const struct km_identity *i = km_conf_identity(g->km->conf,
	    r->identity);

	show_field(g->req, "peer", "%s", p == NULL ? "" : p->name);
	if (i != NULL && i->mode != NULL)
		show_field(g->req, "mode-config", "%s", conf_name(i->mode));
	field_addr(g->req, "address", &r->addr4);
	field_addr(g->req, "address6", &r->addr6);
	if (own)
		show_field(g->req, "interface", "%s", LINK_NAME);
	given_lists(g->req, r);
	if (i != NULL && i->mode != NULL) {
		field_str(g->req, "src-address-list", i->mode,
		    CONF_MODE_CONFIG_SRC_ADDRESS_LIST);
		field_str(g->req, "connection-mark", i->mode,
		    CONF_MODE_CONFIG_CONNECTION_MARK);
	}
	show_row(g->req);
}

void
ipc_show_given(const struct km *km, struct show_req *req)
{
	struct given g = { km, req };

	if (km->conf != NULL)
		link_each(&km->link, row_given, &g);
	show_end(req, NULL);
}
