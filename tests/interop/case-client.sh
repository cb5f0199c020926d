# Sallyport as the client of a gateway that gives it addresses, networks,
# name servers and domains: what it makes of them on its machine, that all
# follows the uplink, survives the death of processes and goes in the end.
# gw1 gives, gw2 is given.

server_conf()
{
	cat <<-END
	/ip pool add name=road ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
	/ip ipsec proposal add name=c1 enc-algorithms=aes-128-gcm auth-algorithms=null pfs-group=none
	/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 static-dns=10.1.0.1,fd01::1 system-dns=no split-dns=corp.example,lab.example
	/ip ipsec policy group add name=road
	/ip ipsec policy add template=yes group=road proposal=c1
	/ip ipsec peer add name=users exchange-mode=ike2 passive=yes
	/ip ipsec identity add peer=users secret=Xq3vvJ0pK7sLw2Zr9TbN generate-policy=port-strict policy-template-group=road mode-config=road
	END
}

client_conf()
{
	cat <<-END
	/ip ipsec proposal add name=c1 enc-algorithms=aes-128-gcm auth-algorithms=null pfs-group=none
	/ip ipsec policy group add name=road
	/ip ipsec policy add template=yes group=road proposal=c1
	/ip ipsec mode-config set request-only src-address-list=local connection-mark=office
	/ip ipsec peer add name=office address=198.51.100.1/32 exchange-mode=ike2
	/ip ipsec identity add peer=office secret=Xq3vvJ0pK7sLw2Zr9TbN generate-policy=port-strict policy-template-group=road mode-config=request-only
	END
}

# Stands for resolvconf: each entry is a file.
resolvconf_there()
{
	mkdir -p "$W/entries"
	cat >/usr/sbin/resolvconf <<-END
	#!/bin/sh
	case \$1 in
	-a)	cat >$W/entries/new; mv $W/entries/new $W/entries/\$2 ;;
	-d)	rm -f $W/entries/\$2 ;;
	esac
	END
	chmod 755 /usr/sbin/resolvconf
}

