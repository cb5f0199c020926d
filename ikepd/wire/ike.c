#include "ikepd/wire/ike.h"

struct name_row {
	uint16_t value;
	const char *name;
};

#define NAME(prefix, n)	{ prefix##n, #n }
#define ROWS(t)		(t), sizeof(t) / sizeof((t)[0])

static const struct name_row exchanges[] = {
	{ IKE_SA_INIT, "IKE_SA_INIT" },
	{ IKE_AUTH, "IKE_AUTH" },
	{ CREATE_CHILD_SA, "CREATE_CHILD_SA" },
	{ INFORMATIONAL, "INFORMATIONAL" },
	{ IKE_SESSION_RESUME, "IKE_SESSION_RESUME" },
	{ IKE_INTERMEDIATE, "IKE_INTERMEDIATE" },
	{ IKE_FOLLOWUP_KE, "IKE_FOLLOWUP_KE" },
};

/* RFC 2408 3.1, RFC 2409 appendix A, and the configuration mode draft */
static const struct name_row v1_exchanges[] = {
	{ 1, "base mode" },
	{ 2, "main mode" },
	{ 3, "authentication only" },
	{ 4, "aggressive mode" },
	{ 5, "informational" },
	{ 6, "transaction" },
	{ 32, "quick mode" },
	{ 33, "new group mode" },
};

static const struct name_row payloads[] = {
	{ PL_NONE, "none" },
	{ PL_SA, "SA" },
	{ PL_KE, "KE" },
	{ PL_IDI, "IDi" },
	{ PL_IDR, "IDr" },
	{ PL_CERT, "CERT" },
	{ PL_CERTREQ, "CERTREQ" },
	{ PL_AUTH, "AUTH" },
	{ PL_NONCE, "Nonce" },
	{ PL_NOTIFY, "Notify" },
	{ PL_DELETE, "Delete" },
	{ PL_VENDOR, "Vendor ID" },
	{ PL_TSI, "TSi" },
	{ PL_TSR, "TSr" },
	{ PL_SK, "SK" },
	{ PL_CP, "CP" },
	{ PL_EAP, "EAP" },
	{ PL_SKF, "SKF" },
};

static const struct name_row protos[] = {
	{ PROTO_NONE, "none" },
	{ PROTO_IKE, "IKE" },
	{ PROTO_AH, "AH" },
	{ PROTO_ESP, "ESP" },
};

static const struct name_row transforms[] = {
	{ TRANSFORM_ENCR, "ENCR" },
	{ TRANSFORM_PRF, "PRF" },
	{ TRANSFORM_INTEG, "INTEG" },
	{ TRANSFORM_DH, "D-H" },
	{ TRANSFORM_ESN, "ESN" },
};

static const struct name_row ids[] = {
	NAME(ID_, IPV4_ADDR),
	NAME(ID_, FQDN),
	NAME(ID_, RFC822_ADDR),
	NAME(ID_, IPV6_ADDR),
	NAME(ID_, DER_ASN1_DN),
	NAME(ID_, DER_ASN1_GN),
	NAME(ID_, KEY_ID),
};

static const struct name_row auths[] = {
	{ AUTH_RSA, "RSA signature" },
	{ AUTH_PSK, "pre-shared key" },
	{ AUTH_DSS, "DSS signature" },
	{ AUTH_ECDSA_256, "ECDSA P-256" },
	{ AUTH_ECDSA_384, "ECDSA P-384" },
	{ AUTH_ECDSA_521, "ECDSA P-521" },
	{ AUTH_NULL, "NULL" },
	{ AUTH_DIGITAL_SIGNATURE, "digital signature" },
};

