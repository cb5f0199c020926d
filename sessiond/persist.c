#include "sessiond/persist.h"

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Header: magic (8), turn (4), zero (4), seed (8), check sum (8).
 * Record: turn (4), zero (3), family 4 or 6 (1), address (16), user (8),
 * check sum (8).
 */
#define MAGIC		"SPLEASE1"
#define HEADER_LEN	32
#define RECORD_LEN	40
#define SHORT		4096		/* records; never too long */
#define READ_MAX	(1024u * 1024)	/* records of a file */
#define CHUNK		1024		/* records read or written at once */

struct persist {
	int fd[2];
	unsigned cur;		/* the journal */
	uint32_t turn;
	uint64_t seed;
	size_t n;		/* records in it */
	bool none;		/* there are no files */
	bool dead;		/* nothing is written until persist_begin() */
	bool said;		/* that it is so */
	bool compacting;
	struct buf out;
	off_t at;		/* where out goes */
};

static uint64_t
sum(const uint8_t *p, size_t n)
{
	return hash_bytes(p, n, UINT64_C(0x5a11));
}

/* Reads n bytes at off; fewer at the end. */
static ssize_t
read_at(int fd, void *dst, size_t n, off_t off)
{
	size_t got = 0;
	ssize_t r;

	while (got < n) {
		r = pread(fd, (uint8_t *)dst + got, n - got,
		    off + (off_t)got);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static int
write_at(int fd, const uint8_t *p, size_t n, off_t off)
{
	ssize_t r;

	if (lseek(fd, off, SEEK_SET) == -1)
		return -1;
	while (n > 0) {
		r = write(fd, p, n);
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* 0: no file of ours; *some when there is something in it. */
static uint32_t
header_read(int fd, uint64_t *seed, bool *some)
{
	uint8_t raw[HEADER_LEN], magic[8];
	uint64_t check;
	uint32_t turn, zero;
	struct cur c;
	ssize_t got;

	got = read_at(fd, raw, sizeof(raw), 0);
	*some |= got != 0;
	if (got != HEADER_LEN)
		return 0;
	cur_init(&c, raw, sizeof(raw));
	if (cur_copy(&c, magic, 8) == -1 || cur_u32(&c, &turn) == -1 ||
	    cur_u32(&c, &zero) == -1 || cur_u64(&c, seed) == -1 ||
	    cur_u64(&c, &check) == -1 || memcmp(magic, MAGIC, 8) != 0 ||
	    check != sum(raw, HEADER_LEN - 8))
		return 0;
	return turn;
}

static void
fail(struct persist *p)
{
	if (!p->said)
		log_error(LOG_T_SYSTEM, "leases.%u in the state directory "
		    "cannot be written (%s): users will not find their last "
		    "addresses after a restart; it is tried again", p->cur,
		    strerror(errno));
	p->dead = p->said = true;
	/* The other file is whole. */
	if (p->compacting)
		p->cur = !p->cur;
	p->compacting = false;
	buf_reset(&p->out);
}

static void
header_write(struct persist *p)
{
	struct buf b;

	buf_init(&b, HEADER_LEN);
	buf_put(&b, MAGIC, 8);
	buf_u32(&b, p->turn);
	buf_u32(&b, 0);
	buf_u64(&b, p->seed);
	if (buf_error(&b) == 0)
		buf_u64(&b, sum(b.data, b.len));
	if (buf_error(&b) == -1 ||
	    write_at(p->fd[p->cur], b.data, b.len, 0) == -1)
		fail(p);
	buf_free(&b);
}

struct persist *
persist_new(int fd0, int fd1, uint64_t random)
{
	struct persist *p;

	if ((p = calloc(1, sizeof(*p))) == NULL) {
		close(fd0);
		close(fd1);
		return NULL;
	}
	p->fd[0] = fd0;
	p->fd[1] = fd1;
	p->seed = random;
	p->dead = p->none = fd0 == -1 || fd1 == -1;
	buf_init(&p->out, CHUNK * RECORD_LEN);
	return p;
}

void
persist_free(struct persist *p)
{
	if (p == NULL)
		return;
	if (p->fd[0] != -1)
		close(p->fd[0]);
	if (p->fd[1] != -1)
		close(p->fd[1]);
	buf_free(&p->out);
	free(p);
}

static int
record_read(const struct persist *p, const uint8_t *raw, struct addr *a,
    uint64_t *user)
{
	const uint8_t *bytes, *zero;
	uint64_t check;
	uint32_t turn;
	uint8_t family;
	struct cur c;

	cur_init(&c, raw, RECORD_LEN);
	if (cur_u32(&c, &turn) == -1 || turn != p->turn ||
	    cur_ref(&c, &zero, 3) == -1 || cur_u8(&c, &family) == -1 ||
	    (family != 4 && family != 6) ||
	    cur_ref(&c, &bytes, 16) == -1 || cur_u64(&c, user) == -1 ||
	    cur_u64(&c, &check) == -1 || check != sum(raw, RECORD_LEN - 8))
		return -1;
	return addr_from_bytes(a, bytes, family == 4 ? 4 : 16);
}

static void
records_load(struct persist *p, persist_fn fn, void *arg)
{
	uint8_t *raw;
	struct addr a;
	uint64_t user;
	ssize_t got = 0;
	size_t i;

	if ((raw = malloc(CHUNK * RECORD_LEN)) == NULL)
		return;
	for (;;) {
		i = p->n % CHUNK;
		if (i == 0)
			got = read_at(p->fd[p->cur], raw, CHUNK * RECORD_LEN,
			    HEADER_LEN + (off_t)p->n * RECORD_LEN);
		if (got < (ssize_t)((i + 1) * RECORD_LEN) ||
		    p->n == READ_MAX ||
		    record_read(p, raw + i * RECORD_LEN, &a, &user) == -1)
			break;
		fn(arg, &a, user);
		p->n++;
	}
	free(raw);
}

void
persist_open(struct persist *p)
{
	uint64_t seed[2] = { 0 };
	uint32_t turn[2];
	bool some = false;

	if (p->dead)
		return;
	turn[0] = header_read(p->fd[0], &seed[0], &some);
	turn[1] = header_read(p->fd[1], &seed[1], &some);
	p->cur = turn[1] > turn[0];
	p->turn = turn[p->cur];
	p->at = HEADER_LEN;
	if (p->turn != 0) {
		p->seed = seed[p->cur];
	} else {
		if (some)
			log_warn(LOG_T_SYSTEM, "leases.0 and leases.1 in the "
			    "state directory are damaged: users' last "
			    "addresses are forgotten");
		/* Not one that records of a lost file may have. */
		p->turn = (uint32_t)(p->seed >> 34) + 1;
		header_write(p);
	}
}

void
persist_load(struct persist *p, persist_fn fn, void *arg)
{
	if (p->dead)
		return;
	records_load(p, fn, arg);
	p->at = HEADER_LEN + (off_t)p->n * RECORD_LEN;
}

uint64_t
persist_seed(const struct persist *p)
{
	return p->seed;
}

void
persist_flush(struct persist *p)
{
	if (p->dead || p->out.len == 0)
		return;
	if (write_at(p->fd[p->cur], p->out.data, p->out.len, p->at) == -1) {
		fail(p);
		return;
	}
	p->at += (off_t)p->out.len;
	buf_reset(&p->out);
}

void
persist_note(struct persist *p, const struct addr *a, uint64_t user)
{
	size_t start = p->out.len;

	if (p->dead || p->n >= (p->compacting ? PERSIST_MAX : READ_MAX))
		return;
	buf_u32(&p->out, p->turn);
	buf_zero(&p->out, 3);
	buf_u8(&p->out, a->family == AF_INET ? 4 : 6);
	buf_put(&p->out, a->b, sizeof(a->b));
	buf_u64(&p->out, user);
	if (buf_error(&p->out) == 0)
		buf_u64(&p->out, sum(p->out.data + start, p->out.len - start));
	if (buf_error(&p->out) == -1) {
		errno = ENOMEM;
		fail(p);
		return;
	}
	p->n++;
	if (p->out.len == CHUNK * RECORD_LEN)
		persist_flush(p);
}

bool
persist_is_stuck(const struct persist *p)
{
	return p->dead && !p->none;
}

bool
persist_is_long(const struct persist *p, size_t known)
{
	if (known > PERSIST_MAX)
		known = PERSIST_MAX;
	return !p->dead && p->n > SHORT && p->n > 2 * known;
}

void
persist_begin(struct persist *p)
{
	persist_flush(p);
	if (p->none)
		return;
	p->dead = false;
	p->cur = !p->cur;
	p->turn++;
	p->n = 0;
	p->at = HEADER_LEN;
	p->compacting = true;
}

void
persist_end(struct persist *p)
{
	persist_flush(p);
	if (p->dead)
		return;
	header_write(p);
	if (p->dead)
		return;
	p->compacting = false;
	if (p->said)
		log_info(LOG_T_SYSTEM, "leases.%u is written again", p->cur);
	p->said = false;
}