# Stands for resolvectl: what each of its commands was told last.
resolved_there()
{
	mkdir -p /run/systemd/resolve "$W/links"
	cat >/usr/bin/resolvectl <<-END
	#!/bin/sh
	if [ \$1 = revert ]; then
		rm -f $W/links/*
	else
		echo "\$@" >$W/links/\$1
	fi
	END
	chmod 755 /usr/bin/resolvectl
}

entry()
{
	[ "$(cat "$W/entries/lo.sallyport" 2>/dev/null)" = "$1" ]
}

entry_there()
{
	entry "nameserver 10.1.0.1
nameserver fd01::1
search corp.example lab.example"
}

start()
{
	client_conf | gw_start gw2
	peer_wait gw2
	log_wait gw2 "=== 10.1.0.0/24 fd01::/64"
}

up()
{
	resolvconf_there
	server_conf | gw_start gw1
	start
}

# Both families in one child, each with its address and its route.
addresses()
{
	local out

	sa_is gw2 2 || fail "$(sa_count gw2) SAs"
	out=$(ip -n gw2 addr show dev sallyport) || fail "no interface"
	[[ $out == *"172.16.9.10/32"* && $out == *"fd09::10/128"* &&
	    $out == *UP* ]] || fail "$out"
	out=$(ip -n gw2 route show proto 0x53
	    ip -n gw2 -6 route show proto 0x53)
	[[ $out == *"10.1.0.0/24 via 192.0.2.254 dev wan src 172.16.9.10"* &&
	    $out == *"fd01::/64 dev wan "*"src fd09::10"* ]] || fail "$out"
	ping_ok gw2 10.1.0.10
	ping_ok gw2 fd01::10
}

# All of it can be seen, with what source NAT will want to know.
given()
{
	local out

	out=$(ctl gw2 /ip/ipsec/given/print detail)
	[[ $out == *"peer=office"*"mode-config=request-only"*"address=172.16.9.10"*"address6=fd09::10"*"interface=sallyport"*"dst-address=10.1.0.0/24,fd01::/64"*"dns=10.1.0.1,fd01::1"*"src-address-list=local"*"connection-mark=office"* ]] ||
		fail "$out"
}

entry_set()
{
	until_ok 5 entry_there || fail "$(cat "$W"/entries/*)"
	log_wait gw2 "name servers 10.1.0.1, fd01::1 are asked for corp.example, lab.example"
}

# Who tells the resolver may do little more.
helper()
{
	local pid status

	pid=$(gw_pids gw2 sallyportd)
	status=$(<"/proc/$pid/status")
	[[ $status == *"CapEff:"$'\t'0000000000000020* &&
	    $status == *"CapBnd:"$'\t'0000000000000020* &&
	    $status == *"NoNewPrivs:"$'\t'1* ]] || fail "$status"
	[ "$(stat -c %u "/proc/$pid/fd")" = 0 ] || fail "dumpable"
}

route_is()
{
	[[ $(ip -n gw2 route show 10.1.0.0/24 proto 0x53) == *"$1"* ]]
}

# Another router, a route taken away by hand, an uplink that goes and comes.
follows()
{
	net_alter
	ip -n inet addr add 192.0.2.253/24 dev gw2
	ip -n gw2 route replace default via 192.0.2.253
	until_ok 5 route_is "via 192.0.2.253 dev wan src 172.16.9.10" ||
		fail "$(ip -n gw2 route)"
	ping_ok gw2 10.1.0.10
	ip -n gw2 route del 10.1.0.0/24 proto 0x53
	until_ok 5 route_is "src 172.16.9.10" || fail "$(ip -n gw2 route)"
	ip -n gw2 link set wan down
	ip -n gw2 -batch - <<-END
		link set wan up
		route replace default via 192.0.2.254
		addr add 2001:db8:2::2/64 dev wan nodad
		route replace default via 2001:db8:2::fe
	END
	until_ok 5 route_is "via 192.0.2.254 dev wan src 172.16.9.10" ||
		fail "$(ip -n gw2 route)"
	until_ok 5 ping_once gw2 10.1.0.10 || fail "no answer"
	until_ok 5 ping_once gw2 fd01::10 ||
		fail "$(ip -n gw2 -6 route; ip -n gw2 route get fd01::10)"
}

keymgr_dies()
{
	ping_start gw2 10.1.0.10
	log_mark gw2
	kill -KILL "$(gw_pids gw2 keymgr)"
	log_wait_since gw2 "keymgr (pid"
	until_ok 10 gw_pids gw2 keymgr || fail "not started anew"
	log_wait_since gw2 "adopted" 15
	addresses
	entry_there || fail "$(cat "$W"/entries/*)"
	out=$(ping_loss)
	[ "$out" = 0 ] || fail "$out echoes lost"
}

ikepd_dies()
{
	log_mark gw2
	kill -KILL "$(gw_pids gw2 ikepd)"
	log_wait_since gw2 "name servers are not asked any more"
	log_wait_since gw2 "=== 10.1.0.0/24 fd01::/64" 30
	until_ok 5 entry_there || fail "$(cat "$W"/entries/*)"
	until_ok 5 ping_once gw2 10.1.0.10 || fail "no answer"
}

nothing_left()
{
	[ ! -e "$W/entries/lo.sallyport" ] &&
	    [ -z "$(ip -n gw2 route show proto 0x53)" ] &&
	    ! ip -n gw2 link show dev sallyport
}

sallyportd_dies()
{
	kill -KILL "$(<"$W/gw2/pid")"
	until_ok 10 nothing_left || fail "$(ip -n gw2 route; ip -n gw2 link
	    cat "$W"/entries/*)"
	wait_gone "$(<"$W/gw2/pid")"
	rm -f "$W/gw2/pid"
}

ends()
{
	start
	until_ok 5 entry_there || fail "$(cat "$W"/entries/*)"
	gw_stop gw2
	until_ok 5 nothing_left || fail "$(ip -n gw2 route; ip -n gw2 link
	    cat "$W"/entries/*)"
}

link_told()
{
	[ "$(cat "$W/links/dns" "$W/links/domain" "$W/links/default-route")" = \
	    "dns sallyport 10.1.0.1 fd01::1
domain sallyport ~corp.example ~lab.example
default-route sallyport no" ]
}

resolved()
{
	resolved_there
	start
	until_ok 5 link_told || fail "$(cat "$W"/links/*)"
	[ ! -e "$W/entries/lo.sallyport" ] || fail "both were told"
	# The gateway ends the session, and what came with it goes: the
	# interface, and with that what was told about it.
	log_mark gw2
	gw_stop gw1
	log_wait_since gw2 "name servers are not asked any more" 30
	! ip -n gw2 link show dev sallyport || fail "the interface is left"
	gw_stop gw2
}

nobody()
{
	rm -rf /usr/sbin/resolvconf /usr/bin/resolvectl /run/systemd/resolve
	server_conf | gw_start gw1
	start
	log_wait gw2 "name servers 10.1.0.1, fd01::1 are for you to use"
}

# system-dns: the gateway's own servers, as they are at the time of a login.
system_dns()
{
	gw_stop gw2
	gw_stop gw1
	echo "nameserver 10.1.0.53" >/etc/resolv.conf
	server_conf | sed 's/static-dns=.*system-dns=no/system-dns=yes/' |
		gw_start gw1
	start
	log_wait gw2 "name servers 10.1.0.53 are for you to use"
	gw_stop gw2
	log_mark gw1
	printf 'nameserver 10.1.0.54\nnameserver fd01::54\n' >/etc/resolv.conf
	log_wait_since gw1 "the machine's name servers have changed"
	start
	log_wait gw2 "name servers 10.1.0.54, fd01::54 are for you to use"
}

# A template for each family makes a child for each.
per_family()
{
	gw_stop gw2
	client_conf | sed 's,^/ip ipsec policy add template.*,& src-address=0.0.0.0/0 dst-address=0.0.0.0/0\n& src-address=fd00::/8 dst-address=fd00::/8,' |
		gw_start gw2
	log_wait gw2 "172.16.9.10/32 === 10.1.0.0/24"
	log_wait gw2 "fd09::10/128 === fd01::/64"
	sa_wait gw2 4
	until_ok 5 ping_once gw2 10.1.0.10 || fail "no answer over IPv4"
	until_ok 5 ping_once gw2 fd01::10 || fail "no answer over IPv6"
}

net_up
it "a gateway that gives everything" up
it "both families have their address and their route" addresses
it "what was given is listed" given
it "resolvconf is told of servers and domains" entry_set
it "the helper that tells it is confined" helper
it "routes follow the uplink" follows
it "keymgr dies: nothing is lost" keymgr_dies
it "ikepd dies: all goes and comes back" ikepd_dies
it "sallyportd dies: nothing is left" sallyportd_dies
it "nothing is left in the end" ends
it "systemd-resolved is told for our own interface" resolved
it "nobody to tell: the log names the servers" nobody
it "system-dns hands out what the machine asks now" system_dns
it "a template for each family, a child for each" per_family
