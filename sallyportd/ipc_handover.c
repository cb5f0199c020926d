/* What a child is told, when, and what of it again after a reload. */
#include "sallyportd/kid.h"

#include "lib/child.h"
#include "lib/log.h"
#include "lib/proto/super.h"
#include "sallyportd/certfiles.h"
#include "sallyportd/homedir.h"
#include "sallyportd/ipc_show.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool
kid_up(const struct kid *k)
{
	return k->state == KID_READY || k->state == KID_RUNNING;
}

static bool
kids_linked(const struct kid *a, const struct kid *b)
{
	return (a->desc->peers & PROC_BIT(b->desc->id)) != 0 ||
	    (b->desc->peers & PROC_BIT(a->desc->id)) != 0;
}

static void
send_buf(struct kid *k, uint16_t type, int fd, struct buf *b)
{
	if (edge_send(k->edge, type, 0, fd, b) == -1)
		log_error(LOG_T_SYSTEM, "%s takes no more messages", k->name);
	buf_free(b);
}

static void
send_peer(struct kid *k, enum proc_id proc, unsigned worker, int fd)
{
	struct super_peer p = { .proc = proc, .worker = (uint16_t)worker };
	struct buf b;

	buf_init(&b, SUPER_PEER_LEN);
	super_peer_put(&b, &p);
	send_buf(k, SUPER_PEER, fd, &b);
}

static void
kids_link(struct kid *a, struct kid *b)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1) {
		log_error(LOG_T_SYSTEM, "socket pair for %s and %s: %s",
		    a->name, b->name, strerror(errno));
		return;
	}
	send_peer(a, b->desc->id, b->worker, sv[0]);
	send_peer(b, a->desc->id, a->worker, sv[1]);
}

/* controld's edge to this process. */
static void
link_self(struct kid *k)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1 ||
	    ipc_show_open(k->kids->gw, sv[1]) == -1) {
		log_error(LOG_T_SYSTEM, "no edge to %s", k->name);
		return;
	}
	send_peer(k, PROC_SALLYPORTD, 0, sv[0]);
}

/* Every so many the descriptors in the queue leave the process. */
#define FILES_AT_ONCE	32

struct delivery {
	struct kid *kid;
	unsigned n;
};

static void
send_file(void *arg, uint32_t obj, int fd)
{
	struct delivery *d = arg;
	struct buf b;

	buf_init(&b, SUPER_FILE_LEN);
	buf_u32(&b, obj);
	send_buf(d->kid, SUPER_FILE, fd, &b);
	if (++d->n % FILES_AT_ONCE == 0 && d->kid->edge != NULL)
		edge_drain(d->kid->edge);
}

/* To certd. */
static void
send_files(struct kid *k, bool changed_only)
{
	struct delivery d = { .kid = k };

	certfiles_open(k->kids->gw->certfiles, changed_only, send_file, &d);
	(void)edge_send(k->edge, SUPER_FILES_END, 0, -1, NULL);
}

static void
send_frame(struct kid *k, uint16_t type, const struct super_conf *frame)
{
	struct buf b;

	buf_init(&b, SUPER_CONF_LEN);
	super_conf_put(&b, frame);
	send_buf(k, type, -1, &b);
}

static void
send_object(void *arg, struct buf *b)
{
	send_buf(arg, SUPER_CONF_OBJECT, -1, b);
}

static void
send_objects(struct kid *k)
{
	const struct conf *conf = k->kids->gw->conf;
	const struct conf_obj *o;
	struct buf b;
	int menu;

	for (menu = 0; menu < CONF_MENUS; menu++)
		CONF_FOREACH(conf, (enum conf_menu)menu, o) {
			if (!conf_sends(o, k->desc->id))
				continue;
			buf_init(&b, CONF_OBJECT_MAX);
			conf_pack(&b, o, k->desc->id);
			send_object(k, &b);
		}
}

static void
send_conf(struct kid *k)
{
	struct gateway *gw = k->kids->gw;
	const struct super_conf frame = {
		.serial = gw->serial,
		.objects = (uint32_t)conf_sends_count(gw->conf, k->desc->id),
	};

	send_frame(k, SUPER_CONF_BEGIN, &frame);
	if (k->desc->id != PROC_CERTD)
		send_objects(k);
	else if (keep_each(&gw->keep, send_object, k) == -1)
		log_error(LOG_T_SYSTEM, "what is kept for %s: %s", k->name,
		    strerror(errno));
	send_frame(k, SUPER_CONF_END, &frame);
	if (k->desc->id == PROC_CERTD)
		send_files(k, false);
}

