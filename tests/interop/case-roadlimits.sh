# How often a user may be online, and users that an operator sends home.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/roaduser.sh
. "$here/roaduser.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints'

certificates()
{
	pki_ca ca
	pki_cert ec srv-ec ca
	pki_cert ec u-good ca
	pki_cert ec u-one ca
	pki_cert ec u-next ca
	chmod -R a+rX "$P"
}

conf()
{
	local road="auth-method=digital-signature certificate=own"

	road+=" generate-policy=port-strict policy-template-group=road"
	road+=" mode-config=road"
	pki_imports srv-ec
	suites
	cat <<-END
	/ip pool add name=road ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
	/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 system-dns=no
	/ip ipsec peer add name=users address=192.0.2.2/32 exchange-mode=ike2 profile=p1 passive=yes
	/ip ipsec identity add peer=users only-one=$1 $road
	END
}

# again NAME ADDRESS: another connection of that user; it does not send
# INITIAL_CONTACT, which would end the first.
again()
{
	user "$1" "$2" | sed -e "s/^  $1 {/  $1-again {\n    unique = never/" \
	    >"$W/gw2/swanctl.conf"
	pki_swan gw2 "$1"
	swan_load gw2
}

online()
{
	conf yes | gw_start gw1
	pki_swan gw2 u-good
	user u-good | swan_start gw2
	login u-good
	log_wait gw2 'installing new virtual IP 172.16.9.10'
	prepare u-one
	login u-one
	sa_wait gw1 4
}

kept()
{
	log_mark gw2
	again u-one 192.0.2.2
	! swan gw2 --initiate --ike u-one-again --child u-one --timeout 15 \
	    >"$W/init.out" 2>&1 || fail "u-one is let in twice"
	log_wait_since gw2 'received AUTHENTICATION_FAILED notify error'
	until_ok 5 told '192.0.2.2 phase1 negotiation failed: peer=users phase=IKE_AUTH side=responder reason=no-session: id=fqdn:u-one.example: no session: the user is online already (only-one=yes)' ||
		fail "$(ctl gw1 /log/print | tail -n 3)"
	sa_is gw1 4 || fail "$(sa_count gw1) SAs"
	on gw2 ping -n -q -c 2 -i 0.1 -W 2 -I 172.16.9.10 10.1.0.10 ||
		fail "u-good has no answer from 10.1.0.10"
	swan gw2 --list-sas --ike u-one | grep -q ESTABLISHED ||
		fail "the first session is gone"
}

replaced()
{
	conf replace | gw_settings >"$W/gw1/conf"
	log_mark gw1
	kill -HUP "$(<"$W/gw1/pid")"
	log_wait_since gw1 'conf loaded'
	log_mark gw2
	again u-one 192.0.2.2
	swan gw2 --initiate --ike u-one-again --child u-one --timeout 15 \
	    >"$W/init.out" 2>&1 || fail "$(tail -n 5 "$W/init.out")"
	log_wait_since gw2 'received DELETE for IKE_SA u-one['
	log_wait_since gw1 'is to end: replaced by a new login of the same user'
	sa_wait gw1 4
	swan gw2 --list-sas --ike u-one-again | grep -q ESTABLISHED ||
		fail "the new session is gone"
	on gw2 ping -n -q -c 2 -i 0.1 -W 2 -I 172.16.9.10 10.1.0.10 ||
		fail "u-good has no answer from 10.1.0.10"
}

killed()
{
	local out

	log_mark gw1
	log_mark gw2
	out=$(ctl gw1 /ip/ipsec/session/print)
	[[ $out == *u-one.example* && $out == *u-good.example* ]] ||
		fail "$out"
	ctl gw1 /ip/ipsec/session/kill where user~u-one
	log_wait_since gw2 'received DELETE for IKE_SA u-one'
	log_wait_since gw1 'is to end: an operator ended the session'
	sa_wait gw1 2
	out=$(ctl gw1 /ip/ipsec/session/print)
	[[ $out != *u-one.example* && $out == *u-good.example* ]] ||
		fail "$out"
	stays
	! log_since gw2 'received DELETE for IKE_SA u-good' ||
		fail "u-good was told to go"
}

certificates
net_up
it "two users are online" online
it "only-one=yes: a second session is refused" kept
it "only-one=replace: the second session ends the first" replaced
it "session kill ends one user's" killed
