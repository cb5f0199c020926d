# Behind a masquerading router, both ways round: IKE moves to port 4500, ESP
# goes in UDP, keepalives keep the mapping open (RFC 7296 2.23, RFC 3948).

we_are_behind()
{
	net_up nat=gw1
	wire_start
	swan_conf raddr=%any | swan_start gw2
	gw_conf more='/ip ipsec settings set natt-keepalive=5s' | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	grep -q '198\.51\.100\.1\.[0-9]* > 192\.0\.2\.2\.4500: NONESP' \
	    "$W/wire" || fail "no IKE on port 4500: $(<"$W/wire")"
}

pings()
{
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	wire_only udpesp 12
	[ "$(wire_count bare)" = 0 ] || fail "bare ESP through the NAT"
	[ "$PLANE" = userspace ] ||
	    ip -n gw1 xfrm state | grep -q 'encap type espinudp' ||
		fail "no encapsulation: $(ip -n gw1 xfrm state)"
}

# natt_shown SELF PEER: who is behind a NAT, as sallyctl prints it.
natt_shown()
{
	local out

	# kernel-libipsec always says that it is behind one.
	set -- "$1" "$([ "$PEER_PLANE" = kernel ] && echo "$2" || echo yes)"
	out=$(ctl gw1 /ip/ipsec/active-peers/print detail)
	[[ $out == *natt-self=$1* && $out == *natt-peer=$2* ]] || fail "$out"
}

keepalive()
{
	until_ok 15 wire_has keepalive 1 || fail "no keepalive"
}

rekey_behind()
{
	local before

	before=$(sa_spis gw1)
	swan gw2 --rekey --child net
	until_ok 5 spis_other "$before" || fail "the SPIs did not change"
	ping_ok lan1 10.2.0.10
	swan gw2 --rekey --ike office1
	ping_ok lan2 10.1.0.10
}

spis_other()
{
	[ "$(sa_spis gw1)" != "$1" ]
}

peer_is_behind()
{
	net_up nat=gw2
	wire_start
	gw_conf peer=192.0.2.2/32 peeropt='passive=yes' | gw_start gw1
	swan_conf laddr=%any | swan_start gw2
	swan gw2 --initiate --child net
	peer_wait gw1
	sa_wait gw1 2
}

net_up nat=gw1
it "we initiate from behind a NAT, IKE moves to port 4500" we_are_behind
it "ESP goes in UDP, both ways" pings
it "active-peers shows that we are behind the NAT" natt_shown yes no
it "rekeying child and IKE SA works behind the NAT" rekey_behind
it "we send keepalives from behind the NAT" keepalive
all_stop
net_up nat=gw2
it "strongSwan initiates from behind a NAT" peer_is_behind
it "ESP goes in UDP, both ways, the peer behind the NAT" pings
it "active-peers shows that the peer is behind the NAT" natt_shown no yes
it "rekeying by the peer behind the NAT works" rekey_behind
