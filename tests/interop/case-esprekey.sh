# Keys change under load and processes die: not one datagram of a numbered
# stream is lost but by the death of ikepd, which is negotiated anew, and no
# sequence number is seen twice.
# shellcheck source=tests/interop/esp.sh
. "$here/esp.sh"
espd_moves || exit 78

# load_start RATE, load_end: TCP both ways.  strongSwan's socket holds few
# datagrams: hence small writes.
load_start()
{
	on_bg lan2 iperf3 -s -1 --forceflush >"$W/iperf-server" 2>&1
	until_ok 5 grep -q listening "$W/iperf-server" || fail "no iperf3"
	on_bg lan1 iperf3 -c 10.2.0.10 --bidir -b "$1" -l 8K -t 120 \
	    --forceflush >"$W/iperf" 2>&1
	echo $! >"$W/ping-iperf.pid"
	until_ok 5 grep -q connected "$W/iperf" || fail "$(<"$W/iperf")"
}

load_end()
{
	local pid

	pid=$(<"$W/ping-iperf.pid")
	not_alive "$pid" && fail "iperf3 has ended: $(<"$W/iperf")"
	kill -INT "$pid"
	wait_gone "$pid"
	rm -f "$W/ping-iperf.pid"
}

# What strongSwan's socket had no room for is nobody else's loss.
no_room()
{
	on gw2 cat /proc/net/snmp | awk '$1 == "Udp:" { n++
		if (n == 1) for (i = 2; i <= NF; i++)
			if ($i == "RcvbufErrors") at = i
		if (n == 2) print $at }'
}

spis_other()
{
	[ "$(sa_spis gw1)" != "$1" ]
}

# rekeyed COMMAND...: and something makes new keys.
rekeyed()
{
	local before

	before=$(sa_spis gw1)
	"$@"
	until_ok 30 spis_other "$before" || fail "the SPIs did not change"
	sa_wait gw1 2 20
}

by_swan()
{
	local before

	before=$(no_room)
	load_start 20M
	stream_start 500
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		rekeyed swan gw2 --rekey --child net
	done
	log_mark gw2
	swan gw2 --rekey --ike office1
	log_wait_since gw2 'rekeyed between'
	rekeyed swan gw2 --rekey --child net
	stream_end $(($(no_room) - before))
	load_end
}

# At the soft lifetime.
by_us()
{
	local before

	before=$(no_room)
	load_start 20M
	stream_start 500
	log_mark gw2
	rekeyed log_wait_since gw2 'parsed CREATE_CHILD_SA request' 35
	stream_end $(($(no_room) - before))
	load_end
}

replaced()
{
	local pid

	pid=$(gw_pids gw1 "$1")
	[ -n "$pid" ] && [ "$pid" != "$2" ]
}

# killed PROCESS
killed()
{
	local pid

	pid=$(gw_pids gw1 "$1")
	kill -KILL "$pid"
	until_ok 20 replaced "$1" "$pid" || fail "$1 was not started again"
}

echoes()
{
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no echo"
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
}

# goes_on PROCESS: it dies, the SAs stay, nothing is negotiated.
goes_on()
{
	local before ike

	before=$(sa_spis gw1)
	ike=$(wire_count ike)
	stream_start 500
	killed "$1"
	echoes
	stream_end
	[ "$(sa_spis gw1)" = "$before" ] || fail "the SAs changed"
	[ "$(wire_count ike)" = "$ike" ] || fail "something was negotiated"
}

# anew PROCESS LOST: it dies, new SAs come by themselves.
anew()
{
	stream_start 500
	killed "$1"
	sa_wait gw1 2
	echoes
	stream_end "$2"
}

# A limit is reached, and no keymgr is there to hear of it.
limit_alone()
{
	local before pid

	before=$(sa_spis gw1)
	pid=$(gw_pids gw1 keymgr)
	kill -STOP "$(<"$W/gw1/sallyportd.pid")"
	kill -KILL "$pid"
	on lan1 python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(1500):
	s.sendto(b"x", ("10.2.0.10", 9))'
	kill -CONT "$(<"$W/gw1/sallyportd.pid")"
	until_ok 20 replaced keymgr "$pid" ||
		fail "keymgr was not started again"
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no echo"
	[ "$(sa_spis gw1)" != "$before" ] || fail "the SAs are the same"
	ping_ok lan2 10.1.0.10
}

grown()
{
	[ "$(echo_requests lan1 4)" -gt "$1" ]
}

# The other end goes on sending on an SA that we have flushed.
flushed()
{
	local n pids

	pids="$(gw_pids gw2 ikepd) $(gw_pids gw2 keymgr)"
	on_bg lan2 ping -n -i 0.01 10.1.0.10 >"$W/ping" 2>&1
	echo $! >"$W/ping-flushed.pid"
	until_ok 5 grown "$(echo_requests lan1 4)" || fail "no echo"
	# shellcheck disable=SC2086
	kill -STOP $pids
	ctl gw1 /ip/ipsec/installed-sa/flush
	sa_wait gw1 0
	n=$(echo_requests lan1 4)
	nap .4
	n=$(($(echo_requests lan1 4) - n))
	# shellcheck disable=SC2086
	kill -CONT $pids
	kill "$(<"$W/ping-flushed.pid")"
	rm -f "$W/ping-flushed.pid"
	[ $n -le 1 ] || fail "$n came in by a flushed SA"
}

net_up
it "a tunnel that may carry 500 packets" with_swan 4 4 \
    proposal=lifepackets=500
it "it goes on when they are sent and keymgr is away" limit_alone
all_stop
it "a tunnel" with_swan 4 4 proposal=lifetime=30s
it "nothing is lost when strongSwan makes new keys under load" by_swan
it "nothing is lost when we do" by_us
all_stop
for form in bare udp; do
	wire_start
	it "a tunnel between two Sallyports, ESP $form" with_pair $form 4 4
	it "nothing is lost when keymgr dies" goes_on keymgr
	# Packets wait in the device and the sockets for the next espd.
	it "nothing is lost when espd dies" goes_on espd
	it "all is well soon when ikepd dies" anew ikepd 1000
	it "what was flushed takes no packet" flushed
	wire_stop
	all_stop
done
