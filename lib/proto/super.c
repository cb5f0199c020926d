#include "lib/proto/super.h"

#include <sys/socket.h>

#include <ctype.h>
#include <string.h>

void
super_init_put(struct buf *b, const struct super_init *i)
{
	buf_u16(b, i->worker);
	buf_u16(b, i->workers);
	buf_u32(b, i->log_mask);
	buf_u8(b, i->espd_threads);
	buf_u8(b, i->espd_marks);
	buf_str(b, i->chroot_dir);
}

int
super_init_get(struct cur *c, struct super_init *i, const char **why)
{
	uint8_t marks;

	*why = "malformed start message";
	if (cur_u16(c, &i->worker) == -1 || cur_u16(c, &i->workers) == -1 ||
	    i->workers == 0 || i->workers > SUPER_WORKERS_MAX ||
	    i->worker >= i->workers || cur_u32(c, &i->log_mask) == -1 ||
	    cur_u8(c, &i->espd_threads) == -1 || cur_u8(c, &marks) == -1 ||
	    cur_str(c, i->chroot_dir, sizeof(i->chroot_dir)) == -1 ||
	    i->chroot_dir[0] != '/' || cur_end(c) == -1 || marks > 1)
		return -1;
	i->espd_marks = marks != 0;
	return 0;
}

void
super_conf_put(struct buf *b, const struct super_conf *s)
{
	buf_u32(b, s->serial);
	buf_u32(b, s->objects);
}

int
super_conf_get(struct cur *c, struct super_conf *s, const char **why)
{
	*why = "malformed configuration frame";
	if (cur_u32(c, &s->serial) == -1 || cur_u32(c, &s->objects) == -1 ||
	    cur_end(c) == -1)
		return -1;
	return 0;
}

void
super_peer_put(struct buf *b, const struct super_peer *p)
{
	buf_u8(b, (uint8_t)p->proc);
	buf_u16(b, p->worker);
}

int
super_peer_get(struct cur *c, struct super_peer *p, const char **why)
{
	uint8_t proc;

	*why = "malformed peer message";
	if (cur_u8(c, &proc) == -1 || proc >= PROC_MAX ||
	    cur_u16(c, &p->worker) == -1 ||
	    p->worker >= SUPER_WORKERS_MAX || cur_end(c) == -1)
		return -1;
	p->proc = (enum proc_id)proc;
	return 0;
}

void
super_socket_put(struct buf *b, const struct super_socket *s)
{
	buf_u16(b, s->kind);
	buf_endpoint(b, &s->local);
}

int
super_socket_get(struct cur *c, struct super_socket *s, const char **why)
{
	*why = "malformed socket message";
	if (cur_u16(c, &s->kind) == -1 ||
	    cur_endpoint(c, &s->local) == -1 || cur_end(c) == -1)
		return -1;
	return 0;
}

void
super_log_put(struct buf *b, uint32_t topics, const char *line)
{
	buf_u32(b, topics);
	buf_str(b, line);
}

int
super_log_get(struct cur *c, struct super_log *l, const char **why)
{
	*why = "malformed log line";
	if (cur_u32(c, &l->topics) == -1 ||
	    cur_str(c, l->line, sizeof(l->line)) == -1 || cur_end(c) == -1)
		return -1;
	return 0;
}

void
super_dns_put(struct buf *b, const struct super_dns *d)
{
	unsigned i;

	buf_u16(b, d->worker);
	buf_u32(b, d->vip);
	buf_str(b, d->iface);
	buf_u8(b, d->ndns);
	for (i = 0; i < d->ndns; i++)
		buf_addr(b, &d->dns[i]);
	buf_u8(b, d->nnames);
	for (i = 0; i < d->nnames; i++)
		buf_str(b, d->names[i]);
}

/* Letters, digits, dots and hyphens. */
static bool
iface_ok(const char *s)
{
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && *s != '.' && *s != '-')
			return false;
	return true;
}

int
super_dns_get(struct cur *c, struct super_dns *d, const char **why)
{
	unsigned i;

	memset(d, 0, sizeof(*d));
	*why = "malformed name servers";
	if (cur_u16(c, &d->worker) == -1 || cur_u32(c, &d->vip) == -1 ||
	    cur_str(c, d->iface, sizeof(d->iface)) == -1 ||
	    !iface_ok(d->iface) ||
	    cur_u8(c, &d->ndns) == -1 || d->ndns > SUPER_DNS_MAX)
		return -1;
	for (i = 0; i < d->ndns; i++)
		if (cur_addr(c, &d->dns[i]) == -1 ||
		    d->dns[i].family == AF_UNSPEC)
			return -1;
	if (cur_u8(c, &d->nnames) == -1 || d->nnames > SUPER_NAMES_MAX)
		return -1;
	for (i = 0; i < d->nnames; i++)
		if (cur_str(c, d->names[i], sizeof(d->names[i])) == -1 ||
		    !dnsname_ok(d->names[i]))
			return -1;
	return cur_end(c);
}
