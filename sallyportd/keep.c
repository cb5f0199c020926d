#include "sallyportd/keep.h"

#include "lib/buf.h"
#include "lib/proc.h"

#include <sys/mman.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LEN_LEN		4	/* before each object */

static int
write_all(int fd, const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(fd, b->data + done, b->len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* At an offset, so that reading leaves nothing behind. */
static int
read_at(int fd, uint8_t *p, size_t len, off_t at)
{
	ssize_t n;

	while (len > 0) {
		n = pread(fd, p, len, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return -1;
		}
		p += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
put_object(int fd, const struct conf_obj *o)
{
	struct buf len, body;
	int ret = -1;

	buf_init(&len, LEN_LEN);
	buf_init(&body, CONF_OBJECT_MAX);
	conf_pack(&body, o, PROC_CERTD);
	buf_u32(&len, (uint32_t)body.len);
	if (buf_error(&len) || buf_error(&body))
		errno = ENOMEM;
	else if (write_all(fd, &len) == 0 && write_all(fd, &body) == 0)
		ret = 0;
	buf_free(&body);
	buf_free(&len);
	return ret;
}

int
keep_fill(struct keep *k, const struct conf *conf)
{
	struct keep fresh = KEEP_NONE;
	const struct conf_obj *o;
	int menu;

	fresh.fd = memfd_create("certd's configuration", MFD_CLOEXEC);
	if (fresh.fd == -1)
		return -1;
	for (menu = 0; menu < CONF_MENUS; menu++)
		CONF_FOREACH(conf, (enum conf_menu)menu, o) {
			if (!conf_sends(o, PROC_CERTD))
				continue;
			if (put_object(fresh.fd, o) == -1) {
				keep_drop(&fresh);
				return -1;
			}
			fresh.objects++;
		}
	keep_drop(k);
	*k = fresh;
	return 0;
}

static int
get_object(int fd, off_t *at, struct buf *b)
{
	uint8_t len[LEN_LEN], *p;
	struct cur c;
	uint32_t n;

	if (read_at(fd, len, sizeof(len), *at) == -1)
		return -1;
	cur_init(&c, len, sizeof(len));
	if (cur_u32(&c, &n) == -1 || (p = buf_space(b, n)) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	if (read_at(fd, p, n, *at + LEN_LEN) == -1)
		return -1;
	*at += LEN_LEN + (off_t)n;
	return 0;
}

int
keep_each(const struct keep *k, void (*fn)(void *, struct buf *), void *arg)
{
	struct buf b;
	off_t at = 0;
	uint32_t i;

	for (i = 0; i < k->objects; i++) {
		buf_init(&b, CONF_OBJECT_MAX);
		if (get_object(k->fd, &at, &b) == -1) {
			buf_free(&b);
			return -1;
		}
		fn(arg, &b);
	}
	return 0;
}

void
keep_drop(struct keep *k)
{
	int error = errno;

	if (k->fd != -1)
		close(k->fd);
	*k = (struct keep)KEEP_NONE;
	errno = error;
}
