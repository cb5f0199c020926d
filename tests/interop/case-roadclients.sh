# The clients that remote users have, played by strongSwan: what each offers,
# how it names itself, what it asks for, how it rekeys.  The gateway runs the
# examples that come with it, remote-users.conf, and for what is old
# remote-users-legacy.conf.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/road.sh
. "$here/road.sh"

examples=$here/../../etc/examples

# Windows has a machine's certificate and says its subject; it knows the CAs
# of half the world and names them all, more than the gateway cares to read.
certificates()
{
	local n

	pki_ca ca
	pki_cert rsa gateway ca
	pki_cert rsa windows ca
	pki_cert rsa iphone ca
	pki_cert rsa ipad ca
	pki_cert ec android ca
	pki_cert rsa linux ca
	for n in {1..65}; do
		openssl req -x509 -newkey ec -nodes -subj "/CN=root$n" \
		    -pkeyopt ec_paramgen_curve:P-256 -keyout /dev/null \
		    -out "$P/root$n.pem" -days 30 2>/dev/null
	done
	chmod -R a+rX "$P"
}

# gateway EXAMPLE [LINE...]
gateway()
{
	local example

	example=$(<"$examples/$1")
	shift
	{
		echo "${example//\/etc\/sallyport/$P}"
		for line; do
			echo "$line"
		done
	} | gw_start gw1
}

# What any of them asks for.
all=0.0.0.0/0,::/0

# client NAME [NAME=VALUE...]: a connection of that name with one of the
# machines' certificates.
client()
{
	road_user "$@" gateway="${GATEWAY-gateway.example}" rts=$all
}

machine()
{
	local n

	pki_swan gw2 windows iphone android linux
	for n in {1..65}; do
		cp "$P/root$n.pem" "$W/gw2/x509ca"
	done
	swan_start gw2 'install_routes = yes' 'delete_rekeyed_delay = 1' \
	    <"$W/connections"
}

# Windows as it comes, and as Set-VpnConnectionIPsecConfiguration makes it.
# It says its certificate's subject, and not whom it wants to talk to.
windows()
{
	local life='rekey_time = 1h' gcm=aes128gcm16-prfsha256-modp1024

	gcm+=,aes256gcm16-prfsha384-modp1024
	GATEWAY=%any client windows id=CN=windows conn='rekey_time = 8h' \
	    ike=3des-sha1-modp1024,aes256-sha1-modp1024,3des-sha256-modp1024,aes256-sha256-modp1024,3des-sha384-modp1024,aes256-sha384-modp1024,$gcm \
	    esp=aes256-sha1,aes128-sha1,3des-sha1,des-sha1,null-sha1 \
	    child="$life"
	GATEWAY=%any client powershell id=CN=windows certs=windows.pem \
	    ike=aes128-sha256-modp2048 esp=aes128-sha256-modp2048 \
	    conn='rekey_time = 8h' child="$life"
}

# The local ID is in the certificate, or left blank: then it is the address,
# at home the same as many others have.
apple()
{
	local life='rekey_time = 24h' sha2='' esp=aes256-sha256

	sha2=aes256-sha256-modp2048,aes256-sha256-ecp256,aes256-sha256-modp1536
	client iphone conn="$life" child="$life" esp=$esp \
	    ike=$sha2,aes128-sha1-modp1024,3des-sha1-modp1024
	client blank id=192.168.1.5 certs=iphone.pem conn="$life" \
	    child="$life" esp=$esp \
	    ike=$sha2,aes128-sha1-modp1024,3des-sha1-modp1024
	client oldmac id=iphone.example certs=iphone.pem conn="$life" \
	    child="$life" esp=aes128-sha1,3des-sha1 \
	    ike=aes128-sha1-modp1024,3des-sha1-modp1024
}

# The strongSwan app says the certificate's subject.
android()
{
	local groups=ecp256-ecp384-ecp521-modp2048-modp3072-modp4096

	groups+=-modp6144-modp8192
	client android id=CN=android conn='rekey_time = 10h' \
	    child='rekey_time = 1h' \
	    ike=aes256gcm16-aes128gcm16-prfsha256-prfsha384-prfsha512-$groups,aes256-aes192-aes128-sha256-sha384-sha512-sha1-$groups \
	    esp=aes256gcm16-aes128gcm16,aes256-aes192-aes128-sha256-sha512-sha1
}

