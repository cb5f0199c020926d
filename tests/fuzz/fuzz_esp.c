/*
 * What the packet core makes of datagrams from the network, before and after
 * the ICV, and of packets from the inside, as libFuzzer calls it.
 *
 * Input: a byte that says how the rest is taken.  0: a run of datagrams as
 * it came, with the segment size in the next two bytes; 1: the body of a
 * tunnel mode packet by a peer that has the keys; 2: the same in transport
 * mode; 3: tunnel mode, twice in a row with right checksums; else: a packet of
 * the TUN with its virtio header.
 */
#include "espd/core.h"
#include "espd/csum.h"
#include "espd/wire.h"

#include <netinet/in.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define TUNNEL		0x1000u
#define TRANSPORT	0x1001u
#define OTHER		0x1040u		/* of the other thread */

static struct esp *e;
static struct crypt *peer;
static uint8_t key[20] = { 1, 2, 3 };
static struct mono now;

/* What can be asserted about any input is checked; a miss is a crash. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
on_send(void *arg, const struct esp_run *r)
{
	(void)arg;
	must(r->n > 0 && r->n <= 64 && r->len <= 65000 &&
	    (r->len + r->seg - 1) / r->seg == r->n);
}

/* All that goes to the TUN is an IP packet. */
static void
on_inject(void *arg, uint8_t *p, size_t len)
{
	struct pkt k;

	(void)arg;
	must(len > ESP_VNET_LEN && len <= ESP_TUN_MAX);
	must(pkt_parse(&k, p + ESP_VNET_LEN, len - ESP_VNET_LEN) == 0 &&
	    k.len == len - ESP_VNET_LEN);
}

/* Lies behind the first of those that came together. */
static void
on_stray(void *arg, const struct esp_dgram *d, const uint8_t *p, size_t len)
{
	(void)arg;
	must(p > d->data && p + len <= d->data + d->len &&
	    (get32(p) == 0 || get32(p) == OTHER));
}

static void
on_wake(void *arg)
{
	(void)arg;
}

static void
add(uint32_t spi, uint32_t reqid, bool inbound)
{
	struct secret k = { key, sizeof(key) };
	struct esp_sa sa = { .spi = spi, .reqid = reqid, .inbound = inbound,
		.transport = reqid == TRANSPORT, .encap = true, .mtu = 1400,
		.encr = suite_by_name(SUITE_ENCR, ALG_PHASE2, "aes-128-gcm"),
		.encr_key = &k, .hard_at = MONO_NEVER };
	const char *why;

	must(addr_parse(inbound ? &sa.src.addr : &sa.dst.addr,
	    "192.0.2.1") == 0);
	must(addr_parse(inbound ? &sa.dst.addr : &sa.src.addr,
	    "192.0.2.2") == 0);
	sa.src.port = sa.dst.port = 4500;
	must(esp_sa_add(e, &sa, now, &why) == 0);
}

static void
policy(const char *local, const char *remote, uint32_t reqid, uint32_t prio)
{
	struct policy_body b = { .prio = prio, .reqid = reqid,
		.transport = reqid == TRANSPORT };
	struct sel s = { 0 };
	const char *why;

	must(prefix_parse(&s.local, local, true) == 0);
	must(prefix_parse(&s.remote, remote, true) == 0);
	must(esp_policy_set(e, &s, &b, &why) == 0);
}

static void
start(void)
{
	struct esp_conf conf = { .threads = 2, .clamp_mss = true,
		.uso = true, .io = { .send = on_send, .inject = on_inject,
		.wake = on_wake, .stray = on_stray } };
	struct crypt_conf cc = { .encr_key = key, .seal = true };
	const char *why;

	must(suite_init(&why) == 0);
	must((e = esp_new(&conf, &why)) != NULL);
	add(TUNNEL, TUNNEL, true);
	add(TUNNEL + 2, TUNNEL, false);
	add(TRANSPORT, TRANSPORT, true);
	add(OTHER, TUNNEL, true);
	add(TRANSPORT + 2, TRANSPORT, false);
	policy("192.0.2.2/32", "192.0.2.1/32", TRANSPORT, 1);
	policy("0.0.0.0/0", "0.0.0.0/0", TUNNEL, 2);
	policy("::/0", "::/0", TUNNEL, 2);
	cc.encr = suite_by_name(SUITE_ENCR, ALG_PHASE2, "aes-128-gcm");
	must((peer = crypt_new(&cc)) != NULL);
}

/* In memory of its exact size, so that no byte beyond can be touched
 * unseen. */
static void
receive(const uint8_t *p, size_t len, uint16_t seg)
{
	uint8_t *buf = malloc(len + 2 * ESP_IN_ROOM);
	struct esp_dgram d = { .len = len, .seg = seg, .encap = true };

	must(buf != NULL);
	d.data = buf + ESP_IN_ROOM;
	memcpy(d.data, p, len);
	esp_in(esp_thread(e, 0), &d, now);
	free(buf);
}

static void
receive_sealed(const uint8_t *p, size_t len, uint32_t spi)
{
	static uint32_t seq;
	uint8_t esp[70000] = { 0 };

	if (len == 0 || len > 65535)
		return;
	put32(esp, spi);
	put32(esp + 4, ++seq);
	put32(esp + 12, seq);
	memcpy(esp + 16, p, len);
	must(crypt_seal(peer, esp, 16 + len, 0) == 0);
	receive(esp, 16 + len + 16, 0);
}

static void
set_sums(const struct pkt *k)
{
	uint8_t *sum = k->p + k->l4 + (k->proto == IPPROTO_TCP ? 16 : 6);

	if (k->version == 4)
		csum_ipv4(k->p);
	memset(sum, 0, 2);
	csum_put(sum, csum_add(csum_pseudo(k->p, k->proto, k->len - k->l4),
	    k->p + k->l4, k->len - k->l4));
}

/* Random input never has right checksums, and only such packets join; the
 * second goes on where the first one ends. */
static void
receive_summed(const uint8_t *p, size_t len)
{
	uint8_t *buf = malloc(len), *tcp;
	size_t l4;
	struct pkt k;

	must(buf != NULL);
	memcpy(buf, p, len);
	if (pkt_parse(&k, buf, len) == 0 && (l4 = pkt_l4_len(&k)) != 0) {
		set_sums(&k);
		receive_sealed(buf, len, TUNNEL);
		tcp = buf + k.l4;
		if (k.proto == IPPROTO_TCP)
			put32(tcp + 4, get32(tcp + 4) +
			    (uint32_t)(k.len - k.l4 - l4));
		set_sums(&k);
	}
	receive_sealed(buf, len, TUNNEL);
	free(buf);
}

static void
from_tun(const uint8_t *p, size_t len)
{
	uint8_t *buf = malloc(len + 1);

	must(buf != NULL);
	memcpy(buf, p, len);
	esp_out(esp_thread(e, 0), buf, len, now);
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (e == NULL)
		start();
	if (len < 3)
		return 0;
	now.us += 100000;
	switch (data[0]) {
	case 0:
		receive(data + 3, len - 3, get16(data + 1));
		break;
	case 1:
		receive_sealed(data + 1, len - 1, TUNNEL);
		break;
	case 2:
		receive_sealed(data + 1, len - 1, TRANSPORT);
		break;
	case 3:
		receive_summed(data + 1, len - 1);
		break;
	default:
		from_tun(data + 1, len - 1);
	}
	if (len % 4 == 0) {
		esp_in_flush(esp_thread(e, 0));
		esp_out_flush(esp_thread(e, 0));
	}
	return 0;
}
