# Sallyport at both ends: both initiate at load, both rekey at the same
# lifetime under continuous pings, one end is stopped and started, and a
# large packet passes.  With bare ESP, then in UDP, as either end wants it.

# ends ENCAPSULATION-1 ENCAPSULATION-2 [PEER-OPTION-2]
ends()
{
	local set="/ip ipsec settings set udp-encapsulation"

	gw_conf proposal=lifetime=30s more="$set=$1" | gw_start gw1
	gw_conf peer=198.51.100.1/32 my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=10.2.0.0/24 dst=10.1.0.0/24 \
	    peeropt="${3:-}" proposal=lifetime=30s more="$set=$2" |
	    gw_start gw2
}

up()
{
	ends "$@"
	peer_wait gw1
	peer_wait gw2
	until_ok 15 ping_once lan1 10.2.0.10 || fail "no tunnel"
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
}

same_spis()
{
	[ "$(sa_spis gw1)" = "$(sa_spis gw2)" ]
}

agree()
{
	until_ok 20 same_spis ||
		fail "gw1 has $(sa_spis gw1), gw2 has $(sa_spis gw2)"
}

all_new()
{
	local spi now

	now=$(sa_spis gw1)
	for spi in $1; do
		[[ $now != *$spi* ]] || return 1
	done
}

rekeyed()
{
	local before lost

	before=$(sa_spis gw1)
	ping_start lan1 10.2.0.10
	until_ok 45 all_new "$before" || fail "some SA was never rekeyed"
	lost=$(ping_loss)
	[ "$lost" = 0 ] || fail "$lost echoes lost"
	agree
	ping_ok lan2 10.1.0.10
}

large()
{
	PING_SIZE=4000 ping_ok lan1 10.2.0.10
}

restarted()
{
	gw_stop gw2
	sa_wait gw1 0
	ends2=$(<"$W/gw2/conf")
	gw_start gw2 <<<"$ends2"
	until_ok 20 ping_once lan1 10.2.0.10 || fail "no tunnel"
	ping_ok lan1 10.2.0.10
	agree
}

# encapsulated ENCAPSULATION-1 ENCAPSULATION-2 KIND
encapsulated()
{
	all_stop
	wire_start
	# One initiates: who is told of both may lose an echo between them.
	up "$1" "$2" passive=yes
	agree
	wire_only "$3" 12
	[ "$(wire_count udpesp)" = 0 ] || [ "$(wire_count bare)" = 0 ] ||
		fail "both kinds of ESP"
	# Nobody is behind a NAT, and nobody says so.
	ctl gw1 /ip/ipsec/active-peers/print detail |
	    grep -q 'natt-peer=no.*natt-self=no' ||
		fail "$(ctl gw1 /ip/ipsec/active-peers/print detail)"
	[ "$(wire_count keepalive)" = 0 ] || fail "keepalives without a NAT"
}

both_stopped()
{
	gw_stop gw1
	sa_wait gw2 0
	gw_stop gw2
	[ "$(policy_count gw2)" = 0 ] || fail "$(ip -n gw2 xfrm policy)"
}

net_up
wire_start
it "both initiate at load, the tunnel comes up" up nat nat
it "both ends have the same SAs" agree
it "packets larger than the path's MTU pass" large
it "both rekey at one lifetime, no echo is lost" rekeyed
it "one end is stopped and started" restarted
it "all went as bare ESP, nothing in clear" wire_only bare 12
it "both are stopped, nothing stays" both_stopped
it "one end wants ESP in UDP: so do both" encapsulated nat always udpesp
it "the other does" encapsulated always nat udpesp
it "by themselves they do as the data plane does best" \
    encapsulated auto auto "$([ "$PLANE" = kernel ] && echo bare || echo udpesp)"
