/*
 * How long sessiond takes to give an address from a /10 that is empty, half
 * full and nearly full, and to take it back.
 *
 * usage: pool [ROUNDS]
 */
#include "sessiond/pool.h"

#include "lib/mono.h"

#include <stdio.h>
#include <stdlib.h>

static void
die(const char *what)
{
	fprintf(stderr, "pool: %s\n", what);
	exit(1);
}

static double
ns_each(struct mono from, unsigned rounds)
{
	return (double)mono_sub(mono_now(), from).us * 1000.0 / rounds;
}

/* Users who come and go, each a new one; *user goes on. */
static double
churn(struct apool *p, unsigned rounds, uint64_t *user)
{
	struct mono start = mono_now();
	struct addr a;
	unsigned i;
	bool known;

	for (i = 0; i < rounds; i++) {
		if (!apool_take(p, (*user)++, &a, &known))
			die("no address");
		apool_give(p, &a);
	}
	return ns_each(start, rounds);
}

static void
fill(struct apool *p, uint64_t upto, uint64_t *user)
{
	struct addr a;
	bool known;

	while (apool_used(p) < upto)
		if (!apool_take(p, (*user)++, &a, &known))
			die("no address");
}

int
main(int argc, char **argv)
{
	static const char *const name[] = { "empty", "half full",
		"nearly full" };
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 1000000, i;
	struct apool_range r;
	double ns[3], low, high;
	uint64_t user = 1, level[3];
	struct apool *p;

	if (range_parse(&r.lo, &r.hi, "10.64.0.0/10") == -1 ||
	    (p = apool_new(&r, 1, 1)) == NULL || rounds == 0)
		die("cannot begin");
	level[0] = 0;
	level[1] = apool_size(p) / 2;
	level[2] = apool_size(p) - 100;
	low = high = 0;
	for (i = 0; i < 3; i++) {
		fill(p, level[i], &user);
		ns[i] = churn(p, rounds, &user);
		printf("%-12s %10llu in use  %6.0f ns to take and give back\n",
		    name[i], (unsigned long long)apool_used(p), ns[i]);
		low = i == 0 || ns[i] < low ? ns[i] : low;
		high = ns[i] > high ? ns[i] : high;
	}
	printf("slowest to fastest %.2f\n", high / low);
	apool_free(p);
	return 0;
}
