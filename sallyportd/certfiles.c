#include "sallyportd/certfiles.h"

#include "lib/log.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A burst of changes is one.  Not all file systems tell of changes, and a
 * directory may be replaced: look from time to time anyway.
 */
#define SETTLE_MS	500
#define LOOK_S		60
#define WRITING_MAX	20	/* times SETTLE_MS, for a file that grows */

#define WATCHED	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | \
		IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)

/* By what a file is known to be another; all zero: it is not there. */
struct stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

struct file {
	uint32_t obj;
	char *path;
	char name[CONF_NAMELEN];	/* of the certificate */
	struct stamp stamp;
	int err;		/* errno of the last attempt, 0: opened */
	bool changed;
};

struct certfiles {
	struct event_base *base;
	char dir[PATH_MAX];
	struct file *files;
	size_t n;
	int inotify;		/* -1: not to be had */
	struct event *ev;
	struct event *settle, *look;
	unsigned writing;	/* how often that was waited for */
	void (*changed)(void *);
	void *arg;
};

static struct stamp
stamp_of(const struct stat *st)
{
	struct stamp s;

	memset(&s, 0, sizeof(s));
	s.dev = st->st_dev;
	s.ino = st->st_ino;
	s.size = st->st_size;
	s.mtime = st->st_mtim;
	s.ctime = st->st_ctim;
	return s;
}

static struct stamp
stamp_now(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		memset(&st, 0, sizeof(st));
	return stamp_of(&st);
}

static bool
stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec &&
	    a->ctime.tv_sec == b->ctime.tv_sec &&
	    a->ctime.tv_nsec == b->ctime.tv_nsec;
}

/* Watching */

static void
watch_dir_of(struct certfiles *cf, const char *path)
{
	char dir[PATH_MAX], *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) == NULL)
		return;
	slash[slash == dir] = '\0';
	(void)inotify_add_watch(cf->inotify, dir, WATCHED);
}

/* Each of the path's directories that is a symbolic link may be replaced. */
static void
watch_links_of(struct certfiles *cf, const char *path)
{
	char part[PATH_MAX], *slash;
	struct stat st;

	snprintf(part, sizeof(part), "%s", path);
	while ((slash = strrchr(part, '/')) != NULL && slash != part) {
		*slash = '\0';
		if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode))
			watch_dir_of(cf, part);
	}
}

/* Where the name is and, when it is a symbolic link, where the file is. */
static void
watch_all(struct certfiles *cf)
{
	char real[PATH_MAX];
	size_t i;

	if (cf->inotify == -1)
		return;
	for (i = 0; i < cf->n; i++) {
		watch_dir_of(cf, cf->files[i].path);
		watch_links_of(cf, cf->files[i].path);
		if (realpath(cf->files[i].path, real) != NULL)
			watch_dir_of(cf, real);
	}
}

static void
on_inotify(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval tv = { 0, SETTLE_MS * 1000 };
	struct certfiles *cf = arg;
	uint8_t events[4096];

	(void)what;
	/* Which file it was shows when they are looked at. */
	while (read(fd, events, sizeof(events)) > 0)
		;
	if (!evtimer_pending(cf->settle, NULL))
		evtimer_add(cf->settle, &tv);
}

static void
unwatch(struct certfiles *cf)
{
	if (cf->ev != NULL)
		event_free(cf->ev);
	cf->ev = NULL;
	if (cf->inotify != -1)
		close(cf->inotify);
	cf->inotify = -1;
}

static void
watch(struct certfiles *cf)
{
	unwatch(cf);
	if (cf->n == 0)
		return;
	cf->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (cf->inotify != -1)
		cf->ev = event_new(cf->base, cf->inotify,
		    EV_READ | EV_PERSIST, on_inotify, cf);
	if (cf->ev == NULL || event_add(cf->ev, NULL) == -1) {
		unwatch(cf);
		log_warn(LOG_T_CERTIFICATE, "certificate files are looked at "
		    "every %d seconds only: %s", LOOK_S, strerror(errno));
	}
	watch_all(cf);
}

/* The files of one name belong together. */
static void
mark_name(struct certfiles *cf, const char *name)
{
	size_t i;

	for (i = 0; i < cf->n; i++)
		if (strcmp(cf->files[i].name, name) == 0)
			cf->files[i].changed = true;
}

/* Written just now, so that more may come: a chain may be cut off between
 * two certificates and not look so. */
static bool
is_being_written(const struct stamp *s)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (int64_t)(now.tv_sec - s->mtime.tv_sec) * 1000 +
	    (now.tv_nsec - s->mtime.tv_nsec) / 1000000;
	return ms >= 0 && ms < SETTLE_MS;
}

