# Rekeying under continuous pings: child by the peer with and without PFS,
# IKE SA by the peer, child and IKE SA by us at the soft lifetime.  New SA
# before old, no echo lost.

spis_other()
{
	[ "$(sa_spis gw1)" != "$1" ]
}

# rekeyed COMMAND...: pings run, the command makes new SPIs, two SAs remain.
rekeyed()
{
	local before lost

	before=$(sa_spis gw1)
	ping_start lan1 10.2.0.10
	"$@"
	until_ok 40 spis_other "$before" || fail "the SPIs did not change"
	# The inbound SA of strongSwan that was replaced stays 5 s.
	sa_wait gw1 2 20
	lost=$(ping_loss)
	[ "$lost" = 0 ] || fail "$lost echoes lost"
	ping_ok lan2 10.1.0.10
}

up()
{
	swan_conf esp="$1" child="$2" conn="$3" | swan_start gw2
	gw_conf pfs="$4" proposal="$5" profile="${6:-}" | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

child_by_peer()
{
	rekeyed swan gw2 --rekey --child net
}

ike_by_peer()
{
	local lost

	log_mark gw2
	ping_start lan1 10.2.0.10
	swan gw2 --rekey --ike office1
	log_wait_since gw2 'rekeyed between'
	peer_wait gw1
	lost=$(ping_loss)
	[ "$lost" = 0 ] || fail "$lost echoes lost"
	sa_wait gw1 2
	# The children hang on the new IKE SA: it can rekey and delete them.
	child_by_peer
}

by_us()
{
	rekeyed true
	log_wait gw2 'parsed CREATE_CHILD_SA request'
}

by_us_again()
{
	rekeyed true
	wire_clean
}

ike_by_us()
{
	local lost

	ping_start lan1 10.2.0.10
	log_wait gw2 'rekeyed between' 60
	lost=$(ping_loss)
	[ "$lost" = 0 ] || fail "$lost echoes lost"
	peer_wait gw1
	# The children hang on the new IKE SA.
	child_by_peer
}

with_pfs()
{
	grep -q 'CREATE_CHILD_SA re.* KE ' "$W/gw2/log" ||
		fail "no key exchange in the rekeying"
}

net_up
wire_start
it "the tunnel is up" up aes128gcm16 '' '' none ''
it "the peer rekeys the child" child_by_peer
it "the peer rekeys the IKE SA" ike_by_peer
all_stop
wire_start
it "the tunnel is up, with PFS" up aes128gcm16-x25519 '' '' x25519 ''
it "the peer rekeys the child with PFS" child_by_peer
it "the rekeying had its own key exchange" with_pfs
all_stop
wire_start
it "the tunnel is up, with short lifetimes" \
    up aes128gcm16 '' '' none 'lifetime=30s' 'lifetime=1m'
it "we rekey the child at the soft lifetime" by_us
it "and again" by_us_again
it "we rekey the IKE SA before its lifetime is over" ike_by_us
all_stop
wire_start
it "the tunnel is up, with a short lifetime and PFS" \
    up aes128gcm16-x25519 '' '' x25519 'lifetime=30s'
it "we rekey the child with PFS" by_us
it "our rekeying had its own key exchange" with_pfs
