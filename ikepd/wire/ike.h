/*
 * Numbers of IKEv2 (RFC 7296 section 3 and the IANA registry), their names
 * for the log, and the error every codec of this directory reports.
 */
#ifndef IKEPD_WIRE_IKE_H
#define IKEPD_WIRE_IKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exchange types, RFC 7296 3.1 */
enum ike_exchange {
	IKE_SA_INIT = 34,
	IKE_AUTH = 35,
	CREATE_CHILD_SA = 36,
	INFORMATIONAL = 37,
	IKE_SESSION_RESUME = 38,	/* RFC 5723 */
	IKE_INTERMEDIATE = 43,		/* RFC 9242 */
	IKE_FOLLOWUP_KE = 44,		/* RFC 9370 */
};

/* Payload types, RFC 7296 3.2 */
enum ike_payload {
	PL_NONE = 0,
	PL_SA = 33,
	PL_KE,
	PL_IDI,
	PL_IDR,
	PL_CERT,
	PL_CERTREQ,
	PL_AUTH,
	PL_NONCE,
	PL_NOTIFY,
	PL_DELETE,
	PL_VENDOR,
	PL_TSI,
	PL_TSR,
	PL_SK,
	PL_CP,
	PL_EAP,		/* 48 */
	PL_SKF = 53,	/* RFC 7383: encrypted fragment */
};

/* Protocol ids, RFC 7296 3.3.1 */
enum ike_proto {
	PROTO_NONE = 0,
	PROTO_IKE = 1,
	PROTO_AH = 2,
	PROTO_ESP = 3,
};

/* Transform types, RFC 7296 3.3.2 */
enum ike_transform {
	TRANSFORM_ENCR = 1,
	TRANSFORM_PRF,
	TRANSFORM_INTEG,
	TRANSFORM_DH,
	TRANSFORM_ESN,
};

/* ID types, RFC 7296 3.5 */
enum ike_id {
	ID_IPV4_ADDR = 1,
	ID_FQDN = 2,
	ID_RFC822_ADDR = 3,
	ID_IPV6_ADDR = 5,
	ID_DER_ASN1_DN = 9,
	ID_DER_ASN1_GN = 10,
	ID_KEY_ID = 11,
};

/* Authentication methods, RFC 7296 3.8, 4754, 7427, 7619 */
enum ike_auth {
	AUTH_RSA = 1,
	AUTH_PSK = 2,
	AUTH_DSS = 3,
	AUTH_ECDSA_256 = 9,
	AUTH_ECDSA_384 = 10,
	AUTH_ECDSA_521 = 11,
	AUTH_NULL = 13,
	AUTH_DIGITAL_SIGNATURE = 14,
};

/* Notify types, RFC 7296 3.10.1 and later documents */
enum ike_notify {
	N_UNSUPPORTED_CRITICAL_PAYLOAD = 1,
	N_INVALID_IKE_SPI = 4,
	N_INVALID_MAJOR_VERSION = 5,
	N_INVALID_SYNTAX = 7,
	N_INVALID_MESSAGE_ID = 9,
	N_INVALID_SPI = 11,
	N_NO_PROPOSAL_CHOSEN = 14,
	N_INVALID_KE_PAYLOAD = 17,
	N_AUTHENTICATION_FAILED = 24,
	N_SINGLE_PAIR_REQUIRED = 34,
	N_NO_ADDITIONAL_SAS = 35,
	N_INTERNAL_ADDRESS_FAILURE = 36,
	N_FAILED_CP_REQUIRED = 37,
	N_TS_UNACCEPTABLE = 38,
	N_INVALID_SELECTORS = 39,
	N_UNACCEPTABLE_ADDRESSES = 40,
	N_UNEXPECTED_NAT_DETECTED = 41,
	N_TEMPORARY_FAILURE = 43,
	N_CHILD_SA_NOT_FOUND = 44,
	N_INVALID_GROUP_ID = 45,
	N_AUTHORIZATION_FAILED = 46,
	N_STATE_NOT_FOUND = 47,

