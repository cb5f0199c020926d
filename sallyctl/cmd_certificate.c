/* The commands below /certificate. */
#include "sallyctl/command.h"

static const struct flag_letter certificate_flags[] = {
	{ 'K', "private-key" }, { 'A', "authority" }, { 'R', "revoked" },
	{ 'E', "expired" }, { 'T', "trusted" }, { 'P', "template" },
	{ 'F', "file" }, { '\0', NULL },
};

#define TEMPLATE_PARAMS							\
	"name common-name country state locality organization unit "	\
	"subject-alt-name key-usage key-size days-valid"

const struct command certificate_commands[] = {
	{ "certificate", "print", SHOW_CERTIFICATE, LAYOUT_TABLE, NULL,
	    certificate_flags, "name common-name subject-alt-name "
	    "expires-after fingerprint", NULL,
	    "the certificates that are here", NULL, NULL },
	{ "certificate", "add", SHOW_CERT_ADD, LAYOUT_NONE, NULL, NULL, "",
	    NULL, "make a template to be signed", NULL, TEMPLATE_PARAMS },
	{ "certificate", "sign", SHOW_CERT_SIGN, LAYOUT_NONE, NULL, NULL, "",
	    NULL, "make key and certificate of a template; without ca= a CA",
	    NULL, "name ca ca-crl-host" },
	{ "certificate", "import", SHOW_CERT_IMPORT, LAYOUT_NONE, NULL, NULL,
	    "", NULL, "take a certificate, key or PKCS#12 bundle", NULL,
	    "file-name name passphrase trusted" },
	{ "certificate", "export-certificate", SHOW_CERT_EXPORT, LAYOUT_FILES,
	    NULL, NULL, "", NULL, "write PEM, PKCS#12 or the CRL here", NULL,
	    "name type export-passphrase" },
	{ "certificate", "issued-revoke", SHOW_CERT_REVOKE, LAYOUT_NONE, NULL,
	    NULL, "", NULL, "revoke a certificate and cut its sessions",
	    NULL, "name" },
	{ "certificate", "remove", SHOW_CERT_REMOVE, LAYOUT_NONE, NULL, NULL,
	    "", NULL, "forget a certificate and its key", NULL, "name" },
	{ "certificate", "lint", SHOW_CERT_LINT, LAYOUT_TABLE, NULL, NULL,
	    "client finding", NULL, "what clients would refuse about it",
	    NULL, "name address" },
	{ "certificate settings", "print", SHOW_CONFIG, LAYOUT_SINGLE,
	    "certificate settings", NULL, "", NULL, "how revocation is found out", NULL, NULL },
	{ NULL },
};
