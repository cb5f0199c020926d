# Each algorithm of IKE at least once and each of ESP: strongSwan offers or
# takes one combination at a time, Sallyport has them all in one profile and
# one proposal.  Sourced by the cases, one for each role.
# shellcheck shell=bash

ciphers=(aes128 aes192 aes256 aes128ctr aes192ctr aes256ctr
	aes128gcm16 aes192gcm16 aes256gcm16 aes128gcm12 aes192gcm12
	aes256gcm12 aes128gcm8 aes192gcm8 aes256gcm8 aes128ccm16
	aes192ccm16 aes256ccm16 aes128ccm12 aes192ccm12 aes256ccm12
	aes128ccm8 aes192ccm8 aes256ccm8 chacha20poly1305
	camellia128 camellia192 camellia256 3des)
hashes=(md5 sha1 sha256 sha384 sha512 aesxcbc aescmac)
groups=(x25519 x448 ecp256 ecp384 ecp521 modp2048 modp3072 modp4096
	modp6144 modp8192 modp1536 modp1024 modp768)

join()
{
	local IFS=,

	echo "$*"
}

ours()
{
	local b c phase1=() phase2=()

	for b in 128 192 256; do
		phase1+=("aes-$b" "camellia-$b")
		phase2+=("aes-$b-cbc" "camellia-$b")
		for c in ctr gcm gcm12 gcm8 ccm ccm12 ccm8; do
			phase1+=("aes-$b-$c")
			phase2+=("aes-$b-$c")
		done
	done
	echo "/ip ipsec settings set allow-weak=yes"
	gw_conf enc="$(join "${phase1[@]}"),chacha20poly1305,3des" \
	    cenc="$(join "${phase2[@]}"),chacha20poly1305,3des,des,blowfish,null" \
	    hash=md5,sha1,sha256,sha384,sha512,aes-xcbc,aes-cmac \
	    cauth=md5,sha1,sha256,sha384,sha512,aes-xcbc,aes-cmac \
	    dh="$(join "${groups[@]}")" \
	    pfs=none proposal='esn=both' peeropt='passive=yes'
}

# combination ROLE IKE ESP
combination()
{
	# What another one may have left.
	swan gw2 --terminate --ike office1 >/dev/null 2>&1 || :
	sa_wait gw1 0
	swan_conf ike="$2" esp="$3" >"$W/gw2/swanctl.conf"
	swan_load gw2
	if [ "$1" = swan ]; then
		swan gw2 --initiate --child net >"$W/initiate.out" ||
			fail "$(tail -n 5 "$W/initiate.out")"
	else
		ping_wait lan1 10.2.0.10
	fi
	ping_ok lan1 10.2.0.10 2
	ping_ok lan2 10.1.0.10 2
	swan gw2 --terminate --ike office1 >/dev/null
	sa_wait gw1 0
}

# esp ROLE ESP [IKE]: what is in ESP, and in IKE as far as it has it.
esp()
{
	combination "$1" "${3:-aes128-sha256-x25519}" "$2"
}

# kernel-libipsec has no extended sequence numbers: there another Sallyport is
# at the other end.
extended()
{
	local passive=no

	[ "$PEER_PLANE" = userspace ] || {
		esp "$1" aes128gcm16-esn
		esp "$1" aes128-sha256-esn
		return
	}
	[ "$1" = gw ] || passive=yes
	gw_stop gw1
	swan_stop gw2
	gw_conf proposal=esn=yes cenc=aes-128-cbc cauth=sha256 \
	    peeropt=passive=$passive | gw_start gw1
	[ $passive = yes ] && passive=no || passive=yes
	gw_conf proposal=esn=yes cenc=aes-128-cbc cauth=sha256 \
	    my=fqdn:gw2.example remote=fqdn:gw1.example peer=198.51.100.1/32 \
	    src=10.2.0.0/24 dst=10.1.0.0/24 peeropt=passive=$passive |
	    gw_start gw2
	peer_wait gw1
	ping_wait lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	log_has gw1 '/esn' || ctl gw1 /ip/ipsec/installed-sa/print detail |
	    grep esn
}

each()
{
	local c h g role=$1

	for c in "${ciphers[@]}"; do
		case $c in
		*gcm*|*ccm*|chacha*)
			it "$c, $role initiates" esp "$role" $c \
			    $c-prfsha256-x25519 ;;
		*)
			it "$c, $role initiates" esp "$role" $c-sha256 \
			    $c-sha256-x25519 ;;
		esac
	done
	for h in "${hashes[@]}"; do
		it "$h, $role initiates" esp "$role" aes128-$h \
		    aes128-$h-prf$h-x25519
	done
	# What is of IKE alone is the same wherever ESP is.
	[ "$PLANE" != "$PEER_PLANE" ] || for g in "${groups[@]}"; do
		it "$g, $role initiates" esp "$role" aes128gcm16 \
		    aes128gcm16-prfsha256-$g
	done
	for c in des blowfish128 null; do
		it "$c in ESP, $role initiates" esp "$role" $c-sha256
	done
	it "no extended sequence numbers, $role initiates" \
	    esp "$role" aes128-sha256-noesn
	it "extended sequence numbers, $role initiates" extended "$role"
}
