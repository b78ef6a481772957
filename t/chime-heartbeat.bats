# SPDX-License-Identifier: ISC
# chime-heartbeat against a real chime-apiserver whose heartbeat worker
# answers what a test says (t/lib/beatworker).
# shellcheck shell=bash disable=SC2154 # set by lib/common and lib/api
# shellcheck disable=SC2016 # programs of jq
# shellcheck disable=SC2153 # ROOT is no misspelling of BOOT

load lib/common
load lib/api

setup_file() {
	api_worker
}

setup() {
	common_setup
	export BEATS=$DIR/beats CHIME_AGENT_DIR=$DIR/agent CHIME_HOST=n1
	export CHIME_TOKEN_FILE=$DIR/token BOOT
	BOOT=$(uuid)
	VM=$(uuid)
	mkdir "$BEATS" "$CHIME_AGENT_DIR"
	echo "$BOOT" >agent/boot
	(umask 077 && echo t0ken >token)
	rev aaaaaaaaaaaaaaaa
	interval 1000
	: >beats/vms
	: >beats/log
	good
}

rev() {
	printf %s "$1" >beats/rev
}

interval() {
	printf %s "$1" >beats/interval
}

# good [FILTER]: sound answers, or those with the host row changed.
good() {
	cat >beats/new <<-END
	(.body | split("\n")[0] | fromjson) as \$b
	| (\$b.desired_rev != \$rev) as \$full
	| ({id, row: ({type: "host", ts: "2026-01-02T03:04:05.678Z",
	    host: \$b.host, boot: \$b.boot, admin: "run", desired_rev: \$rev,
	    interval_ms: (\$ms | tonumber), beat: \$b.beat,
	    observed_rev: \$b.observed_rev}
	    + if \$full then {full: true} else {} end)} ${1-}),
	  (if \$full then {id, row: \$vms[]} else empty end),
	  {id, end: {status: 200}}
	END
	mv beats/new beats/answer.jq
}

# refuse STATUS
refuse() {
	echo '{id, end: {status: '"$1"', error: {code: "test",
	    message: "not you"}}}' >beats/new
	mv beats/new beats/answer.jq
}

# vm [FILTER]: what the server wants.
vm() {
	jq -nc --arg vm "$VM" '{type: "vm", ts: "2026-01-02T03:04:05.678Z",
	    vm: $vm, host: "n1", name: "web", want: "running", wish: 3,
	    generation: 1, restart: "on-failure", grace_ms: 30000, vcpus: 1,
	    memory_mib: 16, spec: {}}'"${1-}"
}

# observe REV [HEALTH [REASON]]: what chime-reconcile reports.
observe() {
	jq -nc --arg boot "$BOOT" --arg rev "$1" --arg health "${2-ok}" \
	    --arg reason "${3-}" --arg vm "$VM" '{type: "host", ts: "t",
	    host: "n1", boot: $boot, observed_rev: $rev,
	    desired_rev: "aaaaaaaaaaaaaaaa", health: $health}
	    + if $reason == "" then {} else {reason: $reason} end,
	    {type: "vm", ts: "t", vm: $vm, host: "n1", state: "running"}' \
	    >agent/new
	mv agent/new agent/observed.jsonl
}

# server [NAME [OPTION...]]: an apiserver that answers heartbeats.
server() {
	local name=${1-api}

	shift || true
	start "$name" chime-apiserver -l 127.0.0.1:0 -C "$WORKER" \
	    -H "$ROOT/t/lib/beatworker" "$@"
	wait_for 15 has "$name.err" 'info: listening on'
	port=$(sed -n 's/.*info: listening on 127.0.0.1:\([0-9]*\)$/\1/p' \
	    "$name.err")
	url=http://127.0.0.1:$port
	export CHIME_API=$url
}

# agent: the daemon.
agent() {
	start beat chime-heartbeat
}

