# What the interoperability cases are written with: nodes in network
# namespaces, a strongSwan, a Sallyport, a count of what crossed the wire.
# Sourced by bash, as root, inside uml-run or ns-run.
# shellcheck shell=bash disable=SC2119,SC2120,SC2015
#
#   lan1 --- gw1 (--- nat) --- inet --- gw2 --- lan2
#
# gw1 is Sallyport, gw2 strongSwan, unless a case says otherwise.  inet
# routes between the gateways and throws away whatever is addressed to the
# private networks, so nothing reaches a LAN outside a tunnel.
#
# Starting a program takes 45 ms under User-Mode Linux: hence ip -batch and
# bash's own means wherever there is a choice.

: "${W:=/run/sallyport-test}"	# work directory: one subdirectory a node
: "${SALLYPORT_STAGE:=/usr}"	# prefix Sallyport was installed below
: "${PATIENCE:=15}"		# seconds an event may take

mkdir -p "$W"
exec {nap_fd}<> <(:)

nap()
{
	read -rt "${1:-0.05}" -u "$nap_fd" || :
}

fail()
{
	echo "$*" >&2
	exit 1
}

# Who moves the packets, Sallyport's (PLANE) and strongSwan's (PEER_PLANE):
# the kernel, or where it has no ESP each gateway for itself (userspace),
# Sallyport in espd, strongSwan in kernel-libipsec.
: "${PLANE:=}"

has_esp()
{
	ip xfrm state add src 127.0.0.1 dst 127.0.0.1 proto esp spi 0x1234 \
	    mode transport aead 'rfc4106(gcm(aes))' \
	    0x0102030405060708090a0b0c0d0e0f1011121314 128 2>/dev/null ||
		return 1
	ip xfrm state delete src 127.0.0.1 dst 127.0.0.1 proto esp spi 0x1234
}

[ -n "$PLANE" ] || { has_esp && PLANE=kernel || PLANE=userspace; }
: "${PEER_PLANE:=$PLANE}"

# Each way has its name in the results.
case $PLANE-$PEER_PLANE in
kernel-*)		via= ;;
userspace-kernel)	via=', espd to kernel' ;;
*)			via=', espd' ;;
esac

# plane_of NODE
plane_of()
{
	[ -e "$W/$1/control.sock" ] && echo "$PLANE" || echo "$PEER_PLANE"
}

# until_ok SECONDS COMMAND...: polls until the command succeeds.
until_ok()
{
	local end=$((SECONDS + $1))

	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		nap
	done
}

# ---- nodes -------------------------------------------------------------

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

# ---- the wire ----------------------------------------------------------

# wire_start: counts from here what passes inet on gw1's side.
wire_start()
{
	wire_stop
	wire_segments 1
	: >"$W/wire"
	on_bg inet tcpdump -i gw1 -n -t -l -U --immediate-mode \
	    'not arp and not (icmp6 and ip6[40] >= 133 and ip6[40] <= 137)
	    and not (ip6 and ip6[6] = 0)' \
	    >"$W/wire" 2>"$W/wire.err"
	echo $! >"$W/wire.pid"
	until_ok 10 grep -q 'listening on' "$W/wire.err" ||
		fail "tcpdump: $(<"$W/wire.err")"
}

wire_stop()
{
	[ -e "$W/wire.pid" ] || return 0
	kill "$(<"$W/wire.pid")" 2>/dev/null || :
	rm -f "$W/wire.pid"
	wire_segments 65535
}

# wire_segments N: as many datagrams at most that are handed to gw1's wire as
# one and counted as one.
wire_segments()
{
	ip -n inet link set gw1 gso_max_segs "$1"
	ip -n gw1 link set wan gso_max_segs "$1"
	# Where gw1 is behind a NAT.
	ip -n nat link set out gso_max_segs "$1" 2>/dev/null || :
}

