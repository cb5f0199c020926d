# How much an SA may carry.  A successor is there at 80 %, with no echo lost;
# when the peer does not answer, the SA ends at its limit.

up()
{
	gw_conf proposal="$1" | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

spis_other()
{
	[ "$(sa_spis gw1)" != "$1" ]
}

shown()
{
	ctl gw1 /ip/ipsec/installed-sa/print detail | grep -q "$1=[0-9]*/$2" ||
		fail "no $1 in $(ctl gw1 /ip/ipsec/installed-sa/print detail)"
}

# echoes COUNT SIZE: all are answered.  ping waits for the very last ones two
# round trips only, whatever one asks of it, so that more follow.  A fifth of
# the limits takes them most of a second: time for a new SA on a busy machine.
echoes()
{
	local lost

	on lan1 ping -n -i 0.004 -c $(($1 + 200)) -s "$2" -W 2 10.2.0.10 \
	    >"$W/echoes.log" || :
	lost=$(comm -23 <(seq "$1" | sort) <(grep -o 'icmp_seq=[0-9]* ttl=' \
	    "$W/echoes.log" | grep -o '[0-9]*' | sort) | sort -n)
	[ -z "$lost" ] || fail "of $1 echoes not answered:" $lost \
	    "$(ctl gw1 /ip/ipsec/statistics/print)"
}

# replaced_by COUNT SIZE: all echoes are answered by more than one SA.
replaced_by()
{
	local before

	before=$(sa_spis gw1)
	echoes "$@"
	until_ok 10 spis_other "$before" || fail "the SPIs did not change"
	log_has gw1 "child SA"
	sa_wait gw1 2 20
}

# The peer answers no more, neither here nor there.
ends()
{
	log_mark gw1
	kill -STOP "$(<"$W/gw2/pid")"
	on lan1 ping -n -q -i 0.002 -W 1 -c 1200 -s 10 10.2.0.10 >/dev/null || :
	log_wait_since gw1 expired
	sa_wait gw1 0
	kill -CONT "$(<"$W/gw2/pid")"
}

# Each end has limits of its own.
pair()
{
	local us=192.0.2.2/32 them=198.51.100.1/32

	gw_conf peer=$them my=fqdn:gw2.example remote=fqdn:gw1.example \
	    src=10.2.0.0/24 dst=10.1.0.0/24 peeropt=passive=yes \
	    proposal=lifepackets=1600 |
	    gw_start gw2
	gw_conf peer=$us proposal=lifepackets=1000 | gw_start gw1
	peer_wait gw1
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no echo"
}

net_up
swan_conf | swan_start gw2
it "the tunnel is up, with a limit of bytes" up lifebytes=800000
it "the limit is shown" shown lifebytes 800000
it "a successor comes at 80 % of the bytes" replaced_by 800 1000
gw_stop gw1
it "the tunnel is up, with a limit of packets" up lifepackets=1000
it "the limit is shown" shown lifepackets 1000
it "a successor comes at 80 % of the packets" replaced_by 1200 10
it "without an answer it ends at its limit" ends
all_stop
it "two Sallyports with a limit of packets" pair
it "successors come, with no echo lost" replaced_by 3000 10
