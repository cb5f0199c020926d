#include "lib/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#define POOL_THREADS_MAX	8

struct job {
	STAILQ_ENTRY(job) entry;
	pool_fn run, done;
	void *arg;
};
STAILQ_HEAD(job_list, job);

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job_list waiting;
	struct job_list finished;
	unsigned nwaiting, queue_max;
	bool stop;
	int wake;		/* eventfd: finished has something */
	struct event *ev;
	unsigned nthreads;
	pthread_t threads[POOL_THREADS_MAX];
};

static void *
pool_thread(void *arg)
{
	static const uint64_t one = 1;
	struct pool *p = arg;
	struct job *j;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->stop && STAILQ_EMPTY(&p->waiting))
			pthread_cond_wait(&p->more, &p->lock);
		if (p->stop)
			break;
		j = STAILQ_FIRST(&p->waiting);
		STAILQ_REMOVE_HEAD(&p->waiting, entry);
		p->nwaiting--;
		pthread_mutex_unlock(&p->lock);
		j->run(j->arg);
		pthread_mutex_lock(&p->lock);
		STAILQ_INSERT_TAIL(&p->finished, j, entry);
		/* A full counter still wakes the loop. */
		if (write(p->wake, &one, sizeof(one)) == -1)
			continue;
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void
pool_wake(evutil_socket_t fd, short what, void *arg)
{
	struct pool *p = arg;
	struct job_list done = STAILQ_HEAD_INITIALIZER(done);
	struct job *j;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) == -1)
		return;
	pthread_mutex_lock(&p->lock);
	STAILQ_CONCAT(&done, &p->finished);
	pthread_mutex_unlock(&p->lock);
	while ((j = STAILQ_FIRST(&done)) != NULL) {
		STAILQ_REMOVE_HEAD(&done, entry);
		j->done(j->arg);
		free(j);
	}
}

/* Signals belong to the loop's thread. */
static int
start_threads(struct pool *p, unsigned n)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (p->nthreads < n && p->nthreads < POOL_THREADS_MAX &&
	    pthread_create(&p->threads[p->nthreads], NULL, pool_thread,
	    p) == 0)
		p->nthreads++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return p->nthreads > 0 ? 0 : -1;
}

struct pool *
pool_new(struct event_base *base, unsigned n, unsigned queue_max)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	STAILQ_INIT(&p->waiting);
	STAILQ_INIT(&p->finished);
	p->queue_max = queue_max;
	p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (p->wake != -1)
		p->ev = event_new(base, p->wake, EV_READ | EV_PERSIST,
		    pool_wake, p);
	if (p->ev == NULL || event_add(p->ev, NULL) == -1 ||
	    start_threads(p, n) == -1) {
		pool_free(p);
		return NULL;
	}
	return p;
}

static void
list_free(struct job_list *l)
{
	struct job *j;

	while ((j = STAILQ_FIRST(l)) != NULL) {
		STAILQ_REMOVE_HEAD(l, entry);
		free(j);
	}
}

void
pool_free(struct pool *p)
{
	unsigned i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->nthreads; i++)
		pthread_join(p->threads[i], NULL);
	list_free(&p->waiting);
	list_free(&p->finished);
	if (p->ev != NULL)
		event_free(p->ev);
	if (p->wake != -1)
		close(p->wake);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int
pool_run(struct pool *p, pool_fn run, pool_fn done, void *arg)
{
	struct job *j = malloc(sizeof(*j));
	bool full;

	if (j == NULL)
		return -1;
	j->run = run;
	j->done = done;
	j->arg = arg;
	pthread_mutex_lock(&p->lock);
	full = p->nwaiting >= p->queue_max;
	if (!full) {
		STAILQ_INSERT_TAIL(&p->waiting, j, entry);
		p->nwaiting++;
		pthread_cond_signal(&p->more);
	}
	pthread_mutex_unlock(&p->lock);
	if (full)
		free(j);
	return full ? -1 : 0;
}
