#include "certd/pkifile.h"

#include "lib/log.h"
#include "lib/secret.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const exts[] = { ".pem", ".template" };

static int
path_of(char path[PATH_MAX], const char *dir, const char *name,
    const char *ext)
{
	return (size_t)snprintf(path, PATH_MAX, "%s/%s%s", dir, name, ext) >=
	    PATH_MAX ? -1 : 0;
}

/* Reading */

static int
slurp(const char *path, struct secret *s)
{
	struct stat st;
	ssize_t n = -1;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return -1;
	errno = EFBIG;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= CERT_FILE_MAX &&
	    secret_alloc(s, (size_t)st.st_size) == 0)
		n = read(fd, s->data, s->len);
	close(fd);
	return n > 0 && (size_t)n == s->len ? 0 : -1;
}

static void
one(const char *dir, const char *file, void (*fn)(void *arg,
    const char *name, bool is_template, const uint8_t *data, size_t len),
    void *arg)
{
	char path[PATH_MAX], name[CONF_NAMELEN];
	struct secret s = { NULL, 0 };
	size_t n = strlen(file), e, i;

	for (i = 0; i < 2; i++) {
		e = strlen(exts[i]);
		if (n <= e || n - e >= sizeof(name) ||
		    strcmp(file + n - e, exts[i]) != 0)
			continue;
		memcpy(name, file, n - e);
		name[n - e] = '\0';
		if (!pki_name_ok(name))
			continue;
		if (path_of(path, dir, name, exts[i]) == -1 ||
		    slurp(path, &s) == -1)
			log_error(LOG_T_CERTIFICATE, "%s: %s", file,
			    strerror(errno));
		else
			fn(arg, name, i == 1, s.data, s.len);
		secret_free(&s);
	}
}

void
pkifile_each(const char *dir, void (*fn)(void *arg, const char *name,
    bool is_template, const uint8_t *data, size_t len), void *arg)
{
	struct dirent *de;
	DIR *d = opendir(dir);

	if (d == NULL) {
		log_error(LOG_T_CERTIFICATE, "the directory of certificates: "
		    "%s", strerror(errno));
		return;
	}
	while ((de = readdir(d)) != NULL)
		one(dir, de->d_name, fn, arg);
	closedir(d);
}

/* Lines */

typedef int (*line_fn)(void *arg, const char *word, const char *value);

static int
each_line(const uint8_t *data, size_t len, line_fn fn, void *arg)
{
	char line[TEMPLATE_VALUE_MAX + 64], *eq;
	const uint8_t *end;
	size_t n;

	for (; len > 0 && data[0] != '-'; data += n, len -= n) {
		end = memchr(data, '\n', len);
		n = end == NULL ? len : (size_t)(end - data) + 1;
		if (n >= sizeof(line))
			return -1;
		memcpy(line, data, n);
		line[end == NULL ? n : n - 1] = '\0';
		if ((eq = strchr(line, '=')) == NULL)
			continue;
		*eq = '\0';
		if (fn(arg, line, eq + 1) == -1)
			return -1;
	}
	return 0;
}

static int
head_line(void *arg, const char *word, const char *value)
{
	struct pki_head *h = arg;

	if (strcmp(word, "trusted") == 0)
		h->trusted = strcmp(value, "no") != 0;
	if (strcmp(word, "crl-host") == 0)
		snprintf(h->crl_host, sizeof(h->crl_host), "%s", value);
	return 0;
}

void
pkifile_head(struct pki_head *h, const uint8_t *data, size_t len)
{
	*h = (struct pki_head){ .trusted = true };
	(void)each_line(data, len, head_line, h);
}

int
pkifile_put_head(BIO *bio, const struct pki_head *h)
{
	if (BIO_printf(bio, "trusted=%s\n", h->trusted ? "yes" : "no") < 0)
		return -1;
	if (h->crl_host[0] != '\0' &&
	    BIO_printf(bio, "crl-host=%s\n", h->crl_host) < 0)
		return -1;
	return 0;
}

static int
template_line(void *arg, const char *word, const char *value)
{
	struct template *t = arg;
	int i;

	for (i = 0; i < TEMPLATE_WORDS; i++) {
		if (strcmp(word, template_word(i)) != 0)
			continue;
		if (strlen(value) >= sizeof(t->v[i]))
			return -1;
		memcpy(t->v[i], value, strlen(value) + 1);
	}
	return 0;
}

int
pkifile_template(struct template *t, const uint8_t *data, size_t len)
{
	return each_line(data, len, template_line, t);
}

void
pkifile_put_template(struct buf *b, const struct template *t)
{
	const char *w;
	int i;

	for (i = 0; i < TEMPLATE_WORDS; i++) {
		w = template_word(i);
		buf_put(b, w, strlen(w));
		buf_u8(b, '=');
		buf_put(b, t->v[i], strlen(t->v[i]));
		buf_u8(b, '\n');
	}
}

/* Writing */

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) <= 0)
			return -1;
	return 0;
}

int
pkifile_write(const char *dir, const char *name, bool is_template,
    const uint8_t *data, size_t len, char *why)
{
	char path[PATH_MAX], tmp[PATH_MAX];
	int fd, rc = -1;

	errno = ENAMETOOLONG;
	if (path_of(path, dir, name, exts[is_template]) == -1 ||
	    path_of(tmp, dir, name, ".tmp") == -1)
		goto out;
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		goto out;
	if (write_all(fd, data, len) == 0 && fsync(fd) == 0)
		rc = 0;
	if (close(fd) == -1 || (rc == 0 && rename(tmp, path) == -1))
		rc = -1;
	if (rc == -1)
		(void)unlink(tmp);
out:
	if (rc == -1)
		snprintf(why, CERT_WHY_MAX, "%s cannot be kept: %s", name,
		    strerror(errno));
	return rc;
}

void
pkifile_remove(const char *dir, const char *name, bool is_template)
{
	char path[PATH_MAX];

	if (path_of(path, dir, name, exts[is_template]) == 0)
		(void)unlink(path);
}
