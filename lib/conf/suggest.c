#include "lib/conf/schema.h"

#include <string.h>

#define SUGGEST_LEN	48	/* longer words are not compared */

static size_t
min3(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* How many letters to insert, delete, replace or swap with the next one. */
static size_t
edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t row[3][SUGGEST_LEN + 1], i, j, cost;
	size_t *cur, *last, *before;

	for (j = 0; j <= nb; j++)
		row[0][j] = j;
	for (i = 1; i <= na; i++) {
		cur = row[i % 3];
		last = row[(i + 2) % 3];
		before = row[(i + 1) % 3];
		cur[0] = i;
		for (j = 1; j <= nb; j++) {
			cost = a[i - 1] != b[j - 1];
			cur[j] = min3(last[j] + 1, cur[j - 1] + 1,
			    last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < cur[j])
				cur[j] = before[j - 2] + 1;
		}
	}
	return row[na % 3][nb];
}

void
conf_suggest_init(struct conf_suggest *s, const char *found)
{
	s->found = found;
	s->best = NULL;
	s->distance = SIZE_MAX;
}

void
conf_suggest_offer(struct conf_suggest *s, const char *candidate)
{
	size_t nf = strlen(s->found), nc = strlen(candidate), d;

	if (nf == 0 || nf > SUGGEST_LEN || nc == 0 || nc > SUGGEST_LEN)
		return;
	d = edit_distance(s->found, nf, candidate, nc);
	/* A beginning counts as near: "profil", "enc". */
	if (nf >= 3 && nf < nc && strncmp(s->found, candidate, nf) == 0 &&
	    d > 2)
		d = 2;
	if (d < s->distance) {
		s->distance = d;
		s->best = candidate;
	}
}

const char *
conf_suggest_best(const struct conf_suggest *s)
{
	size_t allowed = strlen(s->found) / 3 + 1;

	if (s->best == NULL || s->distance > allowed || s->distance > 4)
		return NULL;
	return s->best;
}
