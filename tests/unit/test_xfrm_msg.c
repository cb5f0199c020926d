/* The kernel's messages, byte for byte as it parses them. */
#include "keymgr/xfrm_msg.h"
#include "keymgr/xfrm_read.h"

#include <check.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

static uint8_t key_bytes[64];
static struct secret encr_key, integ_key;
static struct bk_sa sa;
static struct nlattr *at[XFRMA_MAX + 1];

static void
setup(void)
{
	size_t i;

	for (i = 0; i < sizeof(key_bytes); i++)
		key_bytes[i] = (uint8_t)(i + 1);
	secret_set(&encr_key, key_bytes, 20);
	secret_set(&integ_key, key_bytes + 20, 32);
	memset(&sa, 0, sizeof(sa));
	sa.df = BK_DF_INHERIT;
	addr_parse(&sa.src.addr, "192.0.2.2");
	addr_parse(&sa.dst.addr, "198.51.100.1");
	sa.src.port = 4501;
	sa.dst.port = 4500;
	sa.spi = 0x12345678;
	sa.reqid = BK_REQID_BASE | 7;
	sa.inbound = true;
	sa.window = 64;
	sa.hard_s = 3600;
	sa.encr = suite_by_id(SUITE_ENCR, 20, 128);
	sa.encr_key = &encr_key;
	sa.integ_key = &integ_key;
}

static void
teardown(void)
{
	secret_free(&encr_key);
	secret_free(&integ_key);
}

static struct xfrm_usersa_info *
parse_sa(struct nl_msg *m, int type)
{
	struct nlmsghdr *h;

	ck_assert_ptr_nonnull(m);
	h = nlmsg_hdr(m);
	ck_assert_int_eq(h->nlmsg_type, type);
	ck_assert_int_eq(nlmsg_parse(h, sizeof(struct xfrm_usersa_info), at,
	    XFRMA_MAX, NULL), 0);
	return nlmsg_data(h);
}

START_TEST(test_gcm)
{
	struct nl_msg *m = xfrm_msg_sa_add(&sa);
	struct xfrm_usersa_info *u = parse_sa(m, XFRM_MSG_NEWSA);
	struct xfrm_replay_state_esn *r;
	struct xfrm_algo_aead *a;

	ck_assert_int_eq(nlmsg_hdr(m)->nlmsg_flags & (NLM_F_EXCL | NLM_F_ACK),
	    NLM_F_EXCL | NLM_F_ACK);
	ck_assert_uint_eq(ntohl(u->saddr.a4), 0xc0000202);
	ck_assert_uint_eq(ntohl(u->id.daddr.a4), 0xc6336401);
	ck_assert_uint_eq(ntohl(u->id.spi), 0x12345678);
	ck_assert_uint_eq(u->id.proto, 50);
	ck_assert_uint_eq(u->family, AF_INET);
	ck_assert_uint_eq(u->mode, XFRM_MODE_TUNNEL);
	ck_assert_uint_eq(u->reqid, sa.reqid);
	ck_assert_uint_eq(u->flags, XFRM_STATE_AF_UNSPEC);
	ck_assert_uint_eq(u->replay_window, 0);
	/* No soft limit: the kernel measures it by the wall clock. */
	ck_assert_uint_eq(u->lft.soft_add_expires_seconds, 0);
	ck_assert_uint_eq(u->lft.hard_add_expires_seconds, 3600);
	ck_assert_uint_eq(u->lft.hard_byte_limit, XFRM_INF);
	a = nla_data(at[XFRMA_ALG_AEAD]);
	ck_assert_str_eq(a->alg_name, "rfc4106(gcm(aes))");
	ck_assert_uint_eq(a->alg_key_len, 160);
	ck_assert_uint_eq(a->alg_icv_len, 128);
	ck_assert_int_eq(nla_len(at[XFRMA_ALG_AEAD]),
	    (int)sizeof(*a) + 20);
	ck_assert_mem_eq(a->alg_key, key_bytes, 20);
	ck_assert_ptr_null(at[XFRMA_ALG_AUTH_TRUNC]);
	ck_assert_ptr_null(at[XFRMA_ENCAP]);
	r = nla_data(at[XFRMA_REPLAY_ESN_VAL]);
	ck_assert_uint_eq(r->replay_window, 64);
	ck_assert_uint_eq(r->bmp_len, 2);
	ck_assert_int_eq(nla_len(at[XFRMA_REPLAY_ESN_VAL]),
	    (int)sizeof(*r) + 8);
	xfrm_msg_free(m);
}
END_TEST

