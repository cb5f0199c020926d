/* What the tests of the configuration share. */
#ifndef TESTS_UNIT_CONF_UTIL_H
#define TESTS_UNIT_CONF_UTIL_H

#include "lib/conf/conf.h"

/* A secret that is not warned about. */
#define GOOD	"\"Xq3vvJ0pK7sLw2Zr9TbN\""
#define PEER	"/ip ipsec peer\nadd name=p address=192.0.2.2/32 "	\
	"exchange-mode=ike2\n"
#define IDENT	"/ip ipsec identity\nadd peer=p secret=" GOOD "\n"
#define BASE	PEER IDENT
#define POLICY	"/ip ipsec policy\nadd peer=p tunnel=yes "

/* All findings of the last load, one a line. */
extern char diags[65536];

struct conf *load(const char *script);
/* Loads, and fails the test when there are errors. */
struct conf *load_ok(const char *script);

#endif
