/*
 * Asked by adding an SA that nothing can use, once with AES-GCM, once with
 * null algorithms, which need nothing but ESP: a kernel says the same of a
 * protocol that it lacks and of an algorithm.
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
	uint8_t attrs[512];
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

/* An algorithm with a key of zeros; returns the bytes it takes. */
static size_t
put_alg(uint8_t *p, uint16_t type, const char *name, unsigned key_len)
{
	struct nlattr na = { .nla_type = type };
	struct xfrm_algo_aead aead = { .alg_key_len = key_len * 8,
		.alg_icv_len = 128 };
	struct xfrm_algo plain = { .alg_key_len = key_len * 8 };
	size_t len = type == XFRMA_ALG_AEAD ? sizeof(aead) : sizeof(plain);

	strncpy(aead.alg_name, name, sizeof(aead.alg_name) - 1);
	strncpy(plain.alg_name, name, sizeof(plain.alg_name) - 1);
	memcpy(p + NLA_HDRLEN, type == XFRMA_ALG_AEAD ? (void *)&aead :
	    (void *)&plain, len);
	na.nla_len = (uint16_t)(NLA_HDRLEN + len + key_len);
	memcpy(p, &na, sizeof(na));
	return NLA_ALIGN(na.nla_len);
}

static size_t
fill(struct sa_msg *m, bool null)
{
	size_t n;

	memset(m, 0, sizeof(*m));
	m->h.nlmsg_type = XFRM_MSG_NEWSA;
	m->sa.saddr.a4 = m->sa.id.daddr.a4 = htonl(INADDR_LOOPBACK);
	m->sa.id.spi = htonl(256 + arc4random_uniform(UINT32_MAX - 256));
	m->sa.id.proto = IPPROTO_ESP;
	m->sa.family = AF_INET;
	m->sa.mode = XFRM_MODE_TRANSPORT;
	memset(&m->sa.lft, 0xff, offsetof(struct xfrm_lifetime_cfg,
	    soft_add_expires_seconds));
	if (null) {
		n = put_alg(m->attrs, XFRMA_ALG_CRYPT, "ecb(cipher_null)", 0);
		n += put_alg(m->attrs + n, XFRMA_ALG_AUTH, "digest_null", 0);
	} else
		n = put_alg(m->attrs, XFRMA_ALG_AEAD, "rfc4106(gcm(aes))",
		    KEY_LEN);
	return offsetof(struct sa_msg, attrs) + n;
}

static bool
takes_sa(int fd, bool null)
{
	struct del_msg d;
	struct sa_msg m;
	size_t len = fill(&m, null);
	int e = ask(fd, &m, len);

	if (e == 0) {
		memset(&d, 0, sizeof(d));
		d.h.nlmsg_type = XFRM_MSG_DELSA;
		d.id.daddr = m.sa.id.daddr;
		d.id.spi = m.sa.id.spi;
		d.id.family = AF_INET;
		d.id.proto = IPPROTO_ESP;
		(void)ask(fd, &d, sizeof(d));
	}
	return e != -1 && e != EPROTONOSUPPORT && e != ENOSYS;
}

bool
espprobe(void)
{
	struct timeval wait = { .tv_sec = WAIT_S };
	bool there;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (fd == -1)
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	there = takes_sa(fd, false) || takes_sa(fd, true);
	close(fd);
	return there;
}
