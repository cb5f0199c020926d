#include "lib/imsg.h"

#include <check.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE	(1024 * 1024)

static struct imsgbuf *a, *b;
static int raw[2];	/* raw[0]: a plain socket towards b */

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
setup(void)
{
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    sv), 0);
	a = imsgbuf_new(sv[0], QUEUE);
	b = imsgbuf_new(sv[1], QUEUE);
	ck_assert(a != NULL && b != NULL);
	raw[0] = raw[1] = -1;
}

static void
setup_raw(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    raw), 0);
	a = NULL;
	b = imsgbuf_new(raw[1], QUEUE);
	ck_assert_ptr_nonnull(b);
}

static void
teardown(void)
{
	imsgbuf_free(a);
	imsgbuf_free(b);
	if (raw[0] != -1)
		close(raw[0]);
}

/* The next message of b, reading when needed. */
static int
receive(struct imsg *m)
{
	int r;

	while ((r = imsgbuf_next(b, m)) == 0)
		if (imsgbuf_read(b) != 1)
			return 0;
	return r;
}

static void
header(uint8_t h[IMSG_HDR_LEN], uint16_t type, uint16_t flags, uint32_t len,
    uint32_t id)
{
	struct buf o;

	buf_init(&o, IMSG_HDR_LEN);
	buf_u16(&o, type);
	buf_u16(&o, flags);
	buf_u32(&o, len);
	buf_u32(&o, id);
	ck_assert_int_eq(buf_error(&o), 0);
	memcpy(h, o.data, IMSG_HDR_LEN);
	buf_free(&o);
}

/* Sends bytes over the raw socket with nfds copies of fd. */
static void
raw_send(const void *p, size_t n, int fd, size_t nfds)
{
	union {
		struct cmsghdr align;
		uint8_t space[CMSG_SPACE(sizeof(int) * 16)];
	} ctl = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)p, n };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (nfds > 0) {
		mh.msg_control = ctl.space;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		for (size_t i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd,
			    sizeof(int));
	}
	ck_assert_int_eq(sendmsg(raw[0], &mh, 0), (ssize_t)n);
}

START_TEST(one_message)
{
	struct imsg m;

	ck_assert_int_eq(imsgbuf_next(b, &m), 0);
	ck_assert_int_eq(imsgbuf_read(b), 0);
	ck_assert_int_eq(imsgbuf_send(a, 7, 0xdeadbeef, -1, "hello", 5), 0);
	ck_assert_uint_eq(imsgbuf_queued(a), IMSG_HDR_LEN + 5);
	ck_assert_int_eq(imsgbuf_flush(a), 0);
	ck_assert_uint_eq(imsgbuf_queued(a), 0);
	ck_assert_int_eq(receive(&m), 1);
	ck_assert_uint_eq(m.type, 7);
	ck_assert_uint_eq(m.id, 0xdeadbeef);
	ck_assert_int_eq(m.fd, -1);
	ck_assert_int_eq(imsg_fd(&m), -1);
	ck_assert_uint_eq(cur_left(&m.body), 5);
	ck_assert_mem_eq(m.body.p, "hello", 5);
	imsg_done(b, &m);
	ck_assert_int_eq(receive(&m), 0);
}
END_TEST

START_TEST(consumed_bytes_are_wiped)
{
	const uint8_t *p;
	struct imsg m;

	ck_assert_int_eq(imsgbuf_send(a, 1, 0, -1, "secret", 6), 0);
	ck_assert_int_eq(imsgbuf_send(a, 1, 0, -1, "second", 6), 0);
	ck_assert_int_eq(imsgbuf_flush(a), 0);
	ck_assert_int_eq(receive(&m), 1);
	p = m.body.p;
	ck_assert_mem_eq(p, "secret", 6);
	imsg_done(b, &m);
	ck_assert_mem_eq(p, "\0\0\0\0\0\0", 6);
	ck_assert_uint_eq(cur_left(&m.body), 0);
	ck_assert_int_eq(receive(&m), 1);
	ck_assert_mem_eq(m.body.p, "second", 6);
	imsg_done(b, &m);
}
END_TEST

START_TEST(byte_by_byte)
{
	uint8_t w[IMSG_HDR_LEN + 3];
	struct imsg m;

	header(w, 3, 0, sizeof(w), 9);
	memcpy(w + IMSG_HDR_LEN, "abc", 3);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(w); i++) {
			ck_assert_int_eq(imsgbuf_next(b, &m), 0);
			raw_send(w + i, 1, -1, 0);
			ck_assert_int_eq(imsgbuf_read(b), 1);
		}
		ck_assert_int_eq(imsgbuf_next(b, &m), 1);
		ck_assert_uint_eq(m.type, 3);
		ck_assert_uint_eq(m.id, 9);
		ck_assert_uint_eq(cur_left(&m.body), 3);
		ck_assert_mem_eq(m.body.p, "abc", 3);
		imsg_done(b, &m);
	}
}
END_TEST

