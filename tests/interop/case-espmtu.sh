# Paths of many sizes, also such as change in the middle of a transfer: TCP
# comes through, super-packets stay whole as far as they can, and who sends
# what is too large is told so, with a size that then passes.
# shellcheck source=tests/interop/esp.sh
. "$here/esp.sh"
espd_moves || exit 78

# mtu BYTES NODE DEVICE...
mtu()
{
	local bytes=$1

	shift
	while [ $# -gt 0 ]; do
		ip -n "$1" link set "$2" mtu "$bytes"
		shift 2
	done
}

# path_mtu BYTES: all the way, and nobody remembers another.
path_mtu()
{
	local n

	mtu "$1" gw1 wan inet gw1 inet gw2 gw2 wan
	for n in gw1 gw2; do
		ip -n $n route flush cache
		ip -n $n -6 route flush cache
	done
}

bulk()
{
	"$here/bulk" "$@"
}

# both_toobig INNER OUTER: what passes is as large as the path lets it be.
both_toobig()
{
	local ends out

	for ends in 'lan1 lan2' 'lan2 lan1'; do
		out=$(carry toobig "$1" $ends 9000) || fail "$out"
		[ "${out##* }" -ge $(($2 - 90)) ] || fail "$out"
	done
}

# A router in the middle takes less, all of a sudden.
drops()
{
	bulk "$1" 30000000 >"$W/bulk.out" 2>&1 &
	until_ok 10 grep -q begins "$W/bulk.out" || fail "$(<"$W/bulk.out")"
	mtu 1280 inet gw2 gw2 wan
	wait $! || fail "$(<"$W/bulk.out")"
	bulk "$1" 3000000
}

# supers NODE: what passes its device is larger than packets are, mostly.
supers()
{
	local bytes packets

	read -r bytes packets < <(ip -n "$1" -s link show sallyport0 |
	    awk '/RX:/ { getline; b = $1; n = $2 } /TX:/ { getline
		print b + $1, n + $2 }')
	[ $bytes -gt $((packets * 3000)) ] || fail "$bytes in $packets"
}

net_up
net_alter
sinks_up
mtu 9000 lan1 eth0 gw1 lan lan2 eth0 gw2 lan
for size in 1280 1400 1500 9000; do
	path_mtu $size
	it "$size bytes between two Sallyports" with_pair udp 4 4
	it "TCP both ways" bulk 4 5000000
	it "what is too large is said to be, both ways" \
	    both_toobig 4 $size
	[ $size = 1280 ] || it "a path that takes less all of a sudden" drops 4
	all_stop
done
path_mtu 1500
it "bare ESP" with_pair bare 4 4
it "TCP both ways" bulk 4 30000000
it "as super-packets" supers gw1
it "at the other end, too" supers gw2
it "a path that takes less all of a sudden" drops 4
all_stop
for size in 1280 1500; do
	path_mtu $size
	it "IPv6 in IPv6 of $size bytes" with_pair udp 6 6
	it "TCP both ways" bulk 6 5000000
	it "what is too large is said to be, both ways" \
	    both_toobig 6 $size
	[ $size = 1280 ] || it "a path that takes less all of a sudden" drops 6
	all_stop
done
path_mtu 1500
it "strongSwan" with_swan 4 4
it "TCP both ways" bulk 4 5000000
it "what is too large is said to be" carry toobig 4 lan1 lan2 9000
