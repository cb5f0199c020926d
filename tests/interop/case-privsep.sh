# What each running process may do, compared with the table of PRIVSEP.md:
# users, capabilities, empty root, seccomp, no_new_privs, not dumpable.

table=$(awk -F'|' '/^\| *process *\|/ { on = 1; next }
	on && /^\|[- |]*$/ { next }
	on && /^\|/ { for (i = 2; i <= 8; i++) gsub(/^ +| +$/, "", $i)
		print $2 "|" $3 "|" $4 "|" $5 "|" $6 "|" $7 "|" $8; next }
	{ on = 0 }' "$here/../../PRIVSEP.md")

declare -A capability=([CHOWN]=0 [DAC_OVERRIDE]=1 [DAC_READ_SEARCH]=2
	[FOWNER]=3 [KILL]=5 [SETGID]=6 [SETUID]=7 [SETPCAP]=8
	[NET_BIND_SERVICE]=10 [NET_ADMIN]=12 [NET_RAW]=13 [IPC_LOCK]=14
	[SYS_CHROOT]=18 [SYS_PTRACE]=19 [SYS_ADMIN]=21 [SYS_RESOURCE]=24)

mask()
{
	local name m=0

	[ "$1" = none ] || for name in $1; do
		[ -n "${capability[$name]:-}" ] || fail "capability $name?"
		m=$((m | 1 << capability[$name]))
	done
	printf '%016x' $m
}

equal()
{
	[ "$2" = "$3" ] || fail "$1 is $2, the table says $3"
}

process_as_table()
{
	local name=$1 user=$2 caps=$3 root=$4 seccomp=$5 nnp=$6 dumpable=$7
	local pid pids key value uid gid want
	local -A status

	if [ "$name" = sallyportd ]; then
		pids=$(<"$W/gw1/pid")
	else
		pids=$(gw_pids gw1 "$name")
	fi
	[ -n "$pids" ] || fail "no $name runs"
	uid=$(id -u "$user")
	gid=$(id -g "$user")
	want=$(mask "$caps")
	for pid in $pids; do
		while IFS=: read -r key value; do
			value=${value//$'\t'/ }
			status[$key]=${value# }
		done <"/proc/$pid/status"
		equal uid "${status[Uid]}" "$uid $uid $uid $uid"
		equal gid "${status[Gid]}" "$gid $gid $gid $gid"
		equal CapEff "${status[CapEff]}" "$want"
		equal CapPrm "${status[CapPrm]}" "$want"
		# What may never be regained is at least what is not held.
		((0x${status[CapBnd]} & ~0x$want)) &&
			fail "CapBnd is ${status[CapBnd]}, the table says $want"
		equal CapInh "${status[CapInh]}" "$(mask none)"
		equal CapAmb "${status[CapAmb]}" "$(mask none)"
		case $seccomp in
		yes)	equal Seccomp "${status[Seccomp]}" 2 ;;
		no)	equal Seccomp "${status[Seccomp]}" 0 ;;
		*)	fail "seccomp $seccomp?" ;;
		esac
		case $nnp in
		yes)	equal NoNewPrivs "${status[NoNewPrivs]}" 1 ;;
		no)	equal NoNewPrivs "${status[NoNewPrivs]}" 0 ;;
		*)	fail "no_new_privs $nnp?" ;;
		esac
		if [ "$root" = empty ]; then
			equal groups "${status[Groups]% }" ""
			[ "$(stat -L -c %d:%i "/proc/$pid/root")" != \
			    "$(stat -c %d:%i /)" ] || fail "no chroot"
			[ -z "$(ls -A "/proc/$pid/root/")" ] ||
				fail "the root is not empty"
			equal "owner of the root" \
			    "$(stat -L -c %u "/proc/$pid/root")" 0
		fi
		# The files in /proc of a process that is not dumpable are
		# root's, whatever its user.
		[ "$dumpable" = no ] || fail "dumpable $dumpable?"
		equal "owner in /proc" "$(stat -c %u "/proc/$pid/fd")" 0
		grep -q '^Max core file size *0 ' "/proc/$pid/limits" ||
			fail "may dump core"
	done
}

# Nothing runs that the table does not know.
all_known()
{
	local pid exe

	for pid in $(gw_pids gw1); do
		exe=$(readlink "/proc/$pid/exe")
		grep -q "^${exe##*/}|" <<<"$table" || fail "$exe is not listed"
	done
}

# The process that faces the network holds no netlink socket, and no file
# but its sockets.
no_files()
{
	local pid name target fd

	for name in ikepd certd fetchd sessiond informd controld keymgr espd; do
		for pid in $(gw_pids gw1 $name); do
			for fd in "/proc/$pid/fd/"*; do
				# Standard error is the log that -d asks for.
				[ "${fd##*/}" != 2 ] || continue
				target=$(readlink "$fd") || continue
				case $target in
				socket:*|anon_inode:*|/dev/null|pipe:*)	;;
				/proc/*/net/xfrm_stat)
					[ $name = keymgr ] ||
						fail "$name has $target open" ;;
				/dev/net/tun|/memfd:espd-*)
					[ $name = espd ] ||
						[ "$name $target" = "keymgr /memfd:espd-counters (deleted)" ] ||
						fail "$name has $target open" ;;
				*/leases.[01])
					[ $name = sessiond ] ||
						fail "$name has $target open" ;;
				*)	fail "$name has $target open" ;;
				esac
			done
		done
	done
}

net_up
swan_conf | swan_start gw2
gw_conf | gw_start gw1 --workers 2
peer_wait gw1
while IFS='|' read -r name user caps root seccomp nnp dumpable; do
	[ "$name$PLANE" != espdkernel ] || continue
	it "$name is what PRIVSEP.md says" process_as_table "$name" "$user" \
	    "$caps" "$root" "$seccomp" "$nnp" "$dumpable"
done <<<"$table"
it "every process is in the table" all_known
it "no process but the supervisor has a file open" no_files