START_TEST(many_in_batches)
{
	uint8_t body[300], want[300];
	struct imsg m;
	uint32_t out = 0, in = 0;
	size_t n;
	int r;

	/* More than any socket buffer holds: partial writes, full queues. */
	while (in < 20000) {
		while (out < 20000) {
			n = out * 7 % sizeof(body);
			memset(body, (int)(out & 0xff), n);
			if (imsgbuf_send(a, (uint16_t)out, out, -1, body,
			    n) == -1)
				break;
			out++;
		}
		ck_assert_int_ne(imsgbuf_flush(a), -1);
		ck_assert_int_ne(imsgbuf_read(b), -1);
		while ((r = imsgbuf_next(b, &m)) == 1) {
			n = in * 7 % sizeof(body);
			memset(want, (int)(in & 0xff), sizeof(want));
			ck_assert_uint_eq(m.id, in);
			ck_assert_uint_eq(m.type, in & 0xffff);
			ck_assert_uint_eq(cur_left(&m.body), n);
			ck_assert_int_eq(memcmp(m.body.p, want, n), 0);
			imsg_done(b, &m);
			in++;
		}
		ck_assert_int_eq(r, 0);
	}
	ck_assert_uint_eq(imsgbuf_queued(a), 0);
}
END_TEST

START_TEST(longest_message)
{
	uint8_t *body = malloc(IMSG_BODY_MAX + 1);
	struct imsg m;
	int r;

	memset(body, 0x5a, IMSG_BODY_MAX + 1);
	ck_assert_int_eq(imsgbuf_send(a, 1, 0, -1, body, IMSG_BODY_MAX + 1),
	    -1);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_int_eq(imsgbuf_send(a, 1, i, -1, body,
		    IMSG_BODY_MAX), 0);
	for (uint32_t i = 0; i < 3; i++) {
		while ((r = imsgbuf_next(b, &m)) == 0) {
			ck_assert_int_ne(imsgbuf_flush(a), -1);
			ck_assert_int_ne(imsgbuf_read(b), -1);
		}
		ck_assert_int_eq(r, 1);
		ck_assert_uint_eq(m.id, i);
		ck_assert_uint_eq(cur_left(&m.body), IMSG_BODY_MAX);
		ck_assert_int_eq(memcmp(m.body.p, body, IMSG_BODY_MAX), 0);
		imsg_done(b, &m);
	}
	free(body);
}
END_TEST

static const struct {
	uint16_t flags;
	uint32_t len;
} bad_headers[] = {
	{ 0, 0 },
	{ 0, 1 },
	{ 0, IMSG_HDR_LEN - 1 },
	{ 0, IMSG_HDR_LEN + IMSG_BODY_MAX + 1 },
	{ 0, UINT32_MAX },
	{ 2, IMSG_HDR_LEN },	/* a flag nobody knows */
	{ 1, IMSG_HDR_LEN },	/* announces an fd that is not there */
};

START_TEST(bad_header)
{
	uint8_t h[IMSG_HDR_LEN];
	struct imsg m;

	header(h, 1, bad_headers[_i].flags, bad_headers[_i].len, 0);
	raw_send(h, sizeof(h), -1, 0);
	ck_assert_int_eq(imsgbuf_read(b), 1);
	ck_assert_int_eq(imsgbuf_next(b, &m), -1);
}
END_TEST

START_TEST(queue_limit)
{
	struct imsgbuf *q;
	int sv[2], fd, before;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	q = imsgbuf_new(sv[0], 100);
	ck_assert_int_eq(imsgbuf_send(q, 1, 0, -1, "0123456789", 10), 0);
	fd = open("/dev/null", O_RDONLY);
	before = open_fds();
	/* also on error the fd is closed */
	ck_assert_int_eq(imsgbuf_send(q, 1, 0, fd, (char[67]){ 0 }, 67), -1);
	ck_assert_int_eq(open_fds(), before - 1);
	ck_assert_uint_eq(imsgbuf_queued(q), 22);
	ck_assert_int_eq(imsgbuf_send(q, 1, 0, -1, (char[66]){ 0 }, 66), 0);
	ck_assert_int_eq(imsgbuf_send(q, 1, 0, -1, NULL, 0), -1);
	ck_assert_int_eq(imsgbuf_flush(q), 0);
	ck_assert_int_eq(imsgbuf_send(q, 1, 0, -1, NULL, 0), 0);
	imsgbuf_free(q);
	close(sv[1]);
}
END_TEST

