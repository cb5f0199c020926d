/* Prints the tables of sallyport.conf(5) from the schema, as mdoc. */
#include "lib/conf/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Text as mdoc takes it: short lines, each sentence on a new one, none that
 * begins with a dot or quote.
 */
static void
put_text(const char *s)
{
	size_t col = 0, len;
	bool end = true;

	while (*s != '\0') {
		len = strcspn(s, " ");
		if (end || col + len > 70) {
			printf("%s%s", col > 0 ? "\n" : "",
			    *s == '.' || *s == '\'' ? "\\&" : "");
			col = 0;
		} else
			putchar(' ');
		end = s[len - 1] == '.';
		for (col += len + 1; len > 0; len--, s++) {
			if (*s == '\\')
				fputs("\\e", stdout);
			else
				printf("%s%c", *s == '-' ? "\\" : "", *s);
		}
		s += strspn(s, " ");
	}
	putchar('\n');
}

static void
put_time(int64_t t)
{
	static const struct { char c; int64_t sec; } units[] = {
		{ 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
		{ 's', 1 },
	};
	size_t i;

	if (t == 0)
		fputs("0s", stdout);
	for (i = 0; i < 5; i++)
		if (t >= units[i].sec) {
			printf("%" PRId64 "%c", t / units[i].sec, units[i].c);
			t %= units[i].sec;
		}
}

/* The words of an enumeration that are acted upon, or those that are not. */
static unsigned
put_words(const struct conf_prop *p, bool live, const char *before)
{
	const struct conf_word *w;
	unsigned n = 0;

	for (w = p->words; w->name != NULL; w++) {
		if (w->live != live)
			continue;
		printf("%s\n.Cm %s", n == 0 ? before : " ,", w->name);
		n++;
	}
	return n;
}

static void
put_enum(const struct conf_prop *p)
{
	(void)put_words(p, true, "Takes");
	fputs(" .\n", stdout);
	if (put_words(p, false, "Not supported yet:") > 0)
		fputs(" .\n", stdout);
}

static void
put_range(const struct conf_prop *p)
{
	if (p->type == CONF_T_TIME) {
		fputs("Takes a\n.Ar time\nfrom ", stdout);
		put_time(p->lo);
		fputs(" to ", stdout);
		put_time(p->hi);
	} else
		printf("Takes a\n.Ar number\nfrom %" PRId64 " to %" PRId64,
		    p->lo, p->hi);
	if (p->word != NULL)
		printf(", or\n.Cm %s .\n", p->word);
	else
		fputs(".\n", stdout);
}

static void
put_values(const struct conf_prop *p)
{
	static const char *const names[] = {
		[CONF_T_STR] = "text", [CONF_T_NAME] = "a name",
		[CONF_T_SECRET] = "a secret", [CONF_T_BOOL] = "yes or no",
		[CONF_T_PROTO] = "a protocol", [CONF_T_ADDR] = "an address",
		[CONF_T_PREFIX] = "a prefix",
		[CONF_T_PREFIXES] = "a list of prefixes",
		[CONF_T_HOST] = "a prefix or a DNS name",
		[CONF_T_ID] = "an identity",
		[CONF_T_STRS] = "a list of words",
	};

	switch (p->type) {
	case CONF_T_NUM:
	case CONF_T_TIME:
		put_range(p);
		break;
	case CONF_T_ENUM:
	case CONF_T_BITS:
		put_enum(p);
		break;
	case CONF_T_ALGS:
		printf("Takes a list of %s; see\n.Sx ALGORITHMS .\n",
		    p->kind == SUITE_ENCR ? "encryption algorithms" :
		    p->kind == SUITE_KE ? "groups" :
		    p->kind == SUITE_PRF ? "pseudo-random functions" :
		    "integrity algorithms");
		break;
	case CONF_T_REF:
		printf("Takes the name of an entry in\n.Cm /%s%s .\n",
		    conf_menu_desc(p->ref)->path,
		    p->flags & CONF_P_NONE ? " ,\nor\n.Cm none" : "");
		break;
	default:
		printf("Takes\n.Ar %s .\n", names[p->type]);
		break;
	}
}

static void
put_v1(const struct conf_prop *p)
{
	const char *same = p->v2_same, *sep = "another value than\n.Cm";
	int len;

	puts("Read for the sake of scripts made for IKEv1;");
	for (; *same != '\0'; same += len + (same[len] == ' ')) {
		len = (int)strcspn(same, " ");
		printf("%s %.*s\n", sep, len, same);
		sep = "or\n.Cm";
	}
	puts("is named in a warning:");
	put_text(p->v2_instead);
}

static void
put_prop(const struct conf_prop *p)
{
	printf(".It Cm %s\n", p->name);
	put_text(p->help);
	put_values(p);
	if (p->def != NULL)
		printf("The default is\n.Cm %s .\n", p->def);
	if (p->alias != NULL)
		printf("Also written\n.Cm %s .\n", p->alias);
	if (p->v2_instead != NULL)
		put_v1(p);
}

static bool
is_live(const struct conf_menu_desc *d)
{
	return (d->flags & CONF_MF_LIVE) && !(d->flags & CONF_MF_LISTING);
}

static void
put_menu(const struct conf_menu_desc *d)
{
	unsigned i, later = 0;

	printf(".Ss /%s\n", d->path);
	put_text(d->help);
	fputs(".Bl -tag -width Ds\n", stdout);
	for (i = 0; i < d->nprops; i++) {
		if (d->props[i].flags & CONF_P_LIVE)
			put_prop(&d->props[i]);
		else
			later++;
	}
	fputs(".El\n", stdout);
	if (later == 0)
		return;
	fputs(".Pp\nNot supported yet, and taken with the default alone:\n",
	    stdout);
	for (i = 0; i < d->nprops; i++)
		if ((d->props[i].flags & CONF_P_LIVE) == 0)
			printf(".Cm %s%s%s %s\n", d->props[i].name,
			    d->props[i].def != NULL ? "=" : "",
			    d->props[i].def != NULL ? d->props[i].def : "",
			    --later > 0 ? "," : ".");
}

static void
put_later(void)
{
	const struct conf_menu_desc *d;
	const char *sep = "";
	int m;

	fputs(".Ss Menus that are not supported yet\n"
	    "They are refused by their name:\n", stdout);
	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		if (d->flags & CONF_MF_LIVE)
			continue;
		printf("%s.Cm /%s", sep, d->path);
		sep = " ,\n";
	}
	fputs(" .\n", stdout);
}

