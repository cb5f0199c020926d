# Somebody between two Sallyports, without any key: what is turned, cut,
# repeated or late is dropped and counted under its name, exactly, and the
# tunnel lives on.  Bare ESP, by several suites, with and without ESN.
# shellcheck source=tests/interop/esp.sh
. "$here/esp.sh"
espd_moves || exit 78

between()
{
	local rc=0

	inet_forwards 0
	(adds gw2 "$here/meddle" "$@" "$(gw_pids gw2 espd)") || rc=$?
	inet_forwards 1
	return $rc
}

lives()
{
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
}

# suite NAME ENC AUTH esn|no WINDOW KIND...
suite()
{
	local name=$1 esn=no kind

	[ $4 = no ] || esn=yes
	it "a tunnel, $1, esn=$esn" with_pair bare 4 4 cenc="$2" \
	    cauth="$3" proposal="esn=$esn replay-window=$5"
	for kind in "${@:6}"; do
		it "$kind" between "$kind" "$name" "$5" "$4"
	done
	it "the tunnel lives on" lives
	all_stop
}

net_up
sinks_up
suite gcm aes-128-gcm null no 64 \
    tampered replayed truncated spi window wrapped killed
suite gcm aes-256-gcm null esn 64 tampered replayed truncated window killed
suite chacha chacha20poly1305 null no 32 tampered window
suite cbc-sha256 aes-128-cbc sha256 esn 1024 tampered truncated window
