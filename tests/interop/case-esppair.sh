# Packets of every length and kind come out of the tunnel byte for byte as
# they went in, both ways: IPv4 and IPv6, inside and outside, bare ESP and
# ESP in UDP, between two Sallyports.  What is outside follows what is inside
# (RFC 4301 section 5.1.2, RFC 6040).
# shellcheck source=tests/interop/esp.sh
. "$here/esp.sh"
espd_moves || exit 78

# An ECN that no honest router makes of what was inside is dropped.
ecn()
{
	local rc=0

	inet_forwards 0
	(both_ways ecn "$1") || rc=$?
	inet_forwards 1
	return $rc
}

# all FORM OUTER INNER: what is shown of each pair.
all()
{
	it "IPv$3 in IPv$2, ESP $1" with_pair $1 $2 $3
	carry_all $3
	it "DSCP and ECN go outside as they are" both_ways tos $3
	it "no packet was an error" errors_are gw1
	it "nor at the other end" errors_are gw2
	it "ECN outside comes in as RFC 6040 says" ecn $3
	it "what it forbids is counted" errors_are gw1 in-errors=1
	it "at the other end, too" errors_are gw2 in-errors=1
	all_stop
}

net_up
sinks_up
for out in 4 6; do
	for in in 4 6; do
		all bare $out $in
	done
done
all udp 4 4
all udp 6 6
