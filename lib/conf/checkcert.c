#include "lib/conf/check.h"

#include <string.h>

void
check_certificates(struct conf *c, struct conf_report *rep)
{
	const struct conf_obj *o;

	CONF_FOREACH(c, CONF_CERTIFICATE, o) {
		if (conf_str(o, CONF_CERTIFICATE_FILE_NAME)[0] == '\0')
			check_error(rep, o, -1, "import needs file-name=");
		if (strlen(conf_str(o, CONF_CERTIFICATE_NAME)) >=
		    CONF_NAMELEN)
			check_error(rep, o, CONF_CERTIFICATE_NAME, "expected "
			    "at most %d bytes", CONF_NAMELEN - 1);
	}
}

static bool
is_declared(struct conf *c, const char *name)
{
	const struct conf_obj *o;

	CONF_FOREACH(c, CONF_CERTIFICATE, o)
		if (strcmp(conf_str(o, CONF_CERTIFICATE_NAME), name) == 0)
			return true;
	return false;
}

/* Those made by the operator's commands are known to certd alone. */
static void
check_name(struct conf *c, const struct conf_obj *o, unsigned prop,
    struct conf_report *rep)
{
	const char *name = conf_str(o, prop);
	const struct conf_obj *other;
	struct conf_suggest sug;
	const char *best;

	if (name[0] == '\0' || is_declared(c, name))
		return;
	conf_suggest_init(&sug, name);
	CONF_FOREACH(c, CONF_CERTIFICATE, other)
		conf_suggest_offer(&sug,
		    conf_str(other, CONF_CERTIFICATE_NAME));
	best = conf_suggest_best(&sug);
	check_warn(rep, o, (int)prop, "no /certificate import declares "
	    "\"%s\", so it must be one made with sallyctl%s%s%s", name,
	    best != NULL ? "; did you mean \"" : "", best != NULL ? best : "",
	    best != NULL ? "\"?" : "");
}

void
check_identity_cert(struct conf *c, const struct conf_obj *o,
    struct conf_report *rep)
{
	const char *mine = conf_str(o, CONF_IDENTITY_CERTIFICATE);
	const char *pin = conf_str(o, CONF_IDENTITY_REMOTE_CERTIFICATE);
	bool by_cert;

	by_cert = conf_num(o, CONF_IDENTITY_MATCH_BY) ==
	    CONF_MATCH_CERTIFICATE;
	if (conf_num(o, CONF_IDENTITY_AUTH_METHOD) !=
	    CONF_AUTH_DIGITAL_SIGNATURE) {
		if (by_cert)
			check_error(rep, o, CONF_IDENTITY_MATCH_BY,
			    "found \"certificate\", which needs "
			    "auth-method=digital-signature");
		return;
	}
	if (mine[0] == '\0')
		check_error(rep, o, -1, "an identity with "
		    "auth-method=digital-signature needs certificate=");
	if (by_cert && pin[0] == '\0')
		check_error(rep, o, CONF_IDENTITY_MATCH_BY, "found "
		    "\"certificate\", which needs remote-certificate=");
	check_name(c, o, CONF_IDENTITY_CERTIFICATE, rep);
	check_name(c, o, CONF_IDENTITY_REMOTE_CERTIFICATE, rep);
	if (conf_id(o, CONF_IDENTITY_REMOTE_ID)->type == IKEID_IGNORE &&
	    pin[0] == '\0')
		check_warn(rep, o, CONF_IDENTITY_REMOTE_ID, "with \"ignore\" "
		    "whoever has a certificate of a trusted CA can say it is "
		    "anybody else");
}
