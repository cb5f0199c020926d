#include "sallyportd/gateway.h"

#include "lib/child.h"
#include "lib/log.h"
#include "sallyportd/certfiles.h"
#include "sallyportd/ipc_children.h"
#include "sallyportd/nameservers.h"
#include "sallyportd/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What the loader found, for the log and for whoever asked. */
struct findings {
	unsigned errors;
	char *first;
	size_t size;
};

static void
on_finding(void *arg, const struct conf_diag *d)
{
	struct findings *f = arg;
	char line[LOG_LINE_MAX];

	conf_diag_fmt(d, line, sizeof(line));
	if (d->level != CONF_ERROR) {
		log_warn(LOG_T_SYSTEM, "%s", line);
		return;
	}
	log_error(LOG_T_SYSTEM, "%s", line);
	if (f->errors++ == 0)
		snprintf(f->first, f->size, "%s", line);
}

static bool
setting_changed(const struct conf *a, const struct conf *b, unsigned prop)
{
	return conf_num(conf_single(a, CONF_SETTINGS), prop) !=
	    conf_num(conf_single(b, CONF_SETTINGS), prop);
}

static void
check_ports(const struct conf *old, const struct conf *conf)
{
	if (setting_changed(old, conf, CONF_SETTINGS_IKE_PORT) ||
	    setting_changed(old, conf, CONF_SETTINGS_NATT_PORT))
		log_warn(LOG_T_SYSTEM, "other ports are bound at the next "
		    "start");
}

bool
gateway_informs(const struct conf *conf)
{
	const struct conf_obj *o;
	size_t n;

	CONF_FOREACH(conf, CONF_MODE_CONFIG, o) {
		(void)conf_prefixes(o, CONF_MODE_CONFIG_SPLIT_INCLUDE, &n);
		if (n > 0 && conf_bool(o, CONF_MODE_CONFIG_RESPONDER))
			return true;
	}
	return false;
}

bool
gateway_asks(const struct conf *conf)
{
	const struct conf_obj *o, *m;

	CONF_FOREACH(conf, CONF_IDENTITY, o) {
		m = conf_ref(conf, o, CONF_IDENTITY_MODE_CONFIG);
		if (m != NULL && !conf_bool(m, CONF_MODE_CONFIG_RESPONDER))
			return true;
	}
	return false;
}

static void
check_dhcp(const struct gateway *gw, const struct conf *conf)
{
	if (gateway_informs(conf) && !gateway_informs(gw->conf) &&
	    !sockets_has(&gw->socks, CHILD_SOCK_DHCP))
		log_warn(LOG_T_SYSTEM, "UDP port 67, where clients ask for "
		    "split-include, is bound at the next start");
}

/* The device and the sockets of a data plane are opened by what sallyportd
 * has only at its start. */
static void
check_plane(const struct gateway *gw, const struct conf *conf)
{
	if (setting_changed(gw->conf, conf, CONF_SETTINGS_DATA_PLANE))
		log_warn(LOG_T_SYSTEM, "data-plane=%s is for the next start; "
		    "until then it is %s", conf_str(conf_single(conf,
		    CONF_SETTINGS), CONF_SETTINGS_DATA_PLANE),
		    gw->espd_threads == 0 ? "kernel" : "userspace");
}

static void
apply_log_rules(struct gateway *gw)
{
	uint32_t mask;

	log_rules_load(&gw->rules, gw->conf);
	mask = log_rules_mask(&gw->rules);
	log_set_mask(mask);
	if (gw->kids != NULL)
		kids_log_mask(gw->kids, mask);
}

int
gateway_load(struct gateway *gw, bool deliver, char *err, size_t size)
{
	struct findings f = { .first = err, .size = size };
	struct conf *conf;

	snprintf(err, size, "%s: cannot be loaded", gw->opt->file);
	conf = conf_load_file(gw->opt->file, on_finding, &f);
	if (conf == NULL) {
		if (gw->conf != NULL)
			log_error(LOG_T_SYSTEM, "%s has errors: what runs is "
			    "left as it is", gw->opt->file);
		return -1;
	}
	if (gw->conf != NULL)
		conf_inherit_ids(conf, gw->conf);
	if (keep_fill(&gw->keep, conf) == -1) {
		snprintf(err, size, "%s: %s", gw->opt->file, strerror(errno));
		log_error(LOG_T_SYSTEM, "%s", err);
		conf_free(conf);
		return -1;
	}
	conf_wipe_secrets(conf);
	if (gw->conf != NULL) {
		check_ports(gw->conf, conf);
		check_plane(gw, conf);
		check_dhcp(gw, conf);
	}
	conf_free(gw->conf);
	gw->conf = conf;
	nameservers_fill(conf);
	gw->serial++;
	apply_log_rules(gw);
	if (gw->resolver != NULL)
		resolver_conf(gw->resolver, conf);
	if (gw->certfiles != NULL)
		certfiles_conf(gw->certfiles, conf);
	if (deliver && gw->kids != NULL) {
		kids_deliver(gw->kids, true);
		log_info(LOG_T_SYSTEM, "%s loaded", gw->opt->file);
	}
	return 0;
}

static void
on_all_stopped(struct gateway *gw)
{
	event_base_loopbreak(gw->base);
}

void
gateway_stop(struct gateway *gw, int status)
{
	bool hurry = gw->stopping;

	if (!hurry)
		gw->status = status;
	gw->stopping = true;
	kids_stop(gw->kids, hurry, on_all_stopped);
}
