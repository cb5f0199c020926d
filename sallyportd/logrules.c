#include "sallyportd/logrules.h"

#include "lib/log.h"

#include <string.h>

#define SEVERITIES	((uint32_t)(LOG_T_ERROR | LOG_T_WARNING |	\
			 LOG_T_INFO | LOG_T_DEBUG | LOG_T_PACKET))

static void
rule_load(struct log_rules *r, const struct conf_obj *o)
{
	struct log_filter *f, word;
	const char *const *topics;
	char bad[32];
	size_t i, n;

	if (r->n == LOG_RULES_MAX) {
		log_warn(LOG_T_SYSTEM, "more than %d logging rules; line %u "
		    "is passed over", LOG_RULES_MAX, o->line);
		return;
	}
	f = &r->rules[r->n];
	memset(f, 0, sizeof(*f));
	topics = conf_strs(o, CONF_LOGGING_TOPICS, &n);
	for (i = 0; i < n; i++) {
		if (log_filter_parse(&word, topics[i], bad,
		    sizeof(bad)) == -1) {
			if (topics[i][0] != '!')
				return;	/* no line has this topic */
			continue;
		}
		f->all |= word.all;
		f->none |= word.none;
	}
	r->n++;
}

void
log_rules_load(struct log_rules *r, const struct conf *conf)
{
	const struct conf_obj *o;

	memset(r, 0, sizeof(*r));
	CONF_FOREACH(conf, CONF_LOGGING, o)
		if (conf_usable(conf, o))
			rule_load(r, o);
}

uint32_t
log_rules_mask(const struct log_rules *r)
{
	uint32_t mask = 0, severities, others;
	size_t i;

	for (i = 0; i < r->n; i++) {
		/* A rule that names none of a kind wants them all. */
		severities = r->rules[i].all & SEVERITIES;
		others = r->rules[i].all & ~SEVERITIES;
		if (severities == 0)
			severities = SEVERITIES;
		if (others == 0)
			others = ~SEVERITIES;
		mask |= (severities | others) & ~r->rules[i].none;
	}
	return mask;
}

bool
log_rules_keep(const struct log_rules *r, uint32_t topics)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (log_filter_pass(&r->rules[i], topics))
			return true;
	return false;
}
