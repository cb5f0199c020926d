#include "keymgr/backend.h"

#include "keymgr/way.h"
#include "keymgr/xfrm.h"
#include "keymgr/xfrm_msg.h"
#include "keymgr/xfrm_read.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_ESP "this kernel has no ESP (module esp4 missing?)"

static void
say(char *why, const char *what, int error, const char *text)
{
	if (text[0] != '\0')
		snprintf(why, BK_WHY_LEN, "%s: %s (%s)", what,
		    strerror(error), text);
	else
		snprintf(why, BK_WHY_LEN, "%s: %s", what, strerror(error));
}

static const char *
op_name(enum bk_kind kind)
{
	static const char *const names[] = {
		[BK_SA_ADD] = "adding an SA",
		[BK_SA_DEL] = "deleting an SA",
		[BK_SA_MOVE] = "moving an SA",
		[BK_POLICY_SET] = "setting a policy",
		[BK_POLICY_DEL] = "deleting a policy",
	};

	return names[kind];
}

/* That it was not there is no error when the aim is that it be gone. */
static bool
is_error(const struct bk_op *op, int error)
{
	if (op->kind == BK_SA_DEL && error == ESRCH)
		return false;
	if (op->kind == BK_POLICY_DEL && error == ENOENT)
		return false;
	return error != 0;
}

static void
op_result(const struct xfrm *x, struct bk_op *op, int error,
    const char *text, char *why)
{
	if (!is_error(op, error))
		return;
	if (why[0] == '\0') {
		if (op->kind == BK_SA_ADD && x->no_esp &&
		    (error == ENOSYS || error == EPROTONOSUPPORT))
			snprintf(why, BK_WHY_LEN, "%s", NO_ESP);
		else
			say(why, op_name(op->kind), error, text);
	}
	op->error = error;
}

/* Takes the acknowledgements of one datagram; how many were ours. */
static unsigned
take_acks(struct xfrm *x, size_t len, char *why)
{
	struct nlmsghdr *h = (struct nlmsghdr *)x->rx;
	int left = (int)len, error;
	char text[BK_WHY_LEN];
	unsigned n = 0;
	uint32_t i;

	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		i = h->nlmsg_seq - x->tx_seq;
		if (i >= x->tx_n ||
		    xfrm_read_ack(h, &error, text, sizeof(text)) == -1)
			continue;
		op_result(x, x->tx_op[i], error, text, why);
		if (error == 0)
			x->tx_op[i]->dirs |= x->tx_dir[i];
		n++;
	}
	return n;
}

/* Sends what is gathered and awaits every acknowledgement. */
static void
tx_flush(struct xfrm *x, char *why)
{
	unsigned acked = 0, i;
	ssize_t n;
	int error;

	if (x->tx_n == 0)
		return;
	error = xfrm_transmit(x, x->tx, x->tx_len);
	secret_wipe(x->tx, x->tx_len);
	while (error == 0 && acked < x->tx_n) {
		if ((n = xfrm_receive(x)) == -1)
			error = errno;
		else
			acked += take_acks(x, (size_t)n, why);
	}
	/* Whether the rest was done is not known: it counts as failed. */
	for (i = 0; error != 0 && i < x->tx_n; i++)
		op_result(x, x->tx_op[i], error, "no answer", why);
	x->tx_len = 0;
	x->tx_n = 0;
}

/* Frees the message. */
static void
tx_add(struct xfrm *x, struct nl_msg *m, struct bk_op *op, uint8_t dir,
    char *why)
{
	struct nlmsghdr *h;
	size_t len;

	if (m == NULL) {
		op_result(x, op, ENOMEM, "", why);
		return;
	}
	h = nlmsg_hdr(m);
	len = NLMSG_ALIGN(h->nlmsg_len);
	if (x->tx_len + len > XFRM_TX_SIZE || x->tx_n == XFRM_TX_MSGS)
		tx_flush(x, why);
	if (x->tx_n == 0)
		x->tx_seq = x->seq + 1;
	h->nlmsg_seq = ++x->seq;
	memcpy(x->tx + x->tx_len, h, h->nlmsg_len);
	memset(x->tx + x->tx_len + h->nlmsg_len, 0, len - h->nlmsg_len);
	x->tx_len += len;
	x->tx_dir[x->tx_n] = dir;
	x->tx_op[x->tx_n++] = op;
	xfrm_msg_free(m);
}

/* Only where outbound packets go has changed. */
static bool
out_only(const struct bk_op *op)
{
	const struct bk_body *a = &op->old, *b = &op->body;

	return op->had_old && a->prio == b->prio && a->reqid == b->reqid &&
	    a->action == b->action && a->transport == b->transport &&
	    a->optional == b->optional;
}

static void
policy_send(struct xfrm *x, struct bk_op *op, int dir, char *why)
{
	tx_add(x, xfrm_msg_policy_set(&op->sel, &op->body, dir, op->replace),
	    op, (uint8_t)(1 << dir), why);
}

