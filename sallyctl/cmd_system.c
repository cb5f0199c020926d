/* The commands below /system. */
#include "sallyctl/command.h"

static const struct flag_letter logging_flags[] = {
	{ 'X', "disabled" }, { 'I', "invalid" }, { '*', "default" },
	{ '\0', NULL },
};

const struct command system_commands[] = {
	{ "system processes", "print", SHOW_PROCESSES, LAYOUT_TABLE, NULL,
	    NULL, "name state pid user uptime restarts refused last-end",
	    NULL, "the processes of the gateway", NULL },
	{ "system", "reload", SHOW_RELOAD, LAYOUT_NONE, NULL, NULL, "", NULL,
	    "read the configuration again", NULL },
	{ "system logging", "print", SHOW_CONFIG, LAYOUT_TABLE,
	    "system logging", logging_flags, "topics action prefix", NULL,
	    "which lines are kept", NULL },
	{ "system logging action", "print", SHOW_CONFIG, LAYOUT_TABLE,
	    "system logging action", logging_flags,
	    "name target memory-lines", NULL, "where they are kept", NULL },
	{ NULL },
};
