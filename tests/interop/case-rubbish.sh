# Malformed datagrams never change state: under each flood the tunnel
# carries pings, the processes stay, the log is not drowned; cookies under
# load keep honest peers coming in; rubbish on the control socket is cut off.

up()
{
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	gw_pids gw1 >"$W/pids"
	sa_spis gw1 >"$W/spis"
}

unharmed()
{
	[ "$(gw_pids gw1)" = "$(<"$W/pids")" ] || fail "a process died"
	[ "$(sa_spis gw1)" = "$(<"$W/spis")" ] || fail "the SAs changed"
	ctl gw1 /ip/ipsec/active-peers/print | grep -q established ||
		fail "the IKE SA went"
}

# flood KIND PORT COUNT
flood()
{
	local lines lost

	lines=$(wc -l <"$W/gw1/log")
	ping_start lan1 10.2.0.10
	on gw2 "$here/flood" "$1" 198.51.100.1 "$2" "$3"
	lost=$(ping_loss)
	[ "$lost" -le 2 ] || fail "$lost echoes lost"
	unharmed
	lines=$(($(wc -l <"$W/gw1/log") - lines))
	[ $lines -lt 200 ] || fail "$lines log lines for $3 datagrams"
	# The IKE SA still works, not only looks alive.
	log_mark gw2
	swan gw2 --rekey --child net
	sa_wait gw1 2 20
	ping_ok lan1 10.2.0.10
	sa_spis gw1 >"$W/spis"
}

logged()
{
	[ "$(grep -c -i 'malformed\|dropped' "$W/gw1/log")" -ge 1 ] ||
		fail "no line about what was dropped"
}

cookies()
{
	local out

	out=$(on gw2 "$here/flood" init 198.51.100.1 500 300)
	echo "$out"
	[[ $out =~ cookie\ ([0-9]+)\ response\ ([0-9]+)\ other\ ([0-9]+) ]] ||
		fail "flood said: $out"
	[ "${BASH_REMATCH[1]}" -ge 200 ] || fail "few cookies: $out"
	[ "${BASH_REMATCH[3]}" = 0 ] || fail "odd answers: $out"
	unharmed
}

honest_under_load()
{
	local pid

	swan gw2 --terminate --ike office1 --force || :
	on_bg gw2 "$here/flood" init 198.51.100.1 500 400 >/dev/null
	pid=$!
	log_mark gw2
	swan gw2 --initiate --child net
	log_wait_since gw2 'N(COOKIE)'
	wait_gone $pid 30
	ping_ok lan2 10.1.0.10
}

control()
{
	gw_pids gw1 >"$W/pids"
	"$here/control-rubbish" "$W/gw1/control.sock" ||
		fail "a client was not cut off"
	[ "$(gw_pids gw1)" = "$(<"$W/pids")" ] || fail "a process died"
	ctl gw1 /ip/ipsec/active-peers/print >/dev/null
	ping_ok lan1 10.2.0.10
}

net_up
swan_conf | swan_start gw2
gw_conf more='/ip ipsec settings set cookie-threshold=10' | gw_start gw1
it "the tunnel is up" up
it "random datagrams to port 500" flood random 500 3000
it "random datagrams to port 4500" flood random 4500 3000
it "IKE headers that do not fit" flood header 500 3000
it "mutants of IKE_SA_INIT" flood mutant 500 3000
it "mutants on port 4500" flood natt 4500 3000
it "dropping is logged" logged
it "many half-open SAs: cookies are asked for" cookies
it "an honest peer comes in under the load" honest_under_load
it "rubbish on the control socket is cut off" control
