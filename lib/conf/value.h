/* Values of properties; lib/conf alone. */
#ifndef LIB_CONF_VALUE_H
#define LIB_CONF_VALUE_H

#include "lib/conf/schema.h"

#define VAL_ERR_MAX	640

struct conf_val {
	bool set;		/* given in the script */
	uint32_t n;		/* elements; HOST: the prefix is known */
	uint32_t line, col;	/* where it was given; 0: nowhere */
	union {
		int64_t num;
		char *str;
		struct addr addr;
		struct prefix *pfx;
		const struct alg **algs;
		char **strs;
		struct ikeid *id;
		struct {
			char *name;	/* NULL: configured as a prefix */
			struct prefix pfx;
		} host;
		struct secret sec;
		struct {
			char *name;	/* NULL: none */
			uint32_t id;
		} ref;
	} u;
};

/* What is wrong with a value, and at which byte of it. */
struct val_err {
	size_t off;
	bool sensitive;		/* never quote what was found */
	char text[VAL_ERR_MAX];
};

/* -1: err says why, v is empty.  v must be empty before. */
int val_parse(const struct conf_prop *, struct conf_val *v, const char *text,
    struct val_err *err);
/* Wipes and frees; v is empty afterwards. */
void val_free(const struct conf_prop *, struct conf_val *v);
/* Becomes the default; set is false. */
void val_default(const struct conf_prop *, struct conf_val *v);
bool val_equal(const struct conf_prop *, const struct conf_val *,
    const struct conf_val *);
/* Appends the text; nothing for an empty value. */
void val_fmt(const struct conf_prop *, const struct conf_val *, struct buf *);
/* Between processes. */
void val_pack(const struct conf_prop *, const struct conf_val *, struct buf *);
int val_unpack(const struct conf_prop *, struct conf_val *, struct cur *);

/* "found X, expected Y", with the nearest name when there is one. */
void val_err_set(struct val_err *, size_t off, const char *found,
    const char *nearest, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Time in seconds as 1d2h3m4s. */
void val_time_fmt(struct buf *, int64_t);
int val_time_parse(const char *, int64_t *);
/* IP protocol by name; -1: unknown.  And back; NULL: has no name. */
int val_proto_by_name(const char *);
const char *val_proto_name(int);
/* Walks the protocol names; NULL ends. */
const char *val_proto_next(size_t *at);

/* A word with a number, NULL: none. */
const struct conf_word *val_word(const struct conf_prop *, int64_t num);

void val_buf_text(struct buf *, const char *);
/* What is in b as a string; b must have room.  Borrowed from b. */
const char *val_buf_cstr(struct buf *);

#endif
