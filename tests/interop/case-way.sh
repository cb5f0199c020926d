# The way into and out of a data plane in user space: what may pass beside
# the tunnels and what must not, for packets of the gateway itself and of
# those behind it, in both families.
[ "$PLANE" = userspace ] || skip "the kernel moves the packets here"

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

# echoes NODE 4|6: echo requests that were let in.
echoes()
{
	if [ "$2" = 6 ]; then
		on "$1" cat /proc/net/snmp6 |
		    awk '$1 == "Icmp6InEchos" { print $2 }'
	else
		on "$1" cat /proc/net/snmp | awk '$1 == "Icmp:" { n++
			if (n == 1) for (i = 2; i <= NF; i++) if ($i == "InEchos") at = i
			if (n == 2) print $at }'
	fi
}

# own LOCAL REMOTE: between addresses of the gateways themselves.
own()
{
	on gw1 ping -n -q -c 3 -i 0.1 -W 2 -I "$1" "$2"
	on gw2 ping -n -q -c 3 -i 0.1 -W 2 -I "$2" "$1"
	ping_ok lan1 "$2"
	ping_ok lan2 "$1"
}

# pretend 4|6 SOURCE DESTINATION NODE: somebody on the way sends to one
# behind gw1 as if from behind gw2; it must not get to NODE.
pretend()
{
	local before net=10.1.0.0/24 via=198.51.100.1 bits=32

	[ "$1" = 4 ] || { net=fd01::/64 via=2001:db8:1::1 bits=128; }
	ip -n inet addr add "$2/$bits" dev lo
	ip -n inet route add $net via $via
	before=$(echoes "$4" "$1")
	on inet ping -n -q -c 2 -i 0.1 -W 1 -I "$2" "$3" || :
	ip -n inet route del $net via $via
	ip -n inet addr del "$2/$bits" dev lo
	[ "$(echoes "$4" "$1")" = "$before" ] || fail "a clear packet came in"
}

net_up
it "tunnels of both families come up" up
it "the gateways' own addresses are reached, IPv4" own 10.1.0.1 10.2.0.1
it "the gateways' own addresses are reached, IPv6" own fd01::1 fd02::1
it "in clear nobody behind is reached, IPv4" pretend 4 10.2.0.99 10.1.0.10 lan1
it "in clear nobody behind is reached, IPv6" pretend 6 fd02::99 fd01::10 lan1
it "in clear the gateway is not reached, IPv4" pretend 4 10.2.0.99 10.1.0.1 gw1
it "in clear the gateway is not reached, IPv6" pretend 6 fd02::99 fd01::1 gw1
