# The way into and out of a data plane in user space: what may pass beside
# the tunnels and what must not, for packets of the gateway itself and of
# those behind it, in both families.
espd_moves || exit 78

# Sallyport at both ends, with tunnels for both families.
two()
{
	gw_conf more="/ip ipsec policy add peer=office2 tunnel=yes src-address=fd01::/64 dst-address=fd02::/64 proposal=c1" |
	    gw_start gw1
	gw_conf peer=198.51.100.1/32 my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=10.2.0.0/24 dst=10.1.0.0/24 \
	    peeropt=passive=yes \
	    more="/ip ipsec policy add peer=office2 tunnel=yes src-address=fd02::/64 dst-address=fd01::/64 proposal=c1" |
	    gw_start gw2
}

up()
{
	two
	peer_wait gw1
	sa_wait gw1 4
	sa_wait gw2 4
	ping_ok lan1 10.2.0.10
	ping_ok lan1 fd02::10
}

# own LOCAL REMOTE: between addresses of the gateways themselves.
own()
{
	on gw1 ping -n -q -c 3 -i 0.1 -W 2 -I "$1" "$2"
	on gw2 ping -n -q -c 3 -i 0.1 -W 2 -I "$2" "$1"
	ping_ok lan1 "$2"
	ping_ok lan2 "$1"
}

net_up
it "tunnels of both families come up" up
it "the gateways' own addresses are reached, IPv4" own 10.1.0.1 10.2.0.1
it "the gateways' own addresses are reached, IPv6" own fd01::1 fd02::1
it "in clear nobody behind is reached, IPv4" pretend 4 10.2.0.99 10.1.0.10 lan1
it "in clear nobody behind is reached, IPv6" pretend 6 fd02::99 fd01::10 lan1
it "in clear the gateway is not reached, IPv4" pretend 4 10.2.0.99 10.1.0.1 gw1
it "in clear the gateway is not reached, IPv6" pretend 6 fd02::99 fd01::1 gw1
# The same where the kernel has no policies at all.
without_xfrm()
{
	# shellcheck disable=SC2154
	GW_UNDER=$here/without-xfrm up
	log_has gw1 "no XFRM" || fail "that is not said"
	[ "$(policy_count gw1)" = 0 ]
}

all_stop
it "without XFRM tunnels of both families come up" without_xfrm
it "without XFRM the gateways' addresses are reached, IPv4" own 10.1.0.1 10.2.0.1
it "without XFRM the gateways' addresses are reached, IPv6" own fd01::1 fd02::1
it "without XFRM in clear nobody behind is reached, IPv4" pretend 4 10.2.0.99 10.1.0.10 lan1
it "without XFRM in clear nobody behind is reached, IPv6" pretend 6 fd02::99 fd01::10 lan1
all_stop

# From here on whatever gw1 and those behind it send to the nets behind gw2 is
# for the tunnels, from each of gw1's addresses.
tight()
{
	gw_conf "$@" more="/ip ipsec policy
add peer=office2 tunnel=yes src-address=198.51.100.1/32 dst-address=10.2.0.0/24 proposal=c1
add peer=office2 tunnel=yes src-address=fd01::/64 dst-address=fd02::/64 proposal=c1
add peer=office2 tunnel=yes src-address=2001:db8:1::1/128 dst-address=fd02::/64 proposal=c1"
}

tight_peer()
{
	gw_conf peer=198.51.100.1/32 my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=10.2.0.0/24 dst=10.1.0.0/24 \
	    peeropt=passive=yes more="/ip ipsec policy
add peer=office2 tunnel=yes src-address=10.2.0.0/24 dst-address=198.51.100.1/32 proposal=c1
add peer=office2 tunnel=yes src-address=fd02::/64 dst-address=fd01::/64 proposal=c1
add peer=office2 tunnel=yes src-address=fd02::/64 dst-address=2001:db8:1::1/128 proposal=c1" |
	    gw_start gw2
}

# Packets of those behind, and of the gateway: with the source that it
# chooses, with one given, and through a device that is given.
knock()
{
	local to from pids=()

	for to in 10.2.0.10 fd02::10; do
		on lan1 ping -n -q -c 1 -W 1 "$to" >/dev/null 2>&1 &
		pids+=($!)
		for from in '' -Iwan -Ilan -I198.51.100.1 -I10.1.0.1 \
		    -I2001:db8:1::1 -Ifd01::1; do
			# shellcheck disable=SC2086
			on gw1 ping -n -q -c 2 -i 0.01 -W 1 $from "$to" \
			    >/dev/null 2>&1 &
			pids+=($!)
		done
	done
	on gw1 bash -c 'echo x >/dev/udp/10.2.0.10/9; echo x >/dev/udp/fd02::10/9' 2>/dev/null || :
	wait "${pids[@]}" || :
}

