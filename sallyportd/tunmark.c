#include "sallyportd/tunmark.h"

#include "lib/esptun.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_skbedit.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define WAIT_S		5
#define FILTER_PRIO	0x5361u
#define NAME		"sallyport"

#ifndef TCA_BPF_FLAG_ACT_DIRECT
#define TCA_BPF_FLAG_ACT_DIRECT	1
#endif

struct tc_msg {
	struct nlmsghdr h;
	struct tcmsg tc;
	uint8_t attrs[256];
};

/* Sets the mark, and leaves the rest to the filters of others. */
static int
program(void)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2,
		    .imm = (int)ESPTUN_IN_MARK },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1,
		    .src_reg = BPF_REG_2,
		    .off = offsetof(struct __sk_buff, mark) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		    .imm = TC_ACT_UNSPEC },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	a.insns = (uintptr_t)code;
	a.insn_cnt = sizeof(code) / sizeof(code[0]);
	a.license = (uintptr_t)"ISC";
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
}

static void
put(struct tc_msg *m, uint16_t type, const void *data, size_t len)
{
	struct rtattr a = { .rta_type = type,
		.rta_len = (uint16_t)RTA_LENGTH(len) };
	uint8_t *p = (uint8_t *)m + NLMSG_ALIGN(m->h.nlmsg_len);

	memcpy(p, &a, sizeof(a));
	if (len > 0)
		memcpy(p + RTA_LENGTH(0), data, len);
	m->h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(m->h.nlmsg_len) +
	    RTA_ALIGN(a.rta_len));
}

static void
begin(struct tc_msg *m, uint16_t type, unsigned ifindex, uint32_t parent)
{
	memset(m, 0, sizeof(*m));
	m->h.nlmsg_len = NLMSG_LENGTH(sizeof(m->tc));
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
	    NLM_F_EXCL;
	m->tc.tcm_ifindex = (int)ifindex;
	m->tc.tcm_parent = parent;
}

/* 0 or an errno. */
static int
ask(int fd, const struct tc_msg *m)
{
	uint8_t answer[1024];
	struct nlmsgerr e;
	ssize_t n;

	if (send(fd, m, m->h.nlmsg_len, 0) == -1)
		return errno;
	if ((n = recv(fd, answer, sizeof(answer), 0)) == -1)
		return errno;
	if (n < (ssize_t)(NLMSG_HDRLEN + sizeof(e)))
		return EBADMSG;
	memcpy(&e, answer + NLMSG_HDRLEN, sizeof(e));
	return -e.error;
}

/* Opens an attribute that has others inside; where it began. */
static size_t
open_attr(struct tc_msg *m, uint16_t type)
{
	size_t at = NLMSG_ALIGN(m->h.nlmsg_len);

	put(m, type, NULL, 0);
	return at;
}

static void
close_attr(struct tc_msg *m, size_t at)
{
	struct rtattr *a = (void *)((uint8_t *)m + at);

	a->rta_len = (uint16_t)(m->h.nlmsg_len - at);
}

static void
put_program(struct tc_msg *m, int prog)
{
	uint32_t flags = TCA_BPF_FLAG_ACT_DIRECT, fd = (uint32_t)prog;
	size_t options;

	put(m, TCA_KIND, "bpf", sizeof("bpf"));
	options = open_attr(m, TCA_OPTIONS);
	put(m, TCA_BPF_FD, &fd, sizeof(fd));
	put(m, TCA_BPF_NAME, NAME, sizeof(NAME));
	put(m, TCA_BPF_FLAGS, &flags, sizeof(flags));
	close_attr(m, options);
}

/* The same in modules of the kernel, which no container may load but which
 * it gets. */
static void
put_edit(struct tc_msg *m)
{
	struct tc_skbedit parms = { .action = TC_ACT_UNSPEC };
	uint32_t mark = ESPTUN_IN_MARK;
	size_t options, acts, act, edit;

	put(m, TCA_KIND, "matchall", sizeof("matchall"));
	options = open_attr(m, TCA_OPTIONS);
	acts = open_attr(m, TCA_MATCHALL_ACT);
	act = open_attr(m, 1);
	put(m, TCA_ACT_KIND, "skbedit", sizeof("skbedit"));
	edit = open_attr(m, TCA_ACT_OPTIONS);
	put(m, TCA_SKBEDIT_PARMS, &parms, sizeof(parms));
	put(m, TCA_SKBEDIT_MARK, &mark, sizeof(mark));
	close_attr(m, edit);
	close_attr(m, act);
	close_attr(m, acts);
	close_attr(m, options);
}

/* prog is -1 where programs cannot be loaded. */
static int
attach(int fd, unsigned ifindex, int prog)
{
	struct tc_msg m;
	int e;

	begin(&m, RTM_NEWQDISC, ifindex, TC_H_CLSACT);
	m.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	put(&m, TCA_KIND, "clsact", sizeof("clsact"));
	if ((e = ask(fd, &m)) != 0)
		return e;
	begin(&m, RTM_NEWTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT,
	    TC_H_MIN_INGRESS));
	m.tc.tcm_info = TC_H_MAKE(FILTER_PRIO << 16, htons(ETH_P_IPV6));
	if (prog != -1)
		put_program(&m, prog);
	else
		put_edit(&m);
	return ask(fd, &m);
}

int
tunmark(const char *device)
{
	static const struct timeval wait = { WAIT_S, 0 };
	unsigned ifindex = if_nametoindex(device);
	int prog = program(), fd, e;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1) {
		e = errno;
	} else {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
		    sizeof(wait));
		e = attach(fd, ifindex, prog);
		close(fd);
	}
	if (prog != -1)
		close(prog);
	errno = e;
	return e == 0 ? 0 : -1;
}
