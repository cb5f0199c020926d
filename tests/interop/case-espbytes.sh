# Packets of every length and kind come out of the tunnel byte for byte as
# they went in, both ways: IPv4 and IPv6, inside and outside, strongSwan at
# the other end, ESP in UDP.
# shellcheck source=tests/interop/esp.sh
. "$here/esp.sh"
espd_moves || exit 78

net_up
sinks_up
for out in 4 6; do
	for in in 4 6; do
		it "IPv$in in IPv$out" with_swan $out $in
		carry_all $in
		it "no packet was an error" errors_are gw1
		all_stop
		# The next tunnel takes less.
		for node in lan1 lan2; do
			ip -n $node route flush cache
			ip -n $node -6 route flush cache
		done
	done
done
