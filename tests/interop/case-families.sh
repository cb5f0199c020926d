# IPv4 and IPv6 inside and outside, in all four combinations, both roles.

# up INITIATOR OUTER INNER
up()
{
	local side=$1 us=198.51.100.1 them=192.0.2.2 bits=32 passive=no
	local src=10.1.0.0/24 dst=10.2.0.0/24 h1=10.1.0.10 h2=10.2.0.10

	if [ "$2" = 6 ]; then
		us=2001:db8:1::1 them=2001:db8:2::2 bits=128
	fi
	if [ "$3" = 6 ]; then
		src=fd01::/64 dst=fd02::/64 h1=fd01::10 h2=fd02::10
	fi
	[ "$side" != swan ] || passive=yes
	wire_start
	swan_conf laddr=$them raddr=$us lts=$dst rts=$src | swan_start gw2
	gw_conf peer=$them/$bits src=$src dst=$dst \
	    peeropt="passive=$passive" | gw_start gw1
	[ "$side" != swan ] || swan gw2 --initiate --child net
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 $h2
	ping_ok lan2 $h1
	wire_only esp 12
	gw_stop gw1
	sa_wait gw2 0
	swan_stop gw2
}

net_up
for outer in 4 6; do
	for inner in 4 6; do
		for side in gw swan; do
			it "IPv$inner in IPv$outer, $side initiates" \
			    up $side $outer $inner
			all_stop
		done
	done
done
