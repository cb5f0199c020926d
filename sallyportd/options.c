#include "sallyportd/options.h"

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTROL_NAME	"control.sock"
#define PID_NAME	"sallyportd.pid"

enum {
	OPT_WORKERS = 256,
	OPT_RUN_DIR,
	OPT_STATE_DIR,
	OPT_LIBEXEC,
	OPT_CONTROL,
	OPT_PID_FILE,
	OPT_GROUP,
};

static const struct option longs[] = {
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "run-dir", required_argument, NULL, OPT_RUN_DIR },
	{ "state-dir", required_argument, NULL, OPT_STATE_DIR },
	{ "libexec", required_argument, NULL, OPT_LIBEXEC },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "control-group", required_argument, NULL, OPT_GROUP },
	{ "pid-file", required_argument, NULL, OPT_PID_FILE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char usage_text[] =
"usage: sallyportd [-dnp] [-f file] [--workers n] [--run-dir dir]\n"
"                  [--state-dir dir] [--control path]\n"
"                  [--control-group group] [--pid-file path] "
"[--libexec dir]\n"
"\n"
"  -d               stay in the foreground, log to standard error\n"
"  -n               check the configuration and exit\n"
"  -p               with -n: print the configuration as a script\n"
"  -f file          the configuration\n"
"                   [" SYSCONFDIR "/sallyport/sallyport.conf]\n"
"  --workers n      how many ikepd processes, 1 to 32 [1]\n"
"  --run-dir dir    where the running gateway keeps its files\n"
"                   [/run/sallyport]\n"
"  --state-dir dir  where it keeps what outlives it\n"
"                   [" LOCALSTATEDIR "/lib/sallyport]\n"
"  --control path   the control socket [control.sock in the run directory]\n"
"  --control-group group\n"
"                   whose members may ask on it [sallyport]\n"
"  --pid-file path  [sallyportd.pid in the run directory]\n"
"  --libexec dir    where the other processes' programs are\n"
"                   [" PKGLIBEXECDIR "]\n"
"  --help, --version\n";

static void __attribute__((noreturn, format(printf, 1, 2)))
bad_usage(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "sallyportd: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (see sallyportd --help)\n");
	exit(2);
}

static unsigned
workers_parse(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text || n < 1 ||
	    n > OPTIONS_WORKERS_MAX)
		bad_usage("--workers %s: a number from 1 to %d is expected",
		    text, OPTIONS_WORKERS_MAX);
	return (unsigned)n;
}

static void
join(char path[PATH_MAX], const char *dir, const char *name)
{
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		bad_usage("%s/%s: too long", dir, name);
}

/* A daemon leaves the directory that it was started in. */
static void
make_absolute(const char **path, char full[PATH_MAX])
{
	char cwd[PATH_MAX];

	if (**path == '/')
		return;
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		bad_usage("%s: %s", *path, strerror(errno));
	join(full, cwd, *path);
	*path = full;
}

/* The results live as long as the process. */
static void
complete_paths(struct options *o)
{
	static char control[PATH_MAX], pid_file[PATH_MAX];
	static char file[PATH_MAX], run_dir[PATH_MAX], libexec[PATH_MAX];

	if (strcmp(o->file, "-") != 0)
		make_absolute(&o->file, file);
	make_absolute(&o->run_dir, run_dir);
	make_absolute(&o->libexec, libexec);
	if (o->control == NULL) {
		join(control, o->run_dir, CONTROL_NAME);
		o->control = control;
	}
	make_absolute(&o->control, control);
	if (o->pid_file == NULL) {
		join(pid_file, o->run_dir, PID_NAME);
		o->pid_file = pid_file;
	}
	make_absolute(&o->pid_file, pid_file);
}

static void
option(struct options *o, int c)
{
	switch (c) {
	case 'd':
		o->foreground = true;
		break;
	case 'n':
		o->check = true;
		break;
	case 'p':
		o->print = true;
		break;
	case 'f':
		o->file = optarg;
		break;
	case OPT_WORKERS:
		o->workers = workers_parse(optarg);
		break;
	case OPT_RUN_DIR:
		o->run_dir = optarg;
		break;
	case OPT_STATE_DIR:
		o->state_dir = optarg;
		break;
	case OPT_LIBEXEC:
		o->libexec = optarg;
		break;
	case OPT_CONTROL:
		o->control = optarg;
		break;
	case OPT_PID_FILE:
		o->pid_file = optarg;
		break;
	case OPT_GROUP:
		o->group = optarg;
		break;
	case 'h':
		fputs(usage_text, stdout);
		exit(0);
	case 'V':
		puts(PACKAGE_STRING);
		exit(0);
	default:
		bad_usage("unknown or incomplete option");
	}
}

void
options_parse(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){
		.file = SYSCONFDIR "/sallyport/sallyport.conf",
		.run_dir = "/run/sallyport",
		.state_dir = LOCALSTATEDIR "/lib/sallyport",
		.libexec = PKGLIBEXECDIR,
		.group = "sallyport",
		.workers = 1,
	};
	opterr = 0;
	while ((c = getopt_long(argc, argv, "dnpf:", longs, NULL)) != -1)
		option(o, c);
	if (optind != argc)
		bad_usage("\"%s\" is not expected", argv[optind]);
	if (o->print && !o->check)
		bad_usage("-p goes with -n");
	complete_paths(o);
}
