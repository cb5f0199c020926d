#include "certd/expiry.h"

#include "certd/crl.h"

#include "lib/log.h"

#include <openssl/x509.h>

#include <stdio.h>

#define DAY		86400
#define SUBJECT		200

/* What was said last; in this order. */
static const int days[] = { 30, 7, 1, 0 };
#define NDAYS	(sizeof(days) / sizeof(days[0]))

/* The one that expires first, of the leaf and what is beside it. */
static X509 *
first_to_go(const struct cert *c)
{
	X509 *x, *first = c->leaf;
	int i;

	for (i = 0; i < sk_X509_num(c->others); i++) {
		x = sk_X509_value(c->others, i);
		if (ASN1_TIME_compare(X509_get0_notAfter(x),
		    X509_get0_notAfter(first)) < 0)
			first = x;
	}
	return first;
}

/* How many of the steps are behind us. */
static unsigned
steps(X509 *x, time_t now)
{
	time_t from, until;
	unsigned i, n = 0;

	if (asn1_time(X509_get0_notBefore(x), &from) == -1 ||
	    asn1_time(X509_get0_notAfter(x), &until) == -1)
		return 0;
	for (i = 0; i < NDAYS; i++)
		if (until - now <= (time_t)days[i] * DAY &&
		    until - from >= 2 * (time_t)days[i] * DAY)
			n = i + 1;
	return n;
}

static void
say(const struct cert *c, X509 *x, time_t now)
{
	char subject[SUBJECT], when[40] = "";
	const char *whose = x == c->leaf ? "" : "of its chain ";
	time_t until = now;
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	(void)asn1_time(X509_get0_notAfter(x), &until);
	cert_subject(x, subject, sizeof(subject));
	if (until <= now)
		log_error(LOG_T_CERTIFICATE, "certificate %s: %s%s expired on "
		    "%s", c->name, whose, subject, when);
	else
		log_warn(LOG_T_CERTIFICATE, "certificate %s: %s%s expires in "
		    "%lld days and %lld hours, on %s", c->name, whose,
		    subject, (long long)(until - now) / DAY,
		    (long long)(until - now) % DAY / 3600, when);
}

void
expiry_look(const struct store *st, time_t now)
{
	struct cert *c;
	unsigned n;
	size_t at = 0;
	X509 *x;

	while ((c = store_next(st, &at)) != NULL) {
		if (c->leaf == NULL)
			continue;
		x = first_to_go(c);
		n = steps(x, now);
		if (n > c->expiry_told)
			say(c, x, now);
		c->expiry_told = n;
	}
}
