# What the cases that look at single packets share.  Sourced by them.
# shellcheck shell=bash

# sinks_up: both LANs have an address, 10.x.0.11 and fd0x::11, at which
# nobody answers, so that packets can be counted.
sinks_up()
{
	local n mac

	for n in 1 2; do
		read -r mac < <(on lan$n cat /sys/class/net/eth0/address)
		ip -n gw$n -batch - <<-END
			neigh replace 10.$n.0.11 lladdr $mac dev lan nud permanent
			neigh replace fd0$n::11 lladdr $mac dev lan nud permanent
		END
	done
	# Every packet that is too big is answered.
	for n in gw1 gw2; do
		# shellcheck disable=SC2016
		on $n bash -c '
			echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
			echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
	done
}

carry()
{
	"$here/carry" "$@"
}

# outer V: sets us, them and bits for that IP version.
outer()
{
	us=198.51.100.1 them=192.0.2.2 bits=32
	[ "$1" = 4 ] || us=2001:db8:1::1 them=2001:db8:2::2 bits=128
}

# inner V: sets src, dst, h1 and h2.
inner()
{
	src=10.1.0.0/24 dst=10.2.0.0/24 h1=10.1.0.10 h2=10.2.0.10
	[ "$1" = 4 ] || {
		src=fd01::/64 dst=fd02::/64
		h1=fd01::10 h2=fd02::10
	}
}

up()
{
	forget_paths
	peer_wait gw1
	sa_wait gw1 2
	until_ok 10 ping_once lan1 "${h2:-10.2.0.10}" || fail "no echo"
}

# What the hosts have learned of the paths of an earlier tunnel.
forget_paths()
{
	local n

	for n in lan1 lan2; do
		ip -n $n route flush cache
		ip -n $n -6 route flush cache
	done
}

# with_swan OUTER INNER [NAME=VALUE...]: gw1 is Sallyport, gw2 strongSwan,
# whose esp_proposals are SWAN_ESP.
with_swan()
{
	local us them bits src dst h1 h2

	outer "$1"
	inner "$2"
	shift 2
	swan_conf laddr=$them raddr=$us lts=$dst rts=$src \
	    esp="${SWAN_ESP:-aes128gcm16}" | swan_start gw2
	gw_conf peer=$them/$bits src=$src dst=$dst "$@" | gw_start gw1
	up
}

# pair_conf FORM [NAME=VALUE...]: of an end between two Sallyports; FORM of ESP
# is bare or udp.
pair_conf()
{
	local always=nat

	[ "$1" = bare ] || always=always
	gw_conf "${@:2}"
	echo "/ip ipsec settings set udp-encapsulation=$always"
}

# with_pair FORM OUTER INNER [NAME=VALUE...]: Sallyport at both ends; gw1
# initiates.
with_pair()
{
	local us them bits src dst h1 h2 form=$1

	outer "$2"
	inner "$3"
	shift 3
	pair_conf $form peer=$us/$bits my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=$dst dst=$src peeropt=passive=yes \
	    "$@" | gw_start gw2
	pair_conf $form peer=$them/$bits src=$src dst=$dst "$@" | gw_start gw1
	up
	sa_wait gw2 2
}

both_ways()
{
	carry "$1" "$2" lan1 lan2
	carry "$1" "$2" lan2 lan1
}

# carry_all V: packets of every kind that a tunnel must carry.
carry_all()
{
	local kind

	it "every length of UDP between hosts, IPv$1" \
	    carry sockets "$1" lan1 lan2
	it "bursts, IPv$1, both ways" carry bursts "$1" lan1 lan2
	for kind in lengths toobig fragments headers; do
		it "$kind, IPv$1, both ways" both_ways $kind "$1"
	done
}

# stat NODE NAME: a counter of /ip/ipsec/statistics.
stat()
{
	ctl "$1" /ip/ipsec/statistics/print | sed -n "s/^ *$2: *//p"
}

stat_is()
{
	[ "$(stat "$1" "$2")" = "$3" ]
}

# errors_are NODE [NAME=COUNT...]: these errors were counted, and no others.
errors_are()
{
	local node=$1 want

	shift
	want=$(for _; do echo "$_"; done | sort)
	until_ok 5 errors_same "$node" "$want" || fail "wanted: $want
counted: $(errors "$node")"
}

errors_same()
{
	[ "$(errors "$1")" = "$2" ]
}

errors()
{
	ctl "$1" /ip/ipsec/statistics/print |
	    sed -n 's/^ *\([a-z-]*\): *\([1-9][0-9]*\)$/\1=\2/p' |
	    grep -E '^(in|out)-|-errors=' | sort
}

# adds NODE COMMAND...: the command prints by how much which errors grow.
adds()
{
	local node=$1 before more

	shift
	before=$(errors "$node")
	more=$("$@") || fail "$more"
	errors_are "$node" $(sum "$before $more")
}

# sum NAME=COUNT...: one of each name.
sum()
{
	local -A n=()
	local pair

	for pair in $*; do
		n[${pair%=*}]=$((${n[${pair%=*}]:-0} + ${pair#*=}))
	done
	for pair in "${!n[@]}"; do
		echo "$pair=${n[$pair]}"
	done
}

# inet_forwards 1|0: with 0, only what a program takes from there passes.
inet_forwards()
{
	# shellcheck disable=SC2016
	on inet bash -c 'echo $0 >/proc/sys/net/ipv4/ip_forward
		echo $0 >/proc/sys/net/ipv6/conf/all/forwarding' "$1"
}

# stream_start RATE: numbered datagrams both ways.
stream_start()
{
	"$here/stream" 4 "$1" >"$W/stream.out" 2>&1 &
	echo $! >"$W/ping-stream.pid"
	until_ok 5 grep -q begins "$W/stream.out" || fail "no stream"
}

# stream_end [LOST GAP]: at most so many lost each way, and so many
# milliseconds without one.
stream_end()
{
	local pid out line

	pid=$(<"$W/ping-stream.pid")
	kill -INT "$pid"
	wait_gone "$pid"
	rm -f "$W/ping-stream.pid"
	out=$(<"$W/stream.out")
	echo "$out"
	[[ $out == *" repeated 0"* ]] || fail "a sequence number came again"
	while read -r line; do
		[[ $line =~ sent\ ([0-9]+)\ lost\ ([0-9]+)\ doubled\ 0\  ]] ||
			continue
		[ "${BASH_REMATCH[1]}" -gt 50 ] || fail "too few"
		[ "${BASH_REMATCH[2]}" -le "${1:-0}" ] || fail "datagrams lost"
	done <<<"$out"
	[ "$(grep -c 'doubled 0' <<<"$out")" = 2 ] || fail "doubled"
}
