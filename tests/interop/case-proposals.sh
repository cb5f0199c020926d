# Proposal mismatches say what was offered, what would have been taken and
# which pair differs, in IKE_SA_INIT and in IKE_AUTH; a wrong guess of the
# Diffie-Hellman group is put right (RFC 7296 1.2).

# A pair local:remote, and one line with both sets.
pairs_logged()
{
	grep -q -i -e 'rejected.*= *[^ :]*:[^ ]' "$W/gw1/log" ||
		fail "no local:remote pair in the log"
	grep 'negotiation failed: peer=office2' "$W/gw1/log" |
	    grep -i -e "local:.*$1" | grep -q -i -e "peer:.*$2" ||
		fail "no final line with $1 and $2"
}

init_in()
{
	swan_conf ike=aes256-sha512-modp2048 | swan_start gw2
	gw_conf peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net || :
	log_wait gw2 'received NO_PROPOSAL_CHOSEN'
	pairs_logged 'gcm' 'cbc'
	[ "$(sa_count gw1)" = 0 ] || fail "an SA is there"
}

init_out()
{
	swan_conf ike=aes256-sha512-modp2048 | swan_start gw2
	gw_conf | gw_start gw1
	log_wait gw2 'N(NO_PROP)'
	log_wait gw1 'fatal NO-PROPOSAL-CHOSEN notify message'
	# Nothing protects that answer: it is believed the second time.
	log_wait gw1 'refused all we offered'
	grep 'refused all we offered' "$W/gw1/log" |
	    grep 'negotiation failed: peer=office2' |
	    grep -q -i gcm || fail "what we offered is not named"
}

auth_in()
{
	swan_conf esp=aes256-sha512 | swan_start gw2
	gw_conf peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net || :
	log_wait gw2 'received NO_PROPOSAL_CHOSEN'
	pairs_logged 'gcm' 'cbc'
	# RFC 7296 1.2: the IKE SA itself stands.
	peer_wait gw1
	[ "$(sa_count gw1)" = 0 ] || fail "an SA is there"
}

auth_out()
{
	swan_conf esp=aes256-sha512 | swan_start gw2
	gw_conf | gw_start gw1
	log_wait gw1 'NO_PROPOSAL_CHOSEN'
	grep 'phase2 negotiation failed: peer=office2' "$W/gw1/log" |
	    grep -q -i gcm || fail "what we offered is not named"
	[ "$(sa_count gw1)" = 0 ] || fail "an SA is there"
}

# The initiator's first group is not the one that is chosen.
group_in()
{
	swan_conf ike=aes128gcm16-prfsha256-modp2048-x25519 | swan_start gw2
	gw_conf peeropt='passive=yes' | gw_start gw1
	swan gw2 --initiate --child net
	log_has gw2 "peer didn't accept*MODP_2048*CURVE_25519" ||
		fail "no INVALID_KE_PAYLOAD"
	ping_ok lan2 10.1.0.10
}

group_out()
{
	swan_conf | swan_start gw2
	gw_conf dh=ecp384,x25519 | gw_start gw1
	log_wait gw2 'N(INVAL_KE)'
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

net_up
it "mismatch in IKE_SA_INIT, strongSwan initiates" init_in
all_stop
it "mismatch in IKE_SA_INIT, we initiate" init_out
all_stop
it "mismatch in IKE_AUTH, strongSwan initiates" auth_in
all_stop
it "mismatch in IKE_AUTH, we initiate" auth_out
all_stop
it "the peer guesses the wrong group" group_in
all_stop
it "we guess the wrong group" group_out
