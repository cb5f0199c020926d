#include "lib/conf/check.h"

#include <stdlib.h>
#include <string.h>

static void
check_weak(const struct conf_obj *o, unsigned prop, bool allow,
    struct conf_report *rep)
{
	const struct conf_prop *p = obj_prop(o, prop);
	const struct alg *const *a;
	size_t i, n;

	a = conf_algs(o, prop, &n);
	for (i = 0; i < n; i++) {
		if ((a[i]->flags & ALG_WEAK) && !allow)
			check_error(rep, o, (int)prop, "\"%s\" is weak; to "
			    "use it all the same, say /ip ipsec settings set "
			    "allow-weak=yes", suite_name(a[i], p->phase));
		if (a[i]->v2 == ALG_NO_V2)
			check_error(rep, o, (int)prop, "\"%s\" exists in "
			    "IKEv1 only, which is not supported yet",
			    suite_name(a[i], p->phase));
	}
}

/* RFC 7296 names PRF and integrity apart; RouterOS has one hash for both. */
static void
derive_prf(struct conf_obj *o, struct conf_report *rep)
{
	struct conf_val *v = &o->val[CONF_PROFILE_PRF];
	const struct alg *const *hash, *prf;
	size_t i, n;

	if (v->n > 0)
		return;
	hash = conf_algs(o, CONF_PROFILE_HASH, &n);
	if ((v->u.algs = calloc(n, sizeof(*v->u.algs))) == NULL)
		n = 0;
	for (i = 0; i < n; i++) {
		prf = suite_by_name(SUITE_PRF, ALG_PHASE1,
		    suite_name(hash[i], ALG_PHASE1));
		if (prf != NULL)
			v->u.algs[v->n++] = prf;
	}
	v->set = false;
	if (v->n == 0)
		check_error(rep, o, CONF_PROFILE_HASH, "no pseudo-random "
		    "function goes with it, expected prf-algorithms too");
}

/* null integrity goes with AEAD alone, RFC 8221 section 4. */
static void
check_proposal(const struct conf_obj *o, struct conf_report *rep)
{
	const struct alg *const *enc, *const *auth;
	size_t i, n, nauth;

	auth = conf_algs(o, CONF_PROPOSAL_AUTH, &nauth);
	for (i = 0; i < nauth; i++)
		if ((auth[i]->flags & ALG_NONE) == 0)
			return;
	enc = conf_algs(o, CONF_PROPOSAL_ENC, &n);
	for (i = 0; i < n; i++) {
		if (enc[i]->flags & ALG_AEAD)
			continue;
		check_error(rep, o, CONF_PROPOSAL_AUTH, "\"null\" goes only "
		    "with encryption that has its own integrity (gcm, ccm, "
		    "chacha20poly1305), found %s in enc-algorithms",
		    suite_name(enc[i], ALG_PHASE2));
		return;
	}
}

void
check_algs(struct conf *c, struct conf_report *rep)
{
	const struct conf_menu_desc *d;
	struct conf_obj *o;
	unsigned i;
	int m;
	bool allow = conf_bool(conf_single(c, CONF_SETTINGS),
	    CONF_SETTINGS_ALLOW_WEAK);

	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		CONF_FOREACH(c, m, o)
			for (i = 0; i < d->nprops; i++)
				if (d->props[i].type == CONF_T_ALGS)
					check_weak(o, i, allow, rep);
	}
	CONF_FOREACH(c, CONF_PROFILE, o)
		derive_prf(o, rep);
	CONF_FOREACH(c, CONF_PROPOSAL, o)
		check_proposal(o, rep);
}