static const struct name_row notifies[] = {
	NAME(N_, UNSUPPORTED_CRITICAL_PAYLOAD),
	NAME(N_, INVALID_IKE_SPI),
	NAME(N_, INVALID_MAJOR_VERSION),
	NAME(N_, INVALID_SYNTAX),
	NAME(N_, INVALID_MESSAGE_ID),
	NAME(N_, INVALID_SPI),
	NAME(N_, NO_PROPOSAL_CHOSEN),
	NAME(N_, INVALID_KE_PAYLOAD),
	NAME(N_, AUTHENTICATION_FAILED),
	NAME(N_, SINGLE_PAIR_REQUIRED),
	NAME(N_, NO_ADDITIONAL_SAS),
	NAME(N_, INTERNAL_ADDRESS_FAILURE),
	NAME(N_, FAILED_CP_REQUIRED),
	NAME(N_, TS_UNACCEPTABLE),
	NAME(N_, INVALID_SELECTORS),
	NAME(N_, UNACCEPTABLE_ADDRESSES),
	NAME(N_, UNEXPECTED_NAT_DETECTED),
	NAME(N_, TEMPORARY_FAILURE),
	NAME(N_, CHILD_SA_NOT_FOUND),
	NAME(N_, INVALID_GROUP_ID),
	NAME(N_, AUTHORIZATION_FAILED),
	NAME(N_, STATE_NOT_FOUND),
	NAME(N_, INITIAL_CONTACT),
	NAME(N_, SET_WINDOW_SIZE),
	NAME(N_, ADDITIONAL_TS_POSSIBLE),
	NAME(N_, IPCOMP_SUPPORTED),
	NAME(N_, NAT_DETECTION_SOURCE_IP),
	NAME(N_, NAT_DETECTION_DESTINATION_IP),
	NAME(N_, COOKIE),
	NAME(N_, USE_TRANSPORT_MODE),
	NAME(N_, HTTP_CERT_LOOKUP_SUPPORTED),
	NAME(N_, REKEY_SA),
	NAME(N_, ESP_TFC_PADDING_NOT_SUPPORTED),
	NAME(N_, NON_FIRST_FRAGMENTS_ALSO),
	NAME(N_, MOBIKE_SUPPORTED),
	NAME(N_, ADDITIONAL_IP4_ADDRESS),
	NAME(N_, ADDITIONAL_IP6_ADDRESS),
	NAME(N_, NO_ADDITIONAL_ADDRESSES),
	NAME(N_, UPDATE_SA_ADDRESSES),
	NAME(N_, COOKIE2),
	NAME(N_, NO_NATS_ALLOWED),
	NAME(N_, AUTH_LIFETIME),
	NAME(N_, MULTIPLE_AUTH_SUPPORTED),
	NAME(N_, ANOTHER_AUTH_FOLLOWS),
	NAME(N_, REDIRECT_SUPPORTED),
	NAME(N_, REDIRECT),
	NAME(N_, REDIRECTED_FROM),
	NAME(N_, EAP_ONLY_AUTHENTICATION),
	NAME(N_, CHILDLESS_IKEV2_SUPPORTED),
	NAME(N_, QUICK_CRASH_DETECTION),
	NAME(N_, IKEV2_FRAGMENTATION_SUPPORTED),
	NAME(N_, SIGNATURE_HASH_ALGORITHMS),
	NAME(N_, CLONE_IKE_SA_SUPPORTED),
	NAME(N_, CLONE_IKE_SA),
	NAME(N_, PUZZLE),
	NAME(N_, USE_PPK),
	NAME(N_, PPK_IDENTITY),
	NAME(N_, NO_PPK_AUTH),
	NAME(N_, INTERMEDIATE_EXCHANGE_SUPPORTED),
	NAME(N_, IP4_ALLOWED),
	NAME(N_, IP6_ALLOWED),
	NAME(N_, ADDITIONAL_KEY_EXCHANGE),
	NAME(N_, USE_AGGFRAG),
	NAME(N_, SUPPORTED_AUTH_METHODS),
};

static const char *
name_find(const struct name_row *rows, size_t n, uint16_t value,
    const char *none)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].value == value)
			return rows[i].name;
	return none;
}

const char *
ike_exchange_name(uint8_t v)
{
	return name_find(ROWS(exchanges), v, "unknown exchange");
}

const char *
ike_v1_exchange_name(uint8_t v)
{
	return name_find(ROWS(v1_exchanges), v, "unknown exchange");
}

const char *
ike_payload_name(uint8_t v)
{
	return name_find(ROWS(payloads), v, "unknown payload");
}

const char *
ike_proto_name(uint8_t v)
{
	return name_find(ROWS(protos), v, "unknown protocol");
}

const char *
ike_transform_name(uint8_t v)
{
	return name_find(ROWS(transforms), v, "unknown transform");
}

const char *
ike_id_name(uint8_t v)
{
	return name_find(ROWS(ids), v, "unknown ID type");
}

const char *
ike_auth_name(uint8_t v)
{
	return name_find(ROWS(auths), v, "unknown method");
}

bool
ike_notify_is_error(uint16_t v)
{
	return v < 16384;
}

bool
ike_notify_known(uint16_t v)
{
	return name_find(ROWS(notifies), v, NULL) != NULL;
}

const char *
ike_notify_name(uint16_t v)
{
	return name_find(ROWS(notifies), v,
	    ike_notify_is_error(v) ? "unknown error" : "unknown status");
}

int
wire_fail_with(struct wire_err *e, uint8_t payload, uint16_t notify,
    const char *why)
{
	if (e != NULL)
		*e = (struct wire_err){ .why = why, .notify = notify,
		    .payload = payload };
	return -1;
}

int
wire_fail(struct wire_err *e, uint8_t payload, const char *why)
{
	return wire_fail_with(e, payload, N_INVALID_SYNTAX, why);
}
