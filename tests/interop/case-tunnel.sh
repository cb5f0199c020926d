# The main job: Sallyport initiates at load with a pre-shared key, strongSwan
# answers; pings cross both ways inside ESP, sallyctl shows the state, and an
# orderly stop takes everything away at both ends.

up()
{
	peer_wait gw1
	sa_wait gw1 2
}

pings()
{
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	wire_only esp 12
}

# The listing has a line that matches each of the patterns.
shows()
{
	local path=$1 out pattern

	shift
	# shellcheck disable=SC2086
	out=$(ctl gw1 $path)
	for pattern; do
		grep -q -e "$pattern" <<<"$out" ||
			fail "no $pattern in sallyctl $path: $out"
	done
}

policy_active()
{
	shows "/ip/ipsec/policy/print" '\bA\b.*10\.1\.0\.0/24' established
}

sa_fields()
{
	local spi

	for spi in $(sa_spis gw1); do
		shows "/ip/ipsec/installed-sa/print" "$spi"
	done
	shows "/ip/ipsec/installed-sa/print detail" 198.51.100.1 192.0.2.2 \
	    mature
}

no_keys()
{
	local out key

	out=$(ctl gw1 /ip/ipsec/installed-sa/print detail)
	if [ "$PLANE" = kernel ]; then
		key=$(ip -n gw1 xfrm state | awk '$1 == "aead" { print $3; exit }')
		[ ${#key} -gt 32 ] || fail "no key in the kernel: $key"
		[[ $out != *${key#0x}* ]] || fail "the key is shown: $out"
	fi
	! grep -E '[0-9a-f]{32}' <<<"$out" || fail "a key is shown: $out"
	out=$(ctl gw1 /ip/ipsec/identity/print detail)
	[[ $out != *"$SECRET"* ]] || fail "the secret is shown: $out"
	! grep -q "$SECRET" "$W/gw1/log" || fail "the secret is in the log"
}

json()
{
	local path

	for path in active-peers policy installed-sa statistics peer \
	    identity profile proposal; do
		ctl gw1 --json /ip/ipsec/$path/print >"$W/json"
		perl -MJSON::PP -0777 -ne \
		    'my $d = decode_json($_); exit(ref $d eq "ARRAY" && @$d ? 0 : 1)' \
		    "$W/json" || fail "$path: $(<"$W/json")"
	done
}

# The same names, whoever moves the packets.
statistics()
{
	local name out

	out=$(ctl gw1 /ip/ipsec/statistics/print)
	for name in in-errors in-buffer-errors in-header-errors in-no-states \
	    in-state-protocol-errors in-state-mode-errors \
	    in-state-sequence-errors in-state-expired in-state-mismatches \
	    in-state-invalid in-template-mismatches in-no-policies \
	    in-policy-blocked in-policy-errors out-errors out-bundle-errors \
	    out-bundle-check-errors out-no-states out-state-protocol-errors \
	    out-state-mode-errors out-state-sequence-errors \
	    out-state-expired out-policy-blocked out-policy-dead \
	    out-policy-errors; do
		grep -Eq "(^| )$name: *[0-9]+" <<<"$out" ||
			fail "no $name in $out"
	done
}

# transformed: in and out of the policy, as "IN OUT".
transformed()
{
	ctl gw1 --json /ip/ipsec/policy/print | perl -MJSON::PP -0777 -ne '
		for my $p (@{decode_json($_)}) {
			print join(" ", map { $p->{"$_-transformed"} }
			    "in", "out"), "\n" if $p->{"in-transformed"};
		}'
}

policy_packets()
{
	local in out was_in was_out

	read -r was_in was_out < <(transformed)
	ping_ok lan1 10.2.0.10 5
	read -r in out < <(transformed)
	[ "$in $out" = "$((was_in + 5)) $((was_out + 5))" ] ||
		fail "$was_in $was_out before, $in $out after"
}

log_print()
{
	shows "/log/print where topics~ipsec" office2
}

bad_command()
{
	local out rc=0

	out=$(ctl gw1 /ip/ipsec/nonsense/print 2>&1 >/dev/null) || rc=$?
	[ $rc != 0 ] || fail "status 0"
	[ "$(wc -l <<<"$out")" = 1 ] || fail "not one line: $out"
}

both_stopped()
{
	gw_stop gw1
	sa_wait gw2 0
	[ "$(sa_count gw1)" = 0 ] || fail "$(ip -n gw1 xfrm state)"
	[ "$(policy_count gw1)" = 0 ] || fail "$(ip -n gw1 xfrm policy)"
	[ -z "$(gw_leftovers)" ] || fail "left: $(gw_leftovers)"
}

# Processes of Sallyport that are still there.
gw_leftovers()
{
	ps -eo pid,args | grep -e "$SALLYPORT_STAGE/[l]ibexec" -e '[s]allyport:' ||
		:
}

net_up
swan_conf | swan_start gw2
wire_start
gw_conf | gw_start gw1

it "the tunnel comes up at load, strongSwan as responder" up
it "pings cross both ways, only ESP on the wire" pings
it "active-peers shows both ends and the state" \
    shows /ip/ipsec/active-peers/print 192.0.2.2 initiator established
it "policy print shows it active and established" policy_active
it "installed-sa print shows both SPIs" sa_fields
it "no key and no secret is shown or logged" no_keys
it "every listing is valid JSON" json
it "statistics print has the same counters over either data plane" statistics
it "policy print counts what went through it" policy_packets
it "log print where topics~ finds the peer" log_print
it "a wrong command fails with one line" bad_command
it "an orderly stop removes everything at both ends" both_stopped
