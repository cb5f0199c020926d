# S42: a certificate is renewed while a user is online.  Its files are written
# in pieces, with pauses; what is not whole is left alone, nothing is lost,
# and the next handshake shows the new one.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/roaduser.sh
. "$here/roaduser.sh"

SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints'

# renewed NAME [KEY]: a certificate of the server with another subject; with
# the key of an older one, or a new key.
renewed()
{
	[ -z "${2:-}" ] || cp "$P/$2.key" "$P/$1.key"
	names=DNS:srv-ec.example pki_odd ec "$1" ca \
	    basicConstraints=critical,CA:FALSE extendedKeyUsage=serverAuth
}

certificates()
{
	pki_ca ca
	pki_cert ec srv-ec ca
	pki_cert ec u-good ca
	pki_cert ec u-next ca
	renewed second srv-ec
	renewed third
	mkdir "$P/own"
	cp "$P/srv-ec.pem" "$P/own/cert"
	cp "$P/srv-ec.key" "$P/own/key"
	chmod -R a+rX "$P"
}

conf()
{
	local road="auth-method=digital-signature certificate=own"

	suites
	cat <<-END
	/certificate import file-name=$P/ca.pem name=ca
	/certificate import file-name=$P/own/cert name=own
	/certificate import file-name=$P/own/key name=own
	/ip pool add name=road ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
	/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 system-dns=no
	/ip ipsec peer add name=users address=0.0.0.0/0 exchange-mode=ike2 profile=p1 passive=yes
	/ip ipsec identity add peer=users $road generate-policy=port-strict policy-template-group=road mode-config=road
	END
}

online()
{
	conf | gw_start gw1
	pki_swan gw2 u-good
	user u-good | swan_start gw2
	login u-good
	log_wait gw2 'received end entity cert "CN=srv-ec"'
	log_wait gw2 'installing new virtual IP 172.16.9.10'
	stays
	on_bg gw2 ping -n -i 0.05 -I 172.16.9.10 10.1.0.10 \
	    >"$W/ping.log" 2>&1
	echo $! >"$W/ping.pid"
	until_ok 5 test -s "$W/ping.log" || fail "ping does not start"
	sa_spis gw1 >"$W/spis"
}

# shows SUBJECT: the server's certificate in a new handshake.
shows()
{
	log_mark gw2
	prepare u-next
	login u-next
	log_wait_since gw2 "received end entity cert \"CN=$1\""
	swan gw2 --terminate --ike u-next >/dev/null
	sa_wait gw1 2
}

# half FILE FROM: the first half of it.
half()
{
	head -c $(($(stat -c %s "$2") / 2)) "$2" >"$1"
}

# The same key, another certificate, in two halves.
in_halves()
{
	log_mark gw1
	half "$P/own/cert" "$P/second.pem"
	log_wait_since gw1 "certificate own: $P/own/cert: *what was there before is kept"
	shows srv-ec
	log_mark gw1
	cat "$P/second.pem" >"$P/own/cert"
	log_wait_since gw1 'certificate own was renewed: CN=second'
	shows second
}

# Another key: the certificate comes first and alone.
key_later()
{
	log_mark gw1
	half "$P/own/cert" "$P/third.pem"
	log_wait_since gw1 'what was there before is kept'
	log_mark gw1
	cat "$P/third.pem" >"$P/own/cert"
	log_wait_since gw1 'certificate own: the private key belongs to none of the certificates; what was there before is kept'
	shows second
	log_mark gw1
	half "$P/own/key" "$P/third.key"
	log_wait_since gw1 'what was there before is kept'
	shows second
	log_mark gw1
	cat "$P/third.key" >"$P/own/key"
	log_wait_since gw1 'certificate own was renewed: CN=third'
	shows third
}

# As certbot does it: a new file takes the name of the old.
moved()
{
	log_mark gw1
	cp "$P/srv-ec.key" "$P/own/key.new"
	mv "$P/own/key.new" "$P/own/key"
	log_wait_since gw1 'what was there before is kept'
	cp "$P/srv-ec.pem" "$P/own/cert.new"
	mv "$P/own/cert.new" "$P/own/cert"
	log_wait_since gw1 'certificate own was renewed: CN=srv-ec'
	shows srv-ec
}

nothing_lost()
{
	[ "$(ping_loss)" = 0 ] || fail "$(<"$W/ping.log")"
	[ "$(sa_spis gw1)" = "$(<"$W/spis")" ] || fail "the SAs changed"
	! log_has gw2 'deleting IKE_SA u-good' || fail "u-good had to go"
}

certificates
net_up
it "a user is online" online
it "a certificate written in two halves" in_halves
it "a new certificate, its key later, each in two halves" key_later
it "files that are replaced" moved
it "nothing was lost meanwhile" nothing_lost
