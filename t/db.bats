# SPDX-License-Identifier: ISC
# The database driver and its unit test on a real MariaDB.
# shellcheck shell=bash

load lib/common
load lib/db

@test "the driver's unit test, with a database" {
	db_start
	run -0 "$BUILD/unit/db"
	[[ $output == *"lost connection begins anew"* ]]
}
