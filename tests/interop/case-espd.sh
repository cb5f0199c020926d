# What is special about a data plane in user space: what happens to packets
# beside the tunnel, and with policies that let some through.
espd_moves || exit 78

up()
{
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

plane_shown()
{
	ctl gw1 /ip/ipsec/settings/print | grep -q 'data-plane-used.*userspace'
	log_has gw1 "data plane: userspace"
}

six_up()
{
	gw_conf src=fd01::/64 dst=fd02::/64 | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 fd02::10
}

# From the gateway itself, with the address that the tunnel is for.
from_gateway()
{
	on gw1 ping -n -q -c 2 -i 0.1 -W 2 -I 10.1.0.1 10.2.0.10
}

every_length()
{
	local n

	for n in 0 1 8 100 1300 1372 1373 1400 1472 4000; do
		on lan1 ping -n -q -c 1 -W 2 -M dont -s $n 10.2.0.10 >/dev/null ||
			fail "an echo of $n bytes was lost"
	done
}

# A small path: the far end of the wire takes 1280 bytes.
small_path()
{
	local node

	ip -n inet link set gw2 mtu 1280
	ip -n gw2 link set wan mtu 1280
	on lan1 ping -n -q -c 1 -W 1 -s 1300 10.2.0.10 >/dev/null || :
	until_ok 10 on lan1 ping -n -q -c 1 -W 1 -s 1300 10.2.0.10 ||
		fail "no large echo"
	on lan1 ping -n -q -c 3 -i 0.1 -W 2 -s 1300 10.2.0.10
	ip -n inet link set gw2 mtu 1500
	ip -n gw2 link set wan mtu 1500
	# What they learned would be there for the next case.
	for node in lan1 gw1; do
		ip -n $node route flush cache
	done
}

# What a policy of action=none lets go is neither encrypted nor lost, in
# spite of a policy above that shares its rule in the kernel.
passes()
{
	gw_stop gw1
	gw_conf dst=10.2.0.0/25 \
	    more="/ip ipsec policy add action=none src-address=10.1.0.0/24 dst-address=192.0.2.0/24
/ip ipsec policy add peer=office2 tunnel=yes src-address=10.1.0.0/24 dst-address=192.0.0.0/16 proposal=c1" |
	    gw_start gw1
	ip -n inet route add 10.1.0.0/24 via 198.51.100.1
	until_ok 5 ping_once lan1 192.0.2.254 || fail "192.0.2.254 is not reached"
	ip -n inet route del 10.1.0.0/24 via 198.51.100.1
}

# Somebody removes the device: that is said, and takes no processor time.
device_gone()
{
	local pid before after

	pid=$(gw_pids gw1 espd)
	ip -n gw1 link del sallyport0
	log_wait gw1 "the device sallyport0 was removed"
	before=$(cut -d ' ' -f 14,15 "/proc/$pid/stat")
	nap 1
	after=$(cut -d ' ' -f 14,15 "/proc/$pid/stat")
	[ $((${after/ /+} - (${before/ /+}))) -lt 10 ] ||
		fail "espd turns round: $before, $after"
}

# With the device gone, too, nothing passes in clear.
fails_closed()
{
	wire_start
	swan_stop gw2
	ctl gw1 /ip/ipsec/active-peers/kill-connections
	on lan1 ping -n -q -c 2 -i 0.1 -W 1 10.2.0.10 || :
	ip -n gw1 link set sallyport0 down
	on lan1 ping -n -q -c 2 -i 0.1 -W 1 10.2.0.10 || :
	on gw1 ping -n -q -c 2 -i 0.1 -W 1 -I 10.1.0.1 10.2.0.10 || :
	wire_clean
}

net_up
swan_conf | swan_start gw2
gw_conf | gw_start gw1

it "the tunnel comes up" up
it "the log and print say who moves the packets" plane_shown
it "what should have come through the tunnel is dropped in clear" \
    pretend 4 10.2.0.99 10.1.0.10 lan1
it "the gateway's own packets go through it" from_gateway
it "packets of many lengths pass, fragments too" every_length
it "a path that takes less is found out" small_path
it "action=none lets packets go" passes
all_stop
swan_conf lts=fd02::/64 rts=fd01::/64 | swan_start gw2
it "a tunnel of IPv6 comes up" six_up
it "what should have come through it is dropped in clear" \
    pretend 6 fd02::99 fd01::10 lan1
all_stop
swan_conf | swan_start gw2
gw_conf | gw_start gw1
peer_wait gw1
it "without peer and device nothing passes in clear" fails_closed
all_stop

no_rules()
{
	local rules

	rules=$(ip -n gw1 rule && ip -n gw1 -6 rule) || fail "no rules at all"
	echo "$rules"
	[[ $rules != *proto\ 83* ]]
}

# An orderly end leaves nothing; after another one the kernel's data plane
# finds nothing in its way.
rules_go()
{
	gw_conf more="/ip ipsec policy add peer=office2 tunnel=yes src-address=fd01::/64 dst-address=fd02::/64 proposal=c1" |
	    gw_start gw1
	peer_wait gw1
	! no_rules
	gw_stop gw1
	no_rules
	gw_conf | gw_start gw1
	node_kill gw1 KILL
	! no_rules
	gw_conf more="/ip ipsec settings set data-plane=kernel" | gw_start gw1
	until_ok 10 no_rules
}

swan_conf | swan_start gw2
gw_conf | gw_start gw1
peer_wait gw1
it "a device that is removed is missed" device_gone
gw_stop gw1
it "rules go with an orderly end, and when the kernel takes over" rules_go
