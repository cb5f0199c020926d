#include "lib/secret.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

int
secret_alloc(struct secret *s, size_t n)
{
	uint8_t *p = calloc(1, n == 0 ? 1 : n);

	if (p == NULL)
		return -1;
	secret_free(s);
	s->data = p;
	s->len = n;
	return 0;
}

int
secret_set(struct secret *s, const void *v, size_t n)
{
	struct secret t = { 0 };

	if (secret_alloc(&t, n) == -1)
		return -1;
	if (n > 0)
		memcpy(t.data, v, n);
	secret_move(s, &t);
	return 0;
}

void
secret_move(struct secret *dst, struct secret *src)
{
	if (dst == src)
		return;
	secret_free(dst);
	*dst = *src;
	src->data = NULL;
	src->len = 0;
}

void
secret_free(struct secret *s)
{
	if (s == NULL || s->data == NULL)
		return;
	explicit_bzero(s->data, s->len);
	free(s->data);
	s->data = NULL;
	s->len = 0;
}

bool
secret_equal(const void *a, size_t na, const void *b, size_t nb)
{
	return na == nb && CRYPTO_memcmp(a, b, na) == 0;
}

void
secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}