# All the while.
stream_start()
{
	local node to

	: >"$W/streams"
	for to in 10.2.0.10 fd02::10; do
		for node in lan1 gw1; do
			on_bg $node ping -n -q -i 0.005 $to >/dev/null 2>&1
			echo $! >>"$W/streams"
		done
		on_bg gw1 ping -n -q -i 0.005 -I wan $to >/dev/null 2>&1
		echo $! >>"$W/streams"
	done
}

stream_stop()
{
	local pid

	while read -r pid; do
		kill -INT "$pid" 2>/dev/null || :
	done <"$W/streams"
	rm "$W/streams"
}

# Nobody answers: there is no SA at all.
without_peer()
{
	wire_start
	tight | gw_start gw1
	knock
	wire_clean
}

# Routes alone.
without_both()
{
	GW_UNDER=$here/without-xfrm without_peer
	wire_stop
	gw_stop gw1
	! ip -n gw1 rule | grep 'proto 83' || fail "rules stayed"
	! ip -n gw1 -6 rule | grep 'proto 83' || fail "IPv6 rules stayed"
}

through()
{
	tight_peer
	peer_wait gw1 30
	sa_wait gw1 8 30
	knock
	wire_only esp 10
	ping_ok gw1 fd02::10
	ping_ok gw1 10.2.0.10
}

rules_of()
{
	ip -n gw1 rule show protocol 83 | sort
	ip -n gw1 -6 rule show protocol 83 | sort
}

rules_are()
{
	[ "$(rules_of)" = "$1" ]
}

# Others may flush the rules they did not make, or set the device down.
robbed()
{
	local before

	before=$(rules_of)
	[ -n "$before" ]
	ip -n gw1 rule flush protocol 83
	ip -n gw1 -6 rule flush protocol 83
	until_ok 5 rules_are "$before" || fail "rules did not come back"
	wire_start
	knock
	ip -n gw1 link set sallyport0 down
	knock
	ip -n gw1 link set sallyport0 up
	until_ok 5 ping_once gw1 fd02::10 || fail "IPv6 does not come back"
	until_ok 5 ping_once lan1 10.2.0.10 || fail "IPv4 does not come back"
	wire_clean
}

# The address that a policy is about, and the tunnel starts from.
address_returns()
{
	ip -n gw1 addr del 198.51.100.1/24 dev wan
	ip -n gw1 addr add 198.51.100.1/24 dev wan
	ip -n gw1 route replace default via 198.51.100.254
	until_ok 20 ping_once gw1 10.2.0.10 || fail "IPv4 does not come back"
	wire_clean
}

# killed PROCESS: it dies under load, and everything is as before.
killed()
{
	local pid

	pid=$(gw_pids gw1 "$1")
	kill -9 "$pid"
	knock
	until_ok 20 ping_once gw1 fd02::10 || fail "IPv6 does not come back"
	until_ok 20 ping_once lan1 10.2.0.10 || fail "IPv4 does not come back"
	knock
	wire_clean
}

# Policies change their order and their names, and none is away meanwhile.
reloaded()
{
	tight policy="comment=again" |
	    sed 's/^add peer=office2 tunnel=yes src-address=fd01/add action=none src-address=fd01::\/64 dst-address=fd09::\/64\n&/' \
	    >"$W/gw1/conf"
	log_mark gw1
	kill -HUP "$(<"$W/gw1/pid")"
	log_wait_since gw1 " loaded"
	knock
	wire_clean
	ping_ok lan1 fd02::10
}

# Without the device, then with no process of ours at all.
dead()
{
	ip -n gw1 link set sallyport0 down
	knock
	ip -n gw1 link set sallyport0 up
	node_kill gw1 KILL
	knock
	wire_clean
	stream_stop
}

