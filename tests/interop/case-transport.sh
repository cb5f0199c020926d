# Transport mode between the gateways themselves, both roles, IPv4 and IPv6.

# kernel-libipsec has no transport mode: there Sallyport is at both ends.
other_end()
{
	[ "$PLANE" = userspace ] || {
		swan_conf mode=transport laddr="$2" raddr="$1" \
		    lts="$2/$3" rts="$1/$3" | swan_start gw2
		return
	}
	gw_conf tunnel=no peer="$1/$3" my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src="$2/$3" dst="$1/$3" \
	    peeropt="passive=$4" | gw_start gw2
}

# up INITIATOR OURS THEIRS [CONFIGURATION...]
up()
{
	local side=$1 us=$2 them=$3 bits=32 passive=no other=yes

	[[ $us != *:* ]] || bits=128
	[ "$side" != swan ] || passive=yes other=no
	wire_start
	other_end "$us" "$them" "$bits" $other
	gw_conf tunnel=no peer="$them/$bits" src="$us/$bits" \
	    dst="$them/$bits" peeropt="passive=$passive" | gw_start gw1
	[ "$side$PLANE" != swankernel ] || swan gw2 --initiate --child net
	peer_wait gw1
	sa_wait gw1 2
	[ "$PLANE" = userspace ] ||
	    ip -n gw1 xfrm state | grep -q 'mode transport' ||
		fail "not transport mode: $(ip -n gw1 xfrm state)"
	ping_ok gw1 "$them"
	ping_ok gw2 "$us"
	wire_only esp 12
	gw_stop gw1
	sa_wait gw2 0
	swan_stop gw2
}

# Our policy is a tunnel, the peer wants transport: RFC 7296 1.3.1 lets the
# responder decline by not answering USE_TRANSPORT_MODE.
mode_mismatch()
{
	swan_real "transport mode"
	swan_conf mode=transport lts=192.0.2.2/32 rts=198.51.100.1/32 |
	    swan_start gw2
	gw_conf src=198.51.100.1/32 dst=192.0.2.2/32 \
	    peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net || :
	peer_wait gw1
	! ip -n gw1 xfrm state | grep -q 'mode transport' ||
		fail "transport mode against our configuration"
}

net_up
it "transport mode, we initiate, IPv4" up gw 198.51.100.1 192.0.2.2
all_stop
it "transport mode, strongSwan initiates, IPv4" up swan 198.51.100.1 192.0.2.2
all_stop
it "transport mode, we initiate, IPv6" up gw 2001:db8:1::1 2001:db8:2::2
all_stop
it "transport mode, strongSwan initiates, IPv6" \
    up swan 2001:db8:1::1 2001:db8:2::2
all_stop
it "a tunnel policy does not become transport mode" mode_mismatch