# beats FILTER: whether a logged request, its body as .beat, satisfies it.
beats() {
	jq -es --arg vm "$VM" --arg boot "$BOOT" "map(.beat = (.body |
	    split(\"\n\") | map(fromjson? // empty))) | any(.[]; $1)" \
	    beats/log >/dev/null
}

# desired FILTER: whether the desired file as an array satisfies it.
desired() {
	[ -e agent/desired.jsonl ] &&
	    jq -es --arg vm "$VM" --arg boot "$BOOT" "$1" agent/desired.jsonl \
		>/dev/null
}

# more N: whether N more beats were sent than when `mark` was called.
mark() {
	marked=$(wc -l <beats/log)
}
more() {
	[ "$(wc -l <beats/log)" -ge $((marked + $1)) ]
}

# refused: whether more answers were refused than $before.
refusals() {
	grep -c 'answer is not used' beat.err || true
}
refused() {
	[ "$(refusals)" -gt "$before" ]
}

@test "usage and configuration" {
	export CHIME_API=http://127.0.0.1:1
	run -100 chime-heartbeat operand
	run -100 chime-heartbeat -x
	run -0 chime-heartbeat -V
	CHIME_HOST='' run -100 chime-heartbeat
	[[ $output == *CHIME_HOST* ]]
	CHIME_HOST=N_1 run -100 chime-heartbeat
	[[ $output == *N_1* ]]
	CHIME_API='' run -100 chime-heartbeat
	CHIME_TOKEN_FILE=$DIR/none run -100 chime-heartbeat
	[[ $output == *"$DIR/none"* ]]
	CHIME_API=http://192.0.2.1 run -100 chime-heartbeat
	[[ $output == *CHIME_ALLOW_PLAINTEXT=1* ]]
	CHIME_VCPUS=0 run -100 chime-heartbeat
	CHIME_PONG_LISTEN=x:y run -100 chime-heartbeat
	rm agent/boot
	run -111 chime-heartbeat
	[[ $output == *agent/boot* ]]
	echo nonsense >agent/boot
	run -111 chime-heartbeat
}

@test "a beat says who, since when, what there is; the answer is kept" {
	export CHIME_VCPUS=3 CHIME_MEMORY_MIB=64 CHIME_PONG_LISTEN='[::]:8888'
	vm >beats/vms
	server
	observe 1111111111111111
	agent
	wait_for 15 desired 'length == 2'
	beats '.path == "/v1/host/n1/heartbeat" and .token == "t0ken" and
	    (.beat[0] | .type == "heartbeat" and .host == "n1" and
	    .proto == 1 and .boot == $boot and .beat == 1 and
	    (has("desired_rev") | not) and .health == "ok" and
	    .observed_rev == "1111111111111111" and .vcpus == 3 and
	    .memory_mib == 64 and .pong_port == 8888 and .full) and
	    .beat[1].vm == $vm'
	desired '.[0] == {type: "host", ts: "2026-01-02T03:04:05.678Z",
	    host: "n1", boot: $boot, admin: "run",
	    desired_rev: "aaaaaaaaaaaaaaaa", interval_ms: 1000} and
	    .[1].vm == $vm and .[1].wish == 3'
	wait_for 15 jq_is '.type == "lease" and .host == "n1" and
	    .boot == env.BOOT and .beat >= 1 and .sent_ms > 0 and
	    .interval_ms == 1000' agent/lease.jsonl
	# Known on both sides now: neither travels again.
	wait_for 15 beats '.beat[0] | .beat > 1 and (has("full") | not) and
	    .desired_rev == "aaaaaaaaaaaaaaaa"'
}

@test "what the server changes arrives; nothing is rewritten without need" {
	server
	observe 1111111111111111
	agent
	wait_for 15 desired 'length == 1'
	before=$(stat -c %i,%y agent/desired.jsonl)
	mark
	wait_for 15 more 3
	[ "$(stat -c %i,%y agent/desired.jsonl)" = "$before" ]
	vm >beats/vms
	rev bbbbbbbbbbbbbbbb
	wait_for 15 desired '.[0].desired_rev == "bbbbbbbbbbbbbbbb" and
	    .[1].want == "running"'
	good '| (.row.admin |= if . then "down" else empty end)'
	wait_for 15 desired '.[0].admin == "down" and .[1].vm == $vm'
	# A deleted or damaged file comes back.
	rm agent/desired.jsonl
	wait_for 15 desired 'length == 2'
	echo '{"half' >agent/desired.jsonl
	wait_for 15 desired 'length == 2'
}

