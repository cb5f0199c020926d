# Two remote users behind one address translator, as in a hotel: ESP in UDP
# for both, each with addresses of its own.

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

# gw3 is behind the same translator as gw2.
net_two()
{
	net_up nat=gw2
	net_alter
	ip -batch - <<-END
		netns add gw3
		link add wan netns gw3 type veth peer name in3 netns nat
	END
	ip -n nat -batch - <<-END
		addr add 172.16.1.1/24 dev in3
		link set in3 up
	END
	ip -n gw3 -batch - <<-END
		addr add 172.16.1.2/24 dev wan
		link set wan up
		route add default via 172.16.1.1
	END
	forward gw3 nat
}

start()
{
	{
		pki_imports srv
		road_conf
		road_identity
	} | gw_start gw1
	road_user anna | road_start gw2 anna
	road_user bert | road_start gw3 bert
}

both_in()
{
	wire_start
	login gw2 anna
	given gw2 172.16.9.10 fd09::10
	login gw3 bert
	given gw3 172.16.9.11 fd09::11
	reaches gw2
	reaches gw3
	wire_only udpesp 16
}

one_address()
{
	[ "$(ctl gw1 /ip/ipsec/session/print | grep -c 192.0.2.2)" = 2 ] ||
		fail "$(ctl gw1 /ip/ipsec/session/print)"
}

# from_inside ADDRESS...: the network behind the gateway gets to the users.
from_inside()
{
	local to

	for to; do
		ping_ok lan1 "$to" 2
	done
}

spis_other()
{
	[ "$(sa_spis gw1)" != "$1" ]
}

rekeyed()
{
	local before

	before=$(sa_spis gw1)
	log_mark gw3
	swan gw2 --rekey --child anna
	until_ok 10 spis_other "$before" || fail "no new child SA"
	swan gw3 --rekey --ike bert
	log_wait_since gw3 'rekeyed between'
	sa_wait gw1 4
	reaches gw2
	reaches gw3
	wire_clean
}

one_leaves()
{
	logout gw2 anna
	sa_wait gw1 2
	reaches gw3
	login gw2 anna
	given gw2 172.16.9.10 fd09::10
	reaches gw2
	reaches gw3
}

certificates
net_two
start
it "two users behind one translator are in, with ESP in UDP" both_in
it "two sessions come from one address" one_address
it "the network gets to both" \
    from_inside 172.16.9.10 172.16.9.11 fd09::10 fd09::11
it "one rekeys its child, the other its IKE SA" rekeyed
it "one leaves and comes back; the other does not notice" one_leaves
all_stop
net_down
