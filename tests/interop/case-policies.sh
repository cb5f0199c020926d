# What policies do to traffic that has no SA: require holds it, use lets it
# pass, discard drops it, none never protects it; a peer without one address
# of its own (a net, a name) still lets nothing out in clear; flags say what
# is active, disabled, invalid.

# in_clear [yes|no]: whether a ping to this net appears on the wire.
in_clear()
{
	wire_start
	ping_none lan1 "$2"
	if [ "$1" = yes ]; then
		until_ok 5 wire_has clear 1 || fail "not on the wire"
	else
		# The listener has seen whatever came before this one.
		ping_once gw1 192.0.2.254 >/dev/null
		until_ok 5 wire_has clear 2 || fail "the marker is missing"
		[ "$(grep -c "$2" "$W/wire")" = 0 ] || fail "$(<"$W/wire")"
	fi
}

more_policies='/ip ipsec policy
add action=discard tunnel=yes src-address=10.1.0.0/24 dst-address=10.3.0.0/24
add action=none tunnel=yes src-address=10.1.0.0/24 dst-address=10.4.0.0/24
add peer=office2 tunnel=yes src-address=10.1.0.0/24 dst-address=10.5.0.0/24 proposal=c1 level=use
add disabled=yes peer=office2 tunnel=yes src-address=10.1.0.0/24 dst-address=10.6.0.0/24 proposal=c1
add peer=office2 tunnel=yes src-address=10.1.0.0/24 dst-address=10.2.0.0/24 proposal=c1 comment=again
add peer=office2 tunnel=yes src-address=10.1.0.0/16 dst-address=10.2.0.0/16 proposal=c1 comment=wide'

# flag FLAGS DESTINATION
flag()
{
	local out

	out=$(ctl gw1 /ip/ipsec/policy/print)
	grep " $2 " <<<"$out" | grep -q "^ *[0-9][0-9]* *$1 " || fail "$out"
}

a_net()
{
	swan_conf | swan_start gw2
	gw_conf peer=0.0.0.0/0 peeropt='passive=yes' | gw_start gw1
	in_clear no 10.2.0.10
	wire_start
	swan gw2 --initiate --child net
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	wire_only esp 12
	swan gw2 --terminate --ike office1
	sa_wait gw1 0
	in_clear no 10.2.0.10
}

a_name()
{
	printf '192.0.2.2 gw2.test\n' >>/etc/hosts
	gw_conf peer=gw2.test | gw_start gw1
	in_clear no 10.2.0.10
	swan_conf | swan_start gw2
	wire_start
	peer_wait gw1 60
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	wire_only esp 6
}

# The first that fits, as the list has them.
order()
{
	gw_conf dst=10.0.0.0/8 policy='action=encrypt place-before=0' \
	    more='/ip ipsec policy add action=none tunnel=yes src-address=10.1.0.0/24 dst-address=10.4.0.0/24' \
	    >"$W/order.conf"
	"$SALLYPORT_STAGE/sbin/sallyportd" -n -f "$W/order.conf"
	gw_start gw1 <"$W/order.conf"
	in_clear no 10.4.0.10
}

net_up
gw_conf peeropt='passive=yes' more="$more_policies" | gw_start gw1
it "require: held while there is no SA" in_clear no 10.2.0.10
it "discard: dropped" in_clear no 10.3.0.10
it "none: passes unprotected" in_clear yes 10.4.0.10
it "use: passes while there is no SA" in_clear yes 10.5.0.10
it "disabled: as if it were not there" in_clear yes 10.6.0.10
it "the disabled one is flagged X" flag X 10.6.0.0/24
it "the second of two with one selector is flagged I" flag I 10.2.0.0/24
all_stop
it "an earlier policy wins over a later one" order
all_stop
it "a peer that is a net: nothing in clear before, within, after" a_net
all_stop
it "a peer with a name: asked for, nothing in clear before" a_name
