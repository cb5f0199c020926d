# A second implementation that shares no code with the first: OpenIKED, in
# the part of the initiator.  On Linux it knows the kernel by PF_KEY, where it
# finds neither AEAD nor SHA2: the children are AES-CBC with HMAC-SHA1.
# Without ESP in the kernel it does not run: it has no other data plane.

[ "$PEER_PLANE" = kernel ] || exit 78
command -v iked >/dev/null || skip "iked is not installed"

child='cenc=aes-256-cbc cauth=sha1'

# iked_start PASSIVE|ACTIVE: the peer's daemon on gw2.
iked_start()
{
	local dir=$W/gw2

	mkdir -p "$dir"
	cat >"$dir/iked.conf" <<-END
	set nomobike
	ikev2 "office1" $1 esp \\
		from 10.2.0.0/24 to 10.1.0.0/24 \\
		local 192.0.2.2 peer 198.51.100.1 \\
		ikesa enc aes-128-gcm prf hmac-sha2-256 group curve25519 \\
		childsa enc aes-256 auth hmac-sha1 noesn \\
		srcid gw2.example dstid gw1.example \\
		psk "$SECRET"
	END
	chmod 600 "$dir/iked.conf"
	: >"$dir/log"
	on_bg gw2 iked -d -v -f "$dir/iked.conf" >"$dir/log" 2>&1
	echo $! >"$dir/pid"
}

up()
{
	peer_wait gw1
	sa_wait gw1 2
	sa_wait gw2 2
}

pings()
{
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	wire_only esp 12
}

it_initiates()
{
	# shellcheck disable=SC2086
	gw_conf $child peeropt=passive=yes "$@" | gw_start gw1
	iked_start active
	up
}

we_rekey()
{
	local old

	old=$(sa_spis gw1)
	until_ok 60 rekeyed "$old" || fail "the same SPIs: $old"
	ping_ok lan1 10.2.0.10
}

rekeyed()
{
	local now

	now=$(sa_spis gw1)
	[ "$(wc -w <<<"$now")" = 2 ] && [ "$now" != "$1" ]
}

we_delete()
{
	gw_stop gw1
	sa_wait gw2 0
}

# Asked first, OpenIKED 7.2 answers IKE_AUTH with TS payloads that have no
# selectors (RFC 7296 3.13 wants one at least), so it is the initiator here.
net_up
wire_start
it "OpenIKED initiates to us" it_initiates
it "pings cross both ways, only ESP on the wire" pings
it "it takes our deletion" we_delete
all_stop
wire_start
it "OpenIKED initiates, with a short lifetime on our side" \
    it_initiates proposal=lifetime=30s
it "OpenIKED answers our rekeying" we_rekey
it "pings still cross, only ESP on the wire" pings
