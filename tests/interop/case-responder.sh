# strongSwan initiates; Sallyport has a passive peer and answers.  The peer's
# delete of the child and of the IKE SA are followed; flush and
# kill-connections work from our side.

up()
{
	swan gw2 --initiate --child net
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan2 10.1.0.10
	ping_ok lan1 10.2.0.10
}

side()
{
	ctl gw1 /ip/ipsec/active-peers/print | grep -q responder
}

child_deleted()
{
	swan gw2 --terminate --child net
	sa_wait gw1 0
	peer_up gw1 || fail "the IKE SA went, too"
	swan gw2 --initiate --child net
	sa_wait gw1 2
	ping_ok lan2 10.1.0.10
}

peer_deleted()
{
	swan gw2 --terminate --ike office1
	sa_wait gw1 0
	until_ok 5 peer_none gw1 || fail "the IKE SA is still there"
	up
}

flushed()
{
	ctl gw1 /ip/ipsec/installed-sa/flush
	sa_wait gw1 0
	sa_wait gw2 0
}

killed()
{
	peer_up gw1 || swan gw2 --initiate --child net
	peer_wait gw1
	ctl gw1 /ip/ipsec/active-peers/kill-connections
	until_ok "$PATIENCE" peer_none gw1 || fail "the IKE SA is still there"
	sa_wait gw1 0
	sa_wait gw2 0
	until_ok "$PATIENCE" swan_idle || fail "strongSwan still has the IKE SA"
}

swan_idle()
{
	[ -z "$(swan gw2 --list-sas)" ]
}

net_up
wire_start
gw_conf peeropt='passive=yes' | gw_start gw1
swan_conf | swan_start gw2

it "the tunnel comes up, strongSwan as initiator" up
it "active-peers says we are the responder" side
it "the peer deletes the child, makes a new one" child_deleted
it "the peer deletes the IKE SA, connects again" peer_deleted
it "installed-sa flush deletes the children at both ends" flushed
it "kill-connections deletes the IKE SA at both ends" killed
it "nothing went in clear all the while" wire_clean
