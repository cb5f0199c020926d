# strongSwan as a remote user whose certificate is not good: it is refused,
# told so, and the log names the reason; the user who is online stays so.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/roaduser.sh
. "$here/roaduser.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints'

certificates()
{
	local fine=basicConstraints=critical,CA:FALSE

	pki_ca ca
	pki_ca sub ca
	pki_ca stranger
	pki_key ec narrow
	openssl req -x509 -new -key "$P/narrow.key" -out "$P/narrow.pem" \
	    -subj /CN=narrow -days 30 -CA "$P/ca.pem" -CAkey "$P/ca.key" \
	    -addext keyUsage=critical,keyCertSign,cRLSign \
	    -addext nameConstraints=critical,permitted\;DNS:inside.example \
	    2>/dev/null
	pki_cert ec srv-ec ca
	pki_cert ec u-good ca
	pki_cert ec u-wrong ca
	pki_cert ec u-sub sub
	pki_cert ec u-other stranger
	pki_cert ec u-outside narrow
	pki_cert ec u-revoked ca
	pki_dated u-late ca 20 21
	pki_dated u-early ca 40 41
	pki_odd ec u-eku ca $fine extendedKeyUsage=codeSigning
	pki_odd ec u-ku ca $fine keyUsage=critical,keyEncipherment
	pki_odd ec u-ca ca basicConstraints=critical,CA:TRUE
	pki_odd rsa1 u-small ca $fine
	pki --signcrl --cacert "$P/ca.pem" --cakey "$P/ca.key" \
	    --reason key-compromise --cert "$P/u-revoked.pem" \
	    --lifetime 10 --outform pem >"$P/ca.crl"
	chmod -R a+rX "$P"
}

server()
{
	local road="auth-method=digital-signature certificate=own"

	road+=" generate-policy=port-strict policy-template-group=road"
	road+=" mode-config=road"
	{
		pki_imports srv-ec
		echo "/certificate import file-name=$P/ca.crl name=ca"
		echo "/certificate import file-name=$P/u-wrong.pem name=pinned"
		suites
		cat <<-END
		/ip pool add name=road ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
		/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 system-dns=no
		/ip ipsec peer add name=users address=192.0.2.2/32 exchange-mode=ike2 profile=p1 passive=yes
		/ip ipsec peer add name=named address=192.0.2.3/32 exchange-mode=ike2 profile=p1 passive=yes
		/ip ipsec peer add name=pinning address=192.0.2.4/32 exchange-mode=ike2 profile=p1 passive=yes
		/ip ipsec identity add peer=users $road
		/ip ipsec identity add peer=named remote-id=fqdn:u-good.example $road
		/ip ipsec identity add peer=pinning remote-certificate=pinned $road
		END
	} | gw_start gw1
}

online()
{
	server
	pki_swan gw2 u-good
	user u-good | swan_start gw2
	login u-good
	log_wait gw2 'installing new virtual IP 172.16.9.10'
	stays
}

not_ours()
{
	refused_line "192.0.2.3 phase1 negotiation failed: peer=named phase=IKE_AUTH side=responder reason=no-identity: id=fqdn:u-wrong.example: no identity of the peer admits remote ID fqdn:u-wrong.example; configured: fqdn:u-good.example" \
	    u-wrong 192.0.2.3
}

not_pinned()
{
	refused_line '192.0.2.4 phase1 negotiation failed: peer=pinning phase=IKE_AUTH side=responder reason=authentication-failed: authentication failed (certificate) id=fqdn:u-sub.example: the peer shows certificate "CN=u-sub", not remote-certificate pinned ("CN=u-wrong")' \
	    u-sub 192.0.2.4
}

outside()
{
	SENT=narrow refused \
	    'certificate "CN=u-outside": permitted subtree violation' \
	    u-outside
}

missing='no trusted CA (an intermediate certificate is missing, or the CA is not imported):'

certificates
net_up
net_alter
ip -n gw2 addr add 192.0.2.3/24 dev wan
ip -n gw2 addr add 192.0.2.4/24 dev wan
it "a good certificate is let in" online
it "refused: an ID that the certificate has not" refused \
    'remote ID fqdn:somebody.example is not in its certificate "CN=u-wrong"' \
    u-wrong 192.0.2.2 somebody.example
it "refused: an ID that is not the remote-id" not_ours
it "refused: another certificate than remote-certificate" not_pinned
it "refused: an expired certificate" refused \
    'certificate "CN=u-late" expired on 2021-01-01 00:00:00 UTC' u-late
it "refused: not valid yet" refused \
    'certificate "CN=u-early" is not valid before 2040-01-01 00:00:00 UTC' \
    u-early
it "refused: an unknown CA" refused "$missing \"CN=stranger\"" u-other
it "refused: no intermediate CA" refused "$missing \"CN=sub\"" u-sub
it "refused: another purpose (EKU)" refused \
    'certificate "CN=u-eku" is not for IKE (extendedKeyUsage has none of serverAuth, clientAuth, ipsecIKE, any)' \
    u-eku
it "refused: not for signatures (keyUsage)" refused \
    'certificate "CN=u-ku" is not for signatures (keyUsage)' u-ku
it "refused: a CA's certificate as a user's" refused \
    "certificate \"CN=u-ca\" is a CA's; such a one is taken only when remote-certificate= names it" \
    u-ca
it "refused: a name that its CA may not give" outside
it "refused: a small key" refused \
    'certificate "CN=u-small" has an RSA key of 1024 bits, at least 2048 are wanted' \
    u-small
it "refused: revoked by the CRL of a file" refused \
    'certificate "CN=u-revoked": revoked by the CRL that is here' u-revoked
