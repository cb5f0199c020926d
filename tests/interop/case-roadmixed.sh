# Certificates elsewhere than with remote users: hosts in transport mode that
# pin each other's, with a strict CRL; and one listener for peers with
# certificates and peers with secrets.  kernel-libipsec has no transport mode:
# where it moves the packets the hosts have a tunnel.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints revocation'

mode=transport tunnel=no
[ "$PEER_PLANE" = kernel ] || mode=tunnel tunnel=yes

certificates()
{
	pki_ca ca
	pki_cert ec gw1 ca
	pki_cert ec gw2 ca
	pki_cert rsa other ca
	chmod -R a+rX "$P"
}

# crl [REVOKED]: a new one of ca's, beside it.
crl()
{
	pki --signcrl --cacert "$P/ca.pem" --cakey "$P/ca.key" --digest sha256 \
	    --lifetime 2 ${1:+--reason key-compromise --cert "$P/$1.pem"} \
	    --outform pem >"$P/new"
	chmod a+r "$P/new"
	mv "$P/new" "$P/crl.pem"
}

hosts_conf()
{
	pki_imports gw1
	cat <<-END
	/certificate settings set strict=yes crl-download=no ocsp-use=no
	/certificate import file-name=$P/crl.pem name=ca
	/certificate import file-name=$P/gw2.pem name=pin
	/ip ipsec profile add name=p1 enc-algorithm=aes-256-gcm hash-algorithm=sha384 dh-group=x25519
	/ip ipsec proposal add name=c1 enc-algorithms=aes-256-gcm auth-algorithms=null pfs-group=x25519
	/ip ipsec peer add name=gw2 address=192.0.2.2/32 local-address=198.51.100.1 exchange-mode=ike2 profile=p1
	/ip ipsec identity add peer=gw2 auth-method=digital-signature certificate=own remote-certificate=pin
	/ip ipsec policy add peer=gw2 tunnel=$tunnel src-address=198.51.100.1/32 dst-address=192.0.2.2/32 proposal=c1
	END
}

# host NAME: strongSwan with that certificate.
host()
{
	pki_swan gw2 "$1"
	cat <<-END | swan_start gw2
	connections {
	  host {
	    version = 2
	    local_addrs = 192.0.2.2
	    remote_addrs = 198.51.100.1
	    proposals = aes256gcm16-prfsha384-x25519
	    local {
	      auth = pubkey
	      certs = $1.pem
	      id = $1.example
	    }
	    remote {
	      auth = pubkey
	      id = gw1.example
	    }
	    children {
	      host {
	        mode = $mode
	        esp_proposals = aes256gcm16-x25519
	      }
	    }
	  }
	}
	END
}

transport()
{
	crl
	host gw2
	hosts_conf | gw_start gw1
	wire_start
	peer_wait gw1
	sa_wait gw1 2
	[ "$PEER_PLANE" = userspace ] ||
	    ip -n gw2 xfrm state | grep -q "mode $mode" ||
		fail "$(ip -n gw2 xfrm state)"
	ping_ok gw1 192.0.2.2
	wire_only esp 6
}

# Same CA, same address, not the one.
not_the_one()
{
	swan_stop gw2
	log_mark gw1
	host other
	! swan gw2 --initiate --child host --timeout 5 || fail "let in"
	log_wait_since gw1 'authentication failed (certificate)'
	swan_stop gw2
}

revoked()
{
	log_mark gw1
	# The gateway begins of its own accord when its peer is back.
	host gw2
	sa_wait gw1 2 20
	crl gw2
	log_wait_since gw1 'reason=revoked'
	sa_wait gw1 0
	! swan gw2 --initiate --child host --timeout 5 || fail "let in"
	ping_none gw1 192.0.2.2
	wire_clean
	swan_stop gw2
	gw_stop gw1
}

# mixed NAME AUTH: a connection.
mixed()
{
	cat <<-END
	  $1 {
	    version = 2
	    local_addrs = 192.0.2.2
	    remote_addrs = 198.51.100.1
	    proposals = aes128gcm16-prfsha256-x25519
	    vips = 0.0.0.0
	    unique = never
	    local {
	      auth = $2
	      id = $1.example
	    }
	    remote {
	      auth = ${3:-$2}
	    }
	    children {
	      $1 {
	        remote_ts = 10.1.0.0/24
	        esp_proposals = aes128gcm16
	      }
	    }
	  }
	END
}

one_listener()
{
	local road="generate-policy=port-strict policy-template-group=road"

	road+=" mode-config=road"
	{
		pki_imports gw1
		suites
		cat <<-END
		/ip pool add name=road ranges=172.16.9.10-172.16.9.20
		/ip ipsec mode-config add name=road address-pool=road
		/ip ipsec peer add name=all exchange-mode=ike2 profile=p1 passive=yes
		/ip ipsec identity add peer=all auth-method=digital-signature certificate=own $road
		/ip ipsec identity add peer=all secret="$SECRET" my-id=fqdn:gw1.example remote-id=fqdn:psk.example $road
		/ip ipsec identity add peer=all secret="another $SECRET" my-id=fqdn:gw1.example remote-id=fqdn:third.example $road
		END
	} | gw_start gw1
	pki_swan gw2 gw2
	{
		echo "connections {"
		mixed gw2 pubkey
		mixed psk psk
		mixed third psk
		cat <<-END
		}
		secrets {
		  ike-1 {
		    id-1 = psk.example
		    secret = "$SECRET"
		  }
		  ike-2 {
		    id-1 = third.example
		    secret = "another $SECRET"
		  }
		}
		END
	} | swan_start gw2
	swan gw2 --initiate --child gw2 --timeout 8
	swan gw2 --initiate --child psk --timeout 8
	swan gw2 --initiate --child third --timeout 8
	sa_wait gw1 6
	[ "$(ctl gw1 /ip/pool/used/print count-only)" = 3 ] ||
		fail "$(ctl gw1 /ip/pool/used/print)"
}

certificates
net_up
it "hosts pin each other's certificates, $mode mode, strict CRL" transport
it "another certificate of the same CA is refused" not_the_one
it "the revoked one is cut and stays out" revoked
it "one listener: certificates and secrets" one_listener
