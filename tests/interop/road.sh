# What cases with remote users have in common: Sallyport as the gateway that
# hands out addresses, strongSwan as the users' machines.  Comes after pki.sh.
# shellcheck shell=bash

# shellcheck disable=SC2034
SWAN_PLUGINS='x509 pubkey pkcs1 pkcs8 pem constraints resolve'

# road_conf [template=WORDS]: the gateway's configuration but for certificates
# and identities.
road_conf()
{
	local template=''

	local _ "$@"
	cat <<-END
	/ip ipsec proposal add name=users pfs-group=none
	/ip ipsec policy group add name=users
	/ip ipsec policy add template=yes group=users proposal=users $template
	/ip pool add name=users ranges=172.16.9.10-172.16.9.20,fd09::10-fd09::20
	/ip ipsec mode-config add name=users address-pool=users split-include=10.1.0.0/24,fd01::/64 static-dns=10.1.0.1,fd01::1 system-dns=no split-dns=corp.example
	/ip ipsec peer add name=users exchange-mode=ike2 passive=yes
	END
}

# road_identity [NAME=VALUE...]: users with certificates.
road_identity()
{
	local certificate=own mode=users group=users more=''

	local _ "$@"
	cat <<-END
	/ip ipsec identity add peer=users auth-method=digital-signature certificate=$certificate generate-policy=port-strict policy-template-group=$group mode-config=$mode $more
	END
}

# road_user NAME [NAME=VALUE...]: strongSwan's connection of a user with the
# certificate NAME, to be collected by road_users.
road_user()
{
	local name=$1 auth=pubkey id=$1.example gateway=srv.example
	local ike=aes256-sha256-ecp256 esp=aes256gcm16
	local vips=0.0.0.0,:: rts=10.1.0.0/24,fd01::/64 certs=$1.pem
	local conn='' child=''

	shift
	local _ "$@"
	cat <<-END
	connections {
	  $name {
	    version = 2
	    remote_addrs = 198.51.100.1
	    proposals = $ike
	    vips = $vips
	    $conn
	    local {
	      auth = $auth
	      certs = $certs
	      id = "$id"
	    }
	    remote {
	      auth = pubkey
	      id = "$gateway"
	    }
	    children {
	      $name {
	        remote_ts = $rts
	        esp_proposals = $esp
	        rekey_time = 0
	        $child
	      }
	    }
	  }
	}
	END
}

# road_start NODE NAME...: strongSwan with the certificates of these users
# and the connections on standard input, and with routes for what it is given.
road_start()
{
	pki_swan "$@"
	swan_start "$1" 'install_routes = yes' 'max_packet = 65535' \
	    'delete_rekeyed_delay = 1'
}

# login NODE NAME, logout NODE NAME
login()
{
	log_mark "$1"
	swan "$1" --initiate --child "$2" --timeout 15 >"$W/$1/login" 2>&1 ||
		fail "$2 is not let in: $(tail -n 5 "$W/$1/login")"
}

logout()
{
	swan "$1" --terminate --ike "$2" >"$W/$1/login" 2>&1 ||
		fail "$2 cannot leave: $(tail -n 5 "$W/$1/login")"
}

# reaches NODE [ADDRESS...]: the hosts behind the gateway answer, IPv4 and
# IPv6 unless addresses are given.
reaches()
{
	local node=$1 to

	shift
	[ $# -gt 0 ] || set -- 10.1.0.10 fd01::10
	for to; do
		ping_ok "$node" "$to" 2
	done
}

# given NODE ADDRESS...: its strongSwan has these addresses since the login.
given()
{
	local node=$1 a

	shift
	for a; do
		log_since "$node" "installing new virtual IP $a" ||
			fail "not given to $node: $a"
	done
}
