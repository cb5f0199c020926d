# A client inside a tunnel asks by DHCPINFORM what is behind the gateway, as
# Windows does.  gw2 is the remote user, and has the address given to it.

server_conf()
{
	cat <<-END
	/ip pool add name=road ranges=172.16.9.10-172.16.9.20
	/ip ipsec proposal add name=c1 enc-algorithms=aes-128-gcm auth-algorithms=null pfs-group=none
	/ip ipsec mode-config add name=road address-pool=road split-include=10.1.0.0/24,10.77.0.0/16 static-dns=10.1.0.1 system-dns=no split-dns=corp.example
	/ip ipsec policy group add name=road
	/ip ipsec policy add template=yes group=road proposal=c1
	/ip ipsec peer add name=users exchange-mode=ike2 passive=yes
	/ip ipsec identity add peer=users secret=Xq3vvJ0pK7sLw2Zr9TbN generate-policy=port-strict policy-template-group=road mode-config=road
	END
}

client_conf()
{
	cat <<-END
	/ip ipsec proposal add name=c1 enc-algorithms=aes-128-gcm auth-algorithms=null pfs-group=none
	/ip ipsec policy group add name=road
	/ip ipsec policy add template=yes group=road proposal=c1
	/ip ipsec peer add name=office address=198.51.100.1/32 exchange-mode=ike2
	/ip ipsec identity add peer=office secret=Xq3vvJ0pK7sLw2Zr9TbN generate-policy=port-strict policy-template-group=road mode-config=request-only
	END
}

up()
{
	server_conf | gw_start gw1
	client_conf | gw_start gw2
	peer_wait gw2
	log_wait gw2 "the peer gives us address 172.16.9.10"
	log_wait gw2 "=== 10.1.0.0/24"
}

# Where broadcasts leave.
uplink=wan

# inform ADDRESS [DESTINATION [HEX]]: asks as Windows does, for ADDRESS.
# Prints the answer's options, one a line, as hexadecimal digits.  HEX: this
# in place of the options.
inform()
{
	on gw2 python3 - "$1" "${2:-10.1.0.1}" "${3:-}" "$uplink" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	if sys.argv[2] == "255.255.255.255":
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
	        sys.argv[4].encode())
	s.bind(("172.16.9.10", 68))
	s.settimeout(3)
	ci = socket.inet_aton(sys.argv[1])
	m = bytes([1, 8, 6, 0]) + b"\x12\x34\x56\x78" + bytes(4) + ci
	m += bytes(12) + bytes([2, 0, 0, 0, 0, 1]) + bytes(10 + 64 + 128)
	m += b"\x63\x82\x53\x63"
	if sys.argv[3] == "":
	    m += bytes([53, 1, 8, 61, 7, 8, 2, 0, 0, 0, 0, 1, 12, 3]) + b"LAP"
	    m += bytes([60, 8]) + b"MSFT 5.0"
	    m += bytes([55, 7, 6, 44, 43, 121, 249, 15, 1, 255])
	else:
	    m = m[:240] + bytes.fromhex(sys.argv[3])
	m += bytes(max(0, 300 - len(m)))
	s.sendto(m, (sys.argv[2], 67))
	try:
	    a = s.recv(1500)
	except TimeoutError:
	    print("silence")
	    sys.exit()
	assert a[0] == 2 and a[4:8] == m[4:8] and a[16:20] == bytes(4)
	at = 240
	while a[at] != 255:
	    print(a[at], a[at + 2:at + 2 + a[at + 1]].hex())
	    at += 2 + a[at + 1]
	END
}

has_address()
{
	local out

	until_ok 10 address_there || fail "$(ip -n gw2 addr)"
	out=$(ip -n gw2 route get 10.77.1.1)
	[[ $out == *"src 172.16.9.10"* ]] || fail "$out"
}

address_there()
{
	ip -n gw2 addr | grep -q "172.16.9.10/32"
}

address_gone()
{
	! address_there
}

