#ifndef SALLYPORTD_OPTIONS_H
#define SALLYPORTD_OPTIONS_H

#include "sallyportd/gateway.h"

#define OPTIONS_WORKERS_MAX	32

/*
 * The command line into o; paths that follow from others are filled in (o
 * owns nothing, they live as long as the process).  Prints usage or version
 * and exits when that was asked for or something is wrong.
 */
void options_parse(struct options *o, int argc, char **argv);

#endif