# wire_count KIND: datagrams seen so far; esp (bare, or as it is used where
# each gateway moves its own packets), bare, udpesp (ESP in UDP),
# ike, keepalive, icmp (a gateway's port is closed), frag (later fragments of
# ESP), clear (anything else).
wire_count()
{
	local line kind n=0

	while IFS= read -r line; do
		case $line in
		# kernel-libipsec knows no other ESP.
		*UDP-encap:\ ESP*)
			kind=udpesp
			[ "$PEER_PLANE" = kernel ] || [ "$1" != esp ] ||
				kind=esp ;;
		*:\ ESP\(*)
			kind=esp
			[ "$1" != bare ] || kind=bare ;;
		*nat-keep-alive*)	kind=keepalive ;;
		*isakmp*)		kind=ike ;;
		*ICMP*\ udp\ port*)	kind=icmp ;;
		*:\ ip-proto-50)	kind=frag ;;
		*)			kind=clear ;;
		esac
		[ $kind != "$1" ] || n=$((n + 1))
	done <"$W/wire"
	echo $n
}

wire_has()
{
	[ "$(wire_count "$1")" -ge "$2" ]
}

# wire_only KIND COUNT: at least COUNT of KIND passed and nothing in clear.
wire_only()
{
	until_ok 5 wire_has "$1" "$2" ||
		fail "$(wire_count "$1") $1 on the wire, wanted $2"
	wire_clean
}

wire_clean()
{
	[ "$(wire_count clear)" = 0 ] ||
		fail "in clear: $(grep -v -e ESP -e isakmp "$W/wire" | head)"
}

# ---- logs --------------------------------------------------------------

# log_has NODE PATTERN: the node's log matches the bash pattern.
log_has()
{
	local text

	text=$(<"$W/$1/log")
	# shellcheck disable=SC2053
	[[ $text == *$2* ]]
}

log_wait()
{
	until_ok "${3:-$PATIENCE}" log_has "$1" "$2" ||
		fail "not in the log of $1: $2"
}

# log_mark NODE: what log_since and log_wait_since look at starts here.
log_mark()
{
	wc -l <"$W/$1/log" >"$W/$1/mark"
}

log_since()
{
	local text

	text=$(tail -n +$(($(<"$W/$1/mark") + 1)) "$W/$1/log")
	# shellcheck disable=SC2053
	[[ $text == *$2* ]]
}

log_wait_since()
{
	until_ok "${3:-$PATIENCE}" log_since "$1" "$2" ||
		fail "not in the log of $1: $2"
}

# ---- kernel state ------------------------------------------------------

# sa_count NODE: ESP SAs with keys (not larval ones).
sa_count()
{
	local line n=0

	[ "$(plane_of "$1")" = kernel ] || {
		user_sa_count "$1"
		return
	}
	while read -r line; do
		case $line in
		*proto\ esp\ spi\ 0x00000000*)	;;
		*proto\ esp*)	n=$((n + 1)) ;;
		esac
	done < <(ip -n "$1" xfrm state)
	echo $n
}

user_sa_spis()
{
	if [ -e "$W/$1/vici" ]; then
		swan "$1" --list-sas | grep -oE '^ +(in|out) +[0-9a-f]+' |
		    sed 's/.* /0x/'
	else
		ctl "$1" /ip/ipsec/installed-sa/print | grep -o '0x[0-9a-f]*'
	fi
}

user_sa_count()
{
	local out

	if [ ! -e "$W/$1/pid" ]; then
		echo 0
	elif [ -e "$W/$1/vici" ]; then
		out=$(swan "$1" --list-sas) || :
		echo $(($(grep -c 'INSTALLED' <<<"$out" || :) * 2))
	else
		ctl "$1" /ip/ipsec/installed-sa/print | grep -c 0x || :
	fi
}

sa_is()
{
	[ "$(sa_count "$1")" = "$2" ]
}

sa_wait()
{
	until_ok "${3:-$PATIENCE}" sa_is "$1" "$2" ||
		fail "$1 has $(sa_count "$1") SAs, wanted $2"
}

