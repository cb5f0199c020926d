# The table of tests/bench/dataplane: medians of what each round gave.
# hz: ticks a second; order: the pairs.

function put(name, value)
{
	list[name] = list[name] " " value
}

function median(name,	v, n, i, j, x)
{
	n = split(list[name], v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) {
			x = v[j]
			v[j] = v[j - 1]
			v[j - 1] = x
		}
	return n ? v[int((n + 1) / 2)] : 0
}

function ratio(a, b)
{
	return b > 0 ? sprintf("%8.2f", a / b) : "       -"
}

function cost(name)
{
	if (median(name "u") + median(name "s") == 0)
		return "             -"
	return sprintf("%6.2f +%6.2f", median(name "u"), median(name "s"))
}

function table(kind, title, unit, scale, what,	i, p)
{
	printf "\n%-24s %9s %8s %9s %8s   %-14s  %-14s %7s\n", title, unit,
	    "of peer", "a core", "of peer", "sender " what,
	    "receiver " what, "others"
	for (i = 1; i <= npairs; i++) {
		p = pair[i]
		printf "%-24s %9.2f %s %9.2f %s   %s  %s %6.0f%%\n", p,
		    median(p kind) / scale,
		    ratio(median(p kind), median(peer kind)),
		    median(p kind "c") / scale,
		    ratio(median(p kind "c"), median(peer kind "c")),
		    cost(p kind "1"), cost(p kind "2"), median(p kind "o")
	}
}

BEGIN {
	npairs = split(order, pair, " ")
	peer = "strongswan-strongswan"
}

$2 == "rtt" { put($1 "rtt", $3); next }
$2 == "work" { put("work", $3); next }
$2 == "memory" { memory[$1] = $3; mover[$1] = $4; next }

{
	# pair kind bits packets seconds u1 s1 u2 s2 busy all own
	per = $2 ~ /^tcp/ ? $3 * $5 / 8 : $4 * $5
	rate = $2 ~ /^tcp/ ? $3 : $4
	put($1 $2, rate)
	if (per > 0) {
		put($1 $2 "1u", $6 / hz * 1e9 / per)
		put($1 $2 "1s", $7 / hz * 1e9 / per)
		put($1 $2 "2u", $8 / hz * 1e9 / per)
		put($1 $2 "2s", $9 / hz * 1e9 / per)
	}
	ours = $12 + $6 + $7 + $8 + $9
	put($1 $2 "c", ours > 0 ? rate * $5 / (ours / hz) : 0)
	put($1 $2 "o", $11 > 0 ? 100 * ($10 - ours) / $11 : 0)
}

END {
	table("tcp1", "one TCP flow", "Gbit/s", 1e9, "ns/B")
	table("tcp16", "16 TCP flows", "Gbit/s", 1e9, "ns/B")
	table("small", "UDP, 64-byte packets", "kpps", 1000, "ns/pkt")
	table("paced", "UDP, 64 bytes, 20 kpps", "kpps", 1000, "ns/pkt")
	table("big", "UDP, 1328-byte packets", "kpps", 1000, "ns/pkt")
	printf "\n%-24s %9s\n", "round trip, idle", "us"
	for (i = 1; i <= npairs; i++)
		printf "%-24s %9.0f\n", pair[i], median(pair[i] "rtt")
	for (p in memory)
		printf "\nmemory of a tunnel, %s: %.1f kB", p,
		    memory[p] / 1024
	if ("sallyport" in memory)
		printf "; of Sallyport's espd has %.1f kB, %.1f kB an SA",
		    mover["sallyport"] / 1024, mover["sallyport"] / 2048
	n = split(list["work"], w, " ")
	for (i = 1; i <= n; i++) {
		if (i == 1 || w[i] + 0 < least)
			least = w[i] + 0
		if (i == 1 || w[i] + 0 > most)
			most = w[i] + 0
	}
	printf("\n\nnoise: the same work took up to %.2f times as much " \
	    "processor time in one round as in another\n",
	    least ? most / least : 0)
}
