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

# shellcheck source=tests/interop/net.sh
. "${BASH_SOURCE[0]%/*}/net.sh"
# shellcheck source=tests/interop/swan.sh
. "${BASH_SOURCE[0]%/*}/swan.sh"

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
		# A NAT may give the other end a port that tcpdump reads as
		# something else, such as 53.
		*IP*.500\ \>\ *|*IP*\>\ *.500:\ *)	kind=ike ;;
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
