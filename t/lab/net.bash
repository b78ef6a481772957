# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# A private network for a lab: one switch namespace with a bridge per network,
# one namespace a machine. Nothing in it has a default route, so nothing can
# leave this computer; outside, the lab's ranges are unreachable.
#
#   net_up MACHINE...      machines get 10.91.0.1, .2, ... in the order given
#   net_ip MACHINE         prints the address
#   net_in MACHINE CMD...  runs CMD inside (exec: $! is its real pid)
#   net_cut MACHINE        takes its management cable out
#   net_heal MACHINE       and puts it back
#   net_more N MACHINE...  another network: ethN, with the same last numbers
#   net_more_ip N MACHINE  the address there
#   net_down               removes everything; safe to call twice

NET_PFX=c$$
NET_SUBNET=10.91.0
declare -gA NET_IP=()

net_up()
{
	local m i=1

	ip route replace unreachable "$NET_SUBNET.0/24" metric 4278198272
	ip netns add "$NET_PFX-sw"
	ip -n "$NET_PFX-sw" link add br0 type bridge stp_state 0 \
		forward_delay 0 mcast_snooping 0
	ip -n "$NET_PFX-sw" link set br0 up
	for m in "$@"; do
		NET_IP[$m]=$NET_SUBNET.$i
		ip netns add "$NET_PFX-$m"
		ip -n "$NET_PFX-$m" link set lo up
		ip -n "$NET_PFX-sw" link add "v-$m" type veth \
			peer name eth0 netns "$NET_PFX-$m"
		ip -n "$NET_PFX-sw" link set "v-$m" master br0 up
		ip -n "$NET_PFX-$m" addr add "${NET_IP[$m]}/24" dev eth0
		ip -n "$NET_PFX-$m" link set eth0 up
		i=$((i + 1))
	done
}

net_ip()
{
	echo "${NET_IP[$1]}"
}

net_more()
{
	local n=$1 m

	shift
	ip route replace unreachable "${NET_SUBNET%.*}.2$n.0/24" metric 4278198272
	ip -n "$NET_PFX-sw" link add "br$n" type bridge stp_state 0 \
		forward_delay 0 mcast_snooping 0
	ip -n "$NET_PFX-sw" link set "br$n" up
	for m in "$@"; do
		ip -n "$NET_PFX-sw" link add "v$n-$m" type veth \
			peer name "eth$n" netns "$NET_PFX-$m"
		ip -n "$NET_PFX-sw" link set "v$n-$m" master "br$n" up
		ip -n "$NET_PFX-$m" addr add "$(net_more_ip "$n" "$m")/24" \
			dev "eth$n"
		ip -n "$NET_PFX-$m" link set "eth$n" up
	done
}

net_more_ip()
{
	echo "${NET_SUBNET%.*}.2$1.${NET_IP[$2]##*.}"
}

net_in()
{
	local m=$1

	shift
	ip netns exec "$NET_PFX-$m" "$@"
}

net_cut()
{
	ip -n "$NET_PFX-sw" link set "v-$1" nomaster
}

net_heal()
{
	ip -n "$NET_PFX-sw" link set "v-$1" master br0
}

net_down()
{
	local ns n

	ip netns list | cut -d' ' -f1 | while read -r ns; do
		case $ns in
		"$NET_PFX"-*) ip netns del "$ns" ;;
		esac
	done
	ip netns list | grep -q '^c[0-9]*-sw' ||
		for n in 0 21 22; do
			ip route del unreachable "${NET_SUBNET%.*}.$n.0/24" \
				metric 4278198272 2>/dev/null || :
		done
}
