/*
 * /system logging: which lines are kept.  There are built-in rules for
 * information, warnings and errors; debug and packet lines are not even
 * produced while no rule asks for them.
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
/* Whether any rule asks for the line. */
bool log_rules_keep(const struct log_rules *, uint32_t topics);

#endif