START_TEST(test_cbc)
{
	struct nl_msg *m;
	struct xfrm_algo_auth *auth;
	struct xfrm_algo *crypt;

	sa.encr = suite_by_id(SUITE_ENCR, 12, 128);
	sa.integ = suite_by_id(SUITE_INTEG, 12, 0);
	secret_set(&encr_key, key_bytes, 16);
	m = xfrm_msg_sa_add(&sa);
	parse_sa(m, XFRM_MSG_NEWSA);
	crypt = nla_data(at[XFRMA_ALG_CRYPT]);
	ck_assert_str_eq(crypt->alg_name, "cbc(aes)");
	ck_assert_uint_eq(crypt->alg_key_len, 128);
	ck_assert_mem_eq(crypt->alg_key, key_bytes, 16);
	auth = nla_data(at[XFRMA_ALG_AUTH_TRUNC]);
	ck_assert_str_eq(auth->alg_name, "hmac(sha256)");
	ck_assert_uint_eq(auth->alg_key_len, 256);
	/* RFC 4868: half of it, not the 96 bits of old kernels. */
	ck_assert_uint_eq(auth->alg_trunc_len, 128);
	ck_assert_mem_eq(auth->alg_key, key_bytes + 20, 32);
	ck_assert_ptr_null(at[XFRMA_ALG_AEAD]);
	xfrm_msg_free(m);
}
END_TEST

START_TEST(test_window)
{
	static const struct {
		uint32_t window;
		bool esn, inbound;
		uint8_t plain;
		uint32_t esn_window;	/* 0: no attribute */
	} rows[] = {
		{ 0, false, true, 0, 0 },
		{ 32, false, true, 32, 0 },
		{ 33, false, true, 0, 33 },
		{ 512, false, true, 0, 512 },
		{ 64, false, false, 0, 0 },
		{ 64, true, false, 0, 64 },
		{ 0, true, true, 0, 64 },
		{ 4096, true, true, 0, 4096 },
	};
	struct xfrm_replay_state_esn *r;
	struct xfrm_usersa_info *u;
	struct nl_msg *m;

	sa.window = rows[_i].window;
	sa.esn = rows[_i].esn;
	sa.inbound = rows[_i].inbound;
	m = xfrm_msg_sa_add(&sa);
	u = parse_sa(m, XFRM_MSG_NEWSA);
	ck_assert_uint_eq(u->replay_window, rows[_i].plain);
	ck_assert_int_eq((u->flags & XFRM_STATE_ESN) != 0, rows[_i].esn);
	if (rows[_i].esn_window == 0)
		ck_assert_ptr_null(at[XFRMA_REPLAY_ESN_VAL]);
	else {
		r = nla_data(at[XFRMA_REPLAY_ESN_VAL]);
		ck_assert_uint_eq(r->replay_window, rows[_i].esn_window);
		ck_assert_uint_ge(r->bmp_len * 32, r->replay_window);
	}
	xfrm_msg_free(m);
}
END_TEST

START_TEST(test_encap_transport_v6)
{
	struct nl_msg *m;
	struct xfrm_usersa_info *u;
	struct xfrm_encap_tmpl *e;

	addr_parse(&sa.src.addr, "2001:db8::2");
	addr_parse(&sa.dst.addr, "2001:db8::1");
	sa.transport = sa.encap = true;
	m = xfrm_msg_sa_add(&sa);
	u = parse_sa(m, XFRM_MSG_NEWSA);
	ck_assert_uint_eq(u->family, AF_INET6);
	ck_assert_uint_eq(u->mode, XFRM_MODE_TRANSPORT);
	ck_assert_uint_eq(u->flags, 0);
	ck_assert_mem_eq(&u->id.daddr, sa.dst.addr.b, 16);
	e = nla_data(at[XFRMA_ENCAP]);
	ck_assert_uint_eq(e->encap_type, 2);
	ck_assert_uint_eq(ntohs(e->encap_sport), 4501);
	ck_assert_uint_eq(ntohs(e->encap_dport), 4500);
	ck_assert_ptr_nonnull(at[32]);
	xfrm_msg_free(m);
}
END_TEST

