#include "sallyportd/steer.h"
#include "lib/worker.h"

#include <check.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HDR	28
#define MARKER	4

/* The kernel's rules for what the program uses (networking/filter). */
static uint32_t
bpf_run(const struct sock_filter *code, size_t n, const uint8_t *payload,
    size_t payload_len, const uint8_t *ip, size_t ip_len)
{
	uint32_t a = 0, x = 0, k;
	const uint8_t *p;
	size_t pc;

	for (pc = 0; pc < n; pc++) {
		size_t len;

		k = code[pc].k;
		/* Negative offsets count from the network header. */
		p = k >= (uint32_t)SKF_NET_OFF ? ip : payload;
		len = p == ip ? ip_len : payload_len;
		if (p == ip && BPF_CLASS(code[pc].code) == BPF_LD)
			k -= (uint32_t)SKF_NET_OFF;
		switch (code[pc].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (k + 4 > len)
				return 0;
			a = (uint32_t)p[k] << 24 | (uint32_t)p[k + 1] << 16 |
			    (uint32_t)p[k + 2] << 8 | p[k + 3];
			break;
		case BPF_LD | BPF_B | BPF_ABS:
			if (k + 1 > len)
				return 0;
			a = p[k];
			break;
		case BPF_JMP | BPF_K | BPF_JEQ:
			pc += a == k ? code[pc].jt : code[pc].jf;
			break;
		case BPF_JMP | BPF_K | BPF_JGE:
			pc += a >= k ? code[pc].jt : code[pc].jf;
			break;
		case BPF_JMP | BPF_K | BPF_JSET:
			pc += (a & k) != 0 ? code[pc].jt : code[pc].jf;
			break;
		case BPF_JMP | BPF_JA:
			pc += k;
			break;
		case BPF_ALU | BPF_K | BPF_AND:
			a &= k;
			break;
		case BPF_ALU | BPF_K | BPF_ADD:
			a += k;
			break;
		case BPF_ALU | BPF_K | BPF_MUL:
			a *= k;
			break;
		case BPF_ALU | BPF_K | BPF_RSH:
			a >>= k;
			break;
		case BPF_ALU | BPF_K | BPF_MOD:
			ck_assert_uint_ne(k, 0);
			a %= k;
			break;
		case BPF_ALU | BPF_X | BPF_XOR:
			a ^= x;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_RET | BPF_K:
			return k;
		case BPF_RET | BPF_A:
			return a;
		default:
			ck_abort_msg("instruction 0x%x", code[pc].code);
		}
	}
	ck_abort_msg("ran off the end");
	return 0;
}

struct packet {
	uint8_t b[MARKER + HDR];
	size_t len;
	uint8_t ip[40];
	bool natt;
};

static uint8_t *
hdr(struct packet *p)
{
	return p->b + (p->natt ? MARKER : 0);
}

static struct packet
packet(bool natt, uint64_t ispi, uint64_t rspi, uint8_t version,
    uint8_t flags)
{
	struct packet p = { .natt = natt };
	unsigned i;

	p.len = HDR + (natt ? MARKER : 0);
	for (i = 0; i < 8; i++) {
		hdr(&p)[i] = (uint8_t)(ispi >> (56 - 8 * i));
		hdr(&p)[8 + i] = (uint8_t)(rspi >> (56 - 8 * i));
	}
	hdr(&p)[17] = version;
	hdr(&p)[19] = flags;
	return p;
}

static uint32_t
steer_with(const struct packet *p, unsigned workers, unsigned threads)
{
	struct sock_filter code[STEER_MAX];
	size_t n = steer_program(code, workers, threads, p->natt);

	ck_assert_uint_le(n, STEER_MAX);
	return bpf_run(code, n, p->b, p->len, p->ip, sizeof(p->ip));
}

static uint32_t
steer(const struct packet *p, unsigned workers)
{
	return steer_with(p, workers, 0);
}

/* Our SPI: the worker in the low five bits of the first byte. */
static uint64_t
spi(unsigned worker, uint64_t rest)
{
	return (uint64_t)(0xa0 | worker) << 56 | rest;
}