@test "a change and a nudge are told at once, but not too often" {
	interval 60000
	server
	observe 1111111111111111
	agent
	wait_for 15 lines beats/log 1
	observe 2222222222222222
	wait_for 15 beats '.beat[0].observed_rev == "2222222222222222" and
	    .beat[0].full'
	mark
	: >agent/nudge
	wait_for 15 more 1
	# The same again says nothing new.
	mark
	observe 2222222222222222
	: >agent/other
	: >agent/nudge
	wait_for 15 more 1
	n=$(wc -l <beats/log)
	before=$(now_ms)
	for i in {1..30}; do
		observe "$(printf %016x "$i")"
		sleep 0.02 # a storm, not a wait
	done
	wait_for 15 beats '.beat[0].observed_rev == "000000000000001e"'
	spent=$(($(now_ms) - before))
	[ $(($(wc -l <beats/log) - n)) -le $((spent / 100 + 2)) ]
}

@test "beats go on while chime-reconcile has not reported" {
	server
	agent
	wait_for 15 beats '.beat[0] | .health == "ok" and
	    .observed_rev == "0000000000000000" and (has("full") | not)'
	wait_for 15 beats '.beat[0] | .health == "error" and
	    (.reason | test("chime-reconcile has not reported"))'
	wait_for 15 has beat.err 'chime-reconcile has not reported'
	observe 1111111111111111
	wait_for 15 beats '.beat[0] | .health == "ok" and .full'
	wait_for 15 has beat.err 'reports again'
	[ "$(grep -c 'has not reported' beat.err)" = 1 ]
	observe 2222222222222222 error 'libvirt does not answer'
	wait_for 15 beats '.beat[0] | .health == "error" and
	    .reason == "libvirt does not answer"'
}

# network STATE AGE_MS: what chime-probe found of the storage network then.
network() {
	jq -nc --arg state "$1" --argjson at "$(($(now_ms) - $2))" \
	    '{type: "fact", ts: "t", net: "storage", interface: "eth1",
	    state: $state, peers: 2, answered: 0, reason: "no peer answers",
	    since: "t", at_ms: $at, interval_ms: 20000}' >agent/new
	mv agent/new agent/networks.jsonl
}

@test "a network that is down is the host's error, at once; unknown is not" {
	interval 60000
	server
	observe 1111111111111111
	agent
	wait_for 15 desired 'length == 1'
	network unknown 0
	network down 0
	wait_for 15 beats '.beat[0] | .health == "error" and .reason ==
	    "storage network: down: no peer answers through eth1"'
	# Beside what chime-reconcile tells.
	observe 2222222222222222 error 'libvirt does not answer'
	wait_for 15 beats '.beat[0] | .health == "error" and .reason ==
	    "libvirt does not answer; storage network: down: no peer answers through eth1"'
	network up 0
	wait_for 15 beats '.beat[0] | .observed_rev == "2222222222222222" and
	    .reason == "libvirt does not answer"'
	observe 3333333333333333
	wait_for 15 beats '.beat[0] | .health == "ok" and
	    .observed_rev == "3333333333333333"'
	mark
	# What chime-probe does not renew is known no more.
	network down 61000
	touch agent/nudge
	wait_for 15 more 1
	[ "$(jq -r '.body | split("\n")[0] | fromjson.health' <beats/log |
	    tail -n 1)" = ok ]
	run ! beats '.beat[0].health == "error" and .beat[0].reason == null'
}

@test "observed lines of another boot or with a bad line are not told" {
	server
	BOOT=$(uuid) observe 1111111111111111
	agent
	wait_for 15 has beat.err 'another boot'
	observe 2222222222222222
	wait_for 15 beats '.beat[0].observed_rev == "2222222222222222"'
	cp agent/observed.jsonl new
	sed -i s/2222222222222222/3333333333333333/ new
	echo '{"type":"vm","vm":"nonsense"}' >>new
	mv new agent/observed.jsonl
	wait_for 15 beats '.beat[0].reason // "" | test("line 3: vm:")'
	run ! beats '.beat[0].observed_rev == "3333333333333333"'
}

@test "no server, a refusal, a frozen one: said once, and again when over" {
	server
	observe 1111111111111111
	agent
	wait_for 15 desired 'length == 1'
	refuse 401
	wait_for 15 has beat.err 'refuses heartbeats: not you (401)'
	mark
	wait_for 15 more 3
	good
	wait_for 15 has beat.err 'answered again'
	[ "$(grep -c 401 beat.err)" = 1 ]
	signal api STOP
	wait_for 15 has beat.err 'no answer: .*timed out'
	signal api CONT
	wait_for 15 eval '[ "$(grep -c "answered again" beat.err)" = 2 ]'
	stop api
	wait_for 15 eval '[ "$(grep -c "no answer" beat.err)" = 2 ]'
	stop beat
	[ "$rc" = 0 ]
}

