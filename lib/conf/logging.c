#include "lib/conf/conf.h"

#include "lib/log.h"

#define SEVERITIES	((uint32_t)(LOG_T_ERROR | LOG_T_WARNING | LOG_T_INFO | \
	LOG_T_DEBUG | LOG_T_PACKET))

/* The topics a rule asks for and those it excludes.  False: it asks for one
 * that does not exist, so no line can be its. */
static bool
rule_topics(const struct conf_obj *rule, uint32_t *want, uint32_t *without)
{
	const char *const *t;
	uint32_t bit;
	size_t i, n;

	*want = *without = 0;
	t = conf_strs(rule, CONF_LOGGING_TOPICS, &n);
	for (i = 0; i < n; i++) {
		bit = log_topic_by_name(t[i] + (t[i][0] == '!'));
		if (t[i][0] == '!')
			*without |= bit;
		else if (bit == 0)
			return false;
		else
			*want |= bit;
	}
	return true;
}

bool
conf_log_match(const struct conf_obj *rule, uint32_t topics)
{
	uint32_t want, without;

	return rule_topics(rule, &want, &without) &&
	    (topics & want) == want && (topics & without) == 0;
}

uint32_t
conf_log_mask(const struct conf *c)
{
	const struct conf_obj *o;
	uint32_t want, without, mask = 0, part;

	CONF_FOREACH(c, CONF_LOGGING, o) {
		if (!conf_usable(c, o) || !rule_topics(o, &want, &without))
			continue;
		/* A rule that names none of a kind takes all of it. */
		part = want & SEVERITIES ? want & SEVERITIES : SEVERITIES;
		part |= want & ~SEVERITIES ? want & ~SEVERITIES :
		    ~SEVERITIES;
		mask |= part & ~without;
	}
	return mask;
}