static void
selector(struct selector *s)
{
	memset(s, 0, sizeof(*s));
	prefix_parse(&s->local, "10.1.0.0/24", true);
	prefix_parse(&s->remote, "10.2.0.0/16", true);
	s->proto = 6;
	s->lport = 80;
	s->lmask = 0xffff;
	s->rport = 1024;
	s->rmask = 0xfc00;
}

static struct bk_body
body(void)
{
	struct bk_body b = { .prio = 4711, .reqid = BK_REQID_BASE | 9,
		.action = BK_ENCRYPT, .out = BK_ENCRYPT };

	addr_parse(&b.local, "198.51.100.1");
	addr_parse(&b.remote, "192.0.2.2");
	return b;
}

START_TEST(test_policy_out)
{
	struct bk_body b = body();
	struct xfrm_userpolicy_info *u;
	struct xfrm_user_tmpl *t;
	struct selector s, back;
	struct nl_msg *m;
	bool ours;

	selector(&s);
	m = xfrm_msg_policy_set(&s, &b, XFRM_POLICY_OUT, false);
	ck_assert_int_eq(nlmsg_hdr(m)->nlmsg_type, XFRM_MSG_NEWPOLICY);
	ck_assert_int_eq(nlmsg_parse(nlmsg_hdr(m), sizeof(*u), at, XFRMA_MAX,
	    NULL), 0);
	u = nlmsg_data(nlmsg_hdr(m));
	ck_assert_uint_eq(ntohl(u->sel.saddr.a4), 0x0a010000);
	ck_assert_uint_eq(u->sel.prefixlen_s, 24);
	ck_assert_uint_eq(ntohl(u->sel.daddr.a4), 0x0a020000);
	ck_assert_uint_eq(u->sel.prefixlen_d, 16);
	ck_assert_uint_eq(ntohs(u->sel.sport), 80);
	ck_assert_uint_eq(ntohs(u->sel.dport), 1024);
	ck_assert_uint_eq(ntohs(u->sel.dport_mask), 0xfc00);
	ck_assert_uint_eq(u->priority, 4711);
	ck_assert_uint_eq(u->action, XFRM_POLICY_ALLOW);
	t = nla_data(at[XFRMA_TMPL]);
	ck_assert_uint_eq(ntohl(t->saddr.a4), 0xc6336401);
	ck_assert_uint_eq(ntohl(t->id.daddr.a4), 0xc0000202);
	ck_assert_uint_eq(t->reqid, b.reqid);
	ck_assert_uint_eq(t->aalgos, UINT32_MAX);
	ck_assert_uint_eq(t->optional, 0);
	/* What the kernel reports is what was set. */
	ck_assert_int_eq(xfrm_read_policy(nlmsg_hdr(m), &back, &ours), 0);
	ck_assert(ours);
	ck_assert_int_eq(sel_cmp(&s, &back), 0);
	xfrm_msg_free(m);
}
END_TEST

START_TEST(test_policy_in)
{
	struct bk_body b = body();
	struct xfrm_userpolicy_info *u;
	struct xfrm_user_tmpl *t;
	struct selector s, back;
	struct nl_msg *m;
	bool ours;

	selector(&s);
	m = xfrm_msg_policy_set(&s, &b, XFRM_POLICY_IN, true);
	ck_assert_int_eq(nlmsg_hdr(m)->nlmsg_type, XFRM_MSG_UPDPOLICY);
	nlmsg_parse(nlmsg_hdr(m), sizeof(*u), at, XFRMA_MAX, NULL);
	u = nlmsg_data(nlmsg_hdr(m));
	/* Turned round, ports too. */
	ck_assert_uint_eq(ntohl(u->sel.daddr.a4), 0x0a010000);
	ck_assert_uint_eq(u->sel.prefixlen_s, 16);
	ck_assert_uint_eq(ntohs(u->sel.dport), 80);
	ck_assert_uint_eq(ntohs(u->sel.sport), 1024);
	t = nla_data(at[XFRMA_TMPL]);
	ck_assert_uint_eq(t->saddr.a4, 0);
	ck_assert_uint_eq(t->reqid, b.reqid);
	nlmsg_hdr(m)->nlmsg_type = XFRM_MSG_NEWPOLICY;
	ck_assert_int_eq(xfrm_read_policy(nlmsg_hdr(m), &back, &ours), 0);
	ck_assert_int_eq(sel_cmp(&s, &back), 0);
	xfrm_msg_free(m);
	/* Type and code do not turn round. */
	s.proto = IPPROTO_ICMP;
	m = xfrm_msg_policy_set(&s, &b, XFRM_POLICY_FWD, true);
	u = nlmsg_data(nlmsg_hdr(m));
	ck_assert_uint_eq(ntohs(u->sel.sport), 80);
	xfrm_msg_free(m);
}
END_TEST

