# SAs and policies that somebody else put into the kernel are untouched by
# start, run, flush and stop; in a kernel without ESP these are policies alone.

foreign()
{
	[ "$PLANE" = userspace ] || ip -n gw1 -batch - <<-END
		xfrm state add src 198.51.100.1 dst 203.0.113.9 proto esp spi 0x4242 reqid 42 mode tunnel aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128
		xfrm state add src 203.0.113.9 dst 198.51.100.1 proto esp spi 0x4243 reqid 42 mode tunnel aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128
	END
	ip -n gw1 -batch - <<-END
		xfrm policy add src 10.1.0.0/24 dst 10.66.0.0/24 dir out tmpl src 198.51.100.1 dst 203.0.113.9 proto esp reqid 42 mode tunnel
		xfrm policy add src 10.66.0.0/24 dst 10.1.0.0/24 dir in tmpl src 203.0.113.9 dst 198.51.100.1 proto esp reqid 42 mode tunnel
		xfrm policy add src 10.66.0.0/24 dst 10.1.0.0/24 dir fwd tmpl src 203.0.113.9 dst 198.51.100.1 proto esp reqid 42 mode tunnel
		xfrm policy add src 10.1.0.0/24 dst 10.67.0.0/24 dir out action block
	END
}

# What is foreign: blocks of ip xfrm that have our addresses in them.
snapshot()
{
	{
		ip -n gw1 xfrm state
		ip -n gw1 xfrm policy
	} | awk '/^[^ \t]/ { keep = /203\.0\.113\.9|10\.6[67]\./ } keep' |
	    grep -v -e anti-replay -e lastused
}

same()
{
	local now

	now=$(snapshot)
	[ "$now" = "$before" ] || {
		diff <(echo "$before") <(echo "$now")
		fail "foreign state changed"
	}
}

started()
{
	swan_conf | swan_start gw2
	gw_conf | gw_start gw1
	peer_wait gw1
	until_ok 10 ping_once lan1 10.2.0.10 || fail "no tunnel"
	same
}

# Ours are gone, or there again.
flushed()
{
	local n=0

	[ "$PLANE" = userspace ] || n=2
	ctl gw1 /ip/ipsec/installed-sa/flush
	until_ok 10 sa_is gw1 $n || until_ok 10 sa_is gw1 $((n + 2)) ||
		fail "$(sa_count gw1) SAs"
	same
}

killed()
{
	kill -KILL "$(gw_pids gw1 keymgr)"
	log_wait gw1 "keymgr (pid"
	until_ok 20 ctl gw1 /ip/ipsec/installed-sa/print ||
		fail "keymgr does not come back"
	same
}

stopped()
{
	gw_stop gw1
	same
	[ "$PLANE" = userspace ] || sa_is gw1 2 ||
		fail "ours stayed: $(ip -n gw1 xfrm state)"
	[ "$(policy_count gw1)" = 4 ] || fail "$(ip -n gw1 xfrm policy)"
}

# Another gateway's configuration in the same kernel that already has the
# policy we want: said, not overwritten.
conflict()
{
	ip -n gw1 xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir out \
	    tmpl src 198.51.100.1 dst 203.0.113.9 proto esp reqid 42 \
	    mode tunnel
	before=$(snapshot)
	gw_conf | gw_start gw1
	same
	gw_stop gw1
	same
}

net_up
foreign
before=$(snapshot)
it "start and run leave foreign state alone" started
it "flush leaves it alone" flushed
it "a keymgr that starts anew leaves it alone" killed
it "stop leaves it alone and takes ours away" stopped
it "a foreign policy with our selector is not overwritten" conflict
ip -n gw1 xfrm state flush
ip -n gw1 xfrm policy flush
