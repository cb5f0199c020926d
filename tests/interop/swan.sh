# The cases' strongSwan.  Sourced by lib.sh.
# shellcheck shell=bash

# swan_conf [NAME=VALUE...]: a swanctl.conf for gw2 (of a tunnel that
# gw_conf describes from the other end).
swan_conf()
{
	local version=2 ike=aes128gcm16-prfsha256-x25519 esp=aes128gcm16
	local laddr=192.0.2.2 raddr=198.51.100.1
	local lid=gw2.example rid=gw1.example secret=$SECRET
	local lts=10.2.0.0/24 rts=10.1.0.0/24 mode=tunnel
	local conn='' child='' more=''

	local _ "$@"
	cat <<-END
	connections {
	  office1 {
	    version = $version
	    local_addrs = $laddr
	    remote_addrs = $raddr
	    proposals = $ike
	    $conn
	    local {
	      auth = psk
	      id = $lid
	    }
	    remote {
	      auth = psk
	      id = $rid
	    }
	    children {
	      net {
	        local_ts = $lts
	        remote_ts = $rts
	        esp_proposals = $esp
	        mode = $mode
	        rekey_time = 0
	        $child
	      }
	      $more
	    }
	  }
	}
	secrets {
	  ike-1 {
	    id-1 = $rid
	    id-2 = $lid
	    secret = "$secret"
	  }
	}
	END
}

SECRET='correct horse battery staple'

# swan_start NODE [OPTION...] <swanctl.conf: starts charon on the node and
# loads the configuration.  Options are lines for the charon section;
# SWAN_PLUGINS are loaded on top, SWAN_LOG says what else is logged.
swan_start()
{
	local node=$1 dir=$W/$1 option mover='' routes=no

	# What a failed test has left running would hold the ports.
	swan_stop "$node"
	shift
	[ "$PEER_PLANE" = kernel ] || mover=kernel-libipsec routes=yes
	mkdir -p "$dir"
	cat >"$dir/swanctl.conf"
	cat >"$dir/strongswan.conf" <<-END
	charon-systemd {
	  load = random nonce openssl drbg kdf hmac xcbc cmac gcm ccm ctr chapoly aes sha1 sha2 md5 gmp curve25519 $mover kernel-netlink socket-default vici ${SWAN_PLUGINS:-}
	  install_routes = $routes
	  retransmit_timeout = 1
	  retransmit_base = 1.4
	  $(for option; do echo "  $option"; done)
	  plugins {
	    vici {
	      socket = unix://$dir/vici
	    }
	    $([ "$PEER_PLANE" = kernel ] || swan_marks)
	    resolve {
	      file = $dir/resolv.conf
	    }
	  }
	  filelog {
	    log {
	      path = $dir/log
	      time_format = %H:%M:%S
	      flush_line = yes
	      default = 1
	      ike = 2
	      cfg = 2
	      ${SWAN_LOG:-}
	    }
	  }
	  journal {
	    default = -1
	  }
	}
	swanctl {
	  load = random openssl pem
	}
	END
	: >"$dir/log"
	rm -f "$dir/vici" "$dir/control.sock"
	STRONGSWAN_CONF=$dir/strongswan.conf on_bg "$node" \
	    /usr/sbin/charon-systemd >"$dir/charon.out" 2>&1
	echo $! >"$dir/pid"
	until_ok "$PATIENCE" test -S "$dir/vici" ||
		fail "charon does not start: $(<"$dir/charon.out")"
	swan_load "$node"
}

# With kernel-libipsec: what charon itself sends goes past its routes.
swan_marks()
{
	cat <<-END
	kernel-netlink {
	  fwmark = !0x42
	}
	socket-default {
	  fwmark = 0x42
	}
	kernel-libipsec {
	  allow_peer_ts = yes
	}
	END
}

charon_version()
{
	swan gw2 --version | grep -o "[0-9][0-9.]*" | head -n 1
}

# swan NODE ARGUMENT...: swanctl.
swan()
{
	local dir=$W/$1

	shift
	STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir \
	    swanctl "$@" --uri "unix://$dir/vici"
}

# swan_load NODE: loads what the node's swanctl.conf now says.
swan_load()
{
	swan "$1" --load-all --file "$W/$1/swanctl.conf" \
	    >"$W/$1/load.out" 2>&1 &&
	    ! grep -q -e 'failed to load' -e 'loading.*failed' -e invalid "$W/$1/load.out" ||
		fail "swanctl: $(<"$W/$1/load.out")"
}

swan_stop()
{
	node_kill "$1" TERM
}

# node_kill NODE SIGNAL: sends the node's daemon a signal and waits until
# it is gone, and with it those it has started, who have its sockets.
node_kill()
{
	local pid kid kids

	[ -e "$W/$1/pid" ] || return 0
	pid=$(<"$W/$1/pid")
	kids=$(gw_pids "$1")
	kill -"$2" "$pid" 2>/dev/null || :
	wait_gone "$pid" 20
	for kid in $kids; do
		wait_gone "$kid" 20
	done
	rm -f "$W/$1/pid"
}