START_TEST(test_policy_actions)
{
	struct bk_body b = body();
	struct xfrm_userpolicy_info *u;
	struct selector s;
	struct nl_msg *m;
	int dir;

	selector(&s);
	/* The peer's address is not known: closed outwards, and inwards only
	 * what comes through a tunnel. */
	b.out = BK_BLOCK;
	for (dir = 0; dir < XFRM_DIRS; dir++) {
		m = xfrm_msg_policy_set(&s, &b, dir, true);
		nlmsg_parse(nlmsg_hdr(m), sizeof(*u), at, XFRMA_MAX, NULL);
		u = nlmsg_data(nlmsg_hdr(m));
		ck_assert_uint_eq(u->dir, (unsigned)dir);
		ck_assert_int_eq(u->action == XFRM_POLICY_BLOCK,
		    dir == XFRM_POLICY_OUT);
		ck_assert_int_eq(at[XFRMA_TMPL] == NULL,
		    dir == XFRM_POLICY_OUT);
		ck_assert_uint_eq(u->lft.soft_byte_limit, XFRM_OUR_MARK);
		xfrm_msg_free(m);
	}
	b.action = BK_PASS;
	m = xfrm_msg_policy_set(&s, &b, XFRM_POLICY_IN, true);
	nlmsg_parse(nlmsg_hdr(m), sizeof(*u), at, XFRMA_MAX, NULL);
	u = nlmsg_data(nlmsg_hdr(m));
	ck_assert_uint_eq(u->action, XFRM_POLICY_ALLOW);
	ck_assert_ptr_null(at[XFRMA_TMPL]);
	xfrm_msg_free(m);
}
END_TEST

START_TEST(test_ids)
{
	struct xfrm_userpolicy_id *p;
	struct xfrm_usersa_id *id;
	struct selector s;
	struct nl_msg *m = xfrm_msg_sa_del(&sa.dst.addr, 0x1234);

	id = nlmsg_data(nlmsg_hdr(m));
	ck_assert_int_eq(nlmsg_hdr(m)->nlmsg_type, XFRM_MSG_DELSA);
	ck_assert_uint_eq(ntohl(id->spi), 0x1234);
	ck_assert_uint_eq(ntohl(id->daddr.a4), 0xc6336401);
	ck_assert_uint_eq(id->proto, 50);
	xfrm_msg_free(m);
	selector(&s);
	m = xfrm_msg_policy_del(&s, XFRM_POLICY_FWD);
	p = nlmsg_data(nlmsg_hdr(m));
	ck_assert_uint_eq(p->dir, XFRM_POLICY_FWD);
	ck_assert_uint_eq(p->index, 0);
	ck_assert_uint_eq(p->sel.prefixlen_d, 24);
	xfrm_msg_free(m);
}
END_TEST

START_TEST(test_read_sa)
{
	struct nl_msg *m = xfrm_msg_sa_add(&sa);
	struct xfrm_usersa_info *u = parse_sa(m, XFRM_MSG_NEWSA);
	struct bk_sa_state st;
	uint64_t used = 1234567;

	u->curlft.bytes = 5000000000;
	u->curlft.packets = 77;
	nla_put(m, XFRMA_LASTUSED, sizeof(used), &used);
	ck_assert_int_eq(xfrm_read_sa(nlmsg_hdr(m), &st), 0);
	ck_assert_uint_eq(st.spi, sa.spi);
	ck_assert_uint_eq(st.bytes, 5000000000);
	ck_assert_uint_eq(st.packets, 77);
	ck_assert_uint_eq(st.last_used, used);
	ck_assert(addr_equal(&st.src, &sa.src.addr));
	ck_assert_uint_eq(st.encr_key.len, 20);
	ck_assert_mem_eq(st.encr_key.data, key_bytes, 20);
	bk_sa_state_free(&st);
	xfrm_msg_free(m);
}
END_TEST

