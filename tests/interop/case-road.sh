# Sallyport at both ends: gw1 hands out addresses by certificate, gw2 is the
# remote user.

pki()
{
	local dir=$W/pki name

	mkdir -p "$dir"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj /CN=ca -keyout "$dir/ca.key" -out "$dir/ca.pem" \
	    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	for name in gw1 gw2; do
		openssl req -x509 -newkey ec \
		    -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		    -subj "/CN=$name" -keyout "$dir/$name.key" \
		    -out "$dir/$name.pem" -CA "$dir/ca.pem" \
		    -CAkey "$dir/ca.key" \
		    -addext "subjectAltName=DNS:$name.example" \
		    -addext basicConstraints=critical,CA:FALSE \
		    -addext extendedKeyUsage=serverAuth,clientAuth \
		    2>/dev/null
	done
	chmod -R a+rX "$dir"
}

imports()
{
	cat <<-END
	/certificate import file-name=$W/pki/ca.pem name=ca
	/certificate import file-name=$W/pki/$1.pem name=own
	/certificate import file-name=$W/pki/$1.key name=own
	END
}

server_conf()
{
	imports gw1
	cat <<-END
	/ip ipsec profile add name=p1 enc-algorithm=aes-128-gcm hash-algorithm=sha256 dh-group=x25519
	/ip ipsec proposal add name=c1 enc-algorithms=aes-128-gcm auth-algorithms=null pfs-group=none
	/ip pool add name=road ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
	/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,fd01::/64 static-dns=10.1.0.1 system-dns=no split-dns=corp.example
	/ip ipsec policy group add name=road
	/ip ipsec policy add template=yes group=road proposal=c1
	/ip ipsec peer add name=users address=0.0.0.0/0 exchange-mode=ike2 profile=p1 passive=yes
	/ip ipsec identity add peer=users auth-method=digital-signature certificate=own generate-policy=port-strict policy-template-group=road mode-config=road
	END
}

client_conf()
{
	imports gw2
	cat <<-END
	/ip ipsec profile add name=p1 enc-algorithm=aes-128-gcm hash-algorithm=sha256 dh-group=x25519
	/ip ipsec proposal add name=c1 enc-algorithms=aes-128-gcm auth-algorithms=null pfs-group=none
	/ip ipsec policy group add name=road
	/ip ipsec policy add template=yes group=road proposal=c1
	/ip ipsec peer add name=office address=198.51.100.1/32 exchange-mode=ike2 profile=p1
	/ip ipsec identity add peer=office auth-method=digital-signature certificate=own remote-id=fqdn:gw1.example generate-policy=port-strict policy-template-group=road mode-config=request-only
	END
}

up()
{
	server_conf | gw_start gw1
	client_conf | gw_start gw2
	peer_wait gw2
	log_wait gw2 "the peer gives us address 172.16.9.10 and fd09::10"
	log_wait gw1 "begins, with 172.16.9.10 and fd09::10"
	log_wait gw1 "=== 172.16.9.10/32 fd09::10/128"
	log_wait gw2 "=== 10.1.0.0/24 fd01::/64"
}

certificates_named()
{
	log_wait gw1 "the peer's certificate: CN=gw2"
	log_wait gw2 "the peer's certificate: CN=gw1"
}

# Nothing but what is between the networks and the address is let through.
policies()
{
	local out

	out=$(ip -n gw1 xfrm policy)
	[[ $out == *"dst 172.16.9.10/32"* && $out == *"dst fd09::10/128"* ]] ||
		fail "$out"
	out=$(ip -n gw2 xfrm policy)
	[[ $out == *"src 172.16.9.10/32 dst 10.1.0.0/24"* &&
	    $out == *"src fd09::10/128 dst fd01::/64"* ]] || fail "$out"
}

sessiond_anew()
{
	local pid

	pid=$(gw_pids gw1 sessiond)
	[ -n "$pid" ] && [ "$pid" != "$1" ]
}

sessiond_restarted()
{
	local pid

	pid=$(gw_pids gw1 sessiond)
	kill -KILL "$pid"
	log_wait gw1 "sessiond is gone"
	until_ok 10 sessiond_anew "$pid" || fail "not started anew"
	sa_is gw1 2 || fail "$(sa_count gw1) SAs left"
}

gone()
{
	gw_stop gw2
	log_wait gw1 "ends, with 172.16.9.10 and fd09::10"
}

# The next sessiond hears of what ended before it was there.
gone_meanwhile()
{
	local pid

	client_conf | gw_start gw2
	log_wait gw2 "the peer gives us address 172.16.9.10 and fd09::10"
	pid=$(gw_pids gw1 sessiond)
	log_mark gw1
	kill -KILL "$pid"
	log_wait_since gw1 "sessiond is gone"
	gw_stop gw2
	log_wait_since gw1 "ends, with 172.16.9.10 and fd09::10"
}

pki
net_up
it "a certificate brings an address" up
it "both name the peer's certificate" certificates_named
it "policies are for the addresses given" policies
it "sessions outlive sessiond" sessiond_restarted
it "the session ends with the client" gone
it "one that ends while there is no sessiond has ended, too" gone_meanwhile
