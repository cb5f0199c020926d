/* sallyctl: asks a running gateway, in RouterOS's words. */
#include "sallyctl/command.h"
#include "sallyctl/ipc_files.h"
#include "sallyctl/ipc_ctl.h"
#include "sallyctl/json.h"
#include "sallyctl/query.h"
#include "sallyctl/rows.h"
#include "sallyctl/table.h"

#include "config.h"

#include "lib/log.h"
#include "lib/secret.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SOCKET	"/run/sallyport/" CTL_SOCKET
#define ERR_MAX		1024

#define EXIT_FAILED	1
#define EXIT_USAGE	2

static const struct option longs[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* An answer on its way to standard output. */
struct output {
	const struct query *q;
	struct rows rows;
	struct json json;
	struct files files;
	size_t count;
	bool failed;
};

static void
help(void)
{
	printf("usage: sallyctl [--socket path] [--json] command\n"
	    "\n"
	    "A command is a path and a verb, with slashes or blanks:\n"
	    "sallyctl /ip/ipsec/peer/print, sallyctl ip ipsec peer print.\n"
	    "Behind print may stand detail, stats, terse, json, count-only,\n"
	    "show-sensitive (root) and filters: where name=value "
	    "name~\"regex\".\n"
	    "\n");
	command_list(stdout);
}

static void
error(const char *err)
{
	char line[ERR_MAX];

	fprintf(stderr, "sallyctl: %s\n",
	    log_escape(line, sizeof(line), err, strlen(err)));
}

/* Rows that need not wait for the others are written at once. */
static void
on_row(void *arg, struct cur *c)
{
	struct output *o = arg;
	unsigned modes = o->q->modes;

	o->count++;
	if (o->q->cmd->layout == LAYOUT_FILES) {
		files_row(&o->files, c);
		return;
	}
	if ((modes & MODE_COUNT) != 0)
		return;
	if ((modes & MODE_JSON) != 0) {
		o->failed |= json_row(&o->json, c) == -1;
		return;
	}
	if (rows_add(&o->rows, c) == -1) {
		o->failed = true;
		return;
	}
	if (o->q->cmd->layout == LAYOUT_LINES &&
	    (modes & (MODE_DETAIL | MODE_TERSE)) == 0) {
		line_print(stdout, o->q->cmd->columns,
		    &o->rows.v[o->rows.n - 1]);
		rows_pop(&o->rows);
	}
}

static void
lay_out(const struct output *o)
{
	const struct command *c = o->q->cmd;

	if ((o->q->modes & MODE_COUNT) != 0)
		printf("%zu\n", o->count);
	else if ((o->q->modes & MODE_TERSE) != 0)
		terse_print(stdout, &o->rows);
	else if (c->layout == LAYOUT_SINGLE)
		single_print(stdout, &o->rows);
	else if ((o->q->modes & MODE_DETAIL) != 0)
		detail_print(stdout, c, &o->rows);
	else if (c->layout == LAYOUT_TABLE)
		table_print(stdout, c, (o->q->modes & MODE_STATS) != 0 &&
		    c->stats != NULL ? c->stats : c->columns, &o->rows);
}

static int
run(const struct query *q, const char *path)
{
	struct output o = { .q = q };
	bool json = (q->modes & MODE_JSON) != 0 &&
	    (q->modes & MODE_COUNT) == 0;
	char err[ERR_MAX];
	struct show_req req = q->req;
	struct buf blob;
	int rc = 0;

	buf_init(&blob, SHOW_BLOB_MAX);
	if (q->file != NULL) {
		if (files_read(&blob, q->file, err, sizeof(err)) == -1) {
			error(err);
			return EXIT_FAILED;
		}
		req.blob = blob.data;
		req.blob_len = blob.len;
	}
	if (json)
		json_begin(&o.json, stdout);
	if (ctl_ask(path, &req, on_row, &o, err, sizeof(err)) == -1)
		rc = EXIT_FAILED;
	if (json)
		json_end(&o.json);
	else if (rc == 0 || o.rows.n > 0)
		lay_out(&o);
	rows_free(&o.rows);
	buf_free(&blob);
	secret_wipe(&req, sizeof(req));
	if (files_end(&o.files, rc == 0, stdout) == -1 && rc == 0) {
		snprintf(err, sizeof(err), "%s", o.files.err);
		rc = EXIT_FAILED;
	}
	if (rc == 0 && o.failed) {
		snprintf(err, sizeof(err), "malformed answer");
		rc = EXIT_FAILED;
	}
	if (fflush(stdout) != 0 && rc == 0) {
		snprintf(err, sizeof(err), "cannot write the answer");
		rc = EXIT_FAILED;
	}
	if (rc != 0)
		error(err);
	return rc;
}

int
main(int argc, char **argv)
{
	const char *path = DEFAULT_SOCKET;
	unsigned modes = 0;
	struct query q;
	char err[ERR_MAX];
	int c;

	/* The command's own words begin with the first that is no option. */
	while ((c = getopt_long(argc, argv, "+s:jh", longs, NULL)) != -1)
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'j':
			modes |= MODE_JSON;
			break;
		case 'h':
			help();
			return 0;
		case 'V':
			puts(PACKAGE_STRING);
			return 0;
		default:
			return EXIT_USAGE;
		}
	if (optind == argc) {
		error("a command is missing (see sallyctl --help)");
		return EXIT_USAGE;
	}
	/* --json may stand at the end, too. */
	if (strcmp(argv[argc - 1], "--json") == 0) {
		modes |= MODE_JSON;
		argc--;
	}
	c = query_parse(&q, argc - optind, argv + optind, err, sizeof(err));
	query_hide(argc - optind, argv + optind);
	if (c == -1) {
		error(err);
		return EXIT_USAGE;
	}
	q.modes |= modes;
	return run(&q, path);
}
