# kill -9 of each process of Sallyport: sallyportd says which died and why
# and starts it again, a new tunnel works, no stale SA stays.

up()
{
	peer_wait gw1 30
	sa_wait gw1 2 30
	until_ok 10 ping_once lan1 10.2.0.10 || :
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
}

same_spis()
{
	[ "$(sa_spis gw1)" = "$(sa_spis gw2)" ]
}

replaced()
{
	local pid

	pid=$(gw_pids gw1 "$1")
	[ -n "$pid" ] && [ "$pid" != "$2" ]
}

# killed PROCESS: dies, is named in the log, and is replaced.
killed()
{
	local pid

	pid=$(gw_pids gw1 "$1")
	[ -n "$pid" ] || fail "no $1 runs"
	log_mark gw1
	kill -KILL "$pid"
	until_ok 20 replaced "$1" "$pid" || fail "$1 was not started again"
	log_since gw1 "$1" || fail "the log does not name $1"
	tail -n +$(($(<"$W/gw1/mark") + 1)) "$W/gw1/log" | grep "$1" |
	    grep -q -i -e 'signal 9\|killed' || fail "the log does not say why"
}

# A new IKE SA and child, made by the peer.
anew()
{
	swan gw2 --terminate --ike office1 --force || :
	until_ok 20 swan gw2 --initiate --child net --timeout 10 ||
		fail "no new tunnel"
	up
	until_ok 15 same_spis ||
		fail "stale SAs: $(sa_spis gw1) here, $(sa_spis gw2) there"
}

ikepd()
{
	killed ikepd
	anew
}

# The tunnel goes on while keymgr is replaced.
keymgr()
{
	local before

	before=$(sa_spis gw1)
	ping_start lan1 10.2.0.10
	killed keymgr
	nap 1
	[ "$(sa_spis gw1)" = "$before" ] || fail "the SAs changed"
	[ "$(ping_loss)" = 0 ] || fail "echoes were lost"
	# The new one knows the old SAs: they can be rekeyed and deleted.
	swan gw2 --rekey --child net
	until_ok 10 spis_other "$before" || fail "the SPIs did not change"
	sa_wait gw1 2 20
	ping_ok lan1 10.2.0.10
	anew
}

spis_other()
{
	[ "$(sa_spis gw1)" != "$1" ]
}

# The tunnel goes on with the next espd, which has the keys and numbers.
espd()
{
	local before

	before=$(sa_spis gw1)
	killed espd
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no echo"
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	[ "$(sa_spis gw1)" = "$before" ] || fail "the SAs changed"
	swan gw2 --rekey --child net
	until_ok 10 spis_other "$before" || fail "the SPIs did not change"
	sa_wait gw1 2 20
	ping_ok lan1 10.2.0.10
	anew
}

# It is there and does nothing: keymgr finds out, and the next one goes on.
# What was to be installed meanwhile is.
stuck()
{
	local before pid

	before=$(sa_spis gw1)
	pid=$(gw_pids gw1 espd)
	log_mark gw1
	kill -STOP "$pid"
	swan gw2 --rekey --child net || :
	until_ok 20 replaced espd "$pid" || fail "espd was not started again"
	log_since gw1 "does not answer" || fail "the log does not say why"
	until_ok 10 spis_other "$before" || fail "the SPIs did not change"
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no echo"
	sa_wait gw1 2 20
	ping_ok lan1 10.2.0.10
	anew
}

# A file edited since it was loaded is nothing to a new certd: it has what
# the others have.
certd()
{
	local before

	before=$(sa_spis gw1)
	echo "/ip/ipsec/nonsense add" >"$W/gw1/conf"
	killed certd
	[ "$(sa_spis gw1)" = "$before" ] || fail "the SAs changed"
	ping_ok lan1 10.2.0.10
	anew
}

controld()
{
	local before

	before=$(sa_spis gw1)
	killed controld
	until_ok 10 ctl gw1 /ip/ipsec/active-peers/print ||
		fail "sallyctl does not work"
	[ "$(sa_spis gw1)" = "$before" ] || fail "the SAs changed"
}

# Without its supervisor nothing of Sallyport runs on, the SAs are gone and
# the policies stay: fail closed until it is started again.
sallyportd()
{
	local pid pids

	wire_start
	pids=$(gw_pids gw1)
	node_kill gw1 KILL
	for pid in $pids; do
		wait_gone "$pid"
	done
	sa_wait gw1 0
	[ "$(policy_count gw1)" -ge 3 ] || fail "the policies went"
	ping_none lan1 10.2.0.10
	wire_clean
	gw_conf | gw_start gw1
	up
	until_ok 15 same_spis ||
		fail "stale SAs: $(sa_spis gw1) here, $(sa_spis gw2) there"
	gw_stop gw1
	[ "$(policy_count gw1)" = 0 ] || fail "$(ip -n gw1 xfrm policy)"
}

# Every property that is shown can be filtered by; any other is an error,
# and then nothing is ended.
filters()
{
	local menu name rc out before

	before=$(sa_spis gw1)
	for menu in active-peers installed-sa policy peer identity profile \
	    proposal; do
		for name in $(ctl gw1 --json /ip/ipsec/$menu/print |
		    grep -o '"[a-z0-9-]*":' | tr -d '":' | sort -u); do
			ctl gw1 /ip/ipsec/$menu/print where "$name~." \
			    >/dev/null || fail "$menu has no $name"
		done
		rc=0
		out=$(ctl gw1 /ip/ipsec/$menu/print where pear=x 2>&1) || rc=$?
		[ $rc != 0 ] && [[ $out == *'"pear"'*peer* || \
		    $out == *'"pear"'*name* ]] || fail "$menu: $rc $out"
	done
	! ctl gw1 /ip/ipsec/active-peers/kill-connections where pear= ||
		fail "an unknown name is accepted"
	! ctl gw1 /ip/ipsec/installed-sa/flush where pear= ||
		fail "an unknown name is accepted"
	[ "$(sa_spis gw1)" = "$before" ] || fail "the SAs changed"
}

net_up
swan_conf | swan_start gw2
gw_conf | gw_start gw1
it "the tunnel is up" up
it "filters know the properties, and no others" filters
it "ikepd dies" ikepd
it "keymgr dies" keymgr
! espd_moves || it "espd dies" espd
! espd_moves || it "espd is stopped" stuck
it "certd dies" certd
it "controld dies" controld
it "sallyportd dies" sallyportd