# What a common recipe for strongSwan has: rightid is the subject.
linux()
{
	GATEWAY=CN=gateway client linux id=CN=linux \
	    ike=aes128-sha1-modp2048 esp=aes128-sha1
}

spis_other()
{
	[ "$(sa_spis gw1)" != "$1" ]
}

# connects NAME IKE-SUITE ESP-SUITE: with these suites, gets to the networks,
# rekeys both as that client does.
connects()
{
	local before

	log_mark gw1
	login gw2 "$1"
	given gw2 172.16.9. fd09::
	log_since gw1 " $2" || fail "$(grep 'SA established' "$W/gw1/log")"
	log_since gw1 " $3" || fail "$(grep 'SA established' "$W/gw1/log")"
	reaches gw2
	before=$(sa_spis gw1)
	swan gw2 --rekey --child "$1"
	until_ok 10 spis_other "$before" || fail "no new child SA"
	swan gw2 --rekey --ike "$1"
	log_wait_since gw2 'rekeyed between'
	reaches gw2
	logout gw2 "$1"
	sa_wait gw1 0
}

with_pfs()
{
	grep -q 'CREATE_CHILD_SA re.* SA No KE ' "$W/gw2/log" ||
		fail "no key exchange in the rekeying"
}

# blank_ids NAME...: an identity for each certificate, as the example has it.
blank_ids()
{
	local name text

	text=$(sed -n '/^# *\/certificate/,$s/^# *//p' \
	    "$examples/remote-users.conf")
	for name; do
		echo "${text//phone/$name}"
	done
}

second_machine()
{
	net_more gw3
	client ipad id=192.168.1.5 \
	    ike=aes256-sha256-modp2048 esp=aes256-sha256 |
	    road_start gw3 ipad
}

# The ID is not who they are, and INITIAL_CONTACT of one not meant for the
# other.
same_address()
{
	login gw2 blank
	login gw3 ipad
	log_has gw3 'IKE_AUTH request 1 *N(INIT_CONTACT)' ||
		fail "no INITIAL_CONTACT"
	given gw3 172.16.9.
	sa_is gw1 4 || fail "$(sa_count gw1) SAs"
	reaches gw2
	reaches gw3
}

# A gateway does not come down to modp1024 by itself, and says why not.
weak()
{
	log_mark gw1
	! (login gw2 "$1") || fail "let in"
	log_since gw1 no-proposal-chosen || fail "$(tail -n 3 "$W/gw1/log")"
	log_since gw1 MODP-1024 || fail "$(tail -n 3 "$W/gw1/log")"
}

certificates
net_up
BLANK=$(blank_ids iphone ipad)
{
	windows
	apple
	android
	linux
} >"$W/connections"
gateway remote-users.conf
machine
it "Windows, with its algorithms set (PowerShell)" \
    connects powershell aes-128/sha256/modp2048 AES-CBC-128
it "and its forward secrecy" with_pfs
it "macOS and iOS, with a local ID" \
    connects iphone aes-256/sha256/ AES-CBC-256
it "Android (strongSwan app)" \
    connects android aes-256/sha256/ecp256 AES-
it "Windows as it comes is refused: modp1024" weak windows
gw_stop gw1
gateway remote-users.conf "${BLANK//\/etc\/sallyport/$P}"
it "macOS and iOS, with the local ID left blank" \
    connects blank aes-256/sha256/ AES-CBC-256
second_machine
it "two of these that have the same address at home" same_address
swan_stop gw3
(logout gw2 blank) || :
gw_stop gw1
gateway remote-users-legacy.conf
it "Windows as it comes, legacy profile" \
    connects windows aes-256/sha1/modp1024 AES-CBC-256
it "older macOS and iOS, legacy profile" \
    connects oldmac aes-128/sha1/modp1024 AES-CBC-128
it "Linux with SHA-1, legacy profile" \
    connects linux aes-128/sha1/modp2048 AES-CBC-128
net_down