START_TEST(our_spi_names_the_worker)
{
	bool natt = _i == 1;
	struct packet p;
	unsigned w;

	for (w = 0; w < 32; w++) {
		/* from the initiator: we are the responder */
		p = packet(natt, spi(31 - w, 77), spi(w, 5), 0x20, 0x08);
		ck_assert_uint_eq(steer(&p, 32), w);
		/* from the responder: we are the initiator */
		p = packet(natt, spi(w, 5), spi(31 - w, 77), 0x20, 0x20);
		ck_assert_uint_eq(steer(&p, 32), w);
		/* a request of the original responder */
		p = packet(natt, spi(w, 5), spi(31 - w, 77), 0x20, 0x00);
		ck_assert_uint_eq(steer(&p, 32), w);
	}
	/* The first four bytes may be zero, or the last four. */
	p = packet(natt, 9, UINT64_C(0x00000000ffffffff), 0x20, 0x08);
	ck_assert_uint_eq(steer(&p, 4), 0);
	p = packet(natt, 9, UINT64_C(0x0300000000000000), 0x20, 0x08);
	ck_assert_uint_eq(steer(&p, 4), 3);
}
END_TEST

START_TEST(first_messages_are_spread_and_stay)
{
	bool natt = _i == 1;
	unsigned hits[4] = { 0 }, w, i;
	struct packet p;
	struct addr a;

	for (i = 0; i < 4000; i++) {
		bool six = i % 2 == 1;

		memset(&a, 0, sizeof(a));
		a.family = six ? AF_INET6 : AF_INET;
		a.b[0] = six ? 0x20 : 10;
		a.b[six ? 14 : 2] = (uint8_t)(i >> 8);
		a.b[six ? 15 : 3] = (uint8_t)i;
		p = packet(natt, i + 1, 0, 0x20, 0x08);
		p.ip[0] = six ? 0x60 : 0x45;
		memcpy(p.ip + (six ? 8 : 12), a.b, six ? 16 : 4);
		w = steer(&p, 4);
		ck_assert_uint_eq(w, worker_of_addr(&a, 4));
		hits[w]++;
		/* Anew, with another SPI: the same worker; IKEv1, too */
		hdr(&p)[3]++;
		ck_assert_uint_eq(steer(&p, 4), w);
		hdr(&p)[17] = 0x10;
		ck_assert_uint_eq(steer(&p, 4), w);
	}
	for (w = 0; w < 4; w++)
		ck_assert_uint_gt(hits[w], 800);
}
END_TEST

START_TEST(a_worker_that_is_not_there_is_another)
{
	struct packet p = packet(false, 1, spi(31, 1), 0x20, 0x08);

	ck_assert_uint_lt(steer(&p, 2), 2);
	ck_assert_uint_eq(steer(&p, 1), 0);
}
END_TEST

START_TEST(what_is_no_ike_goes_to_the_first)
{
	struct packet p = packet(true, 1, spi(3, 1), 0x20, 0x08);
	size_t len;

	p.b[3] = 1;	/* not the marker: ESP */
	ck_assert_uint_eq(steer(&p, 4), 0);
	/* Cut short anywhere, a keepalive of one byte included. */
	for (len = 0; len < 20; len++) {
		p = packet(false, UINT64_MAX, spi(3, 1), 0x20, 0x08);
		p.len = len;
		ck_assert_uint_lt(steer(&p, 4), 4);
		p = packet(true, UINT64_MAX, spi(3, 1), 0x20, 0x08);
		p.len = len;
		ck_assert_uint_lt(steer(&p, 4), 4);
	}
}
END_TEST

/* The sockets of espd's threads come after those of the workers. */
START_TEST(esp_goes_to_the_thread_of_its_spi)
{
	struct packet p = packet(true, 1, spi(3, 1), 0x20, 0x08);
	unsigned i;

	for (i = 256; i < 1000; i++) {
		p.b[2] = (uint8_t)(i >> 8);
		p.b[3] = (uint8_t)i;
		ck_assert_uint_eq(steer_with(&p, 4, 3), 4 + i / 64 % 3);
	}
	p = packet(true, 1, spi(3, 1), 0x20, 0x08);
	ck_assert_uint_eq(steer_with(&p, 4, 3), 3);
	p.len = 1;
	p.b[0] = 0xff;
	ck_assert_uint_eq(steer_with(&p, 4, 3), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("steer");
	TCase *tc = tcase_create("steer");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, our_spi_names_the_worker, 0, 2);
	tcase_add_loop_test(tc, first_messages_are_spread_and_stay, 0, 2);
	tcase_add_test(tc, a_worker_that_is_not_there_is_another);
	tcase_add_test(tc, what_is_no_ike_goes_to_the_first);
	tcase_add_test(tc, esp_goes_to_the_thread_of_its_spi);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
