# A remote user's tunnel under continuous pings, IPv4 and IPv6: new keys for
# the child and the IKE SA, asked for by either side, and processes of the
# gateway that die.  No echo is lost, the addresses stay.

# shellcheck source=tests/interop/pki.sh
. "$here/pki.sh"
# shellcheck source=tests/interop/road.sh
. "$here/road.sh"

certificates()
{
	pki_ca ca
	pki_cert ec srv ca
	pki_cert ec anna ca
	chmod -R a+rX "$P"
}

# gateway [LIFETIME IKE-LIFETIME]
gateway()
{
	{
		pki_imports srv
		road_conf
		road_identity
		[ $# = 0 ] || cat <<-END
		/ip ipsec proposal set users lifetime=$1
		/ip ipsec profile set default lifetime=$2
		END
	} | gw_start gw1
}

up()
{
	login gw2 anna
	given gw2 172.16.9.10 fd09::10
	reaches gw2
}

# pinging COMMAND...: pings from the user's machine while the command runs.
pinging()
{
	local lost

	ping_start gw2 10.1.0.10
	PING=ping6 ping_start gw2 fd01::10
	"$@"
	lost="$(ping_loss) $(PING=ping6 ping_loss)"
	[ "$lost" = '0 0' ] || fail "echoes lost, IPv4 and IPv6: $lost"
	ip -n gw2 addr | grep -q 172.16.9.10 || fail "the address is gone"
}

spis_other()
{
	[ "$(sa_spis gw1)" != "$1" ]
}

# rekeyed COMMAND...: the command makes new SAs; the old ones go, too, after
# the second that strongSwan keeps one.
rekeyed()
{
	local before

	before=$(sa_spis gw1)
	"$@"
	until_ok 40 spis_other "$before" || fail "the SPIs did not change"
	until_ok 20 same_spis || fail "$(sa_spis gw1) but $(sa_spis gw2)"
	sa_is gw1 2 || fail "$(sa_count gw1) SAs"
}

same_spis()
{
	[ "$(sa_spis gw1)" = "$(sa_spis gw2)" ]
}

child_by_user()
{
	pinging rekeyed swan gw2 --rekey --child anna
}

# The answer is lost and comes again a second later: meanwhile the user
# does not know the new SA yet (RFC 7296 2.8).  It is larger than an echo in
# ESP in UDP.
answer_lost()
{
	local drop=(FORWARD -i gw1 -p udp -m udp --sport 4500 -m length
	    --length 180: -m statistic --mode nth --every 100000 --packet 0
	    -j DROP)

	on inet "$(iptables_command)" -I "${drop[@]}"
	swan gw2 --rekey --child anna
	log_wait_since gw2 'retransmit 1 of request'
	on inet "$(iptables_command)" -D "${drop[@]}"
}

child_late()
{
	log_mark gw2
	pinging rekeyed answer_lost
}

ike_rekeyed()
{
	log_mark gw2
	swan gw2 --rekey --ike anna
	log_wait_since gw2 'rekeyed between'
}

# Child, session and addresses hang on the new IKE SA.
ike_by_user()
{
	pinging ike_rekeyed
	child_by_user
	one_session
}

one_session()
{
	local out

	out=$(ctl gw1 /ip/ipsec/session/print)
	[ "$(grep -c anna <<<"$out")" = 1 ] &&
	    [[ $out == *172.16.9.10* ]] || fail "$out"
}

replaced()
{
	local pid

	pid=$(gw_pids gw1 "$1")
	[ -n "$pid" ] && [ "$pid" != "$2" ]
}

killed()
{
	local pid

	for process; do
		pid=$(gw_pids gw1 "$process")
		kill -KILL "$pid"
		until_ok 10 replaced "$process" "$pid" ||
			fail "$process was not started anew"
	done
}

dead_and_rekeyed()
{
	killed "$@"
	ike_rekeyed
	rekeyed swan gw2 --rekey --child anna
}

deaths()
{
	pinging dead_and_rekeyed "$@"
	one_session
}

leaves()
{
	logout gw2 anna
	sa_wait gw1 0
	log_wait gw1 'ends, with 172.16.9.10 and fd09::10'
	[[ $(ctl gw1 /ip/ipsec/session/print) != *anna* ]] ||
		fail "the session is still there"
}

ike_by_gateway()
{
	log_wait gw2 'rekeyed between' 60
}

by_gateway()
{
	rekeyed true
	log_has gw2 'parsed CREATE_CHILD_SA request' ||
		fail "the gateway did not ask"
}

# The child at 80 % of 30 s, the IKE SA before its minute is over.
by_gateway_both()
{
	pinging by_gateway
	pinging ike_by_gateway
	one_session
	child_by_user
}

user()
{
	road_user anna | road_start gw2 anna
}

certificates
net_up
gateway
user
it "the user is in" up
it "the user rekeys the child: no echo lost" child_by_user
it "and the gateway's answer is lost: no echo lost" child_late
it "the user rekeys the IKE SA: no echo lost" ike_by_user
it "certd dies: no echo lost, then rekeyed" deaths certd
it "sessiond dies: no echo lost, then rekeyed" deaths sessiond
it "keymgr dies: no echo lost, then rekeyed" deaths keymgr
it "one session ends in the end, and the addresses are free" leaves
all_stop
gateway 30s 1m
user
it "the user is in, with short lifetimes" up
it "the gateway rekeys child and IKE SA: no echo lost" by_gateway_both
it "that session ends, too" leaves
