# No answer and the wrong version are told apart from refusals: time up with
# hints what to look at; a peer that speaks IKEv1 only is named as such.

no_answer()
{
	gw_conf | gw_start gw1
	log_wait gw1 'time up' 60
	grep 'time up' "$W/gw1/log" | grep -q office2 ||
		fail "the peer is not named"
	grep -q -i -e 'firewall\|UDP 500' "$W/gw1/log" || fail "no hints"
}

# Retransmissions back off and stop (RFC 7296 2.4).
retransmitted()
{
	local n

	n=$(wire_count ike)
	[ "$n" -ge 3 ] || fail "$n datagrams"
	[ "$n" -le 20 ] || fail "$n datagrams"
}

ikev1_in()
{
	swan_conf version=1 ike=aes128-sha256-modp2048 | swan_start gw2
	gw_conf | gw_start gw1
	log_mark gw1
	swan gw2 --initiate --child net --timeout 2 || :
	until_ok 10 grep -q -i -e 'ikev1.*ike2\|ikev1.*main' "$W/gw1/log" ||
		fail "the log does not name the mode"
}

ikev1_out()
{
	swan_conf version=1 ike=aes128-sha256-modp2048 | swan_start gw2
	gw_conf | gw_start gw1
	log_wait gw1 'negotiation failed: peer=office2'
	grep -q -e 'NO-PROPOSAL-CHOSEN\|INVALID_MAJOR_VERSION' \
	    "$W/gw1/log" || fail "the refusal is not in the log"
}

net_up
it "a peer that speaks IKEv1 is named" ikev1_in
all_stop
it "a peer that has no IKEv2 for us refuses" ikev1_out
all_stop
wire_start
it "no answer: time up, with hints" no_answer
it "retransmissions backed off and stopped" retransmitted
