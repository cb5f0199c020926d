#include "keymgr/way_xfrm.h"

#include "keymgr/xfrm.h"
#include "keymgr/xfrm_msg.h"
#include "lib/esptun.h"
#include "lib/hash.h"
#include "lib/log.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct way_xfrm {
	struct backend xfrm;
	bool there;
	bool marks;
	int through;		/* the policy for marked packets stands; -1:
				 * an earlier keymgr may have left it */
	struct hash six;	/* selectors of IPv6 that stand */
};

/* Policies of IPv6 */

static void
six_del(struct way_xfrm *x, const struct selector *sel)
{
	free(hash_del(&x->six, sel_hash(sel, x->six.seed)));
}

static void
six_add(struct way_xfrm *x, const struct selector *sel)
{
	uint64_t key = sel_hash(sel, x->six.seed);
	struct selector *s;

	if (hash_get(&x->six, key) != NULL || (s = malloc(sizeof(*s))) == NULL)
		return;
	*s = *sel;
	if (hash_set(&x->six, key, s) == -1)
		free(s);
}

/*
 * What came through a tunnel is let in, while any policy would drop it; what
 * is to be forwarded the device's own setting would exempt, too, where
 * /proc/sys can be written.
 */
static void
set_through(struct way_xfrm *x, bool wanted)
{
	static const int dirs[] = { XFRM_POLICY_IN, XFRM_POLICY_FWD };
	char text[BK_WHY_LEN];
	size_t i;
	int e;

	if (!x->marks || x->through == (int)wanted)
		return;
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		e = xfrm_ask(x->xfrm.ctx, xfrm_msg_marked(ESPTUN_IN_MARK,
		    dirs[i], wanted), NULL, NULL, text);
		if (e != 0 && e != ENOENT)
			log_warn(LOG_T_IPSEC, "policy for what IPv6 tunnels "
			    "bring: %s", strerror(e));
	}
	x->through = wanted;
}

/*
 * For IPv6 the kernel asks its outbound policies before it knows that the
 * packet goes into the device: there the routes that forbid stand alone.
 */
static struct bk_body
kernel_body(const struct selector *sel, const struct bk_body *b)
{
	struct bk_body k = *b;

	if (b->action == BK_ENCRYPT)
		k.out = b->optional || sel->local.addr.family == AF_INET6 ?
		    BK_PASS : BK_BLOCK;
	return k;
}

static bool
is_policy(const struct bk_op *op)
{
	return op->kind == BK_POLICY_SET || op->kind == BK_POLICY_DEL;
}

/* The policies among the steps, as the kernel is to have them. */
static struct bk_op *
pick(const struct bk_op *ops, size_t n, size_t *m)
{
	struct bk_op *p;
	size_t i;

	for (i = *m = 0; i < n; i++)
		*m += is_policy(&ops[i]);
	if ((p = calloc(*m + 1, sizeof(*p))) == NULL)
		return NULL;
	for (i = *m = 0; i < n; i++) {
		if (!is_policy(&ops[i]))
			continue;
		p[*m] = ops[i];
		p[*m].body = kernel_body(&ops[i].sel, &ops[i].body);
		p[(*m)++].old = kernel_body(&ops[i].sel, &ops[i].old);
	}
	return p;
}

static void
remember(struct way_xfrm *x, const struct bk_op *op)
{
	if (op->sel.local.addr.family != AF_INET6 || op->error != 0)
		return;
	if (op->kind == BK_POLICY_SET)
		six_add(x, &op->sel);
	else if (op->dirs == BK_ALL_DIRS)
		six_del(x, &op->sel);
}

static bool
any_six(const struct bk_op *ops, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ops[i].kind == BK_POLICY_SET &&
		    ops[i].sel.local.addr.family == AF_INET6)
			return true;
	return false;
}

static size_t
without(struct bk_op *ops, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ops[i].kind == BK_POLICY_SET)
			ops[i].dirs = BK_ALL_DIRS;
	return 0;
}

struct said {
	size_t bad;
	char why[BK_WHY_LEN];
};

/* The kernel answers at once. */
static void
kernel_done(void *arg, size_t bad, const char *why)
{
	struct said *s = arg;

	s->bad = bad;
	snprintf(s->why, sizeof(s->why), "%s", why);
}

size_t
way_xfrm_apply(struct way_xfrm *x, struct bk_op *ops, size_t n, char *why)
{
	struct bk_op *p;
	struct said said = { 0 };
	size_t i, m;

	if (!x->there)
		return without(ops, n);
	if ((p = pick(ops, n, &m)) == NULL) {
		for (i = 0; i < n; i++)
			if (is_policy(&ops[i]))
				ops[i].error = ENOMEM;
		snprintf(why, BK_WHY_LEN, "out of memory");
		return n;
	}
	if (any_six(p, m))
		set_through(x, true);
	if (m > 0)
		x->xfrm.ops->apply(x->xfrm.ctx, p, m, kernel_done, &said);
	if (said.bad > 0)
		snprintf(why, BK_WHY_LEN, "%s", said.why);
	for (i = m = 0; i < n; i++) {
		if (!is_policy(&ops[i]))
			continue;
		ops[i].error = p[m].error;
		if (ops[i].kind == BK_POLICY_SET)
			ops[i].dirs = p[m].dirs;
		remember(x, &p[m++]);
	}
	free(p);
	if (hash_count(&x->six) == 0)
		set_through(x, false);
	return said.bad;
}

int
way_xfrm_dump(struct way_xfrm *x, void (*fn)(void *,
    const struct selector *), void *arg, char *why)
{
	return !x->there ? 0 :
	    x->xfrm.ops->policy_dump(x->xfrm.ctx, fn, arg, why);
}

bool
way_xfrm_there(const struct way_xfrm *x)
{
	return x->there;
}

void
way_xfrm_close(struct way_xfrm *x)
{
	size_t at = 0;
	void *v;

	if (x == NULL)
		return;
	while ((v = hash_next(&x->six, &at)) != NULL)
		free(v);
	hash_free(&x->six);
	if (x->xfrm.ops != NULL)
		x->xfrm.ops->close(x->xfrm.ctx);
	free(x);
}

/* Whether this kernel knows XFRM; what else fails is an error. */
static bool
has_xfrm(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);

	if (fd == -1)
		return errno != EPROTONOSUPPORT;
	close(fd);
	return true;
}

struct way_xfrm *
way_xfrm_open(bool marks, char *why)
{
	struct way_xfrm *x = calloc(1, sizeof(*x));

	if (x == NULL) {
		snprintf(why, BK_WHY_LEN, "out of memory");
		return NULL;
	}
	hash_init(&x->six, 1);
	x->marks = marks;
	x->through = -1;
	x->there = has_xfrm();
	if (!x->there)
		log_warn(LOG_T_IPSEC, "this kernel has no XFRM: routes keep "
		    "from leaving in clear what is for tunnels, and rules "
		    "from being forwarded what comes in clear; but it is "
		    "taken in if it is for this machine itself");
	if (x->there && backend_xfrm_open(&x->xfrm, why) == -1) {
		way_xfrm_close(x);
		return NULL;
	}
	return x;
}