static int
get_one(void *arg, struct nlmsghdr *h)
{
	struct bk_sa_state *s = arg;

	bk_sa_state_free(s);
	return xfrm_read_sa(h, s);
}

static int
xfrm_sa_get(void *arg, const struct addr *dst, uint32_t spi,
    struct bk_sa_state *s)
{
	char text[BK_WHY_LEN];
	int error;

	memset(s, 0, sizeof(*s));
	error = xfrm_ask(arg, xfrm_msg_sa_get(dst, spi), get_one, s, text);
	if (error == 0)
		return 0;
	bk_sa_state_free(s);
	errno = error;
	return -1;
}

struct move {
	const struct bk_op *op;
	int type;
	struct nl_msg *msg;
};

static int
move_read(void *arg, struct nlmsghdr *h)
{
	struct move *mv = arg;

	xfrm_msg_free(mv->msg);
	mv->msg = xfrm_msg_sa_moved(h, mv->type, &mv->op->src, &mv->op->dst,
	    mv->op->sa.hard_s);
	return mv->msg == NULL ? -1 : 0;
}

/*
 * With other ports alone the SA is updated.  With another destination it
 * is another SA, which is there before the old one goes; with another source
 * it has the same name, so the old one goes first.
 */
static void
sa_move(struct xfrm *x, struct bk_op *op, char *why)
{
	const struct bk_sa *old = &op->sa;
	bool same_dst = addr_equal(&old->dst.addr, &op->dst.addr);
	bool update = same_dst && addr_equal(&old->src.addr, &op->src.addr);
	struct move mv = { .op = op,
		.type = update ? XFRM_MSG_UPDSA : XFRM_MSG_NEWSA };
	char text[BK_WHY_LEN];
	int error;

	error = xfrm_ask(x, xfrm_msg_sa_get(&old->dst.addr, old->spi),
	    move_read, &mv, text);
	if (error == 0 && same_dst && !update)
		error = xfrm_ask(x, xfrm_msg_sa_del(&old->dst.addr, old->spi),
		    NULL, NULL, text);
	if (error != 0)
		xfrm_msg_free(mv.msg);
	else
		error = xfrm_ask(x, mv.msg, NULL, NULL, text);
	if (error == 0 && !same_dst)
		error = xfrm_ask(x, xfrm_msg_sa_del(&old->dst.addr, old->spi),
		    NULL, NULL, text);
	op_result(x, op, error, text, why);
}

static void
op_send(struct xfrm *x, struct bk_op *op, char *why)
{
	int dir;

	switch (op->kind) {
	case BK_SA_ADD:
		tx_add(x, xfrm_msg_sa_add(&op->sa), op, 0, why);
		break;
	case BK_SA_DEL:
		tx_add(x, xfrm_msg_sa_del(&op->sa.dst.addr, op->sa.spi), op,
		    0, why);
		break;
	case BK_SA_MOVE:
		tx_flush(x, why);
		sa_move(x, op, why);
		break;
	case BK_POLICY_SET:
		op->dirs = 0;
		/* Inbound first: an answer to what goes out is taken. */
		if (!out_only(op)) {
			policy_send(x, op, XFRM_POLICY_IN, why);
			policy_send(x, op, XFRM_POLICY_FWD, why);
		}
		policy_send(x, op, XFRM_POLICY_OUT, why);
		break;
	case BK_POLICY_DEL:
		for (dir = 0; dir < XFRM_DIRS; dir++)
			if (op->dirs & 1 << dir)
				tx_add(x, xfrm_msg_policy_del(&op->sel, dir),
				    op, 0, why);
		break;
	}
}

static size_t
apply(struct xfrm *x, struct bk_op *ops, size_t n, char *why)
{
	size_t i, bad = 0;

	why[0] = '\0';
	for (i = 0; i < n; i++) {
		ops[i].error = 0;
		op_send(x, &ops[i], why);
	}
	tx_flush(x, why);
	for (i = 0; i < n; i++)
		bad += ops[i].error != 0;
	return bad;
}

static void
xfrm_apply(void *arg, struct bk_op *ops, size_t n, bk_done done,
    void *done_arg)
{
	char why[BK_WHY_LEN];
	size_t bad = apply(arg, ops, n, why);

	done(done_arg, bad, why);
}

struct dump {
	void (*sa)(void *, const struct bk_sa_state *);
	void (*policy)(void *, const struct selector *);
	void *arg;
};

/*
 * What cannot be read, such as the state of another protocol, is foreign; an
 * SPI of 0 is the mark of an ACQUIRE that still waits, no SA.
 */
static int
dump_sa(void *arg, struct nlmsghdr *h)
{
	const struct dump *d = arg;
	struct bk_sa_state s;

	if (xfrm_read_sa(h, &s) == -1)
		return 0;
	if (s.esp && s.spi != 0)
		d->sa(d->arg, &s);
	bk_sa_state_free(&s);
	return 0;
}

