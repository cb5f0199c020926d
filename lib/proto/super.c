#include "lib/proto/super.h"

#include <string.h>

void
super_init_put(struct buf *b, const struct super_init *i)
{
	buf_u16(b, i->worker);
	buf_u16(b, i->workers);
	buf_u32(b, i->log_mask);
	buf_str(b, i->chroot_dir);
}

int
super_init_get(struct cur *c, struct super_init *i, const char **why)
{
	*why = "malformed start message";
	if (cur_u16(c, &i->worker) == -1 || cur_u16(c, &i->workers) == -1 ||
	    i->workers == 0 || i->workers > SUPER_WORKERS_MAX ||
	    i->worker >= i->workers || cur_u32(c, &i->log_mask) == -1 ||
	    cur_str(c, i->chroot_dir, sizeof(i->chroot_dir)) == -1 ||
	    i->chroot_dir[0] != '/' || cur_end(c) == -1)
		return -1;
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
