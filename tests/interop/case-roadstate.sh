# What the gateway knows of its users over reloads, deaths and restarts, and
# when they come back from elsewhere.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/roaduser.sh
. "$here/roaduser.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints'

certificates()
{
	local name

	pki_ca ca
	for name in srv-ec u-a u-b u-c; do
		pki_cert ec $name ca
	done
	chmod -R a+rX "$P"
}

# conf [RANGES]: u-b has an identity of its own.
conf()
{
	local road="auth-method=digital-signature certificate=own"

	road+=" generate-policy=port-strict policy-template-group=road"
	road+=" mode-config=road"
	pki_imports srv-ec
	suites
	cat <<-END
	/ip pool add name=road ranges=${1:-172.16.9.10-172.16.9.20},fd09::10-fd09::20
	/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 system-dns=no
	/ip ipsec peer add name=users address=192.0.2.0/24 exchange-mode=ike2 profile=p1 passive=yes
	/ip ipsec identity add peer=users $road
	/ip ipsec identity add peer=users remote-id=fqdn:u-b.example $road
	END
}

reload()
{
	log_mark gw1
	kill -HUP "$(<"$W/gw1/pid")"
	log_wait_since gw1 'conf loaded'
}

# online COUNT: so many are.
online()
{
	[ "$(ctl gw1 /ip/ipsec/session/print count-only)" = "$1" ]
}

has()
{
	ctl gw1 /ip/ipsec/session/print | grep -q "$1.*$2 "
}

two_in()
{
	conf | gw_start gw1 --workers 3
	pki_swan gw2 u-a
	user u-a | swan_start gw2
	login u-a
	prepare u-b
	login u-b
	has u-a 172.16.9.10 && has u-b 172.16.9.11 ||
		fail "$(ctl gw1 /ip/ipsec/session/print)"
}

# The addresses of those who are online are not given to others.
sessiond_dies()
{
	log_mark gw1
	kill -KILL "$(gw_pids gw1 sessiond)"
	log_wait_since gw1 'sessiond is gone'
	prepare u-c
	login u-c
	has u-a 172.16.9.10 && has u-b 172.16.9.11 && has u-c 172.16.9.12 ||
		fail "$(ctl gw1 /ip/ipsec/session/print)"
	sa_is gw1 6 || fail "$(sa_count gw1) SAs"
	ctl gw1 /ip/ipsec/session/kill where user~u-c
	sa_wait gw1 4
}

# Whoever is online keeps what the pool has no more.
ranges_go()
{
	conf 172.16.9.30-172.16.9.40 | gw_settings >"$W/gw1/conf"
	reload
	prepare u-c
	login u-c
	has u-a 172.16.9.10 && has u-b 172.16.9.11 && has u-c 172.16.9.30 ||
		fail "$(ctl gw1 /ip/ipsec/session/print)"
	ctl gw1 /ip/pool/used/print | grep -q 172.16.9.10 &&
		fail "$(ctl gw1 /ip/pool/used/print)"
	on gw2 ping -n -q -c 2 -i 0.1 -W 2 -I 172.16.9.10 10.1.0.10
	ctl gw1 /ip/ipsec/session/kill where user~u-c
	conf | gw_settings >"$W/gw1/conf"
	reload
	ctl gw1 /ip/pool/used/print | grep -q 172.16.9.10 ||
		fail "$(ctl gw1 /ip/pool/used/print)"
}

identity_goes()
{
	conf | grep -v u-b.example | gw_settings >"$W/gw1/conf"
	reload
	log_wait_since gw1 'is to end: its identity is gone'
	until_ok 5 online 1 || fail "$(ctl gw1 /ip/ipsec/session/print)"
	has u-a 172.16.9.10 || fail "$(ctl gw1 /ip/ipsec/session/print)"
	sa_wait gw1 2
	on gw2 ping -n -q -c 2 -i 0.1 -W 2 -I 172.16.9.10 10.1.0.10
}

worker_of()
{
	ctl gw1 --json /ip/ipsec/session/print | grep -o '"worker": "[0-9]"'
}

# A laptop that sleeps in one network and wakes in others, at whichever
# worker: it has one session, and its address.
elsewhere()
{
	local i seen=''

	net_alter
	for i in 1 2 3 4 5; do
		ip -n gw2 addr add "192.0.2.1$i/24" dev wan
		node_kill gw2 KILL
		pki_swan gw2 u-a
		user u-a "192.0.2.1$i" | swan_start gw2
		login u-a
		online 1 && has u-a 172.16.9.10 ||
			fail "$(ctl gw1 /ip/ipsec/session/print)"
		sa_is gw1 2 || fail "$(sa_count gw1) SAs"
		seen+=$(worker_of)$'\n'
	done
	[ "$(sort -u <<<"$seen" | grep -c worker)" -gt 1 ] ||
		fail "all came to one worker: $seen"
	log_has gw1 'is to end: INITIAL_CONTACT' ||
		fail "nothing was ended at another worker"
}

# Another user asks first, and does not get it.
restart()
{
	gw_stop gw1
	conf | gw_start gw1
	node_kill gw2 KILL
	pki_swan gw2 u-c
	user u-c | swan_start gw2
	login u-c
	prepare u-a
	login u-a
	has u-a 172.16.9.10 || fail "$(ctl gw1 /ip/ipsec/session/print)"
	! has u-c 172.16.9.10 || fail "$(ctl gw1 /ip/ipsec/session/print)"
}

damaged()
{
	local i

	gw_stop gw1
	for i in 0 1; do
		printf 'spoilt' | dd of="$W/gw1/state/leases.$i" bs=1 seek=8 \
		    conv=notrunc 2>/dev/null
	done
	conf | gw_start gw1
	log_wait gw1 'leases.0 and leases.1 in the state directory are damaged'
	node_kill gw2 KILL
	pki_swan gw2 u-c
	user u-c | swan_start gw2
	login u-c
}

certificates
net_up
it "two users are online" two_in
it "sessiond dies: nobody's address is given to another" sessiond_dies
it "a pool changes: who is online stays" ranges_go
it "an identity goes, and its user with it" identity_goes
it "a user who comes from elsewhere is online once" elsewhere
it "a restart: the last address is kept for its user" restart
it "a damaged lease file is named, and users get in" damaged
