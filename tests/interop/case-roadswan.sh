# strongSwan as a remote user with a certificate: key types, addresses,
# names, a mode-config of its own.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints resolve'

certificates()
{
	pki_ca ca
	pki_ca sub ca
	pki_cert ec srv-ec ca
	pki_cert rsa srv-rsa ca
	pki_cert ed25519 srv-ed ca
	pki_cert ec u-ec ca
	pki_cert rsa u-rsa ca
	pki_cert ed25519 u-ed ca
	pki_cert ec u-sub sub
	chmod -R a+rX "$P"
}

# server NAME: Sallyport with that certificate.
server()
{
	local road="auth-method=digital-signature certificate=own"

	road+=" generate-policy=port-strict policy-template-group=road"
	{
		pki_imports "$1"
		cat <<-END
		/certificate import file-name=$P/u-rsa.pem name=u-rsa
		END
		suites
		cat <<-END
		/ip pool add name=road ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
		/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 static-dns=10.1.0.1 system-dns=no split-dns=corp.example
		/ip ipsec mode-config add name=usr_A address=172.16.66.2 split-include=10.1.0.0/24 system-dns=no
		/ip ipsec peer add name=users address=0.0.0.0/0 exchange-mode=ike2 profile=p1 passive=yes
		/ip ipsec identity add peer=users $road mode-config=road
		/ip ipsec identity add peer=users $road mode-config=usr_A match-by=certificate remote-certificate=u-rsa
		END
	} | gw_start gw1
}

# users NAME...: a connection for each, named after it.
users()
{
	local name

	echo "connections {"
	for name; do
		cat <<-END
		$name {
		  version = 2
		  local_addrs = 192.0.2.2
		  remote_addrs = 198.51.100.1
		  proposals = aes128gcm16-prfsha256-x25519
		  vips = ${VIPS:-0.0.0.0,::}
		  local {
		    auth = pubkey
		    certs = $name.pem
		    id = ${LOCAL_ID:-$name.example}
		  }
		  remote {
		    auth = pubkey
		    id = ${SERVER_ID:-%any}
		  }
		  children {
		    $name {
		      remote_ts = ${REMOTE_TS:-10.1.0.0/24,fd01::/64}
		      esp_proposals = aes128gcm16
		      rekey_time = 0
		    }
		  }
		}
		END
	done
	echo "}"
}

# client NAME...: strongSwan with these users.
client()
{
	pki_swan gw2 "$@"
	users "$@" | swan_start gw2
}

login()
{
	swan gw2 --initiate --child "$1" --timeout 15 >"$W/init.out" 2>&1 ||
		fail "$1 is not let in: $(tail -n 5 "$W/init.out")"
}

swan_more()
{
	pki_swan gw2 "$@"
	users "$@" >"$W/gw2/swanctl.conf"
	swan gw2 --load-all --clear --file "$W/gw2/swanctl.conf" \
	    >"$W/gw2/load.out" 2>&1 || :
}

all_out()
{
	local name

	for name in u-ec u-sub u-rsa; do
		swan gw2 --terminate --ike $name >/dev/null 2>&1 || :
	done
	until_ok 5 sa_is gw1 0 || fail "SAs are left"
}

both_stop()
{
	(swan_stop gw2)
	(gw_stop gw1)
}

key_type_in()
{
	server "srv-$1"
	SERVER_ID=srv-$1.example client "u-$1"
	login "u-$1"
	log_wait gw1 "the peer's certificate: CN=u-$1"
	log_wait gw2 "authentication of 'srv-$1.example' with"
	sa_is gw1 2 || fail "$(sa_count gw1) SAs"
	both_stop
}

user_up()
{
	server srv-ec
	client u-ec u-sub
	login u-ec
	log_wait gw2 'installing new virtual IP 172.16.9.10'
	log_wait gw2 'installing new virtual IP fd09::10'
	ping_from 172.16.9.10 10.1.0.10
	ping_from fd09::10 fd01::10
}

ping_from()
{
	on gw2 ping -n -q -c 2 -i 0.1 -W 2 -I "$1" "$2" ||
		fail "no answer from $2"
}

names()
{
	until_ok 5 grep -q 10.1.0.1 "$W/gw2/resolv.conf" ||
		fail "no DNS server: $(cat "$W/gw2/resolv.conf")"
}

policy_made()
{
	local out

	out=$(ip -n gw1 xfrm policy)
	[[ $out == *"src 10.1.0.0/24 dst 172.16.9.10/32"* &&
	    $out == *"src fd01::/64 dst fd09::10/128"* ]] || fail "$out"
	out=$(ctl gw1 /ip/ipsec/policy/print)
	[[ $out == *172.16.9.10/32* ]] || fail "$out"
}

# The second user's certificate comes from an intermediate CA, which it
# sends.  172.16.9.11 is kept for u-ed, who was here before.
second_user()
{
	cp "$P/sub.pem" "$W/gw2/x509ca"
	swan_load gw2
	login u-sub
	log_wait gw2 'installing new virtual IP 172.16.9.12'
	ping_from 172.16.9.10 10.1.0.10
	ping_from 172.16.9.12 10.1.0.10
	sa_is gw1 4 || fail "$(sa_count gw1) SAs"
}

back()
{
	swan gw2 --terminate --ike u-ec
	until_ok 5 sa_is gw1 2 || fail "$(sa_count gw1) SAs left"
	login u-ec
	[ "$(grep -c 'new virtual IP 172.16.9.10' "$W/gw2/log")" = 2 ] ||
		fail "another address"
}

# S16: this certificate has a mode-config of its own.
by_certificate()
{
	all_out
	VIPS=0.0.0.0 REMOTE_TS=10.1.0.0/24 swan_more u-rsa
	login u-rsa
	log_wait gw2 'installing new virtual IP 172.16.66.2'
	ping_from 172.16.66.2 10.1.0.10
}

certificates
net_up
for kind in ec rsa ed; do
	it "strongSwan is let in: $kind" key_type_in $kind
	(all_stop)
done
it "a user has two addresses" user_up
it "a user gets a DNS server" names
it "policies are made for the addresses" policy_made
it "a second user, with an intermediate CA" second_user
it "a user that comes back has its address again" back
it "another mode-config by certificate" by_certificate
