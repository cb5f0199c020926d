# A remote user with strongSwan and a certificate of each type of key.  The
# gateway has one certificate of each type, too, and shows the one that the
# user's identity names.
#
# RFC 7427 has both sides announce their hash algorithms and name the
# signature's algorithm in AUTH; without it, AUTH has a method of its own for
# RSA with SHA-1 (1) and for ECDSA with each curve (9 to 11).

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/road.sh
. "$here/road.sh"

kinds=(rsa ec p384 p521 ed25519 ed448)

certificates()
{
	local kind

	pki_ca ca
	for kind in "${kinds[@]}"; do
		pki_cert "$kind" "srv-$kind" ca
		pki_cert "$kind" "u-$kind" ca
	done
	chmod -R a+rX "$P"
}

gateway()
{
	local kind

	{
		echo "/certificate import file-name=$P/ca.pem name=ca"
		road_conf
		for kind in "${kinds[@]}"; do
			cat <<-END
			/certificate import file-name=$P/srv-$kind.pem name=srv-$kind
			/certificate import file-name=$P/srv-$kind.key name=srv-$kind
			END
			road_identity "certificate=srv-$kind" \
			    more="remote-id=fqdn:u-$kind.example"
		done
	} | gw_start gw1
}

machine()
{
	local kind

	for kind in "${kinds[@]}"; do
		road_user "u-$kind" "gateway=srv-$kind.example"
	done >"$W/connections"
	# PSS is asked for by name, or else RSA means PKCS#1 v1.5.
	road_user pss id=u-rsa.example certs=u-rsa.pem \
	    gateway=srv-rsa.example auth=ike:rsa/pss-sha256 >>"$W/connections"
	road_start gw2 "${kinds[@]/#/u-}" <"$W/connections"
}

# signs NAME KIND ALGORITHM: let in, with that signature from either side.
signs()
{
	local name=$1 kind=$2 algorithm=$3

	login gw2 "$name"
	given gw2 172.16.9. fd09::
	log_since gw2 "'u-$kind.example' (myself) with $algorithm successful" ||
		fail "the user did not sign with $algorithm:" \
		    "$(grep '(myself)' "$W/gw2/log" | tail -n 1)"
	log_since gw2 "'srv-$kind.example' with $algorithm successful" ||
		fail "the gateway did not sign with $algorithm:" \
		    "$(grep "'srv-$kind.*' with" "$W/gw2/log" | tail -n 1)"
	log_wait gw1 "the peer's certificate: CN=u-$kind"
	reaches gw2
	logout gw2 "$name"
}

# Without RFC 7427, as older clients are.
older_machine()
{
	swan_stop gw2
	swan_start gw2 'install_routes = yes' \
	    'signature_authentication = no' <"$W/connections"
}

certificates
net_up
gateway
machine
it "RSA 2048, PKCS#1 v1.5 (RFC 7427)" \
    signs u-rsa rsa RSA_EMSA_PKCS1_SHA2_256
it "RSA 2048, PSS (RFC 7427)" signs pss rsa RSA_EMSA_PSS_SHA2_256_SALT_32
it "ECDSA P-256 (RFC 7427)" signs u-ec ec ECDSA_WITH_SHA256_DER
it "ECDSA P-384 (RFC 7427)" signs u-p384 p384 ECDSA_WITH_SHA384_DER
it "ECDSA P-521 (RFC 7427)" signs u-p521 p521 ECDSA_WITH_SHA512_DER
it "Ed25519 (RFC 8420)" signs u-ed25519 ed25519 ED25519
it "Ed448 (RFC 8420)" signs u-ed448 ed448 ED448
older_machine
it "RSA 2048, classic (method 1)" signs u-rsa rsa "RSA signature"
it "ECDSA P-256, classic (method 9)" signs u-ec ec "ECDSA-256 signature"
it "ECDSA P-384, classic (method 10)" signs u-p384 p384 "ECDSA-384 signature"
it "ECDSA P-521, classic (method 11)" signs u-p521 p521 "ECDSA-521 signature"
