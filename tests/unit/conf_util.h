/* What the tests of the configuration share. */
#ifndef TESTS_UNIT_CONF_UTIL_H
#define TESTS_UNIT_CONF_UTIL_H

#include "lib/conf/conf.h"

/* All findings of the last load, one a line. */
extern char diags[65536];

struct conf *load(const char *script);
/* Loads, and fails the test when there are errors. */
struct conf *load_ok(const char *script);

#endif