	N_INITIAL_CONTACT = 16384,
	N_SET_WINDOW_SIZE = 16385,
	N_ADDITIONAL_TS_POSSIBLE = 16386,
	N_IPCOMP_SUPPORTED = 16387,
	N_NAT_DETECTION_SOURCE_IP = 16388,
	N_NAT_DETECTION_DESTINATION_IP = 16389,
	N_COOKIE = 16390,
	N_USE_TRANSPORT_MODE = 16391,
	N_HTTP_CERT_LOOKUP_SUPPORTED = 16392,
	N_REKEY_SA = 16393,
	N_ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
	N_NON_FIRST_FRAGMENTS_ALSO = 16395,
	N_MOBIKE_SUPPORTED = 16396,
	N_ADDITIONAL_IP4_ADDRESS = 16397,
	N_ADDITIONAL_IP6_ADDRESS = 16398,
	N_NO_ADDITIONAL_ADDRESSES = 16399,
	N_UPDATE_SA_ADDRESSES = 16400,
	N_COOKIE2 = 16401,
	N_NO_NATS_ALLOWED = 16402,
	N_AUTH_LIFETIME = 16403,
	N_MULTIPLE_AUTH_SUPPORTED = 16404,
	N_ANOTHER_AUTH_FOLLOWS = 16405,
	N_REDIRECT_SUPPORTED = 16406,
	N_REDIRECT = 16407,
	N_REDIRECTED_FROM = 16408,
	N_EAP_ONLY_AUTHENTICATION = 16417,
	N_CHILDLESS_IKEV2_SUPPORTED = 16418,
	N_QUICK_CRASH_DETECTION = 16419,
	N_IKEV2_FRAGMENTATION_SUPPORTED = 16430,
	N_SIGNATURE_HASH_ALGORITHMS = 16431,
	N_CLONE_IKE_SA_SUPPORTED = 16432,
	N_CLONE_IKE_SA = 16433,
	N_PUZZLE = 16434,
	N_USE_PPK = 16435,
	N_PPK_IDENTITY = 16436,
	N_NO_PPK_AUTH = 16437,
	N_INTERMEDIATE_EXCHANGE_SUPPORTED = 16438,
	N_IP4_ALLOWED = 16439,
	N_IP6_ALLOWED = 16440,
	N_ADDITIONAL_KEY_EXCHANGE = 16441,
	N_USE_AGGFRAG = 16442,
	N_SUPPORTED_AUTH_METHODS = 16443,
};

/* Names for the log; never NULL: an unknown value gets a class name such as
 * "unknown-error". */
const char *ike_exchange_name(uint8_t);
const char *ike_v1_exchange_name(uint8_t);	/* RFC 2408 3.1 and drafts */
const char *ike_payload_name(uint8_t);
const char *ike_proto_name(uint8_t);
const char *ike_transform_name(uint8_t);
const char *ike_id_name(uint8_t);
const char *ike_auth_name(uint8_t);
const char *ike_notify_name(uint16_t);
/* True for the range 0..16383 (RFC 7296 3.10.1). */
bool ike_notify_is_error(uint16_t);
bool ike_notify_known(uint16_t);

#define NONCE_MIN	16	/* RFC 7296 2.10 */
#define NONCE_MAX	256
#define COOKIE_MAX	64	/* RFC 7296 2.6 */

/*
 * Why a datagram, payload or field was refused.  why is a static string an
 * operator can read.  notify is what RFC 7296 2.21 answers it with, where
 * an answer is allowed at all; payload the type of the payload concerned,
 * 0 for the header.
 */
struct wire_err {
	const char *why;
	uint16_t notify;
	uint8_t payload;
};

/* Fills e (may be NULL) and returns -1. */
int wire_fail(struct wire_err *e, uint8_t payload, const char *why);
/* The same with a notify type other than INVALID_SYNTAX. */
int wire_fail_with(struct wire_err *e, uint8_t payload, uint16_t notify,
    const char *why);

#endif
