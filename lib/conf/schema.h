/*
 * The schema: one table of all menus and their properties.  The parser,
 * print, the messages between processes, completion and the manual page
 * all come from it.
 */
#ifndef LIB_CONF_SCHEMA_H
#define LIB_CONF_SCHEMA_H

#include "lib/conf/conf.h"

enum conf_type {
	CONF_T_STR,
	CONF_T_NAME,		/* of the object; unique in the menu */
	CONF_T_SECRET,		/* text, or 0x and hex */
	CONF_T_BOOL,
	CONF_T_NUM,		/* lo..hi; word: its name for zero */
	CONF_T_TIME,		/* seconds, lo..hi; word: its name for 0 */
	CONF_T_ENUM,
	CONF_T_BITS,		/* list of words, a bit each */
	CONF_T_PROTO,		/* IP protocol: all, a name, a number */
	CONF_T_ADDR,
	CONF_T_PREFIX,
	CONF_T_PREFIXES,
	CONF_T_HOST,		/* prefix or DNS name */
	CONF_T_ALGS,		/* of kind and phase */
	CONF_T_REF,		/* name of an object of menu ref */
	CONF_T_ID,		/* lib/ikeid.h */
	CONF_T_STRS,		/* list of strings */
};

/* flags of a property */
#define CONF_P_LIVE	0x01	/* acted upon; else only the default goes */
#define CONF_P_READONLY	0x02	/* in listings alone */
#define CONF_P_NONE	0x04	/* a reference may be "none" */
#define CONF_P_SECRET	0x08	/* hidden unless asked for */

struct conf_word {
	const char *name;
	int32_t num;
	bool live;
};

struct conf_prop {
	const char *name;
	const char *alias;	/* further names, space-separated, or NULL */
	enum conf_type type;
	const char *def;	/* the default as text; NULL: empty */
	const char *help;	/* a sentence for the manual */
	uint32_t procs;		/* PROC_BITs of those who receive it */
	uint32_t flags;		/* CONF_P_ */
	int64_t lo, hi;		/* NUM, TIME */
	const char *word;	/* NUM, TIME, ADDR, STRS: name of zero or
				 * none */
	const struct conf_word *words;	/* ENUM, BITS; NULL name ends */
	enum suite_kind kind;	/* ALGS */
	unsigned phase;		/* ALGS: ALG_PHASE1 or ALG_PHASE2 */
	enum conf_menu ref;	/* REF */
	/* What was made for IKEv1 is accepted; a value other than these
	 * (separated by blanks), which say what IKEv2 does anyway, is named
	 * in a warning that says what it does instead. */
	const char *v2_same;
	const char *v2_instead;
};

/* A word of RouterOS that we do not have, or have elsewhere. */
struct conf_foreign {
	const char *name;	/* of the property, or path of the menu */
	const char *moved;	/* where it is now, NULL: ignored with a
				 * warning */
};

#define CONF_MF_LIVE	0x01
#define CONF_MF_SINGLE	0x02	/* one object; set without a name */
#define CONF_MF_ORDERED	0x04	/* order counts; has numbers */
#define CONF_MF_LISTING	0x08	/* print only */
#define CONF_MF_IMPORT	0x10	/* a script declares entries by import, and
				 * knows no other command */

struct conf_menu_desc {
	enum conf_menu menu;
	const char *path;	/* "ip ipsec peer" */
	const char *alias;	/* further path or NULL */
	uint32_t flags;		/* CONF_MF_ */
	const char *help;
	const struct conf_prop *props;
	unsigned nprops;
	const struct conf_foreign *foreign;	/* NULL name ends; or NULL */
};

const struct conf_menu_desc *conf_menu_desc(enum conf_menu);
/* NULL: no such property.  Aliases match too. */
const struct conf_prop *conf_prop_find(const struct conf_menu_desc *,
    const char *name);
const struct conf_foreign *conf_foreign_find(const struct conf_menu_desc *,
    const char *name);
/* PROC_BITs of those who receive any of the menu's properties. */
uint32_t conf_menu_procs(const struct conf_menu_desc *);
/* The menu at a path; words are joined by one space.  NULL: none. */
const struct conf_menu_desc *conf_menu_by_path(const char *path);
/* True when a path is a menu or leads to one. */
bool conf_path_exists(const char *path);
/* Menus of RouterOS that we do not have at all. */
const struct conf_foreign *conf_foreign_menu(const char *path);
/*
 * Words that may follow path ("" is the root): submenus, in table order,
 * each once.  Returns their number; at most max are stored; the strings are
 * copied into out.
 */
size_t conf_path_children(const char *path, char (*out)[24], size_t max);
/* The nearest of the candidates offered so far to what was found. */
struct conf_suggest {
	const char *found;
	const char *best;
	size_t distance;
};
void conf_suggest_init(struct conf_suggest *, const char *found);
void conf_suggest_offer(struct conf_suggest *, const char *candidate);
/* NULL when nothing is near. */
const char *conf_suggest_best(const struct conf_suggest *);

#endif
