# What the README says about containers: a root with Docker's capabilities
# and those of the README's command, /proc/sys read-only, a /dev of its own.
espd_moves || exit 78

# What Docker leaves to a container's root.
docker='chown dac_override fowner fsetid kill setgid setuid setpcap
net_bind_service net_raw sys_chroot mknod audit_write setfcap'
told=$(sed -n '/^## Without ESP/,/^## /s/^docker run //p' \
    "$here/../../README.md")
more=$(grep -o -e '--cap-add [A-Z_]*' <<<"$told" | sed 's/.* //' | tr '[:upper:]' '[:lower:]')

# box [-CAPABILITY | +CAPABILITY | -device]...: what is missing, or more.  A prefix whose sallyportd
# runs as in a container.
box()
{
	local caps device=0

	caps=$(printf ' %s ' $docker $more)

	grep -q -e '--device /dev/net/tun' <<<"$told" && device=1
	for _; do
		case $_ in
		-device)	device=0 ;;
		+*)		caps="$caps ${_#+} " ;;
		*)		caps=${caps/ ${_#-} /} ;;
		esac
	done
	rm -rf "$W/box"
	mkdir -p "$W/box/sbin"
	ln -s "$installed/libexec" "$installed/bin" "$W/box"
	cat >"$W/box/sbin/sallyportd" <<-END
	#!/bin/bash
	exec unshare --mount $W/box/inside "\$@"
	END
	cat >"$W/box/inside" <<-END
	#!/bin/bash
	set -e
	mount --bind /proc/sys /proc/sys
	mount -o remount,bind,ro /proc/sys
	mkdir $W/box/dev
	mount -t tmpfs -o mode=755 tmpfs $W/box/dev
	mkdir $W/box/dev/net
	devices="null zero random urandom"
	[ $device = 0 ] || devices="\$devices net/tun"
	for node in \$devices; do
		: >$W/box/dev/\$node
		mount --bind /dev/\$node $W/box/dev/\$node
	done
	mount --move $W/box/dev /dev
	exec setpriv --no-new-privs --inh-caps=-all \
	    --bounding-set=-all$(printf ',+%s' $caps) \
	    $installed/sbin/sallyportd "\$@"
	END
	chmod +x "$W/box/sbin/sallyportd" "$W/box/inside"
}

# boxed NAME=VALUE...: Sallyport on gw1 in the box.
boxed()
{
	gw_conf "$@" | SALLYPORT_STAGE=$W/box gw_start gw1
}

tunnel()
{
	box
	boxed
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
	ping_ok lan2 10.1.0.10
	! grep -v 'no filter that marks packets' "$W/gw1/log" |
	    grep -e warning -e error
}

# IPv6 wants a filter on the device, which the kernel has in modules, or
# loads for who may have it do so.
marks()
{
	unshare --net bash -c 'tc qdisc add dev lo clsact &&
	    tc filter add dev lo ingress matchall action skbedit mark 1' \
	    2>/dev/null
}

tunnel6()
{
	[ "${1:-}" = +bpf ] || marks ||
		skip "this kernel has no act_skbedit or no cls_matchall"
	gw_stop gw1
	swan_stop gw2
	swan_conf lts=fd02::/64 rts=fd01::/64 | swan_start gw2
	box "$@"
	boxed src=fd01::/64 dst=fd02::/64
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 fd02::10
	ping_ok lan2 fd01::10
	! grep -e warning -e error "$W/gw1/log"
}

# does_not_start TEXT: and says so in its last line.
does_not_start()
{
	(boxed) 2>/dev/null && fail "it starts"
	grep -q "$1" "$W/gw1/log" || fail "$(<"$W/gw1/log")"
	not_alive "$(<"$W/gw1/pid")"
	rm "$W/gw1/pid"
}

lacks()
{
	gw_stop gw1
	box -net_admin
	does_not_start 'root lacks CAP_NET_ADMIN here.*--cap-add'
	box -net_admin -sys_chroot
	does_not_start 'root lacks CAP_NET_ADMIN CAP_SYS_CHROOT here'
	box -device
	does_not_start '/dev/net/tun: No such file.*--device /dev/net/tun'
	box
	ip -n gw1 tuntap add dev sallyport0 mode tun
	does_not_start 'device sallyport0: there is one of that name'
	ip -n gw1 link del sallyport0
}

# By default it runs nevertheless, and says that it cannot do its work.
no_device_auto()
{
	! has_esp || skip "the kernel moves the packets then"
	box -device
	boxed more="/ip ipsec settings set data-plane=auto"
	log_has gw1 'kernel, but this kernel has no ESP: no SA can be installed'
	ctl gw1 /ip/ipsec/settings/print | grep 'data-plane-why: .*/dev/net/tun'
	gw_stop gw1
}

raw_missing()
{
	box -net_raw
	boxed
	log_has gw1 'raw sockets: *without CAP_NET_RAW'
	peer_wait gw1
	sa_wait gw1 2
	ping_ok lan1 10.2.0.10
}

# A reload does not change who moves the packets, and says so.
reloaded()
{
	gw_conf more="/ip ipsec settings set data-plane=kernel" >"$W/gw1/conf"
	ctl gw1 /system/reload
	log_wait gw1 'data-plane=kernel is for the next start; until then it is userspace'
	ctl gw1 /ip/ipsec/settings/print >"$W/print"
	grep 'data-plane: kernel' "$W/print"
	grep 'data-plane-used: userspace' "$W/print"
	ping_ok lan1 10.2.0.10
}

installed=$SALLYPORT_STAGE
net_up
swan_conf | swan_start gw2
it "what the README gives a container is enough for a tunnel" tunnel
it "IPv6, too" tunnel6
it "IPv6, with CAP_BPF" tunnel6 +bpf
swan_stop gw2
swan_conf | swan_start gw2
box
boxed
it "another data-plane is for the next start" reloaded
it "what is missing is named" lacks
it "without the device auto says what is missing" no_device_auto
it "without raw sockets ESP passes in UDP" raw_missing
