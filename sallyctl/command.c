#include "sallyctl/command.h"

#include "lib/conf/schema.h"

#include <string.h>

#define NAME_SIZE	96
#define COMMANDS_MAX	64	/* for suggestions */

static const struct command *const families[] = {
	ipsec_commands, system_commands, log_commands,
	certificate_commands,
};
#define NFAMILIES	(sizeof(families) / sizeof(families[0]))

/* The i-th of all commands; NULL behind the last. */
static const struct command *
command_at(size_t i)
{
	const struct command *c;
	size_t f;

	for (f = 0; f < NFAMILIES; f++)
		for (c = families[f]; c->path != NULL; c++)
			if (i-- == 0)
				return c;
	return NULL;
}

const char *
command_name(const struct command *c, char *dst, size_t size)
{
	char *p;

	snprintf(dst, size, "/%s/%s", c->path, c->verb);
	for (p = dst; *p != '\0'; p++)
		if (*p == ' ')
			*p = '/';
	return dst;
}

/* How many words of the list the command's name is; 0: another command. */
static size_t
matches(const struct command *c, const char *const *words, size_t n)
{
	char name[NAME_SIZE], *rest = name, *part;
	size_t used = 0;

	command_name(c, name, sizeof(name));
	rest++;
	while ((part = strsep(&rest, "/")) != NULL) {
		if (used == n || strcmp(words[used], part) != 0)
			return 0;
		used++;
	}
	return used;
}

/* The command nearest to the first n words, or NULL. */
static const char *
nearest_name(const char *const *words, size_t n,
    char (*names)[NAME_SIZE])
{
	char typed[NAME_SIZE] = "";
	struct conf_suggest sug;
	size_t i, len = 0;

	for (i = 0; i < n && len < sizeof(typed); i++)
		len += (size_t)snprintf(typed + len, sizeof(typed) - len,
		    "/%s", words[i]);
	conf_suggest_init(&sug, typed);
	for (i = 0; command_at(i) != NULL && i < COMMANDS_MAX; i++)
		conf_suggest_offer(&sug, names[i]);
	return conf_suggest_best(&sug);
}

/* Words behind the command may be arguments: fewer of them are tried. */
static void
suggest(const char *const *words, size_t n, char *nearest, size_t size)
{
	char names[COMMANDS_MAX][NAME_SIZE];
	const struct command *c;
	const char *best = NULL;
	size_t i;

	for (i = 0; (c = command_at(i)) != NULL && i < COMMANDS_MAX; i++)
		command_name(c, names[i], sizeof(names[i]));
	for (; n > 0 && best == NULL; n--)
		best = nearest_name(words, n, names);
	snprintf(nearest, size, "%s", best != NULL ? best : "");
}

const struct command *
command_find(const char *const *words, size_t n, size_t *used, char *nearest,
    size_t size)
{
	const struct command *c;
	size_t i;

	for (i = 0; (c = command_at(i)) != NULL; i++)
		if ((*used = matches(c, words, n)) > 0)
			return c;
	suggest(words, n, nearest, size);
	return NULL;
}

void
command_list(FILE *f)
{
	char name[NAME_SIZE];
	const struct command *c;
	size_t i;

	for (i = 0; (c = command_at(i)) != NULL; i++)
		fprintf(f, "  %-42s %s\n",
		    command_name(c, name, sizeof(name)), c->help);
}
