# Each algorithm of IKE at least once, in both roles, and in ESP where the
# kernel has it: strongSwan offers or takes one combination at a time,
# Sallyport has them all in one profile and one proposal.

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
	swan_conf ike="$2" esp="$3" >"$W/gw2/swanctl.conf"
	swan_load gw2
	if [ "$1" = swan ]; then
		swan gw2 --initiate --child net >"$W/initiate.out" ||
			fail "$(tail -n 5 "$W/initiate.out")"
	else
		until_ok 10 ping_once lan1 10.2.0.10 || fail "no tunnel"
	fi
	ping_ok lan1 10.2.0.10 2
	ping_ok lan2 10.1.0.10 2
	swan gw2 --terminate --ike office1 >/dev/null
	sa_wait gw1 0
}

each()
{
	local c h g role=$1

	for c in "${ciphers[@]}"; do
		case $c in
		*gcm*|*ccm*|chacha*)
			it "$c, $role initiates" combination "$role" \
			    $c-prfsha256-x25519 $c ;;
		*)
			it "$c, $role initiates" combination "$role" \
			    $c-sha256-x25519 $c-sha256 ;;
		esac
	done
	for h in "${hashes[@]}"; do
		it "$h, $role initiates" combination "$role" \
		    aes128-$h-prf$h-x25519 aes128-$h
	done
	for g in "${groups[@]}"; do
		it "$g, $role initiates" combination "$role" \
		    aes128gcm16-prfsha256-$g aes128gcm16
	done
	for c in des blowfish128 null; do
		it "$c in ESP, $role initiates" combination "$role" \
		    aes128-sha256-x25519 $c-sha256
	done
	it "extended sequence numbers, $role initiates" combination "$role" \
	    aes128gcm16-prfsha256-x25519 aes128gcm16-esn
	it "no extended sequence numbers, $role initiates" combination "$role" \
	    aes128-sha256-x25519 aes128-sha256-noesn
}

net_up
swan_conf | swan_start gw2
ours | gw_start gw1
each swan
each gw
