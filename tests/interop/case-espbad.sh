# ESP that no honest peer sends, from somebody who has the keys or has not,
# and such as is merely unusual: what is dropped is counted under its name,
# exactly, and the tunnel lives on.
# shellcheck source=tests/interop/esp.sh
. "$here/esp.sh"
espd_moves || exit 78

# The keys are in the log of strongSwan.
up_known()
{
	SWAN_LOG='chd = 4' SWAN_ESP=null-sha256 \
	    with_swan 4 4 cenc=null cauth=sha256 "$@"
}

forge()
{
	"$here/forge" "$1" "$W/gw2" "${2:-64}"
}

policies='/ip ipsec settings set allow-weak=yes
/ip ipsec policy add peer=office2 tunnel=yes src-address=10.1.0.0/24 dst-address=10.3.0.0/24 proposal=c1
/ip ipsec policy add action=discard src-address=10.1.0.0/24 dst-address=10.4.0.0/24
/ip ipsec policy add action=none src-address=10.1.0.0/24 dst-address=10.5.0.0/24'

lives()
{
	swan gw2 --rekey --child net
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
}

# field NAME: of the inbound SA.
field()
{
	ctl gw1 --json /ip/ipsec/installed-sa/print where direction=in |
	    grep -o "\"$1\": *\"[^\"]*" | sed 's/.*"//'
}

# What is counted of one SA is what is counted of all.
of_one()
{
	[ "$(field replay-errors)" = "$(stat gw1 in-state-sequence-errors)" ] ||
		fail "$(field replay-errors) replayed"
	[ "$(field integrity-errors)" = \
	    "$(stat gw1 in-state-protocol-errors)" ] ||
		fail "$(field integrity-errors) not authentic"
}

net_up
sinks_up
it "a tunnel of which the keys are known" up_known more="$policies"
for kind in good dummy tampered replayed truncated; do
	it "$kind" adds gw1 forge $kind
done
it "the SA's own counters say so" of_one
for kind in padding spi selectors bare; do
	it "$kind" adds gw1 forge $kind
done
it "the tunnel lives on" lives
all_stop
for size in 32 64 100 1024 4096; do
	it "a tunnel with a replay window of $size" \
	    up_known proposal=replay-window=$size more="$policies"
	it "the edges of that window" adds gw1 forge window $size
	it "the tunnel lives on" lives
	all_stop
done