# sa_spis NODE: the SPIs, one a line, sorted.
sa_spis()
{
	[ "$(plane_of "$1")" = kernel ] || {
		user_sa_spis "$1" | sort
		return
	}
	ip -n "$1" xfrm state | awk '$2 == "esp" && $4 != "0x00000000" {
		print $4 }' | sort
}

# policy_count NODE: policies, those of single sockets not counted.
policy_count()
{
	ip -n "$1" xfrm policy | grep -c $'^\tdir ' || :
}

# ---- strongSwan --------------------------------------------------------

# swan_conf [NAME=VALUE...]: a swanctl.conf for gw2 (of a tunnel that
# gw_conf describes from the other end).
swan_conf()
{
	local version=2 ike=aes128gcm16-prfsha256-x25519 esp=aes128gcm16
	local laddr=192.0.2.2 raddr=198.51.100.1
	local lid=gw2.example rid=gw1.example secret=$SECRET
	local lts=10.2.0.0/24 rts=10.1.0.0/24 mode=tunnel
	local conn='' child='' more=''

	local _ "$@"
	cat <<-END
	connections {
	  office1 {
	    version = $version
	    local_addrs = $laddr
	    remote_addrs = $raddr
	    proposals = $ike
	    $conn
	    local {
	      auth = psk
	      id = $lid
	    }
	    remote {
	      auth = psk
	      id = $rid
	    }
	    children {
	      net {
	        local_ts = $lts
	        remote_ts = $rts
	        esp_proposals = $esp
	        mode = $mode
	        rekey_time = 0
	        $child
	      }
	      $more
	    }
	  }
	}
	secrets {
	  ike-1 {
	    id-1 = $rid
	    id-2 = $lid
	    secret = "$secret"
	  }
	}
	END
}

SECRET='correct horse battery staple'

# swan_start NODE [OPTION...] <swanctl.conf: starts charon on the node and
# loads the configuration.  Options are lines for the charon section;
# SWAN_PLUGINS are loaded on top, SWAN_LOG says what else is logged.
swan_start()
{
	local node=$1 dir=$W/$1 option mover='' routes=no

	# What a failed test has left running would hold the ports.
	swan_stop "$node"
	shift
	[ "$PEER_PLANE" = kernel ] || mover=kernel-libipsec routes=yes
	mkdir -p "$dir"
	cat >"$dir/swanctl.conf"
	cat >"$dir/strongswan.conf" <<-END
	charon-systemd {
	  load = random nonce openssl drbg kdf hmac xcbc cmac gcm ccm ctr chapoly aes sha1 sha2 md5 gmp curve25519 $mover kernel-netlink socket-default vici ${SWAN_PLUGINS:-}
	  install_routes = $routes
	  retransmit_timeout = 1
	  retransmit_base = 1.4
	  $(for option; do echo "  $option"; done)
	  plugins {
	    vici {
	      socket = unix://$dir/vici
	    }
	    $([ "$PEER_PLANE" = kernel ] || swan_marks)
	    resolve {
	      file = $dir/resolv.conf
	    }
	  }
	  filelog {
	    log {
	      path = $dir/log
	      time_format = %H:%M:%S
	      flush_line = yes
	      default = 1
	      ike = 2
	      cfg = 2
	      ${SWAN_LOG:-}
	    }
	  }
	  journal {
	    default = -1
	  }
	}
	swanctl {
	  load = random openssl pem
	}
	END
	: >"$dir/log"
	rm -f "$dir/vici" "$dir/control.sock"
	STRONGSWAN_CONF=$dir/strongswan.conf on_bg "$node" \
	    /usr/sbin/charon-systemd >"$dir/charon.out" 2>&1
	echo $! >"$dir/pid"
	until_ok "$PATIENCE" test -S "$dir/vici" ||
		fail "charon does not start: $(<"$dir/charon.out")"
	swan_load "$node"
}

# With kernel-libipsec: what charon itself sends goes past its routes.
swan_marks()
{
	cat <<-END
	kernel-netlink {
	  fwmark = !0x42
	}
	socket-default {
	  fwmark = 0x42
	}
	kernel-libipsec {
	  allow_peer_ts = yes
	}
	END
}

