#include "sallyportd/dataplane.h"

#include "lib/child.h"
#include "lib/esplive.h"
#include "lib/esptun.h"
#include "lib/log.h"
#include "sallyportd/espprobe.h"
#include "sallyportd/ifconf.h"
#include "sallyportd/tunmark.h"

#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TUN_PATH	"/dev/net/tun"
#define BUFFERS		(4 * 1024 * 1024)

/* Since Linux 6.2: UDP super-packets. */
#define F_USO4		0x20
#define F_USO6		0x40

static unsigned
count_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 1)
		return 1;
	return n > ESPTUN_THREADS ? ESPTUN_THREADS : (unsigned)n;
}

/* The kernel, though it cannot: tunnels come when the reason goes. */
static void
warn_no_plane(const char *reason)
{
	log_warn(LOG_T_SYSTEM, "data plane: kernel, but this kernel has no "
	    "ESP%s: no SA can be installed", reason);
}

int
dataplane_choose(const struct conf *conf, unsigned *threads,
    const char **why)
{
	unsigned plane = (unsigned)conf_num(conf_single(conf, CONF_SETTINGS),
	    CONF_SETTINGS_DATA_PLANE);
	bool esp = espprobe();

	*threads = 0;
	*why = plane != CONF_PLANE_AUTO ? "configured" : esp ?
	    "the kernel has ESP" : "the kernel has no ESP";
	if (plane == CONF_PLANE_KERNEL && !esp) {
		warn_no_plane("; data-plane=userspace needs none");
		return 0;
	}
	if (plane == CONF_PLANE_KERNEL || (plane == CONF_PLANE_AUTO && esp)) {
		log_info(LOG_T_SYSTEM, "data plane: kernel (%s)", *why);
		return 0;
	}
	if (access(TUN_PATH, R_OK | W_OK) == -1) {
		log_error(LOG_T_SYSTEM, "data plane in user space: " TUN_PATH
		    ": %s; a container is given it, as by docker run "
		    "--device " TUN_PATH, strerror(errno));
		if (plane == CONF_PLANE_USERSPACE)
			return -1;
		*why = "there is no " TUN_PATH;
		warn_no_plane("");
		return 0;
	}
	*threads = count_threads();
	log_info(LOG_T_SYSTEM, "data plane: userspace, %u thread%s (%s)",
	    *threads, *threads == 1 ? "" : "s", *why);
	return 0;
}

/* What the device takes, the best first: super-packets of TCP and UDP, of
 * TCP, single packets. */
static const struct {
	unsigned offload;
	const char *lacks;
} tun_takes[] = {
	{ TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | F_USO4 |
	    F_USO6, NULL },
	{ TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
	    "UDP (Linux 6.2 has them)" },
	{ 0, "TCP or UDP" },
};
#define NTAKES	(sizeof(tun_takes) / sizeof(tun_takes[0]))

/* One queue of the device, which the first one makes. */
static int
tun_queue(size_t *takes)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI |
		IFF_VNET_HDR | IFF_MULTI_QUEUE };
	int fd, saved;

	fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return -1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ESPTUN_NAME);
	if (ioctl(fd, TUNSETIFF, &ifr) == -1)
		goto bad;
	for (*takes = 0; ioctl(fd, TUNSETOFFLOAD,
	    tun_takes[*takes].offload) == -1;)
		if (++*takes == NTAKES)
			goto bad;
	return fd;
 bad:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* A raw socket gets what its thread is to have. */
static int
raw_filter(int fd, int family, unsigned thread, unsigned threads)
{
	struct sock_filter code[] = {
		/* X: where the packet's SPI is */
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0),
		BPF_STMT(BPF_ALU | BPF_K | BPF_RSH, ESPTUN_SPI_SHIFT),
		BPF_STMT(BPF_ALU | BPF_K | BPF_MOD, threads),
		BPF_JUMP(BPF_JMP | BPF_K | BPF_JEQ, thread, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	/* IPv6 gives no header. */
	if (family == AF_INET6)
		code[0] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_K, 0);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
	    sizeof(prog));
}

static int
raw_open(struct sockets *ss, int family, unsigned thread, unsigned threads)
{
	int mark = (int)ESPTUN_MARK, size = BUFFERS, on = 1, fd;

	fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    IPPROTO_ESP);
	if (fd == -1)
		return errno == EAFNOSUPPORT ? 0 : -1;
	if (raw_filter(fd, family, thread, threads) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == -1) {
		close(fd);
		return -1;
	}
	(void)sockets_bypass(fd, family);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on,
		    sizeof(on));
	sockets_errors(fd, family);
	sockets_add(ss, CHILD_SOCK_ESP_RAW, fd);
	ss->socks[ss->n - 1].local.addr.family = (uint8_t)family;
	return 0;
}

/* For what the policies let go in clear although it came to the device. */
static int
pass_open(struct sockets *ss, int family)
{
	int mark = (int)ESPTUN_MARK, on = 1, fd;

	fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    IPPROTO_RAW);
	if (fd == -1)
		return errno == EAFNOSUPPORT ? 0 : -1;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == -1 ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL,
	    &on, sizeof(on)) == -1)) {
		close(fd);
		return -1;
	}
	(void)sockets_bypass(fd, family);
	sockets_add(ss, CHILD_SOCK_ESP_PASS, fd);
	ss->socks[ss->n - 1].local.addr.family = (uint8_t)family;
	return 0;
}

