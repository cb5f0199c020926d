# A device that joins datagrams joins all of two ports: ESP of several SAs,
# and IKE with them.  Each still comes to who it is for.
espd_moves || exit 78
command -v ethtool >/dev/null || skip "there is no ethtool"

# What arrives is held for 2 ms, so that there is something to join; whether
# it is, the kernel's hash of the ports decides, anew each time.
join()
{
	# shellcheck disable=SC2016
	on inet ethtool -K gw1 tso off
	on gw1 ethtool -K wan gro on
	on gw1 unshare --mount sh -c '
		mount -t sysfs sysfs /sys
		cd /sys/class/net/wan
		echo 2000000 >gro_flush_timeout
		echo 2 >napi_defer_hard_irqs' || skip "this device joins nothing"
}

up()
{
	swan_conf conn='encap = yes' "laddr=$1" "raddr=$2" | swan_start gw2
	gw_conf "peer=$1" | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	join
}

rekeys()
{
	local i

	on_bg lan2 ping -f -q -n -l 200 -s 1200 10.1.0.10 >/dev/null
	echo $! >"$W/flood.pid"
	log_mark gw2
	for i in 1 2 3 4 5 6; do
		swan gw2 --rekey "$@"
		nap 0.5
	done
	kill -INT "$(<"$W/flood.pid")"
	log_wait_since gw2 CREATE_CHILD_SA
	! log_since gw2 | grep retransmit || fail "IKE was lost"
}

nobodys()
{
	ctl gw1 /ip/ipsec/statistics/print | grep -q "in-no-states: 0\$" ||
	    fail "packets came to the wrong one"
}

net_up
for ends in "192.0.2.2 198.51.100.1" "2001:db8:2::2 2001:db8:1::1"; do
	# shellcheck disable=SC2086
	it "the tunnel comes up, in UDP, between $ends" up $ends
	it "IKE is heard among ESP" rekeys --ike office1
	it "nothing of it came to espd" nobodys
	it "SAs of one peer are told apart" rekeys --child net
	it "what was under way at a rekey came in" nobodys
	all_stop
done
