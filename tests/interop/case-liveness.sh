# The peer dies without a word: liveness finds out, the SAs go, the trap
# stays, and the first packet brings the tunnel up when the peer is back.

up()
{
	swan_conf | swan_start gw2
	gw_conf profile='dpd-interval=2s' | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

dead()
{
	wire_start
	node_kill gw2 KILL
	on gw2 ip xfrm state flush
	on gw2 ip xfrm policy flush
	sa_wait gw1 0 70
	log_wait gw1 office2
}

trap_stays()
{
	[ "$(policy_count gw1)" -ge 3 ] || fail "$(ip -n gw1 xfrm policy)"
	ping_none lan1 10.2.0.10
	wire_clean
}

back()
{
	swan_conf | swan_start gw2
	until_ok 30 ping_once lan1 10.2.0.10 || fail "the tunnel stays down"
	peer_wait gw1
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
}

# The peer starts anew and connects: INITIAL_CONTACT (RFC 7296 2.4) makes
# us drop what was left of it at once.
restarted()
{
	node_kill gw2 KILL
	on gw2 ip xfrm state flush
	on gw2 ip xfrm policy flush
	swan_conf | swan_start gw2
	swan gw2 --initiate --child net
	sa_wait gw1 2
	[ "$(sa_spis gw1)" = "$(sa_spis gw2)" ] || fail "stale SAs"
	ping_ok lan1 10.2.0.10
}

idle_probe()
{
	log_mark gw2
	log_wait_since gw2 'parsed INFORMATIONAL request' 15
	peer_up gw1 || fail "the peer was given up"
}

net_up
it "the tunnel is up" up
it "an idle peer is probed and stays" idle_probe
it "liveness finds the peer dead and removes the SAs" dead
it "the trap stays, nothing leaves in clear" trap_stays
it "the first packets bring the tunnel up again" back
it "a peer that starts anew replaces what was left of it" restarted
