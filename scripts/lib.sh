# Helpers shared by scripts/demo and scripts/check.  Sourced by bash, with
# $top set to the top of the source tree.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

# What the build needs (libradcli's pkg-config file names the last two), what
# the tests need besides.
build_packages=(gcc libc6-dev make autoconf automake pkg-config libssl-dev
	libevent-dev libnl-3-dev libseccomp-dev libnftables-dev libradcli-dev
	libgnutls28-dev nettle-dev)
test_packages=(check clang xz-utils openiked ethtool)
net_packages=(iproute2 iputils-ping iptables procps tcpdump iperf3 perl kmod
	openssl
	python3 strongswan-pki
	charon-systemd strongswan-swanctl libstrongswan-standard-plugins
	libstrongswan-extra-plugins libcharon-extra-plugins)
uml_packages=(user-mode-linux)

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

need_root()
{
	[ "$(id -u)" = 0 ] || die "needs root: it makes network namespaces"
}

# Installs those of the named packages that are missing.
packages_install()
{
	local p missing=()

	command -v dpkg-query >/dev/null || {
		say "Not a Debian system; taking for granted: $*"
		return 0
	}
	for p; do
		[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" \
		    2>/dev/null)" = 'ii ' ] || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "Installing: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt_install "${missing[@]}" || {
		apt-get -q update >/dev/null && apt_install "${missing[@]}"
	} || {
		say "apt-get could not install: ${missing[*]}" >&2
		return 1
	}
}

# The strongSwan package would start its daemon on the machine itself: a
# policy that forbids starting services holds while packages go in.
apt_install()
{
	local policy=/usr/sbin/policy-rc.d mine=no rc=0

	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
		mine=yes
	fi
	apt-get -q -y --no-install-recommends install "$@" \
	    >"${TMPDIR:-/tmp}/sallyport-apt.log" 2>&1 || rc=$?
	[ $mine = no ] || rm -f $policy
	return $rc
}

# True when the running kernel can hold an ESP SA: tried in a network
# namespace of its own.
kernel_has_esp()
{
	unshare --net ip xfrm state add src 192.0.2.1 dst 192.0.2.2 \
	    proto esp spi 0x100 mode tunnel enc 'cbc(aes)' \
	    0x000102030405060708090a0b0c0d0e0f auth 'hmac(sha256)' \
	    0x000102030405060708090a0b0c0d0e0f 2>/dev/null
}

# True when processes here can have TUN devices.
kernel_has_tun()
{
	"$top/tests/interop/ns-run" -t 10 bash -c ': <>/dev/net/tun' \
	    2>/dev/null
}

# build_tree DIR [configure argument...]: configures (once) and builds the
# source tree in DIR; the log is DIR/build.log.
build_tree()
{
	local dir=$1

	shift
	mkdir -p "$dir"
	{
		{ [ -x "$top/configure" ] || (cd "$top" && ./autogen.sh); } &&
		    { [ -f "$dir/Makefile" ] ||
			(cd "$dir" && "$top/configure" "$@"); } &&
		    make -C "$dir" -j"$(nproc)"
	} >"$dir/build.log" 2>&1 && return 0
	tail -n 40 "$dir/build.log" >&2
	say "The build failed; the whole log is $dir/build.log" >&2
	return 1
}

# stage_tree DIR: installs what was built in DIR below DIR/stage and sets
# $stage to where sbin, bin and libexec are.
stage_tree()
{
	make -C "$1" DESTDIR="$1/stage" prefix=/usr install \
	    >"$1/install.log" 2>&1 || {
		tail -n 40 "$1/install.log" >&2
		return 1
	}
	stage=$1/stage/usr
}
