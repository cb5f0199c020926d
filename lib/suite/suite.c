#include "lib/suite/suite.h"
#include "lib/suite/run.h"

#include <stdio.h>
#include <string.h>

uint16_t
suite_attr(const struct alg *a)
{
	return a->flags & ALG_KEYLEN ? a->bits : 0;
}

const struct alg *
suite_by_id(enum suite_kind kind, uint16_t v2, uint16_t attr)
{
	for (const struct alg *a = suite_table; a < suite_table + suite_rows;
	    a++) {
		if (a->kind == kind && a->v2 == v2 && v2 != ALG_NO_V2 &&
		    suite_attr(a) == attr)
			return a;
	}
	return NULL;
}

static bool
word_in(const char *words, const char *w)
{
	size_t n = strlen(w);

	for (const char *p = words; p != NULL && *p != '\0';) {
		size_t len = strcspn(p, " ");

		if (len == n && memcmp(p, w, n) == 0)
			return true;
		p += len + strspn(p + len, " ");
	}
	return false;
}

const struct alg *
suite_by_name(enum suite_kind kind, unsigned phase, const char *name)
{
	const struct alg *a = NULL;

	while ((a = suite_next(kind, phase, a)) != NULL) {
		if ((a->profile != NULL && strcmp(a->profile, name) == 0) ||
		    (a->proposal != NULL && strcmp(a->proposal, name) == 0) ||
		    word_in(a->alias, name))
			return a;
	}
	return NULL;
}

const char *
suite_name(const struct alg *a, unsigned phase)
{
	if (a->profile == NULL)
		return a->proposal;
	if (phase == ALG_PHASE2 && a->proposal != NULL)
		return a->proposal;
	return a->profile;
}

const struct alg *
suite_next(enum suite_kind kind, unsigned phase, const struct alg *prev)
{
	const struct alg *a = prev == NULL ? suite_table : prev + 1;

	for (; a < suite_table + suite_rows; a++) {
		if (a->kind == kind && (a->flags & phase) != 0)
			return a;
	}
	return NULL;
}

const struct alg *
suite_row(uint16_t row)
{
	return row < suite_rows ? &suite_table[row] : NULL;
}

uint16_t
suite_row_of(const struct alg *a)
{
	return (uint16_t)(a - suite_table);
}

static const char *
pair_flaw(const struct alg *encr, const struct alg *in, unsigned phase)
{
	bool has = in != NULL && !(in->flags & ALG_NONE);

	if (encr == NULL || encr->kind != SUITE_ENCR ||
	    (in != NULL && in->kind != SUITE_INTEG))
		return "not an encryption and an integrity algorithm";
	if ((encr->flags & phase) != phase ||
	    (has && (in->flags & phase) != phase))
		return "algorithm does not serve this phase";
	if ((encr->flags & ALG_AEAD) && has)
		return "a combined-mode cipher takes no integrity algorithm";
	if (!(encr->flags & ALG_AEAD) && !has)
		return "this cipher needs an integrity algorithm";
	return NULL;
}

bool
suite_pair_ok(const struct alg *encr, const struct alg *in, unsigned phase,
    const char **why)
{
	const char *flaw = pair_flaw(encr, in, phase);

	if (flaw != NULL)
		*why = flaw;
	return flaw == NULL;
}

size_t
suite_keymat_len(const struct alg *encr, const struct alg *in)
{
	return (encr == NULL ? 0 : encr->key_len) +
	    (in == NULL ? 0u : in->key_len);
}

const char *
suite_kind_str(unsigned kind)
{
	static const char *const names[] = { [SUITE_ENCR] = "ENCR",
		[SUITE_PRF] = "PRF",
		[SUITE_INTEG] = "INTEG",
		[SUITE_KE] = "KE",
		[SUITE_ESN] = "ESN" };

	if (kind >= sizeof(names) / sizeof(names[0]) || names[kind] == NULL)
		return "transform type";
	return names[kind];
}

const char *
suite_fmt(unsigned kind, uint16_t v2, uint16_t attr, char *dst, size_t size)
{
	const struct alg *a = suite_by_id(kind, v2, attr);

	if (a != NULL)
		snprintf(dst, size, "%s", a->log);
	else if (kind < SUITE_ENCR || kind > SUITE_ESN)
		snprintf(dst, size, "transform type %u id %u", kind, v2);
	else if (attr != 0)
		snprintf(dst, size, "%s %u (%u bits)", suite_kind_str(kind),
		    v2, attr);
	else
		snprintf(dst, size, "%s %u", suite_kind_str(kind), v2);
	return dst;
}