# Who comes next finds what was left, and at an orderly end nothing stays.
next()
{
	local now

	tight | gw_start gw1
	knock
	until_ok 30 ping_once lan1 10.2.0.10 || fail "IPv4 does not come back"
	until_ok 30 ping_once gw1 fd02::10 || fail "IPv6 does not come back"
	wire_clean
	wire_stop
	gw_stop gw1
	now=$(on gw1 ip rule; on gw1 ip -6 rule; on gw1 ip route show table all;
	    on gw1 ip -6 route show table all; on gw1 ip nexthop)
	! grep -e sallyport -e 'proto 83' -e goto -e blackhole <<<"$now" ||
		fail "rules or routes stayed"
	[ "$(policy_count gw1)" = 0 ] || fail "policies stayed"
}

# Stopped before it knew what of it all was its own.
stopped_early()
{
	local pid now

	tight | gw_start gw1
	pid=$(gw_pids gw1 keymgr)
	kill -9 "$pid"
	until_ok 10 ctl gw1 /ip/ipsec/policy/print
	gw_stop gw1
	now=$(on gw1 ip rule; on gw1 ip -6 rule; on gw1 ip route show table all;
	    on gw1 ip -6 route show table all; on gw1 ip nexthop)
	! grep -e sallyport -e 'proto 83' -e goto -e blackhole <<<"$now" ||
		fail "rules or routes stayed"
	[ "$(policy_count gw1)" = 0 ] || fail "policies stayed"
}

it "a keymgr that was just started leaves nothing either" stopped_early
it "without XFRM and any SA nothing leaves in clear" without_both
it "without any SA nothing leaves in clear" without_peer
it "with a peer it all goes through the tunnels" through
it "rules that somebody removes come back" robbed
it "an address goes and comes" address_returns
wire_start
stream_start
it "espd dies: nothing leaves in clear" killed espd
it "keymgr dies: nothing leaves in clear" killed keymgr
it "ikepd dies: nothing leaves in clear" killed ikepd
it "a reload: nothing leaves in clear" reloaded
it "all die: nothing leaves in clear" dead
it "the next one takes over, and leaves nothing" next
all_stop

# neighbours TUNNEL: on one link, where each must find the other's link
# address although all between them is encrypted.
neighbours()
{
	gw_conf tunnel="$1" peer=2001:db8:5::1/128 my=fqdn:gw2.example \
	    remote=fqdn:gw1.example src=2001:db8:5::2/128 \
	    dst=2001:db8:5::1/128 peeropt=passive=yes | gw_start gw2
	gw_conf tunnel="$1" peer=2001:db8:5::2/128 src=2001:db8:5::1/128 \
	    dst=2001:db8:5::2/128 | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok gw1 2001:db8:5::2
	ip -n gw1 neigh flush dev x1
	ip -n gw2 neigh flush dev x2
	ping_ok gw2 2001:db8:5::1
	gw_stop gw1
	gw_stop gw2
}

# A child for echo requests alone, which no routing rule can say: other kinds
# of ICMP are taken in, too, and let out again as if there were no tunnel.
types()
{
	swan_conf lts='10.2.0.0/24[icmp/2048]' rts='10.1.0.0/24[icmp/2048]' |
	    swan_start gw2
	gw_conf identity="generate-policy=port-strict policy-template-group=default" \
	    peeropt=passive=yes |
	    sed -e '/^add peer=office2 tunnel/d; /^\/ip ipsec policy$/d' \
	    -e 's,^/ip ipsec settings.*,/ip ipsec policy add template=yes proposal=c1 src-address=10.1.0.0/24 dst-address=10.2.0.0/24\n&,' |
	    gw_start gw1
	swan gw2 --initiate --child net
	sa_wait gw1 2
	wire_start
	on lan1 ping -n -q -c 3 -i 0.1 -W 1 10.2.0.10 || :
	until_ok 5 wire_has esp 3 || fail "echo requests: $(<"$W/wire")"
	wire_clean
	on lan1 python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
s.sendto(bytes([13, 0, 0xf2, 0xff]) + bytes(16), ("10.2.0.10", 0))'
	until_ok 5 grep -q "ICMP time stamp query" "$W/wire" ||
		fail "what is not for the tunnel is lost: $(<"$W/wire")"
	[ "$(wire_count esp)" = 3 ]
	swan_stop gw2
	gw_stop gw1
}

it "what rules cannot tell apart espd does" types

net_alter
ip link add x1 netns gw1 type veth peer name x2 netns gw2
ip -n gw1 addr add 2001:db8:5::1/64 dev x1 nodad
ip -n gw2 addr add 2001:db8:5::2/64 dev x2 nodad
ip -n gw1 link set x1 up
ip -n gw2 link set x2 up
it "neighbours on a link, transport mode" neighbours no
it "neighbours on a link, tunnel" neighbours yes
