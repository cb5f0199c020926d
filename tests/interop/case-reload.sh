# Reload compares and touches what differs: tunnels stay, a new policy and a
# new secret take effect, a wrong configuration changes nothing.

up()
{
	swan_conf more='second {
		local_ts = 10.2.9.0/24
		remote_ts = 10.1.9.0/24
		esp_proposals = aes128gcm16
	}' | swan_start gw2
	gw_conf | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

reload()
{
	log_mark gw1
	kill -HUP "$(<"$W/gw1/pid")"
	log_wait_since gw1 "$1"
}

unchanged()
{
	local before

	before=$(sa_spis gw1)
	ping_start lan1 10.2.0.10
	reload 'conf loaded'
	nap 1
	[ "$(sa_spis gw1)" = "$before" ] || fail "the SAs changed"
	[ "$(ping_loss)" = 0 ] || fail "echoes were lost"
}

new_policy()
{
	local before spi

	before=$(sa_spis gw1)
	gw_conf more='/ip ipsec policy add peer=office2 tunnel=yes src-address=10.1.9.0/24 dst-address=10.2.9.0/24 proposal=c1' \
	    >"$W/gw1/conf"
	reload 'conf loaded'
	sa_wait gw1 4
	for spi in $before; do
		sa_spis gw1 | grep -q "$spi" || fail "$spi went"
	done
	ping_ok lan1 10.2.0.10
}

policy_removed()
{
	gw_conf >"$W/gw1/conf"
	reload 'conf loaded'
	until_ok 10 policy_gone || fail "$(ip -n gw1 xfrm policy)"
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

policy_gone()
{
	! ip -n gw1 xfrm policy | grep -q 10.1.9.0
}

wrong()
{
	local before pids

	before=$(sa_spis gw1)
	pids=$(gw_pids gw1)
	gw_conf more='/ip ipsec policy add peer=nobody' >"$W/gw1/conf"
	reload 'has errors'
	log_since gw1 nobody || fail "the wrong name is not named"
	grep -q "conf:[0-9]*:[0-9]*" "$W/gw1/log" ||
		fail "no file, line and column"
	[ "$(gw_pids gw1)" = "$pids" ] || fail "processes changed"
	[ "$(sa_spis gw1)" = "$before" ] || fail "the SAs changed"
	ping_ok lan1 10.2.0.10
}

new_secret()
{
	gw_conf secret='another secret' >"$W/gw1/conf"
	reload 'conf loaded'
	swan gw2 --terminate --ike office1 || :
	log_mark gw1
	swan gw2 --initiate --child net --timeout 5 || :
	log_wait_since gw1 'authentication failed (pre-shared key)'
	swan_conf secret='another secret' >"$W/gw2/swanctl.conf"
	swan_load gw2
	swan gw2 --initiate --child net
	ping_ok lan2 10.1.0.10
}

check_only()
{
	local out rc=0 program=$SALLYPORT_STAGE/sbin/sallyportd

	gw_conf >"$W/good.conf"
	"$program" -n -f "$W/good.conf" || fail "a good file is refused"
	gw_conf dh=x25591 >"$W/bad.conf"
	out=$("$program" -n -f "$W/bad.conf" 2>&1) || rc=$?
	[ $rc != 0 ] || fail "a wrong file is accepted"
	[[ $out == *bad.conf:2:*x25591*x25519* ]] || fail "$out"
	gw_conf enc=des hash=md5 dh=modp1024 >"$W/weak.conf"
	rc=0
	out=$("$program" -n -f "$W/weak.conf" 2>&1) || rc=$?
	[ $rc != 0 ] || fail "weak algorithms are accepted"
	[[ $out == *allow-weak* ]] || fail "$out"
}

net_up
it "sallyportd -n checks and says what is wrong" check_only
it "the tunnel is up" up
it "reloading the same configuration changes nothing" unchanged
it "a new policy gets its child, the old one stays" new_policy
it "a removed policy goes with its child" policy_removed
it "a wrong configuration changes nothing that runs" wrong
it "a new secret counts for the next login" new_secret
