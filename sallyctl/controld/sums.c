#include "sallyctl/controld/sums.h"

#include <string.h>

static struct sum *
sum_find(struct sums *s, const char *name, size_t len)
{
	struct sum *v;

	for (v = s->v; v < s->v + s->n; v++)
		if (strlen(v->name) == len && memcmp(v->name, name, len) == 0)
			return v;
	if (s->n == SUMS_MAX || len >= SUMS_NAME)
		return NULL;
	s->n++;
	memcpy(v->name, name, len);
	v->name[len] = '\0';
	v->value = 0;
	return v;
}

bool
sums_add(struct sums *s, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	uint64_t n = 0;
	struct sum *v;
	size_t i;

	if (value_len == 0 || value_len > 19)
		return false;
	for (i = 0; i < value_len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(value[i] - '0');
	}
	if ((v = sum_find(s, name, name_len)) == NULL)
		return false;
	v->value += n;
	return true;
}