answered()
{
	local out

	out=$(inform 172.16.9.10 "$@")
	[[ $out == *"53 05"* && $out == *"6 0a010001"* &&
	    $out == *"15 636f72702e6578616d706c65"* &&
	    $out == *"121 180a010000000000100a4d00000000"* &&
	    $out == *"249 180a010000000000100a4d00000000"* ]] ||
		fail "$out"
}

# It is told about itself alone.
others()
{
	local out

	out=$(inform 172.16.9.11)
	[ "$out" = silence ] || fail "$out"
}

# Windows sends to everybody, through a tunnel for everything.  Ours has
# asked for the networks alone; by hand it becomes such a one.
broadcast()
{
	local reqid

	reqid=$(ip -n gw2 xfrm state | awk '/reqid/ {
		for (i = 1; i < NF; i++) if ($i == "reqid") print $(i + 1)
		exit }')
	ip -n gw2 xfrm policy add src 172.16.9.10/32 dst 255.255.255.255/32 \
	    dir out tmpl src 192.0.2.2 dst 198.51.100.1 proto esp \
	    reqid "$reqid" mode tunnel
	ip -n gw2 xfrm policy add src 198.51.100.1/32 dst 172.16.9.10/32 \
	    dir in tmpl proto esp reqid "$reqid" mode tunnel
	until_ok 10 answered 255.255.255.255 || {
		inform 172.16.9.10 255.255.255.255
		ip -n gw1 xfrm policy
		cat /proc/net/xfrm_stat
		fail "no answer"
	}
}

# Nothing comes back, and informd lives.
malformed()
{
	local out hex

	# No type; a type of two bytes; another type; two types; an option
	# that is longer than the message.
	for hex in ff 35020808ff 350101ff 350108350108ff 35010837ff01; do
		out=$(inform 172.16.9.10 10.1.0.1 "$hex")
		[ "$out" = silence ] || fail "$hex: $out"
	done
	until_ok 10 answered || fail "no answer any more"
}

informd_dies()
{
	kill -KILL "$(gw_pids gw1 informd)"
	log_wait gw1 "informd (pid"
	until_ok 10 gw_pids gw1 informd || fail "not started anew"
	until_ok 10 answered || fail "no answer any more"
}

ikepd_dies()
{
	kill -KILL "$(gw_pids gw2 ikepd)"
	log_wait gw2 "ikepd (pid"
	until_ok 20 given_twice || fail "not given anew"
	until_ok 5 address_there || fail "$(ip -n gw2 addr)"
}

given_twice()
{
	[ "$(grep -c "the peer gives us address" "$W/gw2/log")" = 2 ]
}

ends()
{
	gw_stop gw2
	until_ok 5 address_gone || fail "$(ip -n gw2 addr)"
	[ -z "$(ip -n gw2 route show proto 0x53)" ] ||
		fail "$(ip -n gw2 route)"
}

# The same of strongSwan's, whose device is the tunnel for everything.
broadcast_by_device()
{
	swan_conf ike=aes256-sha256-ecp256 rid=198.51.100.1 lid=192.0.2.2 \
	    lts=dynamic rts=0.0.0.0/0 conn='vips = 0.0.0.0' \
	    secret=Xq3vvJ0pK7sLw2Zr9TbN | swan_start gw2
	swan gw2 --initiate --child net --timeout 15
	uplink=ipsec0
	until_ok 10 answered 255.255.255.255 ||
		fail "$(inform 172.16.9.10 255.255.255.255)"
	swan_stop gw2
}

net_up
it "the address given is on the interface" up
it "routes prefer it" has_address
it "DHCPINFORM is answered with routes and DNS" answered
it "nobody asks for others" others
espd_moves || it "a broadcast is answered as well" broadcast
it "what is malformed is not" malformed
it "informd dies" informd_dies
it "keymgr takes addresses away and back with ikepd" ikepd_dies
it "address and routes go in the end" ends
[ "$PEER_PLANE" = kernel ] ||
    it "a broadcast into a device is answered" broadcast_by_device
