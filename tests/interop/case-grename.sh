# GRE inside IKEv2 with mode-config between two Sallyports, the server known
# by its DNS name alone: gw1 is the server with a fixed pair of addresses to
# carry the GRE tunnel, gw2 the client.

server_conf()
{
	cat <<-END
	/ip ipsec profile add dh-group=ecp256,modp2048 enc-algorithm=aes-256,aes-192,aes-128 name=ike2
	/ip ipsec proposal add auth-algorithms=null enc-algorithms=aes-128-gcm name=ike2-gre pfs-group=none
	/ip ipsec mode-config add address=192.168.99.2 address-prefix-length=32 name=ike2-gre split-include=192.168.99.1/32 system-dns=no
	/ip ipsec policy group add name=ike2-gre
	/ip ipsec policy add template=yes group=ike2-gre src-address=192.168.99.1/32 dst-address=192.168.99.2/32 proposal=ike2-gre
	/ip ipsec peer add exchange-mode=ike2 name=ike2 passive=yes profile=ike2
	/ip ipsec identity add generate-policy=port-strict mode-config=ike2-gre peer=ike2 policy-template-group=ike2-gre secret=Xq3vvJ0pK7sLw2Zr9TbN
	END
}

# client_conf TEMPLATE: what its template allows.
client_conf()
{
	cat <<-END
	/ip ipsec profile add dh-group=ecp256 enc-algorithm=aes-256 name=ike2 dpd-interval=2s
	/ip ipsec proposal add auth-algorithms=null enc-algorithms=aes-128-gcm name=ike2-gre pfs-group=none
	/ip ipsec mode-config add name=ike2-gre responder=no
	/ip ipsec policy group add name=ike2-gre
	/ip ipsec policy add template=yes group=ike2-gre proposal=ike2-gre $1
	/ip ipsec peer add address=gw.example.net exchange-mode=ike2 name=p1.ez profile=ike2
	/ip ipsec identity add generate-policy=port-strict mode-config=ike2-gre peer=p1.ez policy-template-group=ike2-gre secret=Xq3vvJ0pK7sLw2Zr9TbN
	END
}

# named ADDRESS: what the name means from now on.
named()
{
	sed -i '/gw.example.net/d' /etc/hosts
	echo "$1 gw.example.net" >>/etc/hosts
}

up()
{
	ip -n gw1 addr add 192.168.99.1/32 dev lo
	named 198.51.100.1
	server_conf | gw_start gw1
	client_conf "src-address=192.168.99.2/32 dst-address=192.168.99.1/32" |
		gw_start gw2
	peer_wait gw2
	log_wait gw2 "192.168.99.2/32 === 192.168.99.1/32"
	sa_wait gw1 2
}

listed()
{
	local out

	out=$(ctl gw2 /ip/ipsec/policy/print detail)
	[[ $out == *"T*"*"T"*"group=ike2-gre"*"DA"*"192.168.99.2/32"*"192.168.99.1/32"* &&
	    $out == *"sa-dst-address=$1"* && $out == *"level=unique"* &&
	    $out == *"ph2-count=1"* ]] || fail "$out"
}

# reaches COUNT: what the tunnel is for, where the kernel has GRE a network.
reaches()
{
	local n=$1

	if ip -n gw2 link show gre1 >/dev/null 2>&1; then
		ping_ok lan2 10.1.0.10 "$n"
	else
		PING_FROM=192.168.99.2 ping_ok gw2 192.168.99.1 "$n"
	fi
}

is_reached()
{
	(reaches 1)
}

gre()
{
	ip -n gw1 tunnel add gre1 mode gre local 192.168.99.1 remote 192.168.99.2 ||
		skip "no GRE in this kernel"
	ip -n gw2 tunnel add gre1 mode gre local 192.168.99.2 remote 192.168.99.1
	ip -n gw1 -batch - <<-END
		addr add 172.16.1.1/30 dev gre1
		link set gre1 up
		route add 10.2.0.0/24 dev gre1
	END
	ip -n gw2 -batch - <<-END
		addr add 172.16.1.2/30 dev gre1
		link set gre1 up
		route add 10.1.0.0/24 dev gre1
	END
	wire_start
	ping_ok lan2 10.1.0.10
	ping_ok lan1 10.2.0.10
	wire_only esp 12
}

# The server moves, and its name with it: nobody answers at the old address.
renamed()
{
	log_mark gw2
	ip -n gw1 -batch - <<-END
		addr del 198.51.100.1/24 dev wan
		addr add 198.51.100.7/24 dev wan
		route replace default via 198.51.100.254
	END
	named 198.51.100.7
	log_wait_since gw2 "gw.example.net is 198.51.100.7" 90
	log_wait_since gw2 "192.168.99.2/32 === 192.168.99.1/32" 60
	until_ok 20 listed 198.51.100.7 || listed 198.51.100.7
	until_ok 10 is_reached || fail "no answer any more"
	wire_start
	reaches 3
	wire_only esp 6
}

# Whoever wants more than the template of its group gets nothing.
more()
{
	gw_stop gw2
	sa_wait gw1 0 20
	log_mark gw1
	client_conf "" | sed -e 's/generate-policy=port-strict//' \
	    -e 's/mode-config=ike2-gre//' -e 's/policy-template-group=[^ ]*//' \
	    >"$W/more"
	echo "/ip ipsec policy add peer=p1.ez tunnel=yes src-address=10.2.0.0/24 dst-address=10.1.0.0/24 proposal=ike2-gre" \
	    >>"$W/more"
	gw_start gw2 <"$W/more"
	log_wait_since gw1 "reason=ts-unacceptable" 30
	sa_is gw1 0 || fail "SAs are there"
}

net_up
net_alter
it "a client that knows a name is given the address" up
it "the generated policy is listed" listed 198.51.100.1
it "GRE passes inside ESP alone" gre
it "the name gets another address" renamed
it "other selectors are refused" more
