# Through an address translator that is really there: every packet, a mapping
# that changes in the middle of a stream, two gateways behind one, and two that
# want the same network.
# shellcheck source=tests/interop/esp.sh
. "$here/esp.sh"
espd_moves || exit 78

# forgets ADDRESS: the translator, whose address that is now, has forgotten all
# and gives other ports.
forgets()
{
	ip -n nat link set out down
	on nat "$(iptables_command)" -t nat -F POSTROUTING
	on nat "$(iptables_command)" -t nat -A POSTROUTING -o out -p udp \
	    -j MASQUERADE --to-ports 40000-40999
	# Mappings go with their address.
	ip -n nat addr flush dev out
	ip -n nat addr add "$1/24" dev out
	ip -n nat link set out up
	ip -n nat route add default via "${1%.*}.254"
}

# remote NODE: where its packets go to, by the SA.
remote()
{
	ctl "$1" --json /ip/ipsec/installed-sa/print where direction=out |
	    grep -o '"dst-address": *"[^"]*' | sed 's/.*"//'
}

remote_other()
{
	[ "$(remote "$1")" != "$2" ]
}

# moves NODE ADDRESS: a stream goes on in spite of it, by the same SAs, without
# a word of IKE; NODE is the one that is not behind the translator.
moves()
{
	local before was ike away

	before=$(sa_spis $1)
	was=$(remote $1)
	ike=$(wire_count ike)
	stream_start 200
	nap .5
	away=${EPOCHREALTIME/./}
	forgets "$2"
	away=$((${EPOCHREALTIME/./} - away))
	until_ok 5 remote_other $1 "$was" || fail "still $was"
	nap .5
	# What met no translator, and what was under way to the old mapping.
	stream_end $((away * 200 / 1000000 + 20))
	[ "$(sa_spis $1)" = "$before" ] || fail "the SAs changed"
	[ "$(wire_count ike)" = "$ike" ] || fail "something was negotiated"
	[[ $(remote $1) == $2:40[0-9][0-9][0-9] ]] ||
		fail "packets go to $(remote $1)"
}

replaced()
{
	local pid

	pid=$(gw_pids "$1" keymgr)
	[ -n "$pid" ] && [ "$pid" != "$2" ]
}

# moves_alone NODE ADDRESS: the same, and NODE's keymgr is not there when it
# happens.
moves_alone()
{
	local before was pid

	before=$(sa_spis $1)
	was=$(remote $1)
	pid=$(gw_pids $1 keymgr)
	stream_start 200
	kill -STOP "$(<"$W/$1/sallyportd.pid")"
	kill -KILL "$pid"
	forgets "$2"
	nap .5
	kill -CONT "$(<"$W/$1/sallyportd.pid")"
	until_ok 20 replaced $1 "$pid" || fail "keymgr was not started again"
	until_ok 10 remote_other $1 "$was" || fail "still $was"
	stream_end 100000
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	[ "$(sa_spis $1)" = "$before" ] || fail "the SAs changed"
}

# gw2 knows who may come from where.
through()
{
	pair_conf udp peer=198.51.100.0/24 my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=10.2.0.0/24 dst=10.1.0.0/24 \
	    peeropt=passive=yes | gw_start gw2
	pair_conf udp more='/ip ipsec settings set natt-keepalive=5s' |
	    gw_start gw1
	up
}

keepalives()
{
	until_ok 10 wire_has keepalive 2 || fail "no keepalive"
}

# Another gateway behind the same translator, whose LAN is NETWORK.
third()
{
	ip -batch - <<-END
		netns add gw3
		link add wan netns gw3 type veth peer name in3 netns nat
	END
	ip -n nat addr add 172.17.0.1/24 dev in3
	ip -n nat link set in3 up
	ip -n gw3 -batch - <<-END
		addr add 172.17.0.3/24 dev wan
		addr add 10.3.0.1/32 dev lo
		addr add 10.1.0.1/32 dev lo
		link set lo up
		link set wan up
		route add default via 172.17.0.1
	END
}

two_conf()
{
	pair_conf udp peer=0.0.0.0/0 my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=10.2.0.0/24 dst=10.1.0.0/24 \
	    peeropt=passive=yes more="/ip ipsec identity
add peer=office2 secret=\"$SECRET\" my-id=fqdn:gw2.example remote-id=fqdn:gw3.example
/ip ipsec policy
add peer=office2 tunnel=yes src-address=10.2.0.0/24 dst-address=10.3.0.0/24 proposal=c1"
}

# two NETWORK: of the third.
third_up()
{
	pair_conf udp my=fqdn:gw3.example src="$1" | gw_start gw3
}

two_up()
{
	two_conf | gw_start gw2
	pair_conf udp | gw_start gw1
	sa_wait gw2 2
	third_up 10.3.0.0/24
	peer_wait gw1
	peer_wait gw3
	sa_wait gw2 4
}

two_talk()
{
	local n

	for n in 1 2 3; do
		ping_ok lan1 10.2.0.10
		PING_FROM=10.3.0.1 ping_ok gw3 10.2.0.10
	done
	ping_ok lan2 10.1.0.10
	ping_ok lan2 10.3.0.1
}

swan_behind()
{
	local us them bits src dst h1 h2

	inner 4
	gw_conf peer=192.0.2.0/24 peeropt='passive=yes' | gw_start gw1
	swan_conf laddr=%any | swan_start gw2
	swan gw2 --initiate --child net
	up
}

net_up nat=gw2
net_alter
sinks_up
wire_start
it "strongSwan behind a translator" swan_behind
it "another port in the middle of a stream" moves gw1 192.0.2.2
it "another address, too" moves gw1 192.0.2.9
all_stop
net_up nat=gw1
net_alter
sinks_up
wire_start
it "a tunnel through the translator" through
carry_all 4
it "no packet was an error" errors_are gw1
it "nor at the other end" errors_are gw2
it "another port in the middle of a stream" moves gw2 198.51.100.1
it "another address, too" moves gw2 198.51.100.7
it "another one that no keymgr was there to hear of" \
    moves_alone gw2 198.51.100.9
it "keepalives, and they are no errors" keepalives
it "for those behind it" errors_are gw1
all_stop
third
wire_start
it "two behind one translator" two_up
it "both talk" two_talk

# Both may have it: the newest SA of a policy is the one that is used.
same_network()
{
	gw_stop gw3
	sa_wait gw2 2
	third_up 10.1.0.0/24
	peer_wait gw3
	sa_wait gw2 4
	PING_FROM=10.1.0.1 ping_ok gw3 10.2.0.10
	ping_none lan1 10.2.0.10
	gw_stop gw3
	sa_wait gw2 2
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
}

it "who comes last has a network that both may have, until it goes" \
    same_network
it "nothing went in clear all the while" wire_clean