/* Every length of an SA that is too short is refused, not read beyond. */
START_TEST(test_read_short)
{
	struct nl_msg *m = xfrm_msg_sa_add(&sa);
	uint32_t full = nlmsg_hdr(m)->nlmsg_len, n;
	struct bk_sa_state st;
	struct nlmsghdr *h;

	for (n = NLMSG_HDRLEN; n < full; n++) {
		h = malloc(n);
		ck_assert_ptr_nonnull(h);
		memcpy(h, nlmsg_hdr(m), n);
		h->nlmsg_len = n;
		if (xfrm_read_sa(h, &st) == 0)
			bk_sa_state_free(&st);
		else
			ck_assert_ptr_null(st.encr_key.data);
		free(h);
	}
	/* A key that says to be longer than its attribute. */
	parse_sa(m, XFRM_MSG_NEWSA);
	((struct xfrm_algo_aead *)nla_data(at[XFRMA_ALG_AEAD]))->alg_key_len =
	    UINT32_MAX;
	ck_assert_int_eq(xfrm_read_sa(nlmsg_hdr(m), &st), -1);
	xfrm_msg_free(m);
}
END_TEST

START_TEST(test_moved)
{
	struct endpoint src = sa.src, dst = sa.dst;
	struct nl_msg *m, *moved;
	struct xfrm_usersa_info *u;
	struct xfrm_encap_tmpl *e;

	sa.encap = true;
	m = xfrm_msg_sa_add(&sa);
	src.port = 6000;
	addr_parse(&src.addr, "192.0.2.99");
	moved = xfrm_msg_sa_moved(nlmsg_hdr(m), XFRM_MSG_NEWSA, &src, &dst,
	    100);
	u = parse_sa(moved, XFRM_MSG_NEWSA);
	ck_assert_uint_eq(ntohl(u->saddr.a4), 0xc0000263);
	ck_assert_uint_eq(u->lft.hard_add_expires_seconds, 100);
	ck_assert_uint_eq(ntohl(u->id.spi), sa.spi);
	e = nla_data(at[XFRMA_ENCAP]);
	ck_assert_uint_eq(ntohs(e->encap_sport), 6000);
	ck_assert_uint_eq(ntohs(e->encap_dport), 4500);
	ck_assert_mem_eq(((struct xfrm_algo_aead *)
	    nla_data(at[XFRMA_ALG_AEAD]))->alg_key, key_bytes, 20);
	ck_assert_ptr_nonnull(at[XFRMA_REPLAY_ESN_VAL]);
	xfrm_msg_free(moved);
	/* An update: the SA keeps its age, so it keeps its limit. */
	moved = xfrm_msg_sa_moved(nlmsg_hdr(m), XFRM_MSG_UPDSA, &src, &dst,
	    100);
	u = parse_sa(moved, XFRM_MSG_UPDSA);
	ck_assert_uint_eq(u->lft.hard_add_expires_seconds, 3600);
	xfrm_msg_free(m);
	xfrm_msg_free(moved);
}
END_TEST

static struct nl_msg *
event(int type, const void *body, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, 0);

	ck_assert_ptr_nonnull(m);
	nlmsg_append(m, (void *)(uintptr_t)body, len, NLMSG_ALIGNTO);
	return m;
}

