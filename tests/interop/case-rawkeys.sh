# Bare public keys in place of certificates (RFC 7670): each side has the
# other's.  strongSwan knows ours from its own files.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/road.sh
. "$here/road.sh"

kinds='rsa ec ed25519'

keys()
{
	local kind name

	mkdir -p "$P"
	for kind in $kinds; do
		for name in srv-$kind u-$kind; do
			pki_key "$kind" "$name"
			openssl pkey -in "$P/$name.key" -pubout \
			    -out "$P/$name.pub"
		done
	done
	pki_key ec stranger
	openssl pkey -in "$P/stranger.key" -pubout -out "$P/stranger.pub"
	chmod -R a+rX "$P"
}

gateway()
{
	local kind

	{
		road_conf
		for kind in $kinds; do
			cat <<-END
			/certificate import file-name=$P/srv-$kind.key name=srv-$kind
			/certificate import file-name=$P/u-$kind.pub name=u-$kind
			END
			road_identity certificate=srv-$kind \
			    more="remote-certificate=u-$kind remote-id=fqdn:u-$kind.example my-id=fqdn:srv-$kind.example"
		done
	} | gw_start gw1
}

# connection NAME KIND OURS: strongSwan as u-KIND, with the key OURS.
connection()
{
	cat <<-END
	connections {
	  $1 {
	    version = 2
	    remote_addrs = 198.51.100.1
	    proposals = aes256-sha256-ecp256
	    vips = 0.0.0.0,::
	    local {
	      auth = pubkey
	      pubkeys = $3.pub
	      id = u-$2.example
	    }
	    remote {
	      auth = pubkey
	      pubkeys = srv-$2.pub
	      id = srv-$2.example
	    }
	    children {
	      $1 {
	        remote_ts = 10.1.0.0/24,fd01::/64
	        esp_proposals = aes256gcm16
	        rekey_time = 0
	      }
	    }
	  }
	}
	END
}

machine()
{
	local dir=$W/gw2 kind

	mkdir -p "$dir/pubkey" "$dir/private"
	cp "$P"/*.pub "$dir/pubkey"
	cp "$P"/u-*.key "$P/stranger.key" "$dir/private"
	for kind in $kinds; do
		connection "$kind" "$kind" "u-$kind"
	done >"$W/connections"
	connection stranger ec stranger >>"$W/connections"
	swan_start gw2 'install_routes = yes' <"$W/connections"
}

let_in()
{
	login gw2 "$1"
	given gw2 172.16.9. fd09::
	reaches gw2
	logout gw2 "$1"
}

# Our own key and no other: it is not the one that the identity names.
refused()
{
	log_mark gw1
	! swan gw2 --initiate --child stranger --timeout 15 \
	    >"$W/init.out" 2>&1 || fail "a stranger was let in"
	log_wait_since gw1 'phase1 negotiation failed: peer=users phase=IKE_AUTH side=responder reason=authentication-failed: authentication failed (certificate) id=fqdn:u-ec.example: '
}

keys
net_up
gateway
machine
for kind in $kinds; do
	it "$kind, both ways" let_in "$kind"
done
it "another key is refused" refused
