# What the README says about remote users, word for word: its commands, its
# configuration, its strongSwan.

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs7 pkcs8 pkcs12 pem constraints resolve'

# block N: the Nth block of the section on remote users.
block()
{
	awk -v want="$1" '
		/^## /		{ inside = $0 == "## Remote users" }
		!inside		{ next }
		/^```/		{ open = !open; n += open; next }
		open && n == want' "$here/../../README.md"
}

sallyctl()
{
	ctl gw1 "$@"
}

run_block()
{
	block "$1" >"$W/block"
	[ -s "$W/block" ] || fail "the README has no block $1"
	# shellcheck disable=SC1091
	(cd "$W/gw1" && set -e && . "$W/block")
}

certificates()
{
	echo '# nothing yet' | gw_start gw1
	run_block 1 >"$W/made.out" || fail "$(<"$W/made.out")"
	# lint has nothing to say.
	[ "$(<"$W/made.out")" = $'cert_export_ann.p12\ncert_export_ca.crt' ] ||
		fail "$(<"$W/made.out")"
}

configuration()
{
	block 2 | gw_settings >"$W/gw1/conf"
	ctl gw1 /system/reload
	[ "$(ctl gw1 /ip/ipsec/identity/print count-only)" = 1 ] ||
		fail "$(ctl gw1 /ip/ipsec/identity/print)"
	! grep warning "$W/gw1/log" | grep -v -e 'made with sallyctl' \
	    -e 'UDP port 67' || fail "unexpected warnings"
}

# The name is known to both.
ann()
{
	mkdir -p "$W/gw2/pkcs12" "$W/gw2/x509ca"
	cp "$W/gw1/cert_export_ann.p12" "$W/gw2/pkcs12"
	cp "$W/gw1/cert_export_ca.crt" "$W/gw2/x509ca"
	block 3 | sed 's/remote_addrs = vpn.example.com/remote_addrs = 198.51.100.1/' |
	    swan_start gw2
	swan gw2 --initiate --child office
	log_wait gw2 'installing new virtual IP 10.9.0.10'
	log_wait gw2 'installing new virtual IP fd09::10'
	on gw2 ping -n -q -c 2 -i 0.1 -W 2 -I 10.9.0.10 10.1.0.10
	on gw2 ping -n -q -c 2 -i 0.1 -W 2 -I fd09::10 fd01::10
}

# print, kill, revoke.
operator()
{
	run_block 4 >"$W/online"
	grep -q 'user-fqdn:ann@example.com.*10.9.0.10' "$W/online" ||
		fail "$(<"$W/online")"
	sa_wait gw1 0
	swan gw2 --initiate --child office --timeout 8 &&
		fail "a revoked certificate is let in"
	log_wait gw1 "revoked"
	[ "$(ctl gw1 /ip/ipsec/session/print count-only)" = 0 ] ||
		fail "$(ctl gw1 /ip/ipsec/session/print)"
}

net_up
it "certificates for the gateway and a user" certificates
it "the configuration, reloaded" configuration
it "strongSwan takes the bundle and gets in" ann
it "the session is listed, ended and refused" operator