/* Memory that nobody can shorten under those who map it. */
static int
memory(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	if (ftruncate(fd, (off_t)size) == 0 && fcntl(fd, F_ADD_SEALS,
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
memories_open(struct sockets *ss)
{
	char path[64];
	int fd;

	fd = memory("espd-sas", (size_t)ESP_SLOTS * ESP_KEPT_SIZE);
	if (fd == -1)
		return -1;
	sockets_add(ss, CHILD_FILE_ESP_KEEP, fd);
	fd = memory("espd-counters", sizeof(struct esp_board));
	if (fd == -1)
		return -1;
	sockets_add(ss, CHILD_FILE_ESP_BOARD, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	sockets_add(ss, CHILD_FILE_ESP_READ, fd);
	return 0;
}

/* Only what came through a tunnel comes out of the device, and only espd
 * sees what goes in: the policies are for all other ways. */
static void
tun_ipv4(void)
{
	static const struct ifconf_ipv4 settings[] = {
		{ IPV4_DEVCONF_NOPOLICY, 1 },
		{ IPV4_DEVCONF_NOXFRM, 1 },
		{ IPV4_DEVCONF_RP_FILTER, 0 },
	};
	int e = ifconf_ipv4(ESPTUN_NAME, settings,
	    sizeof(settings) / sizeof(settings[0]));

	if (e != 0)
		log_warn(LOG_T_SYSTEM, "device " ESPTUN_NAME ": its settings "
		    "for IPv4: %s; what comes through tunnels may be dropped",
		    strerror(e));
}

static int
tun_setting(const char *name, const char *value)
{
	char path[128];
	int fd, rc;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s",
	    ESPTUN_NAME, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	rc = write(fd, value, strlen(value)) == -1 ? -1 : 0;
	close(fd);
	return rc;
}

/*
 * A mark says what came out of the device; without one a setting spares
 * packets that are forwarded.
 */
static bool
tun_marks(void)
{
	bool marks = tunmark(ESPTUN_NAME) == 0;
	const char *why = strerror(errno);
	bool spared = tun_setting("disable_policy", "1") == 0;

	if (!marks)
		log_warn(LOG_T_SYSTEM, "device " ESPTUN_NAME ": no filter that "
		    "marks packets, without CAP_BPF and without the kernel's "
		    "cls_matchall and act_skbedit: %s; %s", why, spared ?
		    "IPv6 tunnels do not reach the gateway's own addresses, "
		    "and IPv6 has no transport mode" :
		    "no IPv6 comes in through tunnels");
	return marks;
}

/* Nobody inside of a tunnel configures this machine.  Without a link-local
 * address no router is asked; what says it is one is not heard, either. */
static bool
tun_ipv6(void)
{
	int e;

	if (access("/proc/sys/net/ipv6", F_OK) == -1)
		return false;
	if ((e = ifconf_no_link_local(ESPTUN_NAME)) != 0)
		log_warn(LOG_T_SYSTEM, "device " ESPTUN_NAME ": its settings "
		    "for IPv6: %s", strerror(e));
	if (tun_setting("accept_ra", "0") == -1)
		log_info(LOG_T_SYSTEM, "/proc/sys: %s; router advertisements "
		    "in tunnels are taken as this machine's default says",
		    strerror(errno));
	return tun_marks();
}

/* Where they are not allowed, ESP in UDP is all there is. */
static void
raws_open(struct sockets *ss, unsigned threads)
{
	unsigned i;

	for (i = 0; i < threads; i++)
		if (raw_open(ss, AF_INET, i, threads) == -1 ||
		    raw_open(ss, AF_INET6, i, threads) == -1)
			goto bad;
	if (pass_open(ss, AF_INET) == 0 && pass_open(ss, AF_INET6) == 0)
		return;
bad:
	log_warn(LOG_T_SYSTEM, "raw sockets: %s%s; ESP goes in UDP alone, "
	    "and nothing that came to the device goes on in clear",
	    strerror(errno), errno == EPERM ? " (without CAP_NET_RAW)" : "");
}

int
dataplane_open(struct sockets *ss, unsigned threads, bool *marks)
{
	const char *what = "device " ESPTUN_NAME;
	size_t takes = 0;
	unsigned i;
	int fd;

	*marks = false;
	if (threads == 0)
		return 0;
	for (i = 0; i < threads; i++) {
		if ((fd = tun_queue(&takes)) == -1)
			goto bad;
		sockets_add(ss, CHILD_SOCK_ESP_TUN, fd);
		ss->socks[ss->n - 1].local.port = takes == 0;
	}
	if (tun_takes[takes].lacks != NULL)
		log_info(LOG_T_SYSTEM, "device " ESPTUN_NAME " has no "
		    "super-packets of %s: such packets go one by one",
		    tun_takes[takes].lacks);
	tun_ipv4();
	*marks = tun_ipv6();
	raws_open(ss, threads);
	what = "memory for SAs";
	if (memories_open(ss) == 0)
		return 0;
bad:
	log_error(LOG_T_SYSTEM, "data plane in user space: %s: %s", what,
	    errno == EBUSY ? "another sallyportd has it" :
	    errno == EINVAL ? "there is one of that name which is not ours" :
	    strerror(errno));
	return -1;
}