START_TEST(test_events)
{
	struct xfrm_user_acquire acq;
	struct xfrm_user_expire exp;
	struct xfrm_user_mapping map;
	struct xfrm_user_tmpl t;
	struct endpoint remote;
	struct selector s;
	struct nl_msg *m;
	struct addr dst;
	uint32_t n;
	bool hard;

	memset(&acq, 0, sizeof(acq));
	memset(&t, 0, sizeof(t));
	acq.sel.family = AF_INET;
	acq.sel.saddr.a4 = htonl(0x0a010005);
	acq.sel.daddr.a4 = htonl(0x0a020007);
	acq.sel.prefixlen_s = acq.sel.prefixlen_d = 32;
	acq.sel.proto = 17;
	acq.sel.dport = htons(53);
	acq.sel.dport_mask = 0xffff;
	t.reqid = 55;
	m = event(XFRM_MSG_ACQUIRE, &acq, sizeof(acq));
	ck_assert_int_eq(xfrm_read_acquire(nlmsg_hdr(m), &n, &s), -1);
	nla_put(m, XFRMA_TMPL, sizeof(t), &t);
	ck_assert_int_eq(xfrm_read_acquire(nlmsg_hdr(m), &n, &s), 0);
	ck_assert_uint_eq(n, 55);
	ck_assert_uint_eq(s.rport, 53);
	ck_assert_uint_eq(s.local.addr.b[3], 5);
	ck_assert_int_eq(xfrm_read_expire(nlmsg_hdr(m), &n, &dst, &hard),
	    -1);
	acq.sel.prefixlen_s = 33;
	memcpy(nlmsg_data(nlmsg_hdr(m)), &acq, sizeof(acq));
	ck_assert_int_eq(xfrm_read_acquire(nlmsg_hdr(m), &n, &s), -1);
	nlmsg_free(m);

	memset(&exp, 0, sizeof(exp));
	exp.state.family = AF_INET;
	exp.state.id.spi = htonl(0x99);
	exp.state.id.daddr.a4 = htonl(0x0a000001);
	exp.hard = 1;
	m = event(XFRM_MSG_EXPIRE, &exp, sizeof(exp));
	ck_assert_int_eq(xfrm_read_expire(nlmsg_hdr(m), &n, &dst, &hard), 0);
	ck_assert_uint_eq(n, 0x99);
	ck_assert(hard);
	nlmsg_hdr(m)->nlmsg_len -= 8;
	ck_assert_int_eq(xfrm_read_expire(nlmsg_hdr(m), &n, &dst, &hard),
	    -1);
	nlmsg_free(m);

	memset(&map, 0, sizeof(map));
	map.id.family = AF_INET;
	map.id.spi = htonl(0x77);
	map.new_saddr.a4 = htonl(0xcb007105);
	map.new_sport = htons(1024);
	m = event(XFRM_MSG_MAPPING, &map, sizeof(map));
	ck_assert_int_eq(xfrm_read_mapping(nlmsg_hdr(m), &n, &remote), 0);
	ck_assert_uint_eq(n, 0x77);
	ck_assert_uint_eq(remote.port, 1024);
	ck_assert_uint_eq(remote.addr.b[0], 203);
	map.id.family = 99;
	memcpy(nlmsg_data(nlmsg_hdr(m)), &map, sizeof(map));
	ck_assert_int_eq(xfrm_read_mapping(nlmsg_hdr(m), &n, &remote), -1);
	nlmsg_free(m);
}
END_TEST

START_TEST(test_ack)
{
	struct nlmsgerr e = { .error = -ENOSYS };
	struct nl_msg *m;
	char text[40];
	int error;

	e.msg.nlmsg_len = 500;
	m = event(NLMSG_ERROR, &e, sizeof(e));
	nla_put_string(m, NLMSGERR_ATTR_MSG, "not found");
	ck_assert_int_eq(xfrm_read_ack(nlmsg_hdr(m), &error, text,
	    sizeof(text)), 0);
	ck_assert_int_eq(error, ENOSYS);
	ck_assert_str_eq(text, "");
	nlmsg_hdr(m)->nlmsg_flags |= NLM_F_ACK_TLVS;
	/* Not capped, and 484 bytes of request that are not there. */
	ck_assert_int_eq(xfrm_read_ack(nlmsg_hdr(m), &error, text,
	    sizeof(text)), 0);
	ck_assert_str_eq(text, "");
	nlmsg_hdr(m)->nlmsg_flags |= NLM_F_CAPPED;
	ck_assert_int_eq(xfrm_read_ack(nlmsg_hdr(m), &error, text,
	    sizeof(text)), 0);
	ck_assert_str_eq(text, "not found");
	nlmsg_free(m);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xfrm messages");
	TCase *tc = tcase_create("messages");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_gcm);
	tcase_add_test(tc, test_cbc);
	tcase_add_loop_test(tc, test_window, 0, 8);
	tcase_add_test(tc, test_encap_transport_v6);
	tcase_add_test(tc, test_policy_out);
	tcase_add_test(tc, test_policy_in);
	tcase_add_test(tc, test_policy_actions);
	tcase_add_test(tc, test_ids);
	tcase_add_test(tc, test_read_sa);
	tcase_add_test(tc, test_read_short);
	tcase_add_test(tc, test_moved);
	tcase_add_test(tc, test_events);
	tcase_add_test(tc, test_ack);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
