/*
 * certd: holds the pre-shared keys, the private keys and the certificates,
 * and computes what needs them.  It talks to
 *
 *   sallyportd		lib/proto/super.h	lib/child.c
 *   ikepd, each worker	lib/proto/ikecd.h	ipc_ike.c
 *   fetchd		lib/proto/cdfetch.h	ipc_fetch.c
 *   controld		lib/proto/show.h	show.c
 */
#include "certd/expiry.h"
#include "certd/ipc_fetch.h"
#include "certd/ipc_ike.h"
#include "certd/show.h"

#include "lib/child.h"
#include "lib/log.h"

#include <unistd.h>

#define SIGN_THREADS	4
#define SIGN_QUEUE_MAX	8192

static struct login_env env;
static struct ipc_ike *ike;
static struct ipc_fetch *fetch;
static struct cert_show show;
static struct event *hourly;
static bool opened;

/* Those of files and of our own CAs. */
static void
load_crls(void)
{
	STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
	struct cert *c;
	size_t at = 0;
	int i;

	while (all != NULL && (c = store_next(env.store, &at)) != NULL)
		for (i = 0; i < sk_X509_CRL_num(c->crls); i++)
			(void)sk_X509_CRL_push(all,
			    sk_X509_CRL_value(c->crls, i));
	if (all != NULL)
		revocation_set_crls(env.revocation, all,
		    store_trust(env.store));
	sk_X509_CRL_free(all);
}

static void
on_store_change(void *arg)
{
	(void)arg;
	load_crls();
	expiry_look(env.store, time(NULL));
	ipc_ike_trust(ike);
}

static void
on_revoked(void *arg, const uint8_t fp[CERT_FP_LEN])
{
	(void)arg;
	ipc_ike_revoked(ike, fp);
}

static void
on_expired(void *arg, const uint8_t fp[CERT_FP_LEN])
{
	(void)arg;
	ipc_ike_expired(ike, fp);
}

static void
on_issuer(void *arg, X509 *x)
{
	(void)arg;
	ipc_ike_issuer(ike, x);
}

static unsigned
threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > SIGN_THREADS ? SIGN_THREADS : (unsigned)n;
}

/* CRLs of our own CAs are kept current; time passes for certificates. */
static void
on_hour(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	pki_tick(show.pki, time(NULL));
	expiry_look(env.store, time(NULL));
}

/* The root is certd's own directory once it is confined. */
static int
certs_init(struct child *c)
{
	struct timeval hour = { 3600, 0 };

	show.store = env.store;
	show.pool = env.pool;
	show.pki = pki_new(env.store, "/");
	hourly = event_new(child_base(c), -1, EV_PERSIST, on_hour, NULL);
	return show.pki == NULL || hourly == NULL ||
	    event_add(hourly, &hour) == -1 ? -1 : 0;
}

static int
certd_init(struct child *c)
{
	const char *why;

	if (suite_init(&why) == -1) {
		log_error(LOG_T_SYSTEM, "%s", why);
		return -1;
	}
	env.store = store_new();
	env.pool = pool_new(child_base(c), threads(), SIGN_QUEUE_MAX);
	ike = ipc_ike_new(child_base(c), &env);
	fetch = ipc_fetch_new(child_base(c));
	if (env.store == NULL || env.pool == NULL || ike == NULL ||
	    fetch == NULL || certs_init(c) == -1) {
		log_error(LOG_T_SYSTEM, "no memory or no threads");
		return -1;
	}
	env.revocation = ipc_fetch_revocation(fetch);
	env.check_revocation = revocation_check;
	revocation_on_revoked(env.revocation, on_revoked, NULL);
	show.revoked = on_revoked;
	revocation_on_issuer(env.revocation, on_issuer, NULL);
	revocation_on_expired(env.revocation, on_expired, NULL);
	store_on_change(env.store, on_store_change, NULL);
	return 0;
}

static void
revocation_settings(const struct conf *conf)
{
	const struct conf_obj *o;
	struct revocation_conf rc;

	o = conf_single(conf, CONF_CERTIFICATE_SETTINGS);
	rc.crl_use = conf_bool(o, CONF_CERTIFICATE_SETTINGS_CRL_USE);
	rc.crl_download = conf_bool(o, CONF_CERTIFICATE_SETTINGS_CRL_DOWNLOAD);
	rc.ocsp_use = conf_bool(o, CONF_CERTIFICATE_SETTINGS_OCSP_USE);
	rc.strict = conf_bool(o, CONF_CERTIFICATE_SETTINGS_STRICT);
	rc.wait_ms = (unsigned)conf_num(o, CONF_CERTIFICATE_SETTINGS_WAIT) *
	    1000;
	rc.allow_weak = conf_bool(conf_single(conf, CONF_SETTINGS),
	    CONF_SETTINGS_ALLOW_WEAK);
	revocation_set_conf(env.revocation, &rc);
}

static void
certd_conf(struct child *c, struct conf *conf)
{
	struct idents *is = idents_new(conf), *old = env.is;

	if (is == NULL)
		child_fatal(c, "no memory for the identities");
	/* The store borrows from the configuration before; not after this. */
	env.is = is;
	revocation_settings(conf);
	store_conf(env.store, conf);
	idents_unref(&old);
	/* What commands made comes after what is declared: that wins. */
	if (!opened)
		pki_open(show.pki, time(NULL));
	opened = true;
	ipc_ike_trust(ike);
	log_debug(LOG_T_IPSEC, "%zu identities with a pre-shared key, %zu with "
	    "certificates", ident_count(is, IDENT_PSK),
	    ident_count(is, IDENT_CERT));
}

static void
certd_file(struct child *c, uint32_t obj, int fd)
{
	(void)c;
	store_file(env.store, obj, fd);
}

static void
certd_files_end(struct child *c)
{
	(void)c;
	(void)store_files_end(env.store);
}

static void
certd_peer_up(struct child *c, enum proc_id proc, unsigned idx, int fd)
{
	(void)c;
	if (proc == PROC_IKEPD)
		ipc_ike_up(ike, idx, fd);
	else if (proc == PROC_FETCHD)
		ipc_fetch_up(fetch, fd);
	else
		close(fd);
}

static void
certd_show(struct child *c, struct show_req *r)
{
	(void)c;
	cert_show(&show, r);
}

static bool
certd_stop(struct child *c)
{
	(void)c;
	pool_free(env.pool);
	env.pool = show.pool = NULL;
	pki_free(show.pki);
	store_free(env.store);
	idents_unref(&env.is);
	return true;
}

int
main(int argc, char **argv)
{
	static const struct child_ops ops = {
		.id = PROC_CERTD,
		.init = certd_init,
		.conf = certd_conf,
		.file = certd_file,
		.files_end = certd_files_end,
		.peer_up = certd_peer_up,
		.show = certd_show,
		.stop = certd_stop,
	};

	return child_main(argc, argv, &ops);
}
