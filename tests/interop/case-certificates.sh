# From an empty machine by sallyctl alone: a CA, the gateway's certificate,
# two users; their bundles are opened with OpenSSL's own tool and given to
# strongSwan; one is revoked.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/roaduser.sh
. "$here/roaduser.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints'
PASS=correct-horse-battery
OTHER_PASS=staple-of-the-other

conf()
{
	local road="auth-method=digital-signature certificate=server"

	suites
	cat <<-END
	/certificate settings set strict=yes crl-download=no ocsp-use=no
	/ip pool add name=road ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
	/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 system-dns=no
	/ip ipsec peer add name=users address=0.0.0.0/0 exchange-mode=ike2 profile=p1 passive=yes
	/ip ipsec identity add peer=users $road generate-policy=port-strict policy-template-group=road mode-config=road
	END
}

# cert VERB WORD...: sallyctl.
cert()
{
	local verb=$1

	shift
	ctl gw1 "/certificate/$verb" "$@"
}

# says TEXT COMMAND...: fails, with this reason.
says()
{
	local text=$1 out

	shift
	! out=$("$@" 2>&1) || fail "not refused: $*"
	[[ $out == *"$text"* ]] || fail "$out"
}

# shows TEXT COMMAND...
shows()
{
	local text=$1 out

	shift
	out=$("$@")
	[[ $out == *"$text"* ]] || fail "no $text in: $out"
}

