# strongSwan as remote users with certificates (see pki.sh), one connection
# each.  Sourced by the cases that need it.
# shellcheck shell=bash

# user NAME [ADDRESS [ID]]: a connection named after it.
user()
{
	cat <<-END
	connections {
	  $1 {
	    version = 2
	    local_addrs = ${2:-192.0.2.2}
	    remote_addrs = 198.51.100.1
	    proposals = aes128gcm16-prfsha256-x25519
	    vips = 0.0.0.0,::
	    local {
	      auth = pubkey
	      certs = $1.pem
	      id = ${3:-$1.example}
	    }
	    remote {
	      auth = pubkey
	      id = srv-ec.example
	    }
	    children {
	      $1 {
	        remote_ts = 10.1.0.0/24,fd01::/64
	        esp_proposals = aes128gcm16
	        rekey_time = 0
	      }
	    }
	  }
	}
	END
}

# prepare NAME [ADDRESS [ID]]: strongSwan has this connection; what is up
# stays so.
prepare()
{
	pki_swan gw2 "$1"
	[ -z "${SENT:-}" ] || cp "$P/$SENT.pem" "$W/gw2/x509ca"
	user "$@" >"$W/gw2/swanctl.conf"
	swan_load gw2
}

login()
{
	swan gw2 --initiate --child "$1" --timeout 15 >"$W/init.out" 2>&1 ||
		fail "$1 is not let in: $(tail -n 5 "$W/init.out")"
}

# stays: the user who is online, the only one, is still served.
stays()
{
	on gw2 ping -n -q -c 2 -i 0.1 -W 2 -I 172.16.9.10 10.1.0.10 ||
		fail "no answer from 10.1.0.10"
	sa_is gw1 2 || fail "$(sa_count gw1) SAs"
	peer_up gw1 || fail "u-good's IKE SA is gone"
}

# refused REASON NAME [ADDRESS [ID]]: the user is, and the log says why in
# just these words; SENT is a CA that the user has, too.
refused()
{
	local line="192.0.2.2 phase1 negotiation failed: peer=users"

	line+=" phase=IKE_AUTH side=responder reason=authentication-failed:"
	line+=" authentication failed (certificate)"
	refused_line "$line id=fqdn:${4:-$2.example}: $1" "${@:2}"
}

# refused_line LINE NAME [ADDRESS [ID]]: the same with the whole line.  The
# log has a burst of lines for one reason, and then one a second.
refused_line()
{
	local try

	prepare "${@:2}"
	for try in 1 2 3; do
		log_mark gw2
		! swan gw2 --initiate --child "$2" --timeout 15 \
		    >"$W/init.out" 2>&1 || fail "$2 was let in"
		log_wait_since gw2 'received AUTHENTICATION_FAILED notify error'
		if until_ok 2 told "$1"; then
			stays
			return
		fi
	done
	fail "$(ctl gw1 /log/print | tail -n $try)"
}

# told LINE: what the operator reads ends so.
told()
{
	local line

	while IFS= read -r line; do
		[[ ${line% \(* more like it before)} != *"$1" ]] || return 0
	done < <(ctl gw1 /log/print)
	return 1
}
