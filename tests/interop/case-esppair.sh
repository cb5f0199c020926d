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

# transport FORM OUTER: between the gateways' own addresses.
transport()
{
	local us them bits

	outer "$2"
	pair_conf "$1" tunnel=no peer=$us/$bits my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=$them/$bits dst=$us/$bits \
	    peeropt=passive=yes | gw_start gw2
	pair_conf "$1" tunnel=no peer=$them/$bits src=$us/$bits \
	    dst=$them/$bits | gw_start gw1
	sa_wait gw1 2
	sa_wait gw2 2
	wire_start
}

# The port that is used nowhere else.
hidden()
{
	! grep '\.4000 > ' "$W/wire" || fail "in clear"
}

for form in bare udp; do
	for out in 4 6; do
		it "transport mode, IPv$out, ESP $form" transport $form $out
		it "every length of UDP" carry sockets $out gw1 gw2
		it "nothing in clear" hidden
		it "no packet was an error" errors_are gw1
		all_stop
	done
done

# A policy of one port between networks: the kernel does not see the port of
# what comes in fragments.
one_port()
{
	pair_conf bare peer=198.51.100.1/32 my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=10.2.0.0/24 dst=10.1.0.0/24 \
	    peeropt=passive=yes policy='protocol=udp src-port=4001' |
	    gw_start gw2
	pair_conf bare policy='protocol=udp dst-port=4001' | gw_start gw1
	sa_wait gw1 2
	sa_wait gw2 2
	wire_start
}

it "a policy of one port" one_port
it "fragments of it go through the tunnel" carry ports 4 lan1 lan2
it "those of nobody knows what are dropped" \
    errors_are gw1 out-policy-blocked=2
it "nothing in clear" wire_clean