static enum proc_id
sock_owner(const struct sock *s)
{
	switch (s->kind) {
	case CHILD_SOCK_CONTROL:
		return PROC_CONTROLD;
	case CHILD_SOCK_DHCP:
		return PROC_INFORMD;
	case CHILD_FILE_LEASES:
	case CHILD_FILE_LEASES + 1:
		return PROC_SESSIOND;
	case CHILD_SOCK_ESP_UDP:
	case CHILD_SOCK_ESP_RAW:
	case CHILD_SOCK_ESP_TUN:
	case CHILD_SOCK_ESP_PASS:
	case CHILD_SOCK_ESP_L2TP:
	case CHILD_FILE_ESP_BOARD:
	case CHILD_FILE_ESP_KEEP:
		return PROC_ESPD;
	case CHILD_FILE_ESP_READ:
		return PROC_KEYMGR;
	default:
		return PROC_IKEPD;
	}
}

static void
send_sockets(struct kid *k)
{
	const struct sockets *ss = &k->kids->gw->socks;
	enum proc_id owner;
	const struct sock *s;
	struct super_socket m;
	struct buf b;
	size_t i;
	int fd;

	for (i = 0; i < ss->n; i++) {
		s = &ss->socks[i];
		owner = sock_owner(s);
		if (owner != k->desc->id || s->worker != k->worker ||
		    (fd = sock_dup(s)) == -1)
			continue;
		m.kind = s->kind;
		m.local = s->local;
		buf_init(&b, SUPER_SOCKET_MAX);
		super_socket_put(&b, &m);
		send_buf(k, SUPER_SOCKET, fd, &b);
	}
}

/*
 * A process runs once those it works with are there.  controld waits for
 * them at the start alone: later it is there to say who is missing.
 */
static bool
may_run(const struct kid *k)
{
	const struct kids *ks = k->kids;
	size_t i;

	if (k->desc->id == PROC_CONTROLD && ks->gw->running)
		return true;
	for (i = 0; i < ks->n; i++)
		if (ks->kids[i].desc->id != PROC_CONTROLD &&
		    kids_linked(k, &ks->kids[i]) && !kid_up(&ks->kids[i]))
			return false;
	return true;
}

static void
run_ready(struct kids *ks)
{
	struct kid *k;
	size_t i, running = 0;

	for (i = 0; i < ks->n; i++) {
		k = &ks->kids[i];
		if (k->state == KID_READY && may_run(k)) {
			k->state = KID_RUNNING;
			(void)edge_send(k->edge, SUPER_START, 0, -1, NULL);
		}
		running += k->state == KID_RUNNING;
	}
	if (running == ks->n && !ks->gw->running) {
		ks->gw->running = true;
		ks->gw->on_running(ks->gw);
	}
}

void
kid_hand_over(struct kid *k)
{
	struct kids *ks = k->kids;
	size_t i;

	k->state = KID_READY;
	send_conf(k);
	/* keymgr reads of SAs before a worker speaks of them. */
	send_sockets(k);
	for (i = 0; i < ks->n; i++)
		if (&ks->kids[i] != k && kid_up(&ks->kids[i]) &&
		    kids_linked(k, &ks->kids[i]))
			kids_link(k, &ks->kids[i]);
	if (k->desc->id == PROC_CONTROLD)
		link_self(k);
	run_ready(ks);
}

void
kids_deliver(struct kids *ks, bool reloaded)
{
	struct kid *k;
	size_t i;

	for (i = 0; i < ks->n; i++) {
		k = &ks->kids[i];
		if (kid_up(k) && (reloaded || k->desc->id != PROC_CERTD))
			send_conf(k);
	}
}

void
kids_certfiles(struct kids *ks)
{
	size_t i;

	for (i = 0; i < ks->n; i++)
		if (ks->kids[i].desc->id == PROC_CERTD &&
		    kid_up(&ks->kids[i]))
			send_files(&ks->kids[i], true);
}

void
kids_log_mask(struct kids *ks, uint32_t mask)
{
	struct buf b;
	size_t i;

	for (i = 0; i < ks->n; i++) {
		if (ks->kids[i].edge == NULL)
			continue;
		buf_init(&b, 4);
		buf_u32(&b, mask);
		send_buf(&ks->kids[i], SUPER_LOG_MASK, -1, &b);
	}
}

void
kid_send_init(struct kid *k)
{
	struct gateway *gw = k->kids->gw;
	struct super_init init;
	struct buf b;

	memset(&init, 0, sizeof(init));
	init.worker = (uint16_t)k->worker;
	init.workers = (uint16_t)gw->opt->workers;
	init.log_mask = log_rules_mask(&gw->rules);
	init.espd_threads = (uint8_t)gw->espd_threads;
	init.espd_marks = gw->espd_marks;
	snprintf(init.chroot_dir, sizeof(init.chroot_dir), "%s",
	    gw->chroot_dir);
	if (k->desc->home)
		homedir_make(gw->opt->state_dir, k->desc, init.chroot_dir,
		    sizeof(init.chroot_dir));
	buf_init(&b, SUPER_INIT_MAX);
	super_init_put(&b, &init);
	send_buf(k, SUPER_INIT, -1, &b);
}
