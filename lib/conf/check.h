/* Checks of a loaded configuration; lib/conf alone. */
#ifndef LIB_CONF_CHECK_H
#define LIB_CONF_CHECK_H

#include "lib/conf/object.h"

/* At a property's value where it was given, else at the object. */
#define check_error(rep, o, prop, ...)					\
	check_at(rep, CONF_ERROR, o, prop, __VA_ARGS__)
#define check_warn(rep, o, prop, ...)					\
	check_at(rep, CONF_WARNING, o, prop, __VA_ARGS__)
void check_at(struct conf_report *, enum conf_severity,
    const struct conf_obj *, int prop, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

void check_algs(struct conf *, struct conf_report *);
void check_peers(struct conf *, struct conf_report *);
void check_certificates(struct conf *, struct conf_report *);
/* What an identity says of certificates. */
void check_identity_cert(struct conf *, const struct conf_obj *,
    struct conf_report *);
void check_identities(struct conf *, struct conf_report *);
void check_policies(struct conf *, struct conf_report *);
void check_pools(struct conf *, struct conf_report *);
void check_mode_configs(struct conf *, struct conf_report *);
/* Whether the addresses an identity's users are given are of use. */
void check_given(struct conf *, const struct conf_obj *,
    struct conf_report *);
void check_logging(struct conf *, struct conf_report *);

/*
 * Notes o under the text in b, which is emptied.  Returns the object that
 * was noted under the same text before, else NULL.
 */
struct seen {
	struct hash h;
	void (*text)(const struct conf_obj *, struct buf *);
};
const struct conf_obj *seen_before(struct seen *, struct conf_obj *o);

#endif
