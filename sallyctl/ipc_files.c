#include "sallyctl/ipc_files.h"

#include "lib/proto/show.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
files_read(struct buf *b, const char *path, char *err, size_t size)
{
	uint8_t part[4096];
	ssize_t n = -1;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) != -1) {
		while ((n = read(fd, part, sizeof(part))) > 0)
			buf_put(b, part, (size_t)n);
		close(fd);
	}
	if (n == 0 && b->len > 0 && buf_error(b) == 0)
		return 0;
	if (n == -1)
		snprintf(err, size, "%s: %s", path, strerror(errno));
	else
		snprintf(err, size, "%s: %s", path, b->len == 0 ? "empty" :
		    "too long");
	buf_free(b);
	return -1;
}

static struct file *
file_by_name(struct files *fs, const struct show_pair *p)
{
	struct file *f;

	for (f = fs->v; f < fs->v + fs->n; f++)
		if (strlen(f->name) == p->value_len &&
		    memcmp(f->name, p->value, p->value_len) == 0)
			return f;
	/* A name, not a path, and none that hides. */
	if (fs->n == FILES_MAX || p->value_len == 0 ||
	    p->value_len >= sizeof(f->name) || p->value[0] == '.' ||
	    memchr(p->value, '/', p->value_len) != NULL)
		return NULL;
	memcpy(f->name, p->value, p->value_len);
	f->name[p->value_len] = '\0';
	buf_init(&f->data, FILES_LEN_MAX);
	fs->n++;
	return f;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int
add_hex(struct buf *b, const char *p, size_t n)
{
	int hi, lo;

	if (n % 2 != 0)
		return -1;
	for (; n > 0; p += 2, n -= 2) {
		if ((hi = digit(p[0])) == -1 || (lo = digit(p[1])) == -1)
			return -1;
		buf_u8(b, (uint8_t)(hi << 4 | lo));
	}
	return buf_error(b);
}

void
files_row(struct files *fs, struct cur *c)
{
	struct file *f = NULL;
	struct show_pair p;
	uint16_t n;
	int rc = -1;

	if (show_row_begin(c, &n) == 0)
		while ((rc = show_row_next(c, &n, &p)) == 1) {
			if (p.name_len == 9 &&
			    memcmp(p.name, "file-name", 9) == 0)
				f = file_by_name(fs, &p);
			else if (f == NULL ||
			    add_hex(&f->data, p.value, p.value_len) == -1)
				break;
		}
	if (rc != 0)
		snprintf(fs->err, sizeof(fs->err), "malformed answer");
}

/* A file that is there is replaced; one that others may read never has the
 * content. */
static int
file_write(const struct file *f)
{
	size_t done = 0;
	ssize_t n;
	int fd;

	if (unlink(f->name) == -1 && errno != ENOENT)
		return -1;
	fd = open(f->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	for (; done < f->data.len; done += (size_t)n)
		if ((n = write(fd, f->data.data + done,
		    f->data.len - done)) <= 0) {
			close(fd);
			return -1;
		}
	return close(fd);
}

int
files_end(struct files *fs, bool do_write, FILE *out)
{
	struct file *f;

	for (f = fs->v; f < fs->v + fs->n; f++) {
		if (do_write && fs->err[0] == '\0') {
			if (file_write(f) == 0)
				fprintf(out, "%s\n", f->name);
			else
				snprintf(fs->err, sizeof(fs->err), "%.127s: %.100s",
				    f->name, strerror(errno));
		}
		buf_free(&f->data);
	}
	fs->n = 0;
	return fs->err[0] == '\0' ? 0 : -1;
}