/* True: all that has changed is looked at in a moment. */
static bool
waits(struct certfiles *cf)
{
	const struct timeval tv = { 0, SETTLE_MS * 1000 };
	struct stamp now;
	size_t i;

	for (i = 0; i < cf->n && cf->writing < WRITING_MAX; i++) {
		now = stamp_now(cf->files[i].path);
		if (stamp_equal(&now, &cf->files[i].stamp) ||
		    !is_being_written(&now))
			continue;
		cf->writing++;
		evtimer_add(cf->settle, &tv);
		return true;
	}
	cf->writing = 0;
	return false;
}

static void
look(struct certfiles *cf)
{
	struct stamp now;
	bool changed = false;
	size_t i;

	if (waits(cf))
		return;
	for (i = 0; i < cf->n; i++) {
		now = stamp_now(cf->files[i].path);
		if (stamp_equal(&now, &cf->files[i].stamp))
			continue;
		mark_name(cf, cf->files[i].name);
		changed = true;
	}
	watch_all(cf);
	if (changed)
		cf->changed(cf->arg);
}

static void
on_settle(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

/* The list */

static void
files_drop(struct certfiles *cf)
{
	size_t i;

	for (i = 0; i < cf->n; i++)
		free(cf->files[i].path);
	free(cf->files);
	cf->files = NULL;
	cf->n = 0;
}

struct certfiles *
certfiles_new(struct event_base *base, const char *script,
    void (*changed)(void *), void *arg)
{
	struct certfiles *cf = calloc(1, sizeof(*cf));
	const struct timeval tv = { LOOK_S, 0 };
	char real[PATH_MAX], *slash;

	if (cf == NULL)
		return NULL;
	cf->base = base;
	cf->inotify = -1;
	cf->changed = changed;
	cf->arg = arg;
	snprintf(cf->dir, sizeof(cf->dir), "%s",
	    realpath(script, real) != NULL ? real : script);
	if ((slash = strrchr(cf->dir, '/')) != NULL)
		slash[1] = '\0';
	else
		cf->dir[0] = '\0';
	cf->settle = evtimer_new(base, on_settle, cf);
	cf->look = event_new(base, -1, EV_PERSIST, on_settle, cf);
	if (cf->settle == NULL || cf->look == NULL ||
	    event_add(cf->look, &tv) == -1) {
		certfiles_free(cf);
		return NULL;
	}
	return cf;
}

void
certfiles_free(struct certfiles *cf)
{
	if (cf == NULL)
		return;
	unwatch(cf);
	files_drop(cf);
	if (cf->settle != NULL)
		event_free(cf->settle);
	if (cf->look != NULL)
		event_free(cf->look);
	free(cf);
}

void
certfiles_conf(struct certfiles *cf, const struct conf *conf)
{
	const struct conf_obj *o;
	const char *path;
	struct file *f;

	files_drop(cf);
	cf->files = calloc(conf_count(conf, CONF_CERTIFICATE) + 1,
	    sizeof(*cf->files));
	CONF_FOREACH(conf, CONF_CERTIFICATE, o) {
		if (cf->files == NULL)
			break;
		f = &cf->files[cf->n];
		path = conf_str(o, CONF_CERTIFICATE_FILE_NAME);
		if (asprintf(&f->path, "%s%s", path[0] == '/' ? "" : cf->dir,
		    path) == -1) {
			f->path = NULL;
			break;
		}
		f->obj = o->id;
		snprintf(f->name, sizeof(f->name), "%s",
		    conf_str(o, CONF_CERTIFICATE_NAME));
		cf->n++;
	}
	if (cf->n < conf_count(conf, CONF_CERTIFICATE))
		log_error(LOG_T_CERTIFICATE, "no memory for the certificates");
	watch(cf);
}

/* -1: errno */
static int
file_open(struct file *f)
{
	struct stat st;
	int fd, err;

	memset(&f->stamp, 0, sizeof(f->stamp));
	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		f->stamp = stamp_of(&st);
		return fd;
	}
	err = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	close(fd);
	errno = err;
	return -1;
}

static int
file_open_logged(struct file *f)
{
	int fd = file_open(f), err = fd == -1 ? errno : 0;

	/* What is there but cannot be opened is not tried again and again. */
	if (fd == -1)
		f->stamp = stamp_now(f->path);
	if (err != 0 && err != f->err)
		log_warn(LOG_T_CERTIFICATE, "certificate %s: %s: %s", f->name,
		    f->path, strerror(err));
	f->err = err;
	f->changed = false;
	return fd;
}

void
certfiles_open(struct certfiles *cf, bool changed_only,
    void (*fn)(void *, uint32_t, int), void *arg)
{
	size_t i;

	for (i = 0; i < cf->n; i++)
		if (!changed_only || cf->files[i].changed)
			fn(arg, cf->files[i].obj,
			    file_open_logged(&cf->files[i]));
}
