#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A site that speaks TLS between its machines, with nothing else allowed.
# shellcheck disable=SC2154

load ../lib/common
load ../lib/db
load ../lib/virt
load ../lib/tls
load net
load lab

setup() {
	common_setup
	LAB_TLS=1
	lab_up n1
}

teardown() {
	lab_down
	common_teardown
}

# says NODE PATTERN: whether the log of its heartbeats has it.
says() {
	grep -q "$2" "$DIR/$1/log/heartbeat/current"
}

@test "a node joins, runs a VM, and believes the site's CA alone" {
	run ! grep -r CHIME_ALLOW_PLAINTEXT server.conf n1/chime/agent.conf
	run ! net_in n1 curl -s -m 5 "http://$(net_ip s1):8801/v1/health"
	lab_vm web n1

	# A new certificate, while heartbeats go on.
	chimeadm initserver tls --ip "$(net_ip s1)" --conf-dir "$DIR" --renew
	wait_for 10 has s1-log/apiserver/current 'read again'
	beat=$(cli host show n1 | jq -r .last_beat_ts)
	newer() {
		[ "$(cli host show n1 | jq -r .last_beat_ts)" != "$beat" ]
	}
	wait_for 5 newer
	run ! says n1 warning

	# Another CA has signed what the server shows: nobody speaks to it.
	cp -r tls site
	(
		mkdir other
		cd other
		tls_ca ca
		tls_cert server ca "IP:$(net_ip s1)"
		mv server.key server.crt ../tls/
	)
	s6-svc -r "$(lab_svc s1 apiserver)"
	wait_for 10 says n1 'the CA file has not signed it'
	run -111 cli host list
	[[ $output == *'has not signed it'* ]]
	cp site/server.* tls/
	s6-svc -r "$(lab_svc s1 apiserver)"
	wait_for 15 says n1 'heartbeats are answered again'
	wait_for 15 host_is n1 run
	wait_for 10 vm_is web running
}

@test "a node with another CA does not join" {
	tls_ca other
	run -111 net_in n1 chimeadm initagent --host n2 --manage-ip 10.0.0.9 \
	    --api "$(lab_url)" --token-file admin.token --ca-file other.crt \
	    --conf-dir "$DIR/n2"
	[[ $output == *'the CA file has not signed it'* ]]
	run -100 net_in n1 chimeadm initagent --host n2 --manage-ip 10.0.0.9 \
	    --api "http://$(net_ip s1):8801" --token-file admin.token \
	    --conf-dir "$DIR/n2"
	[[ $output == *CHIME_ALLOW_PLAINTEXT* ]]
	cli host list | jq_is '.host == "n1"'
}
