/*
 * /system logging: which lines are kept.  Without a rule that asks for them
 * debug and packet lines are not even produced.
 */
#ifndef SALLYPORTD_LOGRULES_H
#define SALLYPORTD_LOGRULES_H

#include "lib/conf/conf.h"
#include "sallyportd/logring.h"

#define LOG_RULES_MAX	32

struct log_rules {
	size_t n;
	struct log_filter rules[LOG_RULES_MAX];
};

/* From the configuration; rules beyond the maximum are warned of. */
void log_rules_load(struct log_rules *, const struct conf *);
/* What the processes are to produce, for log_set_mask(). */
uint32_t log_rules_mask(const struct log_rules *);
/* Whether a line is kept: every line but debug and packet, and those when a
 * rule asks for them. */
bool log_rules_keep(const struct log_rules *, uint32_t topics);

#endif