START_TEST(fd_passing)
{
	struct stat want, got;
	struct imsg m;
	int p[2], fd, before = open_fds();
	ino_t inodes[3];

	/* plain and fd messages interleaved, all in one flush */
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_int_eq(pipe(p), 0);
		ck_assert_int_eq(fstat(p[0], &want), 0);
		inodes[i] = want.st_ino;
		close(p[1]);
		ck_assert_int_eq(imsgbuf_send(a, 1, i, -1, "plain", 5), 0);
		ck_assert_int_eq(imsgbuf_send(a, 2, i, p[0], "fd", 2), 0);
	}
	ck_assert_int_eq(imsgbuf_flush(a), 0);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_int_eq(receive(&m), 1);
		ck_assert_uint_eq(m.type, 1);
		ck_assert_int_eq(m.fd, -1);
		imsg_done(b, &m);
		ck_assert_int_eq(receive(&m), 1);
		ck_assert_uint_eq(m.type, 2);
		ck_assert_uint_eq(m.id, i);
		fd = imsg_fd(&m);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(imsg_fd(&m), -1);
		ck_assert_int_eq(fstat(fd, &got), 0);
		ck_assert_uint_eq(got.st_ino, inodes[i]);
		ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		close(fd);
		imsg_done(b, &m);
	}
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(fd_not_taken_is_closed)
{
	struct imsg m;
	int before = open_fds();

	ck_assert_int_eq(imsgbuf_send(a, 1, 0, open("/dev/null", O_RDONLY),
	    NULL, 0), 0);
	ck_assert_int_eq(imsgbuf_flush(a), 0);
	ck_assert_int_eq(receive(&m), 1);
	ck_assert_int_ne(m.fd, -1);
	imsg_done(b, &m);
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(fd_with_split_header)
{
	uint8_t w[IMSG_HDR_LEN];
	struct imsg m;

	header(w, 1, 1, sizeof(w), 0);
	raw_send(w, 1, 0, 1);
	ck_assert_int_eq(imsgbuf_read(b), 1);
	ck_assert_int_eq(imsgbuf_next(b, &m), 0);
	raw_send(w + 1, sizeof(w) - 1, -1, 0);
	ck_assert_int_eq(imsgbuf_read(b), 1);
	ck_assert_int_eq(imsgbuf_next(b, &m), 1);
	ck_assert_int_ne(m.fd, -1);
	imsg_done(b, &m);
}
END_TEST

START_TEST(uninvited_fd)
{
	uint8_t w[IMSG_HDR_LEN];
	struct imsg m;
	int before = open_fds();

	header(w, 1, 0, sizeof(w), 0);
	raw_send(w, sizeof(w), 0, 1);
	ck_assert_int_eq(imsgbuf_read(b), 1);
	ck_assert_int_eq(open_fds(), before + 1);
	ck_assert_int_eq(imsgbuf_next(b, &m), 1);
	ck_assert_int_eq(m.fd, -1);
	imsg_done(b, &m);
	ck_assert_int_eq(imsgbuf_next(b, &m), -1);
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(several_fds)
{
	uint8_t w[IMSG_HDR_LEN];
	int before = open_fds();

	header(w, 1, 1, sizeof(w), 0);
	raw_send(w, sizeof(w), 0, _i == 0 ? 2 : 16);
	errno = 0;
	ck_assert_int_eq(imsgbuf_read(b), -1);
	ck_assert_int_eq(errno, EPROTO);
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(queued_fd_closed_by_free)
{
	int before = open_fds();

	ck_assert_int_eq(imsgbuf_send(a, 1, 0, dup(0), NULL, 0), 0);
	ck_assert_int_eq(imsgbuf_send(a, 1, 0, dup(0), NULL, 0), 0);
	ck_assert_int_eq(open_fds(), before + 2);
	imsgbuf_free(a);
	a = NULL;
	ck_assert_int_eq(open_fds(), before - 1);
}
END_TEST

START_TEST(peer_closed)
{
	struct imsg m;

	ck_assert_int_eq(imsgbuf_send(a, 1, 0, -1, "last", 4), 0);
	ck_assert_int_eq(imsgbuf_flush(a), 0);
	imsgbuf_free(a);
	a = NULL;
	ck_assert_int_eq(receive(&m), 1);
	imsg_done(b, &m);
	errno = EBADF;
	ck_assert_int_eq(imsgbuf_read(b), -1);
	ck_assert_int_eq(errno, 0);
	/* writing to it is an error, not a signal */
	ck_assert_int_eq(imsgbuf_send(b, 1, 0, -1, NULL, 0), 0);
	ck_assert_int_eq(imsgbuf_flush(b), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("imsg");
	TCase *tc = tcase_create("pair");
	TCase *tr = tcase_create("raw");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_message);
	tcase_add_test(tc, consumed_bytes_are_wiped);
	tcase_add_test(tc, many_in_batches);
	tcase_add_test(tc, longest_message);
	tcase_add_test(tc, queue_limit);
	tcase_add_test(tc, fd_passing);
	tcase_add_test(tc, fd_not_taken_is_closed);
	tcase_add_test(tc, queued_fd_closed_by_free);
	tcase_add_test(tc, peer_closed);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tr, setup_raw, teardown);
	tcase_add_test(tr, byte_by_byte);
	tcase_add_loop_test(tr, bad_header, 0,
	    sizeof(bad_headers) / sizeof(bad_headers[0]));
	tcase_add_test(tr, fd_with_split_header);
	tcase_add_test(tr, uninvited_fd);
	tcase_add_loop_test(tr, several_fds, 0, 2);
	suite_add_tcase(s, tr);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
