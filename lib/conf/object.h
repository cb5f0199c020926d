/* The inside of struct conf; lib/conf alone. */
#ifndef LIB_CONF_OBJECT_H
#define LIB_CONF_OBJECT_H

#include "lib/conf/value.h"
#include "lib/hash.h"

struct conf_list {
	struct conf_obj *first, *last;
	size_t n;
};

struct conf {
	struct conf_list menu[CONF_MENUS];
	struct hash names;	/* of menu and name; chains by name_next */
	struct hash ids;
	uint32_t next_id;
};

/* What an outsider may see of a loader's findings. */
struct conf_report {
	conf_diag_fn fn;
	void *arg;
	const char *file;
	unsigned errors;
};

void conf_report(struct conf_report *, enum conf_severity, unsigned line,
    unsigned col, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A new object with defaults at the end of its menu; NULL: no memory. */
struct conf_obj *obj_new(struct conf *, enum conf_menu);
void obj_remove(struct conf *, struct conf_obj *);
/* before NULL: to the end */
void obj_move(struct conf *, struct conf_obj *, struct conf_obj *before);
/* To be called around a change of the name. */
void obj_name_drop(struct conf *, struct conf_obj *);
int obj_name_add(struct conf *, struct conf_obj *);
/* The value, NULL when the menu has no such property. */
struct conf_val *obj_val(const struct conf_obj *, unsigned prop);
const struct conf_prop *obj_prop(const struct conf_obj *, unsigned prop);
/* -1: the menu has none */
int obj_name_index(enum conf_menu);
int obj_disabled_index(enum conf_menu);
void obj_invalid(struct conf_obj *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The objects that always exist; -1: no memory. */
int conf_add_builtins(struct conf *);
/* Looks the numbers of all references up again. */
void conf_resolve(struct conf *);
/* Flags that follow from properties. */
void obj_set_flags(struct conf_obj *);

/* Reads a script into conf; errors are counted in the report. */
void conf_parse(struct conf *, const void *text, size_t len,
    struct conf_report *);
/* What concerns more than one property, or more than one object. */
void conf_check(struct conf *, struct conf_report *);

#endif
