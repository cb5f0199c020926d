#include "lib/suite/run.h"

#define BOTH	(ALG_PHASE1 | ALG_PHASE2)

/* clang-format off */

/*
 * Ids: IANA's IKEv2 and IKEv1 registries.  Lengths: RFC 3602 CBC, RFC 3686
 * and 5930 CTR, RFC 4106 GCM, RFC 4309 CCM, RFC 5282 both in IKE, RFC 7634
 * ChaCha20, RFC 4312 and 5529 Camellia.
 */
#define AES_CBC(b)							\
	{ .kind = SUITE_ENCR, .mode = ALG_M_CBC, .v2 = 12,		\
	    .v1_ph1 = 7, .v1_esp = 12, .bits = b, .key_len = b / 8,	\
	    .iv_len = 16, .block = 16, .flags = BOTH | ALG_KEYLEN,	\
	    .profile = "aes-" #b, .proposal = "aes-" #b "-cbc",		\
	    .log = "AES-CBC-" #b, .kernel = "cbc(aes)",			\
	    .ossl = "AES-" #b "-CBC" }

#define AES_CTR(b)							\
	{ .kind = SUITE_ENCR, .mode = ALG_M_CTR, .v2 = 13,		\
	    .v1_esp = 13, .bits = b, .key_len = b / 8 + 4,		\
	    .salt_len = 4, .iv_len = 8, .block = 1,			\
	    .flags = BOTH | ALG_KEYLEN | ALG_COUNTER,			\
	    .profile = "aes-" #b "-ctr", .proposal = "aes-" #b "-ctr",	\
	    .log = "AES-CTR-" #b, .kernel = "rfc3686(ctr(aes))",	\
	    .ossl = "AES-" #b "-CTR" }

#define AES_AEAD(b, M, id, salt, icv, name, other, kern, log_)	\
	{ .kind = SUITE_ENCR, .mode = ALG_M_##M, .v2 = id,		\
	    .v1_esp = id, .bits = b, .key_len = b / 8 + salt,		\
	    .salt_len = salt, .iv_len = 8, .icv_len = icv, .block = 1,	\
	    .flags = BOTH | ALG_KEYLEN | ALG_COUNTER | ALG_AEAD,	\
	    .profile = "aes-" #b "-" name,				\
	    .proposal = "aes-" #b "-" name, .alias = other,		\
	    .log = "AES-" log_ "-" #b, .kernel = kern,			\
	    .ossl = "AES-" #b "-" #M }

#define AES_GCM(b, id, icv, name, other, log_)				\
	AES_AEAD(b, GCM, id, 4, icv, name, other,			\
	    "rfc4106(gcm(aes))", log_)
#define AES_CCM(b, id, icv, name, other, log_)				\
	AES_AEAD(b, CCM, id, 3, icv, name, other,			\
	    "rfc4309(ccm(aes))", log_)

#define CAMELLIA(b)							\
	{ .kind = SUITE_ENCR, .mode = ALG_M_CBC, .v2 = 23,		\
	    .v1_ph1 = 8, .v1_esp = 22, .bits = b, .key_len = b / 8,	\
	    .iv_len = 16, .block = 16, .flags = BOTH | ALG_KEYLEN,	\
	    .profile = "camellia-" #b, .proposal = "camellia-" #b,	\
	    .alias = "camellia-" #b "-cbc", .log = "CAMELLIA-CBC-" #b,	\
	    .kernel = "cbc(camellia)", .ossl = "CAMELLIA-" #b "-CBC" }

/* For ESP alone; key lengths as IKEv1 peers use them.  OpenSSL has no
 * Twofish, which is the kernel's then. */
#define KERNEL_CBC(nm, up, id2, ph1, esp, b, bl, fl, ossl_)		\
	{ .kind = SUITE_ENCR, .mode = ALG_M_CBC, .v2 = id2,		\
	    .v1_ph1 = ph1, .v1_esp = esp, .bits = b, .key_len = b / 8,	\
	    .iv_len = bl, .block = bl,					\
	    .flags = ALG_PHASE2 | ALG_KEYLEN | fl, .proposal = nm,	\
	    .log = up "-CBC-" #b, .kernel = "cbc(" nm ")", .ossl = ossl_ }

/* HMAC rows; key and ICV lengths: RFC 2403, RFC 2404, RFC 4868. */
#define HMAC_PRF(nm, up, id, hash, len, fl)				\
	{ .kind = SUITE_PRF, .mode = ALG_M_HMAC, .v2 = id,		\
	    .v1_ph1 = hash, .bits = len * 8, .key_len = len,		\
	    .out_len = len, .flags = ALG_PHASE1 | fl, .profile = nm,	\
	    .log = "PRF-HMAC-" up, .kernel = "hmac(" nm ")", .ossl = up }
#define HMAC_INTEG(nm, up, id, hash, esp, ah, len, icv, fl)		\
	{ .kind = SUITE_INTEG, .mode = ALG_M_HMAC, .v2 = id,		\
	    .v1_ph1 = hash, .v1_esp = esp, .v1_ah = ah,			\
	    .bits = len * 8, .key_len = len, .out_len = len,		\
	    .icv_len = icv, .flags = BOTH | fl, .profile = nm,		\
	    .proposal = nm, .log = "HMAC-" up, .kernel = "hmac(" nm ")",\
	    .ossl = up }

#define MODP(b, id, fl)							\
	{ .kind = SUITE_KE, .mode = ALG_M_MODP, .v2 = id, .v1_ph1 = id,	\
	    .v1_esp = id, .bits = b, .out_len = b / 8, .pub_len = b / 8,\
	    .flags = BOTH | fl, .profile = "modp" #b,			\
	    .proposal = "modp" #b, .log = "MODP-" #b, .ossl = "modp_" #b }
#define ECP(b, id, len, curve, fl)					\
	{ .kind = SUITE_KE, .mode = ALG_M_ECP, .v2 = id, .v1_ph1 = id,	\
	    .v1_esp = id, .bits = b, .out_len = len,			\
	    .pub_len = 2 * len, .flags = BOTH | fl,			\
	    .profile = "ecp" #b, .proposal = "ecp" #b,			\
	    .log = "ECP-" #b, .ossl = curve }
#define XDH(nm, up, id, b, len)						\
	{ .kind = SUITE_KE, .mode = ALG_M_XDH, .v2 = id, .bits = b,	\
	    .out_len = len, .pub_len = len, .flags = BOTH,		\
	    .profile = nm, .proposal = nm, .log = up, .ossl = up }

const struct alg suite_table[] = {
	AES_CBC(128),
	AES_CBC(192),
	AES_CBC(256),
	AES_CTR(128),
	AES_CTR(192),
	AES_CTR(256),
	AES_GCM(128, 20, 16, "gcm", "aes-128gcm aes-128-gcm16", "GCM-16"),
	AES_GCM(192, 20, 16, "gcm", "aes-192gcm aes-192-gcm16", "GCM-16"),
	AES_GCM(256, 20, 16, "gcm", "aes-256gcm aes-256-gcm16", "GCM-16"),
	AES_GCM(128, 19, 12, "gcm12", NULL, "GCM-12"),
	AES_GCM(192, 19, 12, "gcm12", NULL, "GCM-12"),
	AES_GCM(256, 19, 12, "gcm12", NULL, "GCM-12"),
	AES_GCM(128, 18, 8, "gcm8", NULL, "GCM-8"),
	AES_GCM(192, 18, 8, "gcm8", NULL, "GCM-8"),
	AES_GCM(256, 18, 8, "gcm8", NULL, "GCM-8"),
	AES_CCM(128, 16, 16, "ccm", "aes-128-ccm16", "CCM-16"),
	AES_CCM(192, 16, 16, "ccm", "aes-192-ccm16", "CCM-16"),
	AES_CCM(256, 16, 16, "ccm", "aes-256-ccm16", "CCM-16"),
	AES_CCM(128, 15, 12, "ccm12", NULL, "CCM-12"),
	AES_CCM(192, 15, 12, "ccm12", NULL, "CCM-12"),
	AES_CCM(256, 15, 12, "ccm12", NULL, "CCM-12"),
	AES_CCM(128, 14, 8, "ccm8", NULL, "CCM-8"),
	AES_CCM(192, 14, 8, "ccm8", NULL, "CCM-8"),
	AES_CCM(256, 14, 8, "ccm8", NULL, "CCM-8"),
	{ .kind = SUITE_ENCR, .mode = ALG_M_CHACHA, .v2 = 28, .bits = 256,
	    .key_len = 36, .salt_len = 4, .iv_len = 8, .icv_len = 16,
	    .block = 1, .flags = BOTH | ALG_AEAD | ALG_COUNTER,
	    .profile = "chacha20poly1305", .proposal = "chacha20poly1305",
	    .log = "CHACHA20-POLY1305",
	    .kernel = "rfc7539esp(chacha20,poly1305)",
	    .ossl = "ChaCha20-Poly1305" },
	CAMELLIA(128),
	CAMELLIA(192),
	CAMELLIA(256),
	{ .kind = SUITE_ENCR, .mode = ALG_M_CBC, .v2 = 3, .v1_ph1 = 5,
	    .v1_esp = 3, .bits = 192, .key_len = 24, .iv_len = 8, .block = 8,
	    .flags = BOTH | ALG_WEAK, .profile = "3des", .proposal = "3des",
	    .log = "3DES-CBC", .kernel = "cbc(des3_ede)",
	    .ossl = "DES-EDE3-CBC" },
	{ .kind = SUITE_ENCR, .mode = ALG_M_CBC, .v2 = 2, .v1_ph1 = 1,
	    .v1_esp = 2, .bits = 64, .key_len = 8, .iv_len = 8, .block = 8,
	    .flags = BOTH | ALG_WEAK, .profile = "des", .proposal = "des",
	    .log = "DES-CBC", .kernel = "cbc(des)", .ossl = "DES-CBC" },
	KERNEL_CBC("blowfish", "BLOWFISH", 7, 3, 7, 128, 8, ALG_WEAK,
	    "BF-CBC"),
	KERNEL_CBC("twofish", "TWOFISH", ALG_NO_V2, 0, 253, 256, 16, 0, NULL),
	{ .kind = SUITE_ENCR, .mode = ALG_M_NULL, .v2 = 11, .v1_esp = 11,
	    .block = 1, .flags = ALG_PHASE2 | ALG_WEAK, .proposal = "null",
	    .log = "NULL", .kernel = "ecb(cipher_null)" },

	HMAC_PRF("sha256", "SHA256", 5, 4, 32, 0),
	HMAC_PRF("sha384", "SHA384", 6, 5, 48, 0),
	HMAC_PRF("sha512", "SHA512", 7, 6, 64, 0),
	HMAC_PRF("sha1", "SHA1", 2, 2, 20, 0),
	HMAC_PRF("md5", "MD5", 1, 1, 16, ALG_WEAK),
	{ .kind = SUITE_PRF, .mode = ALG_M_XCBC, .v2 = 4, .bits = 128,
	    .key_len = 16, .out_len = 16, .flags = ALG_PHASE1,
	    .profile = "aes-xcbc", .log = "PRF-AES128-XCBC",
	    .kernel = "xcbc(aes)", .ossl = "AES-128-ECB" },
	{ .kind = SUITE_PRF, .mode = ALG_M_CMAC, .v2 = 8, .bits = 128,
	    .key_len = 16, .out_len = 16, .flags = ALG_PHASE1,
	    .profile = "aes-cmac", .log = "PRF-AES128-CMAC",
	    .kernel = "cmac(aes)", .ossl = "AES-128-CBC" },

	HMAC_INTEG("sha256", "SHA256", 12, 4, 5, 5, 32, 16, 0),
	HMAC_INTEG("sha384", "SHA384", 13, 5, 6, 6, 48, 24, 0),
	HMAC_INTEG("sha512", "SHA512", 14, 6, 7, 7, 64, 32, 0),
	HMAC_INTEG("sha1", "SHA1", 2, 2, 2, 3, 20, 12, 0),
	HMAC_INTEG("md5", "MD5", 1, 1, 1, 2, 16, 12, ALG_WEAK),
	{ .kind = SUITE_INTEG, .mode = ALG_M_XCBC, .v2 = 5, .v1_esp = 9,
	    .v1_ah = 9, .bits = 128, .key_len = 16, .out_len = 16,
	    .icv_len = 12, .flags = BOTH, .profile = "aes-xcbc",
	    .proposal = "aes-xcbc", .log = "AES-XCBC", .kernel = "xcbc(aes)",
	    .ossl = "AES-128-ECB" },
	{ .kind = SUITE_INTEG, .mode = ALG_M_CMAC, .v2 = 8, .bits = 128,
	    .key_len = 16, .out_len = 16, .icv_len = 12, .flags = BOTH,
	    .profile = "aes-cmac", .proposal = "aes-cmac",
	    .log = "AES-CMAC", .kernel = "cmac(aes)",
	    .ossl = "AES-128-CBC" },
	{ .kind = SUITE_INTEG, .mode = ALG_M_NONE, .v2 = 0,
	    .flags = ALG_PHASE2 | ALG_NONE, .proposal = "null",
	    .log = "NONE" },

	ECP(256, 19, 32, "P-256", 0),
	ECP(384, 20, 48, "P-384", ALG_SLOW),
	ECP(521, 21, 66, "P-521", 0),
	XDH("x25519", "X25519", 31, 256, 32),
	XDH("x448", "X448", 32, 448, 56),
	MODP(2048, 14, 0),
	MODP(3072, 15, ALG_SLOW),
	MODP(4096, 16, ALG_SLOW),
	MODP(6144, 17, ALG_SLOW),
	MODP(8192, 18, ALG_SLOW),
	MODP(1536, 5, ALG_WEAK),
	MODP(1024, 2, ALG_WEAK),
	MODP(768, 1, ALG_WEAK),
	{ .kind = SUITE_KE, .mode = ALG_M_NONE, .v2 = 0,
	    .flags = ALG_PHASE2 | ALG_NONE, .proposal = "none",
	    .log = "NONE" },

	{ .kind = SUITE_ESN, .mode = ALG_M_NONE, .v2 = 0,
	    .flags = ALG_PHASE2 | ALG_NONE, .proposal = "no",
	    .log = "NO-ESN" },
	{ .kind = SUITE_ESN, .mode = ALG_M_NONE, .v2 = 1,
	    .flags = ALG_PHASE2, .proposal = "yes", .log = "ESN" },
};
/* clang-format on */

const size_t suite_rows = sizeof(suite_table) / sizeof(suite_table[0]);
