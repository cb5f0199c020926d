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
	chmod -R a+rX "$P"
}

both_stop()
{
	(swan_stop gw2)
	(gw_stop gw1)
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
	  }
	  v6 {
	    addrs = fd08::10-fd08::20
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
	log_wait gw1 "the peer gives us address 172.16.8.10"
	log_wait gw1 "the peer's certificate: CN=srv-$1"
	sa_wait gw1 2
	until_ok 5 on gw1 ping -n -q -c 1 -W 1 -I 172.16.8.10 10.2.0.10 ||
		fail "no answer from 10.2.0.10"
	both_stop
}

server_id()
{
	swan_server srv-ec
	sally_user u-ec other.example
	log_wait gw1 other.example
	sa_is gw1 0 || fail "SAs are there"
	both_stop
}

certificates
net_up
for kind in ec rsa ed; do
	it "strongSwan gives an address: $kind" key_type_out $kind
	(all_stop)
done
it "refused: a server with another ID" server_id