@test "a new token is read when the old one is refused" {
	server
	observe 1111111111111111
	refuse 401
	agent
	wait_for 15 has beat.err '401'
	(umask 077 && echo t2 >new && mv new token)
	wait_for 15 beats '.token == "t2"'
}

@test "answers that do not count change nothing" {
	vm >beats/vms
	server
	observe 1111111111111111
	agent
	wait_for 15 desired 'length == 2'
	for bad in '(.row.boot |= if . then "'"$(uuid)"'" else empty end)' \
	    '(.row.beat |= if . then . - 1 else empty end)' \
	    '(.row.host |= if . then "n2" else empty end)' \
	    '(.row.admin |= if . then "maybe" else empty end)' \
	    '(.row.desired_rev |= if . then "short" else empty end)' \
	    '(.row.interval_ms |= if . then 0 else empty end)' \
	    '(.row |= if . then del(.full) else empty end)' \
	    '(.row |= if .full then .type = "guest" else empty end)'; do
		before=$(refusals)
		good "| $bad"
		rev bbbbbbbbbbbbbbbb
		wait_for 15 refused
		rm agent/lease.jsonl
		mark
		wait_for 15 more 2
		[ ! -e agent/lease.jsonl ]
		desired '.[0].desired_rev == "aaaaaaaaaaaaaaaa"'
		rev aaaaaaaaaaaaaaaa
		good
		wait_for 15 test -e agent/lease.jsonl
	done
}

@test "rows that are not sound refuse the whole answer" {
	vm >beats/vms
	server
	observe 1111111111111111
	agent
	wait_for 15 desired 'length == 2'
	n=0
	while read -r bad; do
		n=$((n + 1))
		rev aaaaaaaaaaaaaaaa
		rm -f agent/lease.jsonl
		wait_for 15 test -e agent/lease.jsonl
		before=$(refusals)
		{ vm | jq -c ".vm = \"$(uuid)\""; vm "| $bad"; } >beats/vms
		rev "$(printf %016d $n)"
		wait_for 15 refused
		desired '.[0].desired_rev == "aaaaaaaaaaaaaaaa" and
		    length == 2'
	done <<-'END'
	.want = "maybe"
	.wish = -1
	.vm = "nonsense"
	.host = "n2"
	del(.want)
	., .
	END
	# What is unknown passes through.
	{ vm '| .colour = "red"'; echo '{"type":"new","x":1}'; } >beats/vms
	rev cccccccccccccccc
	wait_for 15 desired '.[1].colour == "red" and .[2].type == "new"'
}

@test "half answers change nothing" {
	start half perl -MIO::Socket::INET -e '
		$l = IO::Socket::INET->new(Listen => 5,
		    LocalAddr => "127.0.0.1:0") or die;
		$| = 1;
		print $l->sockport, "\n";
		while ($s = $l->accept) {
			sysread($s, $b, 65536);
			($beat) = $b =~ /"beat":(\d+)/;
			$row = "{\"type\":\"host\",\"ts\":\"t\",\"host\":\"n1\"," .
			    "\"boot\":\"$ENV{BOOT}\",\"admin\":\"run\"," .
			    "\"desired_rev\":\"aaaaaaaaaaaaaaaa\"," .
			    "\"interval_ms\":300,\"beat\":$beat,\"full\":true}\n";
			$n = length($row) + ($i++ % 2 ? 100 : 0);
			print $s "HTTP/1.1 200 OK\r\n";
			print $s "Content-Length: $n\r\n" if $i % 2 == 0;
			print $s "\r\n$row";
			close $s;
			print "answered\n";
		}'
	wait_for 15 lines half.out 1
	CHIME_API=http://127.0.0.1:$(head -n 1 half.out) agent
	wait_for 30 lines half.out 5
	[ ! -e agent/desired.jsonl ]
	[ ! -e agent/lease.jsonl ]
	has beat.err 'no answer'
}

@test "two servers, one of them dead or frozen" {
	server two
	good=$url
	server one
	observe 1111111111111111
	export CHIME_API=$url,$good
	agent
	wait_for 15 desired 'length == 1'
	signal one STOP
	mark
	wait_for 15 more 3
	wait_for 15 has beat.err "heartbeats go to $good now"
	[ "$(wc -l <beat.err)" -le 2 ]
	signal one CONT
	stop one
	mark
	wait_for 15 more 3
}

