# IKE fragments (RFC 7383) with strongSwan, over a path of MTU 1280 whose
# router throws IP fragments away: long identities and long lists of
# proposals and selectors make IKE_AUTH larger than a datagram may be.

long=gw-$(printf 'abcdefghi.%.0s' {1..22})example
esp_long=
for enc in aes128gcm16 aes192gcm16 aes256gcm16 chacha20poly1305; do
	esp_long+=$enc-ecp256,$enc-ecp384,$enc-modp2048,
done
esp_long+=aes128gcm16

# Selectors that are narrowed away again.
nets=10.2.0.0/24
for net in {1..30}; do
	nets+=,10.3.$net.0/24
done

narrow()
{
	ip -n gw1 link set wan mtu 1280
	ip -n gw2 link set wan mtu 1280
	ip -n inet link set gw1 mtu 1280
	ip -n inet link set gw2 mtu 1280
	on inet "$(iptables_command)" -A FORWARD -f -j DROP
}

# stat_of NAME: a counter of ikepd.
stat_of()
{
	ctl gw1 --json /ip/ipsec/ike-statistics/print |
	    grep -o "\"$1\": *\"*[0-9]*" | grep -o '[0-9]*$' | head -n 1
}

# pair SIZE FRAGMENTATION [NAME=VALUE...]: starts both with fragments of SIZE,
# ours with these words of gw_conf, strongSwan with those in swan_extra.
pair()
{
	local size=$1 yes=$2

	gw_conf my="fqdn:a$long" remote="fqdn:b$long" "${@:3}" \
	    more="/ip ipsec settings set fragment-size=$size" | gw_start gw1
	swan_conf lid="b$long" rid="a$long" esp="$esp_long" lts="$nets" \
	    conn="fragmentation = $yes" "${swan_extra[@]}" |
	    swan_start gw2 "fragment_size = $size" 'max_packet = 65535'
}

swan_extra=()

crossed()
{
	local tx rx joined

	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	tx=$(stat_of tx-fragments) rx=$(stat_of rx-fragments)
	joined=$(stat_of rx-reassembled)
	[ "$tx" -ge "$1" ] || fail "$tx fragments sent, wanted $1"
	[ "$rx" -ge "$2" ] || fail "$rx fragments received, wanted $2"
	[ "$joined" -ge 1 ] || fail "nothing was joined"
	[ "$(stat_of rx-integrity-errors)" = 0 ] || fail "integrity errors"
}

they_start()
{
	pair "$1" "$2" "${@:5}" peeropt=passive=yes
	swan gw2 --initiate --child net
	crossed "$3" "$4"
}

we_start()
{
	pair "$1" yes "${@:3}"
	crossed "$2" 2
}

off_one_side()
{
	gw_conf peeropt=passive=yes \
	    more='/ip ipsec settings set fragment-size=0' | gw_start gw1
	swan_conf conn='fragmentation = yes' | swan_start gw2
	swan gw2 --initiate --child net
	peer_wait gw1
	! log_has gw2 FRAG_SUP ||
		[[ $(grep -c 'parsed IKE_SA_INIT.*FRAG_SUP' "$W/gw2/log") = 0 ]] ||
		fail "fragments were announced"
	ping_ok lan1 10.2.0.10
}

rekeyed()
{
	local before tx

	before=$(stat_of rx-reassembled)
	log_mark gw2
	swan gw2 --rekey --ike office1
	log_wait_since gw2 'rekeyed between'
	swan gw2 --rekey --child net
	until_ok 10 more_joined "$before" ||
		fail "nothing was joined after the rekey"
	ping_ok lan2 10.1.0.10
	[ "$(stat_of rx-integrity-errors)" = 0 ] || fail "integrity errors"
}

more_joined()
{
	[ "$(stat_of rx-reassembled)" -gt "$1" ]
}

# The path itself must refuse what it is there to refuse.
path_is_narrow()
{
	! on gw1 ping -n -q -c 1 -W 1 -s 1400 -M dont 192.0.2.2 >/dev/null ||
		fail "IP fragments pass"
	on gw1 ping -n -q -c 1 -W 1 -s 1200 192.0.2.2 >/dev/null ||
		fail "nothing passes"
}

net_up
narrow
it "the path drops IP fragments" path_is_narrow
it "strongSwan initiates in fragments of 1280" they_start 1280 yes 0 2
all_stop
it "we initiate in fragments of 400, AES-GCM" we_start 400 2
it "fragments go on after a rekey of the IKE SA" rekeyed
all_stop
swan_extra=(ike=aes256-sha512-modp2048)
it "strongSwan forces fragments of 400, CBC and SHA-512" \
    they_start 400 force 2 4 enc=aes-256 hash=sha512 dh=modp2048
all_stop
it "we initiate in fragments of 400, CBC and SHA-512" \
    we_start 400 2 enc=aes-256 hash=sha512 dh=modp2048
all_stop
swan_extra=()
it "fragment-size=0 announces none" off_one_side
all_stop
net_down