static int
xfrm_sa_dump(void *arg, void (*fn)(void *, const struct bk_sa_state *),
    void *fnarg, char *why)
{
	struct dump d = { .sa = fn, .arg = fnarg };
	char text[BK_WHY_LEN];
	int error = xfrm_ask(arg, xfrm_msg_sa_dump(), dump_sa, &d, text);

	if (error == 0)
		return 0;
	say(why, "reading the SAs", error, text);
	return -1;
}

static int
dump_policy(void *arg, struct nlmsghdr *h)
{
	const struct dump *d = arg;
	struct selector sel;
	bool ours;

	if (xfrm_read_policy(h, &sel, &ours) == 0 && ours)
		d->policy(d->arg, &sel);
	return 0;
}

static int
xfrm_policy_dump(void *arg, void (*fn)(void *, const struct selector *),
    void *fnarg, char *why)
{
	struct dump d = { .policy = fn, .arg = fnarg };
	char text[BK_WHY_LEN];
	int error = xfrm_ask(arg, xfrm_msg_policy_dump(), dump_policy, &d,
	    text);

	if (error == 0)
		return 0;
	say(why, "reading the policies", error, text);
	return -1;
}

static const char *
xfrm_no_esp(void *arg)
{
	const struct xfrm *x = arg;

	return x->no_esp ? NO_ESP : NULL;
}

static void
xfrm_close(void *arg)
{
	struct xfrm *x = arg;

	if (x == NULL)
		return;
	xfrm_event_close(x);
	way_left_end(x->left, false);
	if (x->sk != NULL)
		nl_socket_free(x->sk);
	if (x->stat_fd != -1)
		close(x->stat_fd);
	free(x->rx);
	free(x->tx);
	free(x);
}

/*
 * Is there ESP at all?  Asked by adding an SA that nothing can use, once
 * with null algorithms, which need nothing but ESP, once with GCM, since a
 * kernel may come without the null ones.
 */
static bool
probe(struct xfrm *x, uint16_t id, uint16_t bits)
{
	static const uint8_t zero[64];
	const struct alg *encr = suite_by_id(SUITE_ENCR, id, bits);
	struct secret key = { 0 };
	struct bk_sa sa = { .reqid = BK_REQID_BASE, .transport = true,
		.encr = encr, .encr_key = &key, .integ_key = &key };
	struct bk_op op = { .kind = BK_SA_ADD };
	char why[BK_WHY_LEN];
	bool there;

	if (encr == NULL || encr->kernel == NULL ||
	    secret_set(&key, zero, encr->key_len == 0 ? 1 :
	    encr->key_len) == -1)
		return true;
	key.len = encr->key_len;
	addr_parse(&sa.src.addr, "127.0.0.1");
	sa.dst = sa.src;
	sa.spi = 256 + arc4random_uniform(UINT32_MAX - 256);
	op.sa = sa;
	apply(x, &op, 1, why);
	there = op.error != ENOSYS && op.error != EPROTONOSUPPORT;
	if (op.error == 0) {
		op.kind = BK_SA_DEL;
		apply(x, &op, 1, why);
	}
	key.len = encr->key_len == 0 ? 1 : encr->key_len;
	secret_free(&key);
	return there;
}

#define ENCR_NULL	11
#define ENCR_AES_GCM_16	20

static void
xfrm_settled(void *arg)
{
	struct xfrm *x = arg;

	way_left_end(x->left, true);
	x->left = NULL;
}

static const struct backend_ops xfrm_ops = {
	.name = "xfrm",
	.apply = xfrm_apply,
	.sa_get = xfrm_sa_get,
	.sa_dump = xfrm_sa_dump,
	.policy_dump = xfrm_policy_dump,
	.stats = xfrm_stats,
	.listen = xfrm_event_listen,
	.settled = xfrm_settled,
	.no_esp = xfrm_no_esp,
	.close = xfrm_close,
};

int
backend_xfrm_open(struct backend *bk, char *why)
{
	struct xfrm *x = calloc(1, sizeof(*x));
	char text[BK_WHY_LEN];
	int error;

	if (x == NULL)
		goto nomem;
	x->stat_fd = open("/proc/net/xfrm_stat", O_RDONLY | O_CLOEXEC);
	if ((x->rx = malloc(XFRM_RX_SIZE)) == NULL ||
	    (x->tx = malloc(XFRM_TX_SIZE)) == NULL)
		goto nomem;
	if (xfrm_ask_open(x, why) == -1 || xfrm_event_open(x, why) == -1)
		goto bad;
	error = xfrm_ask(x, xfrm_msg_hash_all(), NULL, NULL, text);
	if (error != 0)
		log_debug(LOG_T_IPSEC, "hash thresholds for policies: %s",
		    strerror(error));
	x->no_esp = !probe(x, ENCR_NULL, 0) &&
	    !probe(x, ENCR_AES_GCM_16, 128);
	bk->ops = &xfrm_ops;
	bk->ctx = x;
	return 0;
 nomem:
	snprintf(why, BK_WHY_LEN, "out of memory");
 bad:
	xfrm_close(x);
	return -1;
}

void
backend_xfrm_sole(struct backend *bk)
{
	struct xfrm *x = bk->ctx;

	x->left = way_left_find();
}