static void
put_algs(enum suite_kind kind, unsigned phase, const char *title)
{
	const struct alg *a;

	printf(".It %s\n", title);
	for (a = suite_next(kind, phase, NULL); a != NULL;
	    a = suite_next(kind, phase, a)) {
		if (a->v2 == ALG_NO_V2)
			continue;
		printf(".Cm %s%s\n", suite_name(a, phase),
		    a->flags & ALG_WEAK ? " Pq weak" : "");
	}
}

int
main(void)
{
	int m;

	fputs(".Sh MENUS\n", stdout);
	for (m = 0; m < CONF_MENUS; m++)
		if (is_live(conf_menu_desc(m)))
			put_menu(conf_menu_desc(m));
	put_later();
	fputs(".Sh ALGORITHMS\n"
	    "Those marked weak need\n.Cm allow\\-weak=yes\nin\n"
	    ".Cm /ip ipsec settings .\n"
	    ".Bl -tag -width Ds\n", stdout);
	put_algs(SUITE_ENCR, ALG_PHASE1, "Encryption in a profile");
	put_algs(SUITE_INTEG, ALG_PHASE1, "Hash in a profile");
	put_algs(SUITE_PRF, ALG_PHASE1, "Pseudo\\-random function");
	put_algs(SUITE_KE, ALG_PHASE1, "Diffie\\-Hellman group");
	put_algs(SUITE_ENCR, ALG_PHASE2, "Encryption in a proposal");
	put_algs(SUITE_INTEG, ALG_PHASE2, "Integrity in a proposal");
	put_algs(SUITE_KE, ALG_PHASE2, "Group for forward secrecy");
	fputs(".El\n", stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}
