# strongSwan asks for a cookie (RFC 7296 2.6) and, after it, for another
# group: what comes back to it is first in the request, unchanged, and the
# rest with it.  Its own clock of cookies must be ten seconds old: before
# that strongSwan refuses most of those that it has just given.

certainly_up()
{
	[ $SECONDS -ge $((started + 15)) ]
}

server()
{
	cat <<-END | swan_start gw2 "cookie_threshold = 1" \
	    "cookie_threshold_ip = 0" "block_threshold = 0"
	connections {
	  stranger {
	    version = 2
	    local_addrs = 192.0.2.2
	    remote_addrs = 192.0.2.254
	    proposals = aes128gcm16-prfsha256-x25519
	    local {
	      auth = psk
	    }
	    remote {
	      auth = psk
	    }
	  }
	}
	$(swan_conf ike=aes128gcm16-prfsha256-$1)
	END
	started=$SECONDS
	until_ok 20 certainly_up
	# One that is half open, of somebody else.
	on inet "$here/flood" init 192.0.2.2 500 1 >/dev/null
	log_wait gw2 'IKE_SA_INIT response 0 [[] SA KE'
}

# asked GROUP DATAGRAMS: nothing is asked for twice.
asked()
{
	server "$1"
	log_mark gw2
	wire_start
	gw_conf dh=x25519,ecp256 | gw_start gw1
	peer_wait gw1
	sa_wait gw1 2
	log_since gw2 'request 0 [[] N(COOKIE) SA KE No *N(FRAG_SUP)' ||
		fail "$(grep 'IKE_SA_INIT request' "$W/gw2/log")"
	[ "$(wire_count ike)" = "$2" ] || fail "$(grep isakmp "$W/wire")"
	ping_ok lan1 10.2.0.10
	(all_stop)
}

net_up
it "a cookie is asked for" asked x25519 6
it "a cookie, and another group" asked ecp256 8
