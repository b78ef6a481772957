/* SPDX-License-Identifier: ISC */
/*
 * Prints which machine this is, a line of 64 hex digits, as the heartbeats
 * tell it: for `chimeadm initagent`.
 *
 * in:   /etc/machine-id and the board's UUID, or CHIME_MACHINE_FILE
 * exit: 0; 100 wrong usage, or nothing names this machine; 111 stdout
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/opt.h"
#include "base/rc.h"
#include "driver/machine.h"
#include "line/line.h"
#include "os/proc.h"

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
	char id[MACHINE_SIZE], reason[MACHINE_REASON_SIZE];
	int c;

	die_name(argv[0]);
	proc_init();
	while ((c = getopt_long(argc, argv, "V", longs, NULL)) != -1)
		switch (c) {
		case 'V':
			opt_version();
		default:
			opt_usage("[-V]");
		}
	if (optind != argc)
		opt_usage("[-V]");
	if (machine_id(id, reason) == -1)
		die(RC_USAGE, "%s", reason);
	id[MACHINE_SIZE - 1] = '\n';
	if (line_write(STDOUT_FILENO, id, MACHINE_SIZE) == -1)
		die(RC_TEMP, "stdout: cannot write: %s", strerror(errno));
	return RC_OK;
}
