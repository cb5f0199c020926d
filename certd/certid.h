/*
 * Identities in certificates.  requirements: an ID that is a distinguished
 * name is compared with the subject, any other with subjectAltName.
 */
#ifndef CERTD_CERTID_H
#define CERTD_CERTID_H

#include "lib/ikeid.h"

#include <openssl/x509.h>

#include <stdbool.h>

/*
 * The certificate is that of the ID: DN is the subject; address, fqdn (the
 * very name, no wildcards), user-fqdn and GN are among the alternative
 * names; key-id is the subjectKeyIdentifier.  Open IDs: false.
 */
bool certid_has(const X509 *, const struct ikeid *);
/*
 * Who the certificate is: its first alternative name that is an address, a
 * DNS name or a mail address, or else its subject.  -1: it has neither.
 */
int certid_first(const X509 *, struct ikeid *);

#endif
