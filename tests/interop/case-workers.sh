# Two ikepd workers share the ports: IKE SAs of six addresses land on both
# and work; one worker dies and only its SAs go.

conf()
{
	local i

	# shellcheck disable=SC2046
	gw_conf peer=0.0.0.0/0 peeropt='passive=yes' more="$(
	for i in 1 2 3 4 5 6; do
		echo "/ip ipsec identity add peer=office2" \
		    "secret=\"secret number $i\" my-id=fqdn:gw1.example" \
		    "remote-id=fqdn:p$i.example"
		echo "/ip ipsec policy add peer=office2 tunnel=yes" \
		    "src-address=10.1.0.0/24 dst-address=10.2.$i.0/24" \
		    "proposal=c1"
	done)"
}

peers()
{
	local i

	echo "connections {"
	for i in 1 2 3 4 5 6; do
		cat <<-END
		p$i {
		  version = 2
		  local_addrs = 192.0.2.1$i
		  remote_addrs = 198.51.100.1
		  proposals = aes128gcm16-prfsha256-x25519
		  unique = never
		  local {
		    auth = psk
		    id = p$i.example
		  }
		  remote {
		    auth = psk
		    id = gw1.example
		  }
		  children {
		    net$i {
		      local_ts = 10.2.$i.0/24
		      remote_ts = 10.1.0.0/24
		      esp_proposals = aes128gcm16
		    }
		  }
		}
		END
	done
	echo "}"
	echo "secrets {"
	for i in 1 2 3 4 5 6; do
		echo "ike-$i {"
		echo "id-1 = p$i.example"
		echo "secret = \"secret number $i\""
		echo "}"
	done
	echo "}"
}

two_run()
{
	[ "$(gw_pids gw1 ikepd | wc -l)" = 2 ] || fail "$(gw_pids gw1 ikepd)"
}

six_up()
{
	local i

	for i in 1 2 3 4 5 6; do
		ip -n lan2 addr replace "10.2.$i.10/24" dev eth0
		ip -n gw2 addr replace "10.2.$i.1/24" dev lan
		swan gw2 --initiate --child net$i
		ping_ok lan1 10.2.$i.10
	done
	sa_wait gw1 12
	[ "$(ctl gw1 /ip/ipsec/active-peers/print | grep -c established)" = 6 ] ||
		fail "$(ctl gw1 /ip/ipsec/active-peers/print)"
}

one_dies()
{
	local pid n

	pid=$(gw_pids gw1 ikepd | head -n 1)
	log_mark gw1
	kill -KILL "$pid"
	until_ok 20 two_other "$pid" || fail "the worker was not started again"
	until_ok 10 some_gone || fail "the dead worker's SAs are still there"
	n=$(sa_count gw1)
	[ "$n" -gt 0 ] || fail "the other worker's SAs went, too"
	[ "$n" -lt 12 ] || fail "no SA was on that worker"
}

some_gone()
{
	[ "$(sa_count gw1)" -lt 12 ]
}

two_other()
{
	local pids

	pids=$(gw_pids gw1 ikepd)
	[ "$(wc -l <<<"$pids")" = 2 ] && [[ $pids != *$1* ]]
}

# Datagrams still find their worker: nothing was renumbered.
six_again()
{
	local i

	for i in 1 2 3 4 5 6; do
		swan gw2 --terminate --ike p$i --force --timeout 2 || :
	done
	until_ok 20 sa_is gw1 0 || :
	for i in 1 2 3 4 5 6; do
		swan gw2 --initiate --child net$i
		ping_ok lan1 10.2.$i.10
	done
}

addresses()
{
	local i

	net_alter
	for i in 1 2 3 4 5 6; do
		ip -n gw2 addr add 192.0.2.1$i/24 dev wan
	done
}

net_up
addresses
peers | swan_start gw2
conf | gw_start gw1 --workers 2
it "two workers run" two_run
it "six tunnels come up and carry pings" six_up
it "a worker dies, the other's tunnels stay" one_dies
it "all six come up again" six_again
