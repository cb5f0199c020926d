# A passive peer's policy is a trap: the first packet that matches brings
# the tunnel up, with that packet's own selector named first (RFC 7296 2.9).

idle()
{
	swan_conf | swan_start gw2
	wire_start
	gw_conf peeropt='passive=yes' | gw_start gw1
	nap 1
	[ "$(wire_count ike)" = 0 ] || fail "IKE without a packet to send"
	[ "$(policy_count gw1)" -ge 3 ] || fail "no trap"
}

first_packet()
{
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no tunnel"
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	wire_only esp 12
}

selector_first()
{
	log_has gw2 '10.1.0.10/32' || fail "$(grep TS "$W/gw2/log")"
}

# The IKE SA stands, the child does not: CREATE_CHILD_SA.
second_child()
{
	swan gw2 --terminate --child net
	sa_wait gw1 0
	log_mark gw2
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no tunnel"
	log_wait_since gw2 'parsed CREATE_CHILD_SA request'
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

after_delete()
{
	swan gw2 --terminate --ike office1
	sa_wait gw1 0
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no tunnel"
	ping_ok lan1 10.2.0.10
}

net_up
it "nothing is sent before there is a packet" idle
it "the first packet brings the tunnel up" first_packet
it "the packet's own selector comes first" selector_first
it "a packet makes a new child under the IKE SA that stands" second_child
it "a packet makes a new IKE SA after the peer deleted it" after_delete
it "nothing went in clear all the while" wire_clean
