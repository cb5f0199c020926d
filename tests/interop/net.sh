# The nodes of the cases: network namespaces, links, addresses, a NAT; and what
# is done on them.  Sourced by lib.sh.
# shellcheck shell=bash

on()
{
	local node=$1

	shift
	nsenter --net="/run/netns/$node" "$@"
}

# on_bg NODE COMMAND...: in the background; $! is the command's process.
on_bg()
{
	nsenter --net="/run/netns/$1" "${@:2}" &
}

# net_up [nat=gw1|gw2]: builds the topology, IPv4 and IPv6.  With nat, that
# gateway sits behind a masquerading router.
net_up()
{
	local nat='' node a4 a6

	local _ "$@"
	[ "$(cat "$W/net" 2>/dev/null)" != "net:$nat" ] || return 0
	net_down
	ip -batch - <<-END
		netns add lan1
		netns add gw1
		netns add inet
		netns add gw2
		netns add lan2
		netns add nat
	END
	no_dad lan1 gw1 inet gw2 lan2 nat
	ip -batch - <<-END
		link add eth0 netns lan1 type veth peer name lan netns gw1
		link add eth0 netns lan2 type veth peer name lan netns gw2
	END
	for node in gw1 gw2; do
		if [ "$nat" = $node ]; then
			ip -batch - <<-END
				link add wan netns $node type veth peer name in netns nat
				link add out netns nat type veth peer name $node netns inet
			END
		else
			ip link add wan netns $node type veth \
			    peer name $node netns inet
		fi
	done
	lan_up lan1 10.1.0 fd01:
	lan_up lan2 10.2.0 fd02:
	# kernel-libipsec wants an address of its own in each selector.
	[ "$PEER_PLANE" = kernel ] || ip -n gw2 addr add 10.2.9.1/32 dev lo
	for node in gw1 gw2; do
		case $node in
		gw1)	a4=198.51.100 a6=2001:db8:1: ;;
		gw2)	a4=192.0.2 a6=2001:db8:2: ;;
		esac
		if [ "$nat" = $node ]; then
			nat_up $a4.${node#gw} $a4.254
			wan_up $node 172.16.0.2 172.16.0.1 $a6
		else
			wan_up $node $a4.${node#gw} $a4.254 $a6
		fi
	done
	ip -n inet -batch - <<-END
		addr add 198.51.100.254/24 dev gw1
		addr add 192.0.2.254/24 dev gw2
		addr add 2001:db8:1::fe/64 dev gw1 nodad
		addr add 2001:db8:2::fe/64 dev gw2 nodad
		link set gw1 up
		link set gw2 up
		route add blackhole 10.0.0.0/8
		route add blackhole fd00::/8
		route add blackhole 172.16.0.0/12
	END
	forward gw1 inet gw2 nat
	echo "net:$nat" >"$W/net"
}

# no_dad NODE...: no address of interfaces to come waits for others to claim
# it; until then neighbours would not be found.
no_dad()
{
	local node

	for node; do
		# shellcheck disable=SC2016
		on "$node" bash -c 'cd /proc/sys/net/ipv6/conf &&
		    echo 0 >all/accept_dad && echo 0 >default/accept_dad'
	done
}

lan_up()
{
	local gw=gw${1#lan}

	ip -n "$1" -batch - <<-END
		addr add $2.10/24 dev eth0
		addr add $3:10/64 dev eth0 nodad
		link set lo up
		link set eth0 up
		route add default via $2.1
		route add default via $3:1
	END
	ip -n "$gw" -batch - <<-END
		addr add $2.1/24 dev lan
		addr add $3:1/64 dev lan nodad
		link set lo up
		link set lan up
	END
}

wan_up()
{
	ip -n "$1" -batch - <<-END
		addr add $2/24 dev wan
		addr add $4:${1#gw}/64 dev wan nodad
		link set wan up
		route add default via $3
		route add default via $4:fe
	END
}

# net_more NODE: one more node on inet, such as gw3, for another remote user.
net_more()
{
	local n=${1#gw}

	ip netns add "$1"
	no_dad "$1"
	ip link add wan netns "$1" type veth peer name "$1" netns inet
	wan_up "$1" "203.0.113.$n" 203.0.113.254 "2001:db8:$n:"
	ip -n inet -batch - <<-END
		addr add 203.0.113.254/24 dev $1
		addr add 2001:db8:$n::fe/64 dev $1 nodad
		link set $1 up
	END
	forward inet "$1"
}

nat_up()
{
	ip -n nat -batch - <<-END
		addr add 172.16.0.1/24 dev in
		addr add $1/24 dev out
		link set in up
		link set out up
		route add default via $2
	END
	on nat "$(iptables_command)" -t nat -A POSTROUTING -o out -j MASQUERADE
}

iptables_command()
{
	# User-Mode Linux has no nftables NAT.
	if [ -e /proc/net/ip_tables_names ]; then
		echo iptables-legacy
	else
		echo iptables
	fi
}

forward()
{
	local node

	for node; do
		# shellcheck disable=SC2016
		on "$node" bash -c '
			echo 1 >/proc/sys/net/ipv4/ip_forward
			echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
			for f in /proc/sys/net/ipv4/conf/*/rp_filter; do
				echo 0 >$f
			done
			echo 1 >/proc/sys/net/core/xfrm_acq_expires'
	done
}

net_down()
{
	local node

	[ -e "$W/net" ] || return 0
	wire_stop
	for node in lan1 gw1 inet gw2 lan2 nat gw3; do
		echo "netns delete $node"
	done | ip -force -batch - 2>/dev/null || :
	rm -f "$W/net"
}

# net_alter: this case changes the topology by hand; the next one is to have
# a new one.
net_alter()
{
	echo altered >"$W/net"
}

# ping_ok NODE DESTINATION [COUNT]: every echo is answered.  PING_FROM: the
# source address; PING_SIZE: bytes in each.  Without a deadline ping would wait for the last of them no
# longer than the others took.
ping_ok()
{
	local n=${3:-3} out seq

	out=$(on "$1" ping -n -c "$n" -i 0.1 -w 5 \
	    ${PING_SIZE:+-s "$PING_SIZE"} ${PING_FROM:+-I "$PING_FROM"} \
	    "$2") || :
	for ((seq = 1; seq <= n; seq++)); do
		[[ $out == *"icmp_seq=$seq ttl="* ]] ||
			fail "ping from $1 to $2: no answer to $seq: $out"
	done
}

# ping_once NODE DESTINATION: one echo, answered or not.
ping_once()
{
	on "$1" ping -n -q -c 1 -W 1 "$2"
}

# ping_wait NODE DESTINATION [SECONDS]: echoes until one is answered.
ping_wait()
{
	on "$1" ping -n -q -c 1 -i 0.1 -w "${3:-10}" "$2" >/dev/null ||
		fail "no echo from $2 to $1"
}

# ping_none NODE DESTINATION: nothing comes back.
ping_none()
{
	! ping_once "$1" "$2" >/dev/null ||
		fail "ping from $1 to $2 was answered"
}

# ping_start NODE DESTINATION, then ping_loss: echoes in the background all
# the while, and how many were lost.  PING=ping6 makes it a second one.
ping_start()
{
	local log=${PING:-ping}

	# A test that failed has left it.
	[ ! -e "$W/$log.pid" ] || ping_stop "$log"
	on_bg "$1" ping -n -i 0.05 "$2" >"$W/$log.log" 2>&1
	echo $! >"$W/$log.pid"
	# Before that it would not heed the signal that ends it.
	until_ok 5 test -s "$W/$log.log" || fail "ping does not start"
}

ping_stop()
{
	local pid

	pid=$(<"$W/$1.pid")
	kill -INT "$pid" 2>/dev/null || :
	wait_gone "$pid"
	rm "$W/$1.pid"
}

# ping_answers LOG: the echoes answered, one a line.
ping_answers()
{
	grep -o 'icmp_seq=[0-9]* ttl=' "$W/$1.log" | grep -o '[0-9]*' | sort -nu
}

ping_goes_on()
{
	[ "$(ping_answers "$1" | wc -l)" -gt "$2" ]
}

ping_loss()
{
	local log=${PING:-ping} out got last=''

	# Those after the last that was answered may be on their way, when
	# others are answered from now on.
	got=$(ping_answers "$log" | wc -l)
	until_ok 5 ping_goes_on "$log" "$got" || last=none
	ping_stop "$log"
	out=$(<"$W/$log.log")
	[[ $out =~ ([0-9]+)\ packets\ transmitted ]] || fail "ping said: $out"
	got=$(ping_answers "$log")
	[ -z "$last" ] && last=$(tail -n 1 <<<"$got") ||
		last=${BASH_REMATCH[1]}
	echo $((last - $(wc -w <<<"$got")))
}

wait_gone()
{
	until_ok "${2:-$PATIENCE}" not_alive "$1" ||
		fail "process $1 is still there"
}

# A zombie is gone, too: its parent is a subshell that has ended or waits.
# Not while it has threads, whose sockets are open still.
not_alive()
{
	local stat

	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ $stat == *') Z '* ]] || return 1
	set -- "/proc/$1"/task/*
	[ $# -le 1 ]
}

# echo_requests NODE 4|6: echo requests that were let in.
echo_requests()
{
	if [ "$2" = 6 ]; then
		on "$1" cat /proc/net/snmp6 |
		    awk '$1 == "Icmp6InEchos" { print $2 }'
	else
		on "$1" cat /proc/net/snmp | awk '$1 == "Icmp:" { n++
			if (n == 1) for (i = 2; i <= NF; i++) if ($i == "InEchos") at = i
			if (n == 2) print $at }'
	fi
}

# pretend 4|6 SOURCE DESTINATION NODE: somebody on the way sends to one
# behind gw1 as if from behind gw2; it must not get to NODE.
pretend()
{
	local before net=10.1.0.0/24 via=198.51.100.1 bits=32

	[ "$1" = 4 ] || { net=fd01::/64 via=2001:db8:1::1 bits=128; }
	ip -n inet addr add "$2/$bits" dev lo
	ip -n inet route add $net via $via
	before=$(echo_requests "$4" "$1")
	on inet ping -n -q -c 2 -i 0.1 -W 1 -I "$2" "$3" || :
	ip -n inet route del $net via $via
	ip -n inet addr del "$2/$bits" dev lo
	[ "$(echo_requests "$4" "$1")" = "$before" ] || fail "a clear packet came in"
}
