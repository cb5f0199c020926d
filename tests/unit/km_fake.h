/* A kernel that remembers what it was told, for the tests of keymgr. */
#ifndef TESTS_UNIT_KM_FAKE_H
#define TESTS_UNIT_KM_FAKE_H

#include "keymgr/install.h"

#define FAKE_MAX	4096

struct fake_policy {
	struct selector sel;
	struct bk_body body;
	bool ours;
	bool used;
};

struct fake_sa {
	struct addr src, dst;
	uint32_t spi, reqid;
	uint64_t add_time, packets;
	bool used;
};

struct fake {
	struct fake_policy policy[FAKE_MAX];
	struct fake_sa sa[FAKE_MAX];
	unsigned applies;	/* batches */
	unsigned sets, dels;	/* policy steps */
	unsigned gaps;		/* a policy was removed and set in one batch */
	int fail_at;		/* this step of the next batch fails, from 1 */
	int fail_errno;
	unsigned sa_keys_seen;
	unsigned moves;
	struct endpoint moved_to;	/* the last one's destination */
	bool later;		/* SAs are added when fake_answer says so */
	int fail_later;		/* the errno of the next that is answered */
};

/* What the workers were told. */
struct told {
	unsigned acquires, expires, hards, mappings;
	unsigned worker;
	uint32_t spi;
	struct acquire acquire;
	struct endpoint mapped;
};

extern struct fake fake;
extern struct told told;

void fake_reset(void);
void fake_backend(struct backend *);
/* A km over the fake, with the kernel as it is; aborts on failure. */
void fake_km(struct km *, unsigned workers);
/* Loads a configuration script into it. */
void fake_conf(struct km *, const char *script);
/* Does what was asked first and not answered.  false: nothing was. */
bool fake_answer(void);
/* What is answered at once: 0, or -1 and why (GUARD_WHY_LEN). */
int add_child(struct km *, const struct child_req *, char *why);
int adopt_child(struct km *, const struct child_req *, char *why);
unsigned fake_sas(void);
unsigned fake_policies(void);
/* "10.1.0.0/24", "10.2.0.0/24"; NULL: there is none. */
const struct fake_policy *fake_find(const char *local, const char *remote);
struct fake_sa *fake_sa_find(uint32_t spi);

/* Configuration ids by name; policies by their place in the list. */
uint32_t id_of(const struct km *, enum conf_menu, const char *name);
uint32_t policy_id(const struct km *, unsigned index);

/*
 * A request that is right for peer "a" (198.51.100.1 - 192.0.2.2) and the
 * given policy, with AES-GCM; local and remote are prefixes.
 */
void good_req(struct km *, struct child_req *, unsigned policy,
    const char *local, const char *remote);
void set_ts(struct tsel *, const char *prefix);

#define GOOD_CONF							\
	"/ip ipsec proposal\n"						\
	"add name=p enc-algorithms=aes-128-gcm,aes-256-cbc "		\
	    "auth-algorithms=sha256,null lifetime=1h\n"			\
	"/ip ipsec peer\n"						\
	"add name=a address=192.0.2.2/32 local-address=198.51.100.1 "	\
	    "exchange-mode=ike2\n"					\
	"add name=b address=203.0.113.0/24 exchange-mode=ike2\n"	\
	"/ip ipsec identity\n"						\
	"add peer=a secret=x\n"						\
	"add peer=b secret=y\n"						\
	"/ip ipsec policy\n"						\
	"add peer=a tunnel=yes src-address=10.1.0.0/24 "		\
	    "dst-address=10.2.0.0/24 proposal=p\n"			\
	"add peer=b tunnel=yes src-address=10.1.0.0/24 "		\
	    "dst-address=10.3.0.0/16 proposal=p\n"			\
	"add peer=a src-address=198.51.100.1 dst-address=192.0.2.2 "	\
	    "proposal=p protocol=gre\n"					\
	"add action=discard src-address=10.1.0.0/24 "			\
	    "dst-address=10.9.0.0/16\n"					\
	"add peer=a tunnel=yes src-address=10.1.0.0/24 "		\
	    "dst-address=10.4.0.0/16 proposal=p disabled=yes\n"
/* The built-in template is policy 0. */
#define P_TEMPLATE	0
#define P_A		1
#define P_B		2
#define P_TRANSPORT	3
#define P_DISCARD	4
#define P_DISABLED	5

#endif
