# Users who are given something of their own: identities below one peer,
# each with its mode-config.  Who is told apart by the certificate itself
# (match-by=certificate), by the ID (remote-id), or not at all.
#
#	carl	by his certificate: a fixed address, one host, his own DNS
#	dora	by her name: another pool, one network
#	emil	by his certificate's subject: a fixed address of each family
#	anna	nobody in particular

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/road.sh
. "$here/road.sh"

certificates()
{
	local name

	pki_ca ca
	for name in srv anna carl dora emil; do
		pki_cert ec $name ca
	done
	chmod -R a+rX "$P"
}

gateway()
{
	{
		pki_imports srv
		road_conf
		cat <<-END
		/certificate import file-name=$P/carl.pem name=carl
		/ip pool add name=dora ranges=172.16.70.10-172.16.70.20
		/ip ipsec mode-config
		add name=carl address=172.16.66.2 split-include=10.1.0.10/32 static-dns=10.1.0.53 system-dns=no
		add name=dora address-pool=dora split-include=10.1.0.0/24 system-dns=no
		add name=emil address=172.16.9.12 address-pool=users split-include=10.1.0.0/24,fd01::/64 system-dns=no
		/ip ipsec policy group add name=carl
		/ip ipsec policy add template=yes group=carl proposal=users src-address=10.1.0.10/32 dst-address=172.16.66.2/32
		END
		road_identity
		road_identity mode=carl group=carl more='match-by=certificate remote-certificate=carl'
		road_identity mode=dora more=remote-id=fqdn:dora.example
		road_identity mode=emil more=remote-id=dn:CN=emil
	} | gw_start gw1
}

machine()
{
	{
		road_user anna
		road_user carl rts=0.0.0.0/0,::/0
		road_user dora
		road_user emil id=CN=emil
	} | road_start gw2 anna carl dora emil
}

anna()
{
	login gw2 anna
	given gw2 172.16.9.10 fd09::10
	reaches gw2
	logout gw2 anna
}

carl()
{
	login gw2 carl
	given gw2 172.16.66.2
	log_since gw2 'installing DNS server 10.1.0.53' || fail "no DNS"
	reaches gw2 10.1.0.10
}

# What he may get to is his group's template, whatever he asks for.
carl_alone()
{
	log_since gw2 'TS 172.16.66.2/32 === 10.1.0.10/32' ||
		fail "$(grep 'CHILD_SA.*TS' "$W/gw2/log")"
	! log_since gw2 'new virtual IP fd09' || fail "an IPv6 address, too"
	logout gw2 carl
}

dora()
{
	login gw2 dora
	given gw2 172.16.70.10
	log_since gw2 'TS 172.16.70.10/32 === 10.1.0.0/24' ||
		fail "$(grep 'CHILD_SA.*TS' "$W/gw2/log")"
	! log_since gw2 'installing DNS server' || fail "DNS, too"
	reaches gw2 10.1.0.10
	logout gw2 dora
}

# 172.16.9.12 is his, though it lies in the pool of the others.
emil()
{
	login gw2 emil
	given gw2 172.16.9.12 fd09::
	reaches gw2
	logout gw2 emil
}

again()
{
	carl
	logout gw2 carl
	anna
}

certificates
net_up
gateway
machine
it "a user like any other has an address of the pool" anna
it "by certificate: a fixed address and DNS of his own" carl
it "by certificate: he gets to one host alone" carl_alone
it "by name: another pool, another network" dora
it "by subject: a fixed address within the pool" emil
it "each has the same again" again
