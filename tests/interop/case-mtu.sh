# What paths take: from outer MTUs of 1280 to 9000 bytes, learned on the way,
# told to the inside, in both families.  One TCP flow must get through all of
# it, and nothing may vanish.
espd_moves || exit 78

# wires MTU: all outside of the gateways.
wires()
{
	local node

	for node in gw1 gw2; do
		ip -n inet link set $node mtu "$1"
		ip -n $node link set wan mtu "$1"
	done
}

# lans MTU: all inside.
lans()
{
	local n

	for n in 1 2; do
		ip -n lan$n link set eth0 mtu "$1"
		ip -n gw$n link set lan mtu "$1"
	done
}

two()
{
	gw_conf "$@" more="/ip ipsec policy add peer=office2 tunnel=yes src-address=fd01::/64 dst-address=fd02::/64 proposal=c1" |
	    gw_start gw1
	gw_conf peer=198.51.100.1/32 my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=10.2.0.0/24 dst=10.1.0.0/24 \
	    peeropt=passive=yes "$@" \
	    more="/ip ipsec policy add peer=office2 tunnel=yes src-address=fd02::/64 dst-address=fd01::/64 proposal=c1" |
	    gw_start gw2
	peer_wait gw1
	sa_wait gw1 4
	sa_wait gw2 4
}

device_mtu()
{
	ip -n "$1" link show sallyport0 | grep -o 'mtu [0-9]*' | cut -d' ' -f2
}

device_is()
{
	[ "$(device_mtu "$1")" = "$2" ]
}

forget()
{
	local n

	for n in lan1 lan2 gw1 gw2 inet; do
		ip -n $n route flush cache
		ip -n $n -6 route flush cache
	done
}

# flow DESTINATION: so many bytes of one TCP flow each way.
flow()
{
	local way

	for way in '' -R; do
		# shellcheck disable=SC2086
		on lan1 timeout 20 iperf3 -c "$1" -n 4M $way >"$W/flow" 2>&1 ||
			fail "TCP to $1 $way: $(tail -n 5 "$W/flow")"
	done
}

server()
{
	on_bg lan2 iperf3 -s >/dev/null 2>&1
	echo $! >"$W/iperf.pid"
	until_ok 5 on lan2 bash -c '</dev/tcp/10.2.0.10/5201'
}

# at OUTER INSIDE: the device has what is expected, one flow and packets of
# lengths about the edge pass.
at()
{
	local inner n

	gw_stop gw1
	gw_stop gw2
	wires "$1"
	lans "$2"
	forget
	two
	# AES-GCM in UDP: 20 + 8 of IP and UDP, 8 + 8 + 16 of ESP, then
	# whole words, of which two bytes are the trailer's.
	inner=$((($1 - 60) / 4 * 4 - 2))
	[ $inner -ge 1280 ] || inner=1280
	until_ok 5 device_is gw1 $inner ||
		fail "device of gw1: $(device_mtu gw1), wanted $inner"
	until_ok 5 device_is gw2 $inner ||
		fail "device of gw2: $(device_mtu gw2), wanted $inner"
	flow 10.2.0.10
	flow fd02::10
	for n in -1 0 1 8; do
		on lan1 ping -n -q -c 1 -W 2 -M dont -s $((inner - 28 + n)) \
		    10.2.0.10 || fail "an echo of $((inner + n)) bytes"
		# IPv6 hosts fragment when they were told.
		until_ok 5 on lan1 ping -n -q -c 1 -W 1 \
		    -s $((inner - 48 + n)) fd02::10 ||
			fail "an IPv6 echo of $((inner + n)) bytes"
	done
}

# told DESTINATION: what the way to it takes, as lan1 was told.
told()
{
	ip -n lan1 route get "$1" | grep -o 'mtu [0-9]*' | cut -d' ' -f2
}

# A sender that says "do not fragment" is told, and what it is told is right:
# that passes, and one byte more does not.
too_big()
{
	local to=$1 hdr=$2 mtu

	forget
	! on lan1 ping -n -q -c 1 -W 1 -M "do" -s $((1500 - hdr)) "$to" ||
		fail "1500 bytes went through"
	mtu=$(told "$to")
	[ -n "$mtu" ] || fail "nobody told lan1"
	[ "$mtu" -ge 1280 ] && [ "$mtu" -lt 1500 ] || fail "told $mtu"
	on lan1 ping -n -q -c 1 -W 2 -M "do" -s $((mtu - hdr)) "$to" ||
		fail "$mtu bytes, as told, do not pass"
	forget
	! on lan1 ping -n -q -c 1 -W 1 -M "do" -s $((mtu - hdr + 1)) "$to" ||
		fail "$mtu was told, and more passes"
}

# The wire behind the router gets narrow under a running flow.
narrow()
{
	local pid

	on_bg lan1 timeout 40 iperf3 -c "$1" -n 60M -b 100M >"$W/flow" 2>&1
	pid=$!
	nap 1
	ip -n inet link set gw2 mtu 1320
	ip -n gw2 link set wan mtu 1320
	wait $pid || fail "the flow broke: $(tail -n 5 "$W/flow")"
	flow "$1"
	until_ok 5 on lan1 ping -n -q -c 1 -W 1 -s 1400 "$1" ||
		fail "no large echo"
	ping_ok lan1 "$1"
	ip -n inet link set gw2 mtu 1500
	ip -n gw2 link set wan mtu 1500
}

net_up
net_alter
server
for mtu in 1280 1400 1500; do
	it "outer MTU $mtu" at $mtu 1500
done
# What follows is about paths that are found out.
again()
{
	gw_stop gw1
	gw_stop gw2
	forget
	two policy="dont-fragment=$1"
}

cleared()
{
	again clear
	narrow "$1"
}

it "the network may fragment: a path that gets narrow is no matter" cleared 10.2.0.10
it "the network may not fragment" again inherit
it "too big is told, IPv4" too_big 10.2.0.10 28
it "too big is told, IPv6" too_big fd02::10 48
it "a path that gets narrow heals, IPv4" narrow 10.2.0.10
it "a path that gets narrow heals, IPv6" narrow fd02::10
# The wire's own MTU, while the tunnel stands.
changed()
{
	wires 1400
	until_ok 5 device_is gw1 1338 || fail "device: $(device_mtu gw1)"
	flow 10.2.0.10
	wires 9000
	until_ok 5 device_is gw1 8938 || fail "device: $(device_mtu gw1)"
	flow fd02::10
}

it "outer MTU 9000" at 9000 9000
it "the outer MTU changes" changed
it "outer MTU 9000, inside 1500" at 9000 1500
kill "$(<"$W/iperf.pid")"
