# Authentication failures are told apart, in one final line that names the
# peer and its identity: wrong secret in both roles, unexpected identity.

# The final line names all of these.
final_line()
{
	local pattern

	log_wait gw1 "$1"
	for pattern in "${@:2}"; do
		grep -e "$1" "$W/gw1/log" | grep -q -e "$pattern" ||
			fail "no $pattern in: $(grep -e "$1" "$W/gw1/log")"
	done
}

no_sa()
{
	until_ok "$PATIENCE" peer_none gw1 || fail "an IKE SA is there"
	[ "$(sa_count gw1)" = 0 ] || fail "an ESP SA is there"
}

wrong_secret_in()
{
	swan_conf secret=wrong | swan_start gw2
	gw_conf peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net || :
	log_wait gw2 'received AUTHENTICATION_FAILED'
	final_line 'authentication failed (pre-shared key)' office2 \
	    192.0.2.2 gw2.example
	no_sa
}

wrong_secret_out()
{
	swan_conf secret=wrong | swan_start gw2
	gw_conf | gw_start gw1
	log_wait gw2 'N(AUTH_FAILED)'
	final_line 'authentication failed (pre-shared key)' office2 \
	    192.0.2.2 gw1.example
	no_sa
}

wrong_id_in()
{
	swan_conf lid=other.example | swan_start gw2
	gw_conf peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net || :
	log_wait gw2 'received AUTHENTICATION_FAILED'
	log_wait gw1 other.example
	grep other.example "$W/gw1/log" | grep -q gw2.example ||
		fail "the expected identity is not named"
	! log_has gw1 'authentication failed (pre-shared key)' ||
		fail "an identity failure looks like a wrong secret"
	no_sa
}

# The responder answers with an identity that we did not ask for.
wrong_id_out()
{
	swan_conf lid=other.example | swan_start gw2
	gw_conf | gw_start gw1
	log_wait gw1 'gw2.example'
	no_sa
}

# After the failures the same gateways get along once the secret is right.
repaired()
{
	swan_conf secret=wrong | swan_start gw2
	gw_conf peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net || :
	log_wait gw1 'authentication failed (pre-shared key)'
	swan_conf >"$W/gw2/swanctl.conf"
	swan_load gw2
	swan gw2 --initiate --child net
	ping_ok lan2 10.1.0.10
}

# Two identities of one any-address peer: told apart by ID.
two_identities()
{
	swan_conf lid=second.example secret='the second secret' |
	    swan_start gw2
	gw_conf peer=0.0.0.0/0 peeropt='passive=yes' \
	    more='/ip ipsec identity add peer=office2 secret="the second secret" my-id=fqdn:gw1.example remote-id=fqdn:second.example' |
	    gw_start gw1
	swan gw2 --initiate --child net
	ping_ok lan2 10.1.0.10
}

# Every kind of identity, ours and the peer's.
id_kind()
{
	swan_conf lid="$2" rid="$1" | swan_start gw2
	gw_conf my="$3" remote="$4" peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net
	ping_ok lan2 10.1.0.10
}

net_up
it "the peer's secret is wrong, the peer initiates" wrong_secret_in
all_stop
it "our secret is wrong to the peer, we initiate" wrong_secret_out
all_stop
it "the peer's identity is unexpected, the peer initiates" wrong_id_in
all_stop
it "the peer's identity is unexpected, we initiate" wrong_id_out
all_stop
it "a failed login does not stand in the way of the next" repaired
all_stop
it "two identities of one peer are told apart by ID" two_identities
all_stop
it "addresses as identities" \
    id_kind 198.51.100.1 192.0.2.2 auto auto
all_stop
it "mail addresses as identities" \
    id_kind a@gw1.example b@gw2.example \
    user-fqdn:a@gw1.example user-fqdn:b@gw2.example
all_stop
it "key ids as identities" \
    id_kind keyid:gw1a keyid:gw2b key-id:gw1a key-id:gw2b
