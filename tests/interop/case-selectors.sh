# Traffic selectors: several per side in one child, narrowing in both
# directions, protocol and port, two policies of one peer, and a request
# outside of what we allow.

lan_more()
{
	ip -n lan1 addr replace 10.1.9.10/24 dev eth0
	ip -n lan2 addr replace 10.2.9.10/24 dev eth0
	ip -n gw1 addr replace 10.1.9.1/24 dev lan
	ip -n gw2 addr replace 10.2.9.1/24 dev lan
}

ping_from()
{
	PING_FROM=$2 ping_ok "$1" "$3"
}

several()
{
	lan_more
	wire_start
	swan_conf lts=10.2.0.0/24,10.2.9.0/24 rts=10.1.0.0/24,10.1.9.0/24 |
	    swan_start gw2
	gw_conf src=10.1.0.0/24,10.1.9.0/24 dst=10.2.0.0/24,10.2.9.0/24 \
	    peeropt="passive=$1" | gw_start gw1
	[ "$1" = no ] || swan gw2 --initiate --child net
	peer_wait gw1
	sa_wait gw1 2
	ping_from lan1 10.1.0.10 10.2.0.10
	ping_from lan1 10.1.9.10 10.2.9.10
	ping_from lan2 10.2.9.10 10.1.0.10
	wire_only esp 18
	gw_stop gw1
	[ "$(policy_count gw1)" = 0 ] || fail "$(ip -n gw1 xfrm policy)"
	swan_stop gw2
}

# The peer asks for everything; our policy is what we grant (RFC 7296 2.9).
we_narrow()
{
	wire_start
	swan_conf lts=0.0.0.0/0 rts=0.0.0.0/0 | swan_start gw2
	gw_conf peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net
	sa_wait gw1 2
	log_wait gw2 'TS 10.2.0.0/24 === 10.1.0.0/24'
	ping_ok lan2 10.1.0.10
	gw_stop gw1
	swan_stop gw2
}

# We ask for our policy; the peer grants half of it.
peer_narrows()
{
	wire_start
	swan_conf lts=10.2.0.0/25 | swan_start gw2
	gw_conf | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	wire_only esp 6
	# The rest of the policy's traffic still does not leave in clear.
	ping_none lan1 10.2.0.177
	wire_clean
	gw_stop gw1
	[ "$(policy_count gw1)" = 0 ] || fail "$(ip -n gw1 xfrm policy)"
	swan_stop gw2
}

protocol_only()
{
	wire_start
	swan_conf lts='10.2.0.0/24[icmp]' rts='10.1.0.0/24[icmp]' |
	    swan_start gw2
	gw_conf policy='protocol=icmp' | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	wire_only esp 12
	gw_stop gw1
	swan_stop gw2
}

ports()
{
	swan_conf lts='10.2.0.0/24[udp/5001]' rts='10.1.0.0/24[udp]' |
	    swan_start gw2
	gw_conf policy='protocol=udp dst-port=5001' | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ip -n gw1 xfrm policy | grep -q 'proto udp dport 5001' ||
		fail "$(ip -n gw1 xfrm policy)"
	gw_stop gw1
	swan_stop gw2
}

two_policies()
{
	lan_more
	swan_conf more='second {
		local_ts = 10.2.9.0/24
		remote_ts = 10.1.9.0/24
		esp_proposals = aes128gcm16
	}' | swan_start gw2
	gw_conf more='/ip ipsec policy add peer=office2 tunnel=yes src-address=10.1.9.0/24 dst-address=10.2.9.0/24 proposal=c1' |
	    gw_start gw1
	peer_wait gw1
	sa_wait gw1 4
	ping_from lan1 10.1.0.10 10.2.0.10
	ping_from lan1 10.1.9.10 10.2.9.10
	[ "$(swan gw2 --list-sas | grep -c ESTABLISHED)" = 1 ] ||
		fail "not one IKE SA: $(swan gw2 --list-sas)"
	gw_stop gw1
	swan_stop gw2
}

unacceptable()
{
	swan_conf rts=10.77.0.0/24 | swan_start gw2
	gw_conf peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net || :
	log_wait gw2 'TS_UNACCEPT'
	sa_wait gw1 0
	# Both sets are named for the operator.
	log_wait gw1 '10.77.0.0/24'
}

net_up
it "several selectors per side, we initiate" several no
all_stop
it "several selectors per side, strongSwan initiates" several yes
all_stop
it "we narrow what the peer asks for" we_narrow
all_stop
it "the peer narrows what we ask for" peer_narrows
all_stop
it "a protocol selector" protocol_only
all_stop
it "protocol and port selectors" ports
all_stop
it "two policies of a peer: two children of one IKE SA" two_policies
all_stop
it "selectors outside of our policies are refused and logged" unacceptable
