#include "keymgr/backend.h"

void
bk_sa_state_free(struct bk_sa_state *s)
{
	secret_free(&s->encr_key);
	secret_free(&s->integ_key);
}
