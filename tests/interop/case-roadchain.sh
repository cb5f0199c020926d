# Certificates that do not come from the CA itself: who sends the
# intermediates, and chains of 20 kB, which cross a path of MTU 1280 that
# throws IP fragments away in IKE fragments (RFC 7383).

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/road.sh
. "$here/road.sh"

certificates()
{
	pki_ca ca
	pki_ca users ca
	pki_ca staff users
	pki_ca hosts ca
	pki_cert ec srv hosts
	pki_cert ec anna users
	pki_cert ec bert staff
	long_chain big
	long_chain carl
	chmod -R a+rX "$P"
}

# long_chain NAME: NAME.pem below NAME3, NAME2, NAME1 and ca, with keys of
# 4096 bits at the end and hundreds of names: 20 kB in all.
long_chain()
{
	pki_ca "${1}1" ca
	pki_ca "${1}2" "${1}1" rsa
	pki_ca "${1}3" "${1}2" rsa4096
	pki_cert rsa4096 "$1" "${1}3" \
	    "DNS:$1.example$(printf ",DNS:host-%03d.$1.example" {1..740})"
}

import()
{
	echo "/certificate import file-name=$P/$1.pem name=$2"
}

# gateway CERTIFICATE FILE...: the gateway has its certificate, these above
# it, and the CA.  KNOWN is an intermediate of its users.
gateway()
{
	local file

	{
		pki_imports "$1"
		for file in "${@:2}"; do
			import "$file" own
		done
		[ -z "${KNOWN:-}" ] ||
			import "$KNOWN" "known trusted=no"
		road_conf
		road_identity
	} | gw_start gw1
}

# machine USER CA...: the user's machine has these CAs' certificates, and
# sends them.
machine()
{
	local user=$1 ca

	shift
	road_user "$user" gateway="$GATEWAY" >"$W/connection"
	pki_swan gw2 "$user"
	for ca; do
		cp "$P/$ca.pem" "$W/gw2/x509ca"
	done
	swan_start gw2 'install_routes = yes' 'max_packet = 65535' \
	    <"$W/connection"
}

GATEWAY=srv.example

# cert_count NODE DIRECTION: CERT payloads of its last IKE_AUTH that went
# or came.
cert_count()
{
	local line

	line=$(grep "$2 IKE_AUTH re.* CERT " "$W/$1/log" | tail -n 1)
	grep -o '\<CERT\>' <<<"$line" | wc -l
}

in_with()
{
	local user=$1 sent=$2 received=$3 n

	login gw2 "$user"
	n=$(cert_count gw2 generating)
	[ "$n" = "$sent" ] || fail "the user sent $n certificates"
	n=$(cert_count gw2 parsed)
	[ "$n" = "$received" ] || fail "the gateway sent $n certificates"
	reaches gw2
}

# strongSwan trusts ca alone, and takes hosts from the gateway.
user_sends()
{
	gateway srv hosts
	machine bert users staff
	in_with bert 3 2
}

gateway_knows()
{
	KNOWN=users gateway srv hosts
	machine anna
	in_with anna 1 2
}

narrow()
{
	ip -n gw1 link set wan mtu 1280
	ip -n gw2 link set wan mtu 1280
	ip -n inet link set gw1 mtu 1280
	ip -n inet link set gw2 mtu 1280
	on inet "$(iptables_command)" -A FORWARD -f -j DROP
}

path_is_narrow()
{
	! on gw1 ping -n -q -c 1 -W 1 -s 1400 -M dont 192.0.2.2 >/dev/null ||
		fail "IP fragments pass"
	on gw1 ping -n -q -c 1 -W 1 -s 1200 192.0.2.2 >/dev/null ||
		fail "nothing passes"
}

# stat_of NAME: a counter of ikepd.
stat_of()
{
	ctl gw1 --json /ip/ipsec/ike-statistics/print |
	    grep -o "\"$1\": *\"*[0-9]*" | grep -o '[0-9]*$' | head -n 1
}

# largest PATTERN: bytes of strongSwan's largest message in fragments, those
# logged with the pattern.
largest()
{
	local line n max=0

	while read -r line; do
		n=${line#*(}
		n=${n%% bytes*}
		max=$((n > max ? n : max))
	done < <(grep "$1" "$W/gw2/log")
	echo $max
}

long()
{
	gateway big big3 big2 big1
	GATEWAY=big.example machine carl carl1 carl2 carl3
	in_with carl 4 4
	both_long
}

# strongSwan's messages and ours.
both_long()
{
	tx=$(largest 'splitting IKE message') rx=$(largest 'reassembled frag')
	[ "$tx" -ge 20000 ] || fail "strongSwan's message had $tx bytes"
	[ "$rx" -ge 20000 ] || fail "our message had $rx bytes"
	[ "$(stat_of rx-reassembled)" -ge 1 ] || fail "nothing was joined"
	[ "$(stat_of tx-fragments)" -ge 16 ] ||
		fail "$(stat_of tx-fragments) fragments sent"
	[ "$(stat_of rx-integrity-errors)" = 0 ] || fail "integrity errors"
}

# Fragments that came stay, the rest comes with the message repeated.
long_lossy()
{
	logout gw2 carl
	on inet "$(iptables_command)" -I FORWARD -p udp \
	    -m statistic --mode nth --every 7 --packet 0 -j DROP
	login gw2 carl
	on inet "$(iptables_command)" -D FORWARD 1
	reaches gw2
}

# The other way around: strongSwan is the gateway, and we are carl.
long_from_us()
{
	local ca

	pki_swan gw2 big
	for ca in big1 big2 big3; do
		cp "$P/$ca.pem" "$W/gw2/x509ca"
	done
	cat <<-END | swan_start gw2 'max_packet = 65535'
	connections {
	  road {
	    version = 2
	    local_addrs = 192.0.2.2
	    pools = v4
	    local {
	      auth = pubkey
	      certs = big.pem
	      id = big.example
	    }
	    remote {
	      auth = pubkey
	    }
	    children {
	      net {
	        local_ts = 10.2.0.0/24
	        esp_proposals = aes256gcm16
	      }
	    }
	  }
	}
	pools {
	  v4 {
	    addrs = 172.16.8.10
	  }
	}
	END
	{
		pki_imports carl
		for ca in carl3 carl2 carl1; do
			import $ca own
		done
		cat <<-END
		/ip ipsec policy group add name=office
		/ip ipsec policy add template=yes group=office
		/ip ipsec peer add name=office address=192.0.2.2/32 exchange-mode=ike2
		/ip ipsec identity add peer=office auth-method=digital-signature certificate=own remote-id=fqdn:big.example generate-policy=port-strict policy-template-group=office mode-config=request-only
		END
	} | gw_start gw1
	log_wait gw1 "the peer gives us address 172.16.8.10"
	sa_wait gw1 2
	until_ok 5 ping_once gw1 10.2.0.10 || fail "no answer"
	both_long
}

certificates
net_up
it "the user sends intermediates, two deep; so does the gateway" user_sends
all_stop
it "the gateway alone has the user's intermediate" gateway_knows
all_stop
narrow
it "a path of MTU 1280 that drops IP fragments" path_is_narrow
it "chains of 20 kB in both directions over that path" long
it "and when one datagram in seven is lost" long_lossy
all_stop
it "chains of 20 kB when we are the client" long_from_us
all_stop
net_down
