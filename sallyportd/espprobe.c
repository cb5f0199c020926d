/*
 * Asked by adding an SA that nothing can use: a kernel without ESP says that
 * it does not know the protocol, one without the algorithm something else.
 */
#include "sallyportd/espprobe.h"

#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_S	5
#define KEY_LEN	20	/* AES-128 and the salt */

struct sa_msg {
	struct nlmsghdr h;
	struct xfrm_usersa_info sa;
	struct nlattr na;
	struct xfrm_algo_aead alg;
	uint8_t key[KEY_LEN];
};

struct del_msg {
	struct nlmsghdr h;
	struct xfrm_usersa_id id;
};

/* 0 or the kernel's errno; -1: nobody answers. */
static int
ask(int fd, void *msg, size_t len)
{
	uint8_t answer[4096];
	struct nlmsghdr *h = msg;
	struct nlmsgerr e;
	ssize_t n;

	h->nlmsg_len = (uint32_t)len;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, msg, len, 0) == -1)
		return -1;
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < (ssize_t)(NLMSG_HDRLEN + sizeof(e)))
		return -1;
	memcpy(&e, answer + NLMSG_HDRLEN, sizeof(e));
	return -e.error;
}

static void
fill(struct sa_msg *m)
{
	memset(m, 0, sizeof(*m));
	m->h.nlmsg_type = XFRM_MSG_NEWSA;
	m->sa.saddr.a4 = m->sa.id.daddr.a4 = htonl(INADDR_LOOPBACK);
	m->sa.id.spi = htonl(256 + arc4random_uniform(UINT32_MAX - 256));
	m->sa.id.proto = IPPROTO_ESP;
	m->sa.family = AF_INET;
	m->sa.mode = XFRM_MODE_TRANSPORT;
	memset(&m->sa.lft, 0xff, offsetof(struct xfrm_lifetime_cfg,
	    soft_add_expires_seconds));
	m->na.nla_len = sizeof(*m) - offsetof(struct sa_msg, na);
	m->na.nla_type = XFRMA_ALG_AEAD;
	strcpy(m->alg.alg_name, "rfc4106(gcm(aes))");
	m->alg.alg_key_len = KEY_LEN * 8;
	m->alg.alg_icv_len = 128;
}

bool
espprobe(void)
{
	struct timeval wait = { .tv_sec = WAIT_S };
	struct del_msg d;
	struct sa_msg m;
	int fd, e;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (fd == -1)
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	fill(&m);
	e = ask(fd, &m, sizeof(m));
	if (e == 0) {
		memset(&d, 0, sizeof(d));
		d.h.nlmsg_type = XFRM_MSG_DELSA;
		d.id.daddr = m.sa.id.daddr;
		d.id.spi = m.sa.id.spi;
		d.id.family = AF_INET;
		d.id.proto = IPPROTO_ESP;
		(void)ask(fd, &d, sizeof(d));
	}
	close(fd);
	return e != -1 && e != EPROTONOSUPPORT && e != ENOSYS;
}
