# strongSwan gives us an address: each type of key, and a server that is not
# the one meant.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints'

certificates()
{
	pki_ca ca
	pki_cert ec srv-ec ca
	pki_cert rsa srv-rsa ca
	pki_cert ed25519 srv-ed ca
	pki_cert ec u-ec ca
	pki_cert rsa u-rsa ca
	pki_cert ed25519 u-ed ca
	pki_ca sub ca
	pki_ca stranger
	pki_dated srv-late ca 20 21
	pki_cert ec srv-sub sub
	pki_cert ec srv-other stranger
	chmod -R a+rX "$P"
}

swan_server()
{
	pki_swan gw2 "$1"
	cat <<-END | swan_start gw2
	connections {
	  road {
	    version = 2
	    local_addrs = 192.0.2.2
	    proposals = aes128gcm16-prfsha256-x25519
	    pools = v4, v6
	    local {
	      auth = pubkey
	      certs = $1.pem
	      id = $1.example
	    }
	    remote {
	      auth = pubkey
	    }
	    children {
	      net {
	        local_ts = 10.2.0.0/24,fd02::/64
	        esp_proposals = aes128gcm16
	        rekey_time = 0
	      }
	    }
	  }
	}
	pools {
	  v4 {
	    addrs = 172.16.8.10-172.16.8.20
	    dns = 10.2.0.1
	    subnet = 10.2.0.0/24
	    25 = corp.example
	  }
	  v6 {
	    addrs = fd08::10-fd08::20
	    subnet = fd02::/64
	  }
	}
	END
}

sally_user()
{
	{
		pki_imports "$1"
		suites
		cat <<-END
		/ip ipsec peer add name=office address=192.0.2.2/32 exchange-mode=ike2 profile=p1
		/ip ipsec identity add peer=office auth-method=digital-signature certificate=own my-id=fqdn:$1.example remote-id=fqdn:$2 generate-policy=port-strict policy-template-group=road mode-config=request-only
		END
	} | gw_start gw1
}

key_type_out()
{
	swan_server "srv-$1"
	sally_user "u-$1" "srv-$1.example"
	log_wait gw1 "the peer gives us address 172.16.8.10 and fd08::10"
	log_wait gw1 "the peer's certificate: CN=srv-$1"
	log_wait gw1 "=== 10.2.0.0/24 fd02::/64"
	sa_wait gw1 2
	until_ok 5 ping_once gw1 10.2.0.10 || fail "no answer, IPv4"
	until_ok 5 ping_once gw1 fd02::10 || fail "no answer, IPv6"
}

# Whatever becomes of them on this machine.  25 is DNS_DOMAIN (RFC 8598).
names_and_networks()
{
	log_has gw1 "DNS servers: 1, networks: 2" ||
		fail "$(grep 'gives us' "$W/gw1/log")"
	log_wait gw1 "the peer's name servers 10.2.0.1 are *corp.example"
	on gw1 ip route get 10.2.0.10 | grep -q 'src 172.16.8.10' ||
		fail "$(ip -n gw1 route)"
	on gw1 ip route get fd02::10 | grep -q 'src fd08::10' ||
		fail "$(ip -n gw1 -6 route)"
}

# Servers at 192.0.2.3 and on, each with another fault, beside a good one.
servers()
{
	local name n=2

	net_alter
	SERVERS=(srv-ec srv-rsa srv-late srv-sub srv-other)
	for name in "${SERVERS[@]}"; do
		[ $n = 2 ] || ip -n gw2 addr add 192.0.2.$n/24 dev wan
		cat <<-END
		connections {
		  $name {
		  version = 2
		  local_addrs = 192.0.2.$n
		  proposals = aes128gcm16-prfsha256-x25519
		  pools = v4
		  local {
		    auth = pubkey
		    certs = $name.pem
		    id = $name.example
		  }
		  remote {
		    auth = pubkey
		  }
		  children {
		    net {
		      local_ts = 10.2.0.0/24
		      esp_proposals = aes128gcm16
		    }
		  }
		  }
		}
		END
		n=$((n + 1))
	done >"$W/servers"
	cat >>"$W/servers" <<-END
	pools {
	  v4 {
	    addrs = 172.16.8.10-172.16.8.20
	  }
	}
	END
	pki_swan gw2 "${SERVERS[@]}"
	swan_start gw2 "cookie_threshold_ip = 30" "block_threshold = 30" \
	    <"$W/servers"
}

user_of_all()
{
	local name id n=2

	{
		pki_imports u-ec
		suites
		for name in "${SERVERS[@]}"; do
			id=$name.example
			[ $name != srv-rsa ] || id=office.example
			cat <<-END
			/ip ipsec peer add name=$name address=192.0.2.$n/32 exchange-mode=ike2 profile=p1
			/ip ipsec identity add peer=$name auth-method=digital-signature certificate=own my-id=fqdn:u-ec.example remote-id=fqdn:$id generate-policy=port-strict policy-template-group=road mode-config=request-only
			END
			n=$((n + 1))
		done
	} | gw_start gw1
}

# refused NAME ADDRESS CODE LINE
refused()
{
	until_ok "$PATIENCE" told "$2 phase1 negotiation failed: peer=$1 phase=IKE_AUTH side=initiator reason=$3: $4" ||
		fail "$(ctl gw1 /log/print | grep "$2 ")"
	until_ok 5 hears "$1" || fail "$1 was told nothing"
	served
}

# told LINE: what the operator reads ends so.
told()
{
	local line

	while IFS= read -r line; do
		[[ $line != *"$1" ]] || return 0
	done < <(ctl gw1 /log/print)
	return 1
}

# hears NAME: RFC 7296 2.21.2, an INFORMATIONAL request tells the server.
hears()
{
	[[ $(<"$W/gw2/log") == *"INFORMATIONAL request 2 [ N(AUTH_FAILED) ]"*"IKE_SA $1["*"ESTABLISHED => DELETING"* ]]
}

served()
{
	sa_is gw1 2 || fail "$(sa_count gw1) SAs"
	on gw1 ping -n -q -c 2 -i 0.1 -W 2 -I 172.16.8.10 10.2.0.10 ||
		fail "no answer from 10.2.0.10"
}

all_servers()
{
	servers
	user_of_all
	log_wait gw1 "the peer's certificate: CN=srv-ec"
	sa_wait gw1 2
	served
}

certificates
net_up
for kind in ec rsa ed; do
	it "strongSwan gives an address: $kind" key_type_out $kind
	[ $kind != ed ] ||
		it "strongSwan gives networks, DNS and a domain" \
		    names_and_networks
	(all_stop)
done
bad='authentication failed (certificate)'
missing='no trusted CA (an intermediate certificate is missing, or the CA is not imported):'
it "one good server among others" all_servers
it "refused: a server with another ID" refused srv-rsa 192.0.2.3 no-identity \
    'id=fqdn:srv-rsa.example: the peer is fqdn:srv-rsa.example, its remote-id is to be fqdn:office.example'
it "refused: a server with an expired certificate" refused srv-late 192.0.2.4 \
    authentication-failed "$bad id=fqdn:srv-late.example: certificate \"CN=srv-late\" expired on 2021-01-01 00:00:00 UTC"
it "refused: a server that sends no intermediate CA" refused srv-sub 192.0.2.5 \
    authentication-failed "$bad id=fqdn:srv-sub.example: $missing \"CN=sub\""
it "refused: a server of an unknown CA" refused srv-other 192.0.2.6 \
    authentication-failed "$bad id=fqdn:srv-other.example: $missing \"CN=stranger\""
