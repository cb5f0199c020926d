# Each algorithm, Sallyport as the initiator.

# shellcheck source=tests/interop/algorithms.sh
. "$here/algorithms.sh"

net_up
swan_conf | swan_start gw2
ours | gw_start gw1
each gw
