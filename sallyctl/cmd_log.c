/* The commands below /log. */
#include "sallyctl/command.h"

#include <string.h>

/* Topics as in /system logging, "ipsec,!debug", are told from a regular
 * expression by their letters; sallyportd knows what they mean. */
static void
log_filter(struct show_arg *a)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789,!";

	if (strcmp(a->name, "topics") == 0 &&
	    a->value[strspn(a->value, letters)] == '\0')
		a->op = ':';
}

const struct command log_commands[] = {
	{ "log", "print", SHOW_LOG, LAYOUT_LINES, NULL, NULL,
	    "time process topics message", NULL,
	    "the last log lines (where topics~\"ipsec,!debug\")",
	    log_filter },
	{ "log", "clear", SHOW_LOG_CLEAR, LAYOUT_NONE, NULL, NULL, "", NULL,
	    "forget the log lines in memory", NULL },
	{ NULL },
};
