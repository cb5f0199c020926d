# Revocation: CRLs from files, over HTTP, of our own CA; OCSP; responders
# that are down, strict or not; sessions that are cut.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/roaduser.sh
. "$here/roaduser.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints'
WEB=198.51.100.254

# asking NAME CA KIND PLACE: a user whose certificate says where to ask.
asking()
{
	local ext=authorityInfoAccess=OCSP\;URI:http://$4

	[ "$3" = ocsp ] || ext=crlDistributionPoints=URI:http://$4
	pki_odd ec "$1" "$2" basicConstraints=critical,CA:FALSE "$ext"
}

# crl CA FILE NAME...: that revokes these.
crl()
{
	local name certs=()

	for name in "${@:3}"; do
		certs+=(--reason key-compromise --cert "$P/$name.pem")
	done
	pki --signcrl --cacert "$P/$1.pem" --cakey "$P/$1.key" \
	    --lifetime 10 "${certs[@]}" >"$P/$2.new"
	mv "$P/$2.new" "$P/$2"
}

# status V|R NAME: a line of the responder's index.
status()
{
	local serial revoked=

	serial=$(openssl x509 -in "$P/$2.pem" -noout -serial)
	[ "$1" = V ] || revoked=250101000000Z
	printf '%s\t491231000000Z\t%s\t%s\tunknown\t/CN=%s\n' "$1" \
	    "$revoked" "${serial#serial=}" "$2"
}

certificates()
{
	pki_ca ca
	pki_ca net
	pki_cert ec srv-ec ca
	pki_cert ec u-good ca
	pki_cert ec u-filed ca
	pki_cert ec u-before ca
	pki_cert ec u-between ca
	crl ca ca.crl
	asking u-fresh net crl $WEB:8080/net.crl
	asking u-listed net crl $WEB:8080/net.crl
	asking u-nocrl net crl $WEB:8088/a.crl
	asking u-nocrl2 net crl $WEB:8088/b.crl
	asking u-silent net crl 10.9.9.9/net.crl
	asking u-ocsp net ocsp $WEB:8081
	asking u-bad net ocsp $WEB:8081
	asking u-down net ocsp $WEB:8089/a
	asking u-down2 net ocsp $WEB:8089/b
	crl net net.crl u-listed
	{
		status V u-ocsp
		status R u-bad
	} >"$P/index"
	chmod -R a+rX "$P"
}

responders()
{
	on_bg inet python3 -m http.server 8080 --bind $WEB --directory "$P" \
	    >"$W/http.log" 2>&1
	echo $! >"$W/http.pid"
	on_bg inet openssl ocsp -port 8081 -index "$P/index" \
	    -CA "$P/net.pem" -rsigner "$P/net.pem" -rkey "$P/net.key" \
	    -ndays 1 </dev/null >"$W/ocsp.log" 2>&1
	echo $! >"$W/ocsp.pid"
	until_ok 10 listens 8080 || fail "$(<"$W/http.log")"
	until_ok 10 grep -q ACCEPT "$W/ocsp.log" || fail "$(<"$W/ocsp.log")"
}

listens()
{
	on gw1 bash -c "echo >/dev/tcp/$WEB/$1"
}

# conf STRICT
conf()
{
	local road="auth-method=digital-signature certificate=own"

	pki_imports srv-ec
	suites
	cat <<-END
	/certificate import file-name=$P/ca.crl name=ca
	/certificate import file-name=$P/net.pem name=net
	/certificate settings set strict=$1 wait=2s
	/ip pool add name=road ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
	/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 system-dns=no
	/ip ipsec peer add name=users address=0.0.0.0/0 exchange-mode=ike2 profile=p1 passive=yes
	/ip ipsec identity add peer=users $road generate-policy=port-strict policy-template-group=road mode-config=road
	END
}

online()
{
	conf yes | gw_start gw1
	pki_swan gw2 u-good
	user u-good | swan_start gw2
	login u-good
	log_wait gw2 'installing new virtual IP 172.16.9.10'
	until_ok 5 told 'not revoked: certificate "CN=u-good": not in the CRL that is here'
	stays
}

# let_in LINE NAME: with this line, and out again.
let_in()
{
	log_mark gw2
	prepare "$2"
	login "$2"
	until_ok 5 told "$1" || fail "$(ctl gw1 /log/print | tail -n 3)"
	sa_wait gw1 4
	swan gw2 --terminate --ike "$2" >/dev/null
	sa_wait gw1 2
	stays
}

relaxed()
{
	conf no | gw_settings >"$W/gw1/conf"
	log_mark gw1
	kill -HUP "$(<"$W/gw1/pid")"
	log_wait_since gw1 'conf loaded'
}

# A login that waits for an answer is in nobody's way.
silent()
{
	log_mark gw2
	prepare u-silent
	swan gw2 --initiate --child u-silent --timeout 10 >"$W/wait.out" 2>&1 &
	until_ok 5 log_since gw2 'establishing CHILD_SA u-silent'
	on gw2 ping -n -q -c 5 -i 0.1 -W 2 -I 172.16.9.10 10.1.0.10 ||
		fail "no answer from 10.1.0.10"
	! wait $! || fail "u-silent was let in"
	log_wait_since gw2 'received AUTHENTICATION_FAILED notify error'
	until_ok 5 told "id=fqdn:u-silent.example: $strict certificate \"CN=u-silent\": no answer within 2000 ms" ||
		fail "$(ctl gw1 /log/print | tail -n 3)"
}