charon_version()
{
	swan gw2 --version | grep -o "[0-9][0-9.]*" | head -n 1
}

# swan NODE ARGUMENT...: swanctl.
swan()
{
	local dir=$W/$1

	shift
	STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir \
	    swanctl "$@" --uri "unix://$dir/vici"
}

# swan_load NODE: loads what the node's swanctl.conf now says.
swan_load()
{
	swan "$1" --load-all --file "$W/$1/swanctl.conf" \
	    >"$W/$1/load.out" 2>&1 &&
	    ! grep -q -e 'failed to load' -e 'loading.*failed' -e invalid "$W/$1/load.out" ||
		fail "swanctl: $(<"$W/$1/load.out")"
}

swan_stop()
{
	node_kill "$1" TERM
}

# node_kill NODE SIGNAL: sends the node's daemon a signal and waits until
# it is gone, and with it those it has started, who have its sockets.
node_kill()
{
	local pid kid kids

	[ -e "$W/$1/pid" ] || return 0
	pid=$(<"$W/$1/pid")
	kids=$(gw_pids "$1")
	kill -"$2" "$pid" 2>/dev/null || :
	wait_gone "$pid" 20
	for kid in $kids; do
		wait_gone "$kid" 20
	done
	rm -f "$W/$1/pid"
}

# ---- Sallyport ---------------------------------------------------------

# gw_conf [NAME=VALUE...]: the configuration of the standard tunnel.
gw_conf()
{
	local enc=aes-128-gcm hash=sha256 dh=x25519
	local cenc=aes-128-gcm cauth=null pfs=none
	local peer=192.0.2.2/32 my=fqdn:gw1.example remote=fqdn:gw2.example
	local src=10.1.0.0/24 dst=10.2.0.0/24 tunnel=yes secret=$SECRET
	local profile='' proposal='' peeropt='' identity='' policy='' more=''

	local _ "$@"
	cat <<-END
	/ip ipsec profile
	add name=p1 enc-algorithm=$enc hash-algorithm=$hash dh-group=$dh $profile
	/ip ipsec proposal
	add name=c1 enc-algorithms=$cenc auth-algorithms=$cauth pfs-group=$pfs $proposal
	/ip ipsec peer
	add name=office2 address=$peer exchange-mode=ike2 profile=p1 $peeropt
	/ip ipsec identity
	add peer=office2 secret="$secret" my-id=$my remote-id=$remote $identity
	/ip ipsec policy
	add peer=office2 tunnel=$tunnel src-address=$src dst-address=$dst proposal=c1 $policy
	/ip ipsec settings set data-plane=$PLANE
	$more
	END
}

# gw_start NODE [ARGUMENT...] <configuration: starts Sallyport on the node.
gw_start()
{
	local node=$1 dir=$W/$1

	node_kill "$node" TERM
	shift
	mkdir -p "$dir"
	gw_settings >"$dir/conf"
	: >"$dir/log"
	rm -f "$dir/control.sock" "$dir/vici"
	# shellcheck disable=SC2086
	on_bg "$node" ${GW_UNDER:-} "$SALLYPORT_STAGE/sbin/sallyportd" -d -f "$dir/conf" \
	    --libexec "$SALLYPORT_STAGE/libexec/sallyport" \
	    --run-dir "$dir/run" --state-dir "$dir/state" --control "$dir/control.sock" \
	    --pid-file "$dir/sallyportd.pid" "$@" 2>>"$dir/log"
	echo $! >"$dir/pid"
	until_ok "$PATIENCE" gw_started "$node" && log_has "$node" "sallyportd runs" &&
	    until_ok "$PATIENCE" ctl "$node" /ip/ipsec/peer/print ||
		fail "sallyportd does not start: $(tail -n 5 "$dir/log")"
}

