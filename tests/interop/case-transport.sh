# Transport mode between the gateways themselves, both roles, IPv4 and IPv6.

# kernel-libipsec has no transport mode: there Sallyport is at both ends.
other_end()
{
	[ "$PEER_PLANE" = userspace ] || {
		swan_conf mode=transport laddr="$2" raddr="$1" \
		    lts="$2/$3" rts="$1/$3" | swan_start gw2
		return
	}
	gw_conf tunnel=no peer="$1/$3" my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src="$2/$3" dst="$1/$3" \
	    peeropt="passive=$4" | gw_start gw2
}

# mode_is MODE: of both SAs, as we print it.
mode_is()
{
	local out

	out=$(ctl gw1 /ip/ipsec/installed-sa/print detail)
	[ "$(grep -o 'mode=[a-z]*' <<<"$out" | sort | uniq -c)" = \
	    "      2 mode=$1" ] || fail "$out"
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
	[ "$side$PEER_PLANE" != swankernel ] || swan gw2 --initiate --child net
	peer_wait gw1
	sa_wait gw1 2
	mode_is transport
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
	gw_conf src=198.51.100.1/32 dst=192.0.2.2/32 \
	    peeropt='passive=yes' | gw_start gw1
	other_end 198.51.100.1 192.0.2.2 32 no
	[ "$PEER_PLANE" = userspace ] || swan gw2 --initiate --child net || :
	peer_wait gw1
	! ctl gw1 /ip/ipsec/installed-sa/print detail |
	    grep mode=transport ||
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