# cut NAME: the session ends, and strongSwan hears of it.
cut()
{
	log_wait_since gw2 "received DELETE for IKE_SA $1"
	until_ok 5 told "192.0.2.2 IKE SA ended: peer=users id=fqdn:$1.example reason=revoked: the peer's certificate was revoked" ||
		fail "$(ctl gw1 /log/print | tail -n 3)"
	sa_wait gw1 2
	stays
}

file_changes()
{
	prepare u-filed
	login u-filed
	sa_wait gw1 4
	log_mark gw1
	log_mark gw2
	crl ca ca.crl u-filed
	cut u-filed
	refused 'certificate "CN=u-filed": revoked by the CRL that is here' \
	    u-filed
}

ours()
{
	ctl gw1 /certificate/add name=home common-name=home \
	    key-usage=key-cert-sign,crl-sign key-size=prime256v1
	ctl gw1 /certificate/sign name=home
}

# issue NAME: a user's certificate of our own CA.
issue()
{
	local pem=$P/cert_export_$1

	cd "$P"
	ctl gw1 /certificate/add name="$1" common-name="$1" \
	    subject-alt-name=DNS:"$1".example key-usage=tls-client \
	    key-size=prime256v1
	ctl gw1 /certificate/sign name="$1" ca=home
	ctl gw1 /certificate/export-certificate name="$1" type=pem \
	    export-passphrase=correct-horse
	openssl pkey -in "$pem.key" -passin pass:correct-horse \
	    -out "$P/$1.key"
	openssl x509 -in "$pem.crt" -out "$P/$1.pem"
}

# online_is NAME: this user, too.
online_is()
{
	prepare "$1"
	login "$1"
	sa_wait gw1 4
}

# revoke NAME: by a command.
revoke()
{
	log_mark gw1
	log_mark gw2
	ctl gw1 /certificate/issued-revoke name="$1"
	cut "$1"
	refused "certificate \"CN=$1\": revoked by the CRL that is here" "$1"
}

command_cuts()
{
	ours
	issue u-own
	online_is u-own
	revoke u-own
}

answers()
{
	local pid

	pid=$(gw_pids gw1 certd)
	[ -n "$pid" ] && [ "$pid" != "$1" ] &&
		ctl gw1 /certificate/print >"$W/print.out" 2>&1 &&
		grep -q home "$W/print.out"
}

certd_dies()
{
	local pid

	pid=$(gw_pids gw1 certd)
	[ -n "$pid" ] || fail "no certd runs"
	kill -KILL "$pid"
	until_ok 20 answers "$pid" || fail "certd was not started again"
}

# Whoever is online stays known to a certd that has not seen him log in.
killed_then_file()
{
	online_is u-before
	certd_dies
	log_mark gw1
	log_mark gw2
	crl ca ca.crl u-filed u-before
	cut u-before
}

killed_then_command()
{
	issue u-ours
	online_is u-ours
	certd_dies
	revoke u-ours
}

# The CRL comes while no certd is there to read it.
file_then_new()
{
	local pid

	online_is u-between
	pid=$(gw_pids gw1 certd)
	log_mark gw1
	log_mark gw2
	kill -KILL "$pid"
	crl ca ca.crl u-filed u-before u-between
	cut u-between
	until_ok 20 answers "$pid" || fail "certd was not started again"
}

over()
{
	kill "$(<"$W/http.pid")" "$(<"$W/ocsp.pid")"
}

strict='refused (strict), nothing says that it was not revoked:'
refusedly="$WEB: no connection: Connection refused"

certificates
net_up
responders
it "a CRL that is here, strict: let in" online
it "a CRL over HTTP, strict: let in" let_in \
    "not revoked: certificate \"CN=u-fresh\": not in the CRL of http://$WEB:8080/net.crl" \
    u-fresh
it "a CRL over HTTP: revoked" refused \
    "certificate \"CN=u-listed\": revoked by the CRL of http://$WEB:8080/net.crl" \
    u-listed
it "a CRL over HTTP, strict, the server is down: refused" refused \
    "$strict certificate \"CN=u-nocrl\": CRL: $refusedly" u-nocrl
it "OCSP, strict: let in" let_in \
    "not revoked: certificate \"CN=u-ocsp\": good by OCSP (http://$WEB:8081)" \
    u-ocsp
it "OCSP: revoked" refused \
    "certificate \"CN=u-bad\": revoked by OCSP (http://$WEB:8081)" u-bad
it "OCSP, strict, the responder is down: refused" refused \
    "$strict certificate \"CN=u-down\": OCSP: $refusedly" u-down
it "a server that does not answer, strict: refused in time" silent
it "a new CRL file cuts the session" file_changes
it "issued-revoke cuts the session" command_cuts
it "kill -9 certd, then issued-revoke: the session is cut" \
    killed_then_command
it "kill -9 certd, then a new CRL file: the session is cut" \
    killed_then_file
it "a new CRL file while there is no certd: the session is cut" \
    file_then_new
it "strict is turned off" relaxed
it "a CRL over HTTP, not strict, the server is down: let in" let_in \
    "not known whether it was revoked, let in: certificate \"CN=u-nocrl2\": CRL: $refusedly" \
    u-nocrl2
it "OCSP, not strict, the responder is down: let in" let_in \
    "not known whether it was revoked, let in: certificate \"CN=u-down2\": OCSP: $refusedly" \
    u-down2
over