# gw_settings <configuration: with what depends on who moves the packets.
# Where espd meets a kernel it does so without UDP but behind a NAT.
gw_settings()
{
	local conf set='/ip ipsec settings set'

	conf=$(cat)
	echo "$conf"
	[[ $conf == *data-plane=* ]] || echo "$set data-plane=$PLANE"
	[ "$PLANE" = "$PEER_PLANE" ] || [[ $conf == *udp-encapsulation=* ]] ||
		echo "$set udp-encapsulation=nat"
}

gw_started()
{
	log_has "$1" "sallyportd runs" || not_alive "$(<"$W/$1/pid")"
}

gw_stop()
{
	node_kill "$1" TERM
}

# ctl NODE ARGUMENT...: sallyctl.
ctl()
{
	local node=$1

	shift
	"$SALLYPORT_STAGE/bin/sallyctl" --socket "$W/$node/control.sock" "$@"
}

# gw_pids NODE [PROCESS]: process ids below the node's supervisor, all or
# those of one name, one a line.
gw_pids()
{
	local parent pid stat exe

	parent=$(<"$W/$1/pid")
	for pid in /proc/[0-9]*; do
		{ read -r stat <"$pid/stat"; } 2>/dev/null || continue
		# The name in brackets may have blanks in it.
		[[ ${stat##*) } == [!Z]\ "$parent "* ]] || continue
		exe=$(readlink "$pid/exe") || continue
		[ -n "${2:-}" ] && [ "${exe##*/}" != "$2" ] ||
			echo "${pid#/proc/}"
	done
}

# peer_up NODE: an IKE SA is established, as sallyctl sees it.
peer_up()
{
	[[ $(ctl "$1" /ip/ipsec/active-peers/print) == *established* ]]
}

peer_wait()
{
	until_ok "${2:-$PATIENCE}" peer_up "$1" ||
		fail "$1 has no established peer"
}

peer_none()
{
	! peer_up "$1"
}

# ---- cases -------------------------------------------------------------

# all_stop: ends what a case has started.
all_stop()
{
	local node ping

	for ping in "$W"/ping*.pid; do
		[ ! -e "$ping" ] || kill "$(<"$ping")" 2>/dev/null || :
		rm -f "$ping"
	done
	for node in gw1 gw2 gw3; do
		(node_kill $node TERM) || (node_kill $node KILL) || :
	done
	wire_stop
}

# it WHAT COMMAND...: one test.  The command runs with errexit in a
# subshell; its output is shown when it fails, with the ends of the logs.
it()
{
	local what=$1 rc=0 restore

	shift
	restore=$(set +o | grep errexit)
	set +e
	(
		set -e
		"$@"
	) >"$W/it.out" 2>&1
	rc=$?
	eval "$restore"
	case $rc in
	0)	echo "PASS $CASE$via: $what" ;;
	77)	echo "SKIP $CASE$via: $what ($(tail -n 1 "$W/it.out"))" ;;
	*)	echo "FAIL $CASE$via: $what"
		sed 's/^/    /' "$W/it.out"
		# Once a case: what follows is mostly the same failure.
		[ -e "$W/shown" ] || show_state
		: >"$W/shown" ;;
	esac
	return 0
}

# espd_moves: the case or test is about what happens in user space.
espd_moves()
{
	[ "$PLANE" = userspace ]
}

# Something this machine lacks.  A case that has nothing to show on this data
# plane ends with status 78 instead, and without a word.
skip()
{
	echo "$*"
	exit 77
}

show_state()
{
	local node

	for node in gw1 gw2 gw3; do
		[ -s "$W/$node/log" ] || continue
		echo "    -- log of $node"
		tail -n 25 "$W/$node/log" | sed 's/^/    /'
		[ ! -S "$W/$node/control.sock" ] || {
			echo "    -- statistics of $node"
			ctl "$node" /ip/ipsec/statistics/print |
			    grep -v ' 0$' | sed 's/^/    /'
		}
		echo "    -- xfrm of $node"
		{
			ip -n $node xfrm state list nokeys
			ip -n $node xfrm policy
		} 2>/dev/null | grep -e 'proto esp' -e dir -B 1 |
		    sed 's/^/    /'
	done
}
