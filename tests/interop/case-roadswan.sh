# Two remote users with strongSwan, one at gw2, one at gw3: addresses from
# pools, names, and the networks behind the gateway.  Their addresses stay
# theirs, whatever of Sallyport dies.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/road.sh
. "$here/road.sh"

certificates()
{
	pki_ca ca
	pki_cert ec srv ca
	pki_cert ec anna ca
	pki_cert rsa bert ca
	chmod -R a+rX "$P"
}

# split-include tells users what is there; the template sees to it that
# they get to nothing else.
gateway()
{
	{
		pki_imports srv
		road_conf template=src-address=10.1.0.0/24,fd01::/64
		road_identity
	} | gw_start gw1
}

machines()
{
	road_user anna | road_start gw2 anna
	road_user bert rts=0.0.0.0/0,::/0 | road_start gw3 bert
}

first()
{
	login gw2 anna
	given gw2 172.16.9.10 fd09::10
	reaches gw2
}

policies()
{
	local out

	out=$(ip -n gw1 xfrm policy)
	[[ $out == *"src 10.1.0.0/24 dst 172.16.9.10/32"* &&
	    $out == *"src fd01::/64 dst fd09::10/128"* ]] || fail "$out"
	out=$(ctl gw1 /ip/ipsec/policy/print)
	[[ $out == *172.16.9.10/32* && $out == *fd09::10/128* ]] || fail "$out"
}

names_there()
{
	local out

	out=$(cat "$W/gw2/resolv.conf") || return 1
	[[ $out == *10.1.0.1* && $out == *fd01::1* ]]
}

names()
{
	until_ok 5 names_there || fail "$(cat "$W/gw2/resolv.conf")"
}

# strongSwan does with SUBNET attributes no more than to name them; the
# selectors are what counts.
networks()
{
	log_has gw2 'CPRP(*SUBNET*SUBNET6*)' ||
		fail "$(grep -o 'CPRP(.*)' "$W/gw2/log")"
	log_has gw2 'TS 172.16.9.10/32 fd09::10/128 === 10.1.0.0/24 fd01::/64' ||
		fail "$(grep 'CHILD_SA.*TS' "$W/gw2/log")"
}

second()
{
	login gw3 bert
	given gw3 172.16.9.11 fd09::11
	reaches gw3
	reaches gw2
	sa_is gw1 4 || fail "$(sa_count gw1) SAs"
}

narrowed()
{
	log_has gw3 'TS 172.16.9.11/32 fd09::11/128 === 10.1.0.0/24 fd01::/64' ||
		fail "$(grep 'CHILD_SA.*TS' "$W/gw3/log")"
}

listed()
{
	local out

	out=$(ctl gw1 /ip/ipsec/session/print)
	[[ $out == *anna*172.16.9.10*bert*172.16.9.11* ||
	    $out == *bert*172.16.9.11*anna*172.16.9.10* ]] || fail "$out"
}

# The other way around than they came first: who is first gets no other's.
return_of_both()
{
	logout gw2 anna
	logout gw3 bert
	sa_wait gw1 0
	bert_then_anna
}

bert_then_anna()
{
	login gw3 bert
	given gw3 172.16.9.11 fd09::11
	login gw2 anna
	given gw2 172.16.9.10 fd09::10
	reaches gw2
	reaches gw3
}

replaced()
{
	local pid

	pid=$(gw_pids gw1 "$1")
	[ -n "$pid" ] && [ "$pid" != "$2" ]
}

killed()
{
	local pid

	pid=$(gw_pids gw1 "$1")
	log_mark gw1
	kill -KILL "$pid"
	log_wait_since gw1 "$1 (pid"
	until_ok 10 replaced "$1" "$pid" || fail "$1 was not started anew"
}

# Tunnels go on; the addresses are still taken, and known.
after_kill()
{
	killed "$1"
	reaches gw2
	reaches gw3
	sa_is gw1 4 || fail "$(sa_count gw1) SAs"
	return_of_both
}

# Its IKE SAs are lost: the users notice, or come back by themselves.
after_ikepd()
{
	killed ikepd
	sa_wait gw1 0
	(logout gw2 anna) &
	(logout gw3 bert) &
	wait
	bert_then_anna
}

after_restart()
{
	gw_stop gw1
	(logout gw2 anna) || :
	(logout gw3 bert) || :
	gateway
	bert_then_anna
}

certificates
net_up
net_more gw3
gateway
machines
it "a user gets an IPv4 and an IPv6 address from the pools" first
it "policies are made for these addresses" policies
it "the user's DNS servers are those given" names
it "the user is told the networks, and gets to them alone" networks
it "a second user at the same time, with other addresses" second
it "a user who asks for everything gets the networks" narrowed
it "both sessions are listed" listed
it "who comes back has the same addresses again" return_of_both
it "sessiond dies: tunnels go on, addresses stay theirs" after_kill sessiond
it "certd dies: tunnels go on, addresses stay theirs" after_kill certd
it "ikepd dies: addresses stay theirs" after_ikepd
it "the gateway is started anew: addresses stay theirs" after_restart
net_down
