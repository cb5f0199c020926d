# Certificates for the cases: sourced by those that need them.
# shellcheck shell=bash

: "${P:=$W/pki}"

# pki_key KIND NAME: a private key; ec, p384, p521, rsa, rsa1 (1024 bits),
# rsa4096, ed25519 or ed448.
pki_key()
{
	case $1 in
	ec)	set -- "$2" EC -pkeyopt ec_paramgen_curve:P-256 ;;
	p384)	set -- "$2" EC -pkeyopt ec_paramgen_curve:P-384 ;;
	p521)	set -- "$2" EC -pkeyopt ec_paramgen_curve:P-521 ;;
	rsa1)	set -- "$2" RSA -pkeyopt rsa_keygen_bits:1024 ;;
	rsa)	set -- "$2" RSA -pkeyopt rsa_keygen_bits:2048 ;;
	rsa4096) set -- "$2" RSA -pkeyopt rsa_keygen_bits:4096 ;;
	*)	set -- "$2" "$1" ;;
	esac
	openssl genpkey -algorithm "${@:2}" -out "$P/$1.key" 2>/dev/null
}

# pki_ca NAME [CA [KIND]]: a CA, self-signed or below another.
pki_ca()
{
	local by=()

	mkdir -p "$P"
	[ -z "${2:-}" ] || by=(-CA "$P/$2.pem" -CAkey "$P/$2.key")
	pki_key "${3:-ec}" "$1"
	openssl req -x509 -new -key "$P/$1.key" -out "$P/$1.pem" \
	    -subj "/CN=$1" -days 30 "${by[@]}" \
	    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}

# pki_cert KIND NAME CA [ALTNAMES]: a certificate for NAME.example, or for
# these alternative names, as openssl writes them.
pki_cert()
{
	local names=${4:-}

	pki_odd "$1" "$2" "$3" basicConstraints=critical,CA:FALSE \
	    extendedKeyUsage=serverAuth,clientAuth
}

# pki_odd KIND NAME CA EXTENSION...: one for NAME.example with these
# extensions.
pki_odd()
{
	local name=$2 ca=$3 more=() ext

	for ext in "${@:4}"; do
		more+=(-addext "$ext")
	done
	[ -e "$P/$name.key" ] || pki_key "$1" "$name"
	openssl req -x509 -new -key "$P/$name.key" -out "$P/$name.pem" \
	    -subj "/CN=$name" -CA "$P/$ca.pem" -CAkey "$P/$ca.key" -days 30 \
	    -addext "subjectAltName=${names:-DNS:$name.example}" \
	    "${more[@]}" 2>/dev/null || fail "no certificate $name"
}

# pki_dated NAME CA FROM UNTIL: one of other dates, in years after 2000.
pki_dated()
{
	pki_key ec "$1"
	pki --issue --in "$P/$1.key" --type priv --dn "CN=$1" \
	    --san "$1.example" --cacert "$P/$2.pem" --cakey "$P/$2.key" \
	    --not-before "01.01.$3 00:00:00" --not-after "01.01.$4 00:00:00" \
	    --outform pem >"$P/$1.pem"
}

# pki_imports NAME: what a configuration needs to be NAME, below ca.
pki_imports()
{
	cat <<-END
	/certificate import file-name=$P/ca.pem name=ca
	/certificate import file-name=$P/$1.pem name=own
	/certificate import file-name=$P/$1.key name=own
	END
}

# pki_swan NODE NAME...: gives the node's strongSwan these certificates with
# their keys, beside the CA.
pki_swan()
{
	local dir=$W/$1 name

	rm -rf "$dir/x509" "$dir/private" "$dir/x509ca"
	mkdir -p "$dir/x509" "$dir/private" "$dir/x509ca"
	cp "$P/ca.pem" "$dir/x509ca"
	for name in "${@:2}"; do
		cp "$P/$name.pem" "$dir/x509"
		cp "$P/$name.key" "$dir/private"
	done
}

# suites: what both ends of a remote user's tunnel have in common.
suites()
{
	cat <<-END
	/ip ipsec profile add name=p1 enc-algorithm=aes-128-gcm hash-algorithm=sha256 dh-group=x25519
	/ip ipsec proposal add name=c1 enc-algorithms=aes-128-gcm auth-algorithms=null pfs-group=none
	/ip ipsec policy group add name=road
	/ip ipsec policy add template=yes group=road proposal=c1
	END
}
