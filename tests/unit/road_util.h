/*
 * A keymgr whose configuration knows templates, peers that are given
 * addresses, and peers that give us some; and a routing table that remembers
 * what it was told.
 */
#ifndef TESTS_UNIT_ROAD_UTIL_H
#define TESTS_UNIT_ROAD_UTIL_H

#include "tests/unit/km_fake.h"

#define ROAD								\
	"/ip ipsec policy group add name=rw\n"				\
	"/ip ipsec policy group add name=other\n"			\
	"/ip ipsec proposal set default enc-algorithms=aes-128-gcm\n"	\
	"/ip ipsec policy add template=yes group=rw "			\
	"src-address=10.5.8.0/24 dst-address=192.168.77.0/24\n"		\
	"/ip ipsec policy add template=yes group=other\n"		\
	"/ip ipsec mode-config add name=ask responder=no\n"		\
	"/ip ipsec mode-config add name=give\n"				\
	"/ip ipsec peer add name=a address=192.0.2.2/32 "		\
	"local-address=198.51.100.1 exchange-mode=ike2\n"		\
	"/ip ipsec peer add name=b address=203.0.113.0/24 "		\
	"exchange-mode=ike2\n"						\
	"/ip ipsec identity add peer=a secret=x mode-config=ask "	\
	"generate-policy=port-strict policy-template-group=rw\n"	\
	"/ip ipsec identity add peer=b secret=y mode-config=give\n"	\
	"/ip pool add name=users ranges=192.168.77.2-192.168.77.254\n"	\
	"/ip ipsec mode-config add name=pool address-pool=users\n"	\
	"/ip ipsec peer add name=c address=198.18.0.0/24 "		\
	"exchange-mode=ike2\n"						\
	"/ip ipsec peer add name=d address=198.18.1.0/24 "		\
	"exchange-mode=ike2\n"						\
	"/ip ipsec identity add peer=c secret=z mode-config=pool "	\
	"generate-policy=port-strict policy-template-group=rw\n"	\
	"/ip ipsec identity add peer=d secret=z mode-config=pool "	\
	"generate-policy=port-strict policy-template-group=rw\n"
#define P_RW	1
#define P_OTHER	2

extern struct km km;
extern char why[GUARD_WHY_LEN];

#define NET_MAX	64
extern struct fake_net {
	struct link_obj obj[NET_MAX];
	bool ours[NET_MAX];
	size_t n;
	unsigned adds, dels;
} net;
extern unsigned uplink;		/* interface of all routes */
extern bool no_way;		/* there are none */
extern unsigned withins;	/* questions about 192.168.77.66 */
extern unsigned home;		/* interface for addresses, 0: none */

void setup(void);
void teardown(void);
/* Where it is in net; net.n: nowhere. */
size_t net_find(const struct link_obj *);
bool has(bool route, const char *dst);
int fake_del(void *ctx, const struct link_obj *);
extern const struct link_ops fake_link;
/* Of a peer's first identity. */
uint32_t identity_of(const char *peer);
/* What peer a may give us. */
struct link_req good_vip(unsigned worker, uint32_t vip);

#endif
