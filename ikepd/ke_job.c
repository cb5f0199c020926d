#include "ikepd/ke_job.h"
#include "ikepd/engine.h"

#include <stdlib.h>

struct ke_job *
ke_job_new(uint64_t spi, bool theirs, const struct alg *group)
{
	struct ke_job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->spi = spi;
	j->theirs = theirs;
	j->group = group;
	j->why = "not computed";
	return j;
}

void
ke_job_run(struct ke_job *j)
{
	if (atomic_load(&j->dead)) {
		j->why = "nobody waits for it any more";
		return;
	}
	if (j->priv == NULL) {
		j->priv = ke_new(j->group);
		if (j->priv == NULL) {
			j->why = "no key pair could be made";
			return;
		}
	}
	if (j->derive && ke_derive(j->priv, j->peer.data, j->peer.len,
	    &j->gir, &j->why) == -1)
		return;
	j->ok = true;
}

bool
ke_job_slow(const struct ke_job *j)
{
	return (j->group->flags & ALG_SLOW) != 0;
}

void
ke_job_free(struct ke_job *j)
{
	if (j == NULL)
		return;
	ke_free(j->priv);
	secret_free(&j->peer);
	secret_free(&j->gir);
	free(j);
}