nothing_there()
{
	conf | gw_start gw1
	[ "$(cert print --json | python3 -c 'import json,sys
print(len(json.load(sys.stdin)))')" = 0 ] || fail "$(cert print)"
	mkdir -p "$P"
}

made()
{
	cert add name=home common-name=home key-size=prime256v1 \
	    days-valid=3650
	cert sign name=home ca-crl-host=198.51.100.254
	cert add name=server common-name=srv-ec.example key-usage=tls-server \
	    subject-alt-name=DNS:srv-ec.example,IP:198.51.100.1
	cert sign name=server ca=home
	for u in u-one u-two; do
		cert add name=$u common-name=$u key-usage=tls-client \
		    subject-alt-name=DNS:$u.example key-size=prime256v1
		cert sign name=$u ca=home
	done
	says 'there is a server already' cert add name=server common-name=x
	says 'there is no template' cert sign name=server ca=home
	shows expires-after=52w0d cert print detail where name=server
	shows 'subject-alt-name=DNS:srv-ec.example,IP:198.51.100.1' \
	    cert print detail where name=server
}

linted()
{
	[ -z "$(cert lint name=server address=srv-ec.example --json |
	    tr -d '[]\n ')" ] || fail "$(cert lint name=server)"
	shows '13801' cert lint name=server address=other.example
	shows 'Apple' cert lint name=server address=other.example
	shows 'Android' cert lint name=server address=other.example
	shows 'does not have tls-server (error 13801)' cert lint name=u-one
	cert add name=long common-name=long subject-alt-name=DNS:long.example \
	    key-usage=tls-server days-valid=900 key-size=prime256v1
	cert sign name=long ca=home
	shows '825 days' cert lint name=long
	cert remove name=long
}

# opened NAME PASSPHRASE: what the user makes of the bundle.
opened()
{
	local from=$P/cert_export_$1.p12 as=(-passin "pass:$2")

	openssl pkcs12 -in "$from" "${as[@]}" -nocerts -nodes |
		openssl pkey -out "$P/$1.key"
	openssl pkcs12 -in "$from" "${as[@]}" -clcerts -nokeys |
		openssl x509 -out "$P/$1.pem"
	openssl pkcs12 -in "$from" "${as[@]}" -cacerts -nokeys |
		openssl x509 -out "$P/ca.pem"
	openssl verify -CAfile "$P/ca.pem" "$P/$1.pem"
}

# info FILE: how it is encrypted.
info()
{
	openssl pkcs12 -legacy -in "$1" -passin "pass:$PASS" -noout -info 2>&1
}

exported()
{
	cd "$P"
	says 'needs an export-passphrase' \
	    cert export-certificate name=u-one type=pkcs12
	says 'at least 8' \
	    cert export-certificate name=u-one type=pkcs12 export-passphrase=x
	cert export-certificate name=u-one type=pkcs12-legacy \
	    export-passphrase=$PASS
	shows pbeWithSHA1And3-KeyTripleDES-CBC info cert_export_u-one.p12
	shows 'MAC: sha1' info cert_export_u-one.p12
	rm cert_export_u-one.p12
	cert export-certificate name=u-one type=pkcs12 export-passphrase=$PASS
	shows 'AES-256-CBC' info cert_export_u-one.p12
	shows 'MAC: sha256' info cert_export_u-one.p12
	[ "$(stat -c %a cert_export_u-one.p12)" = 600 ] ||
		fail "$(ls -l cert_export_u-one.p12)"
	cert export-certificate name=u-two type=pkcs12 \
	    export-passphrase=$OTHER_PASS
	opened u-one $PASS
	opened u-two $OTHER_PASS
	shows 'URI:http://198.51.100.254/crl/home.crl' \
	    openssl x509 -in u-one.pem -noout -text
	cert export-certificate name=server type=pem
	[ -e cert_export_server.crt ] || fail "no cert_export_server.crt"
	[ ! -e cert_export_server.key ] || fail "a key without a passphrase"
	chmod -R a+rX "$P"
}

both_in()
{
	pki_swan gw2 u-two
	user u-two | swan_start gw2
	login u-two
	log_wait gw2 'installing new virtual IP 172.16.9.10'
	stays
	prepare u-one
	login u-one
	sa_wait gw1 4
}

revoked()
{
	log_mark gw1
	log_mark gw2
	cert issued-revoke name=u-one
	says 'is revoked already' cert issued-revoke name=u-one
	log_wait_since gw2 'received DELETE for IKE_SA u-one'
	sa_wait gw1 2
	stays
	refused 'certificate "CN=u-one": revoked by the CRL that is here' \
	    u-one
	shows KR cert print where name=u-one
}

# The CRL that the operator puts where the certificates say.
published()
{
	local serial

	cd "$P"
	cert export-certificate name=home type=crl
	serial=$(openssl x509 -in u-one.pem -noout -serial)
	shows "Serial Number: ${serial#serial=}" openssl crl -inform DER \
	    -in cert_export_home.crl -CAfile ca.pem -noout -text
	openssl crl -inform DER -in cert_export_home.crl -CAfile ca.pem \
	    -noout 2>"$P/crl.out"
	grep -q 'verify OK' "$P/crl.out" || fail "$(<"$P/crl.out")"
}

imported()
{
	local p12=$P/cert_export_u-two.p12 n

	says 'does not open the bundle' cert import name=again \
	    file-name="$p12" passphrase=wrong-one
	says 'passphrase= is missing' cert import name=again file-name="$p12"
	cert import name=again file-name="$p12" passphrase=$OTHER_PASS
	n=$(cert print --json | grep -c '"name"')
	cert import name=again file-name="$p12" passphrase=$OTHER_PASS
	[ "$(cert print --json | grep -c '"name"')" = "$n" ] ||
		fail "imported twice: $(cert print)"
}

restarted()
{
	cert print --json | grep -v expires-after >"$W/before"
	gw_stop gw1
	conf | gw_start gw1
	cert print --json | grep -v expires-after >"$W/after"
	cmp "$W/before" "$W/after" || fail "$(diff "$W/before" "$W/after")"
	log_mark gw2
	prepare u-two
	login u-two
	sa_wait gw1 2
	stays
	refused 'certificate "CN=u-one": revoked by the CRL that is here' \
	    u-one
}

# Neither in the log, nor in what is kept, nor in what is shown.
nowhere()
{
	local pass

	{
		ctl gw1 /log/print
		cert print detail
		cert print --json
	} >"$W/shown.all"
	for pass in $PASS $OTHER_PASS wrong-one; do
		! grep -rqs -e "$pass" "$W/shown.all" "$W/gw1/log" \
		    "$W/gw1/state" || fail "a passphrase is to be seen"
	done
}

net_up
it "a machine without certificates" nothing_there
it "a CA, the gateway's certificate and two users'" made
it "what clients would refuse" linted
it "bundles that OpenSSL opens" exported
it "two users log in with them" both_in
it "one is revoked, cut and refused" revoked
it "the new CRL" published
it "imported again, twice" imported
it "all is there after a restart" restarted
it "passphrases are nowhere to be seen" nowhere
