# keymgr's kernel interface on a kernel that has ESP: SAs of each suite, with
# and without ESN, in both modes; moved to other addresses; expiring.

[ "$PLANE" = kernel ] || exit 78

live()
{
	local out

	[ -x "${SALLYPORT_XFRM_TEST:-}" ] ||
		skip "tests/unit/test_xfrm_live was not built"
	out=$("$SALLYPORT_XFRM_TEST" 2>&1) || fail "$out"
	[[ $out != *SKIP* ]] || fail "$out"
}

it "SAs of every suite are installed, moved and expire" live
