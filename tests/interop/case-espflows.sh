# One flow and sixteen, both ways at once, TCP and UDP, IPv4 and IPv6: all
# bytes arrive, nothing is counted as dropped.
# shellcheck source=tests/interop/esp.sh
. "$here/esp.sh"
espd_moves || exit 78

server_start()
{
	on_bg lan2 iperf3 -s --forceflush >"$W/iperf-server" 2>&1
	echo $! >"$W/ping-server.pid"
	until_ok 5 grep -q listening "$W/iperf-server" || fail "no iperf3"
}

# device NODE: what its device has dropped, and errors.
device()
{
	ip -n "$1" -s link show sallyport0 |
	    awk '/[RT]X:/ { getline; n += $3 + $4 } END { print n }'
}

flows()
{
	"$here/flows" "$@"
	[ "$(device gw1)" = 0 ] || fail "gw1's device dropped $(device gw1)"
}

# all V: of inner packets.
all()
{
	local host=10.2.0.10 n

	[ "$1" = 4 ] || host=fd02::10
	for n in 1 16; do
		it "TCP in IPv$1, $n each way" flows tcp $host $n
		it "UDP in IPv$1, $n each way" flows udp $host $n
		it "small packets of UDP in IPv$1, $n each way" \
		    flows small $host $n
	done
	it "nothing was an error" errors_are gw1
	it "nor at the other end" errors_are gw2
}

net_up
server_start
for form in bare udp; do
	it "two Sallyports, IPv4, ESP $form" with_pair $form 4 4
	all 4
	gw_stop gw1
	gw_stop gw2
done
it "two Sallyports, IPv6 in IPv6" with_pair udp 6 6
all 6
gw_stop gw1
gw_stop gw2
it "strongSwan" with_swan 4 4
# What is sent as fast as it goes is more than its socket takes.
it "UDP, 1 each way" flows udp 10.2.0.10 1
it "UDP, 16 each way" flows udp 10.2.0.10 16
it "small packets of UDP, 1 each way" flows small 10.2.0.10 1
it "nothing was an error" errors_are gw1