@test "numbers go on over a restart, and begin anew with a boot" {
	server
	observe 1111111111111111
	agent
	wait_for 15 test -e agent/lease.jsonl
	stop beat
	last=$(jq .beat agent/lease.jsonl)
	agent
	wait_for 15 beats ".beat[0].beat > $last + 900"
	stop beat
	export BOOT
	BOOT=$(uuid)
	echo "$BOOT" >agent/boot
	agent
	wait_for 15 beats '.beat[0] | .boot == $boot and .beat == 1'
	wait_for 15 desired '.[0].boot == $boot'
}

@test "numbers go on from the server's when they were lost" {
	server
	observe 1111111111111111
	# It knows beat 5000 of this boot, and answers older ones with that.
	good '| (.row.beat |= if . and . < 5000 then 5000 else . end)
	    | del(.row | nulls)'
	agent
	wait_for 15 test -e agent/lease.jsonl
	[ "$(jq .beat agent/lease.jsonl)" = 5001 ]
	has beat.err 'it is to beat 5000, not to 1'
	[ "$(refusals)" -eq 1 ]
}

@test "one of a kind" {
	server
	start beat bash -c 'exec chime-heartbeat -d 4 4>ready'
	wait_for 15 lines ready 1
	run -111 chime-heartbeat
	[[ $output == *"another chime-heartbeat"* ]]
	run -111 chime-heartbeat -1
}

@test "a beat a fixed time after the other, and none made up for" {
	server
	interval 500
	observe 1111111111111111
	agent
	wait_for 15 lines beats/log 2
	signal beat STOP
	mark
	before=$(now_ms)
	sleep 3 # the stall itself
	signal beat CONT
	wait_for 15 more 4
	# Four beats take three intervals, however many were missed.
	[ $(($(now_ms) - before)) -ge $((3000 + 2 * 500 - 200)) ]
}

@test "a full disk: beats go on and say so" {
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	server
	observe 1111111111111111
	export BEATS
	start beat unshare -m --propagation private sh -c '
		mount -t tmpfs -o size=64k none "$CHIME_AGENT_DIR"
		echo "$BOOT" >"$CHIME_AGENT_DIR/boot"
		exec chime-heartbeat'
	inside=/proc/$pid/root$CHIME_AGENT_DIR
	wait_for 15 test -e "$inside/lease.jsonl"
	cp agent/observed.jsonl "$inside/"
	cp "$inside/desired.jsonl" old
	cat /dev/zero >"$inside/full" 2>/dev/null || true
	vm >beats/vms
	rev bbbbbbbbbbbbbbbb
	wait_for 15 beats '.beat[0] | .health == "error" and
	    (.reason | test("desired.jsonl: .*No space left"))'
	cmp old "$inside/desired.jsonl"
	wait_for 15 has beat.err 'No space left'
	rm "$inside/full"
	wait_for 15 has "$inside/desired.jsonl" bbbbbbbbbbbbbbbb
	wait_for 15 has beat.err 'written again'
	[ "$(grep -c 'No space left' beat.err)" = 1 ]
	[ "$(find "$inside/" -name '*.tmp' | wc -l)" = 0 ]
}

@test "one beat by hand, as a filter" {
	vm >beats/vms
	server
	observe 1111111111111111
	mv agent/observed.jsonl .
	rm -r agent
	chime-heartbeat -1 -f - <observed.jsonl >out
	jq -s . out | jq_is 'length == 2 and .[0].admin == "run" and
	    .[1].want == "running"'
	beats '.beat[0].full and .beat[1].vm == $vm and
	    (.beat[0] | has("desired_rev") | not)'
	chime-heartbeat -f observed.jsonl | cmp - out ||
	    [ "$(chime-heartbeat -f observed.jsonl | wc -l)" = 2 ]
	chime-heartbeat -1 </dev/null >out
	[ "$(wc -l <out)" = 2 ]
	echo broken >bad
	run -100 chime-heartbeat -f bad
	[[ $output == *bad* ]]
	run -100 chime-heartbeat -f /nonexistent
	run -111 bash -c 'chime-heartbeat -1 >/dev/full'
	refuse 403
	run -100 chime-heartbeat -1
	[[ $output == *"not you"* ]]
	refuse 503
	run -111 chime-heartbeat -1
	signal api STOP
	run -99 chime-heartbeat -1 -t 300ms
	signal api CONT
}
