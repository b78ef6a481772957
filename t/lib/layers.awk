# SPDX-License-Identifier: ISC
# Includes run downwards only:
#   base < line, os < core < driver < store < api < programs
# core may use base and nothing else; line and os do not know each other. SQL
# stays in store (and the schema program), libvirt in driver/virt, the MySQL
# client in driver/db.

BEGIN {
	n = split("base line core driver store api program", order, " ")
	for (i = 1; i <= n; i++)
		rank[order[i]] = i
	rank["os"] = rank["line"]
}

function complain(what)
{
	printf "%s:%d: %s\n", FILENAME, FNR, what
}

FNR == 1 {
	split(FILENAME, part, "/")
	layer = part[1] == "lib" ? part[2] : "program"
	if (!(layer in rank))
		complain("a layer nobody knows")
}

# The list of mutants is a file of the simulator's own build.
/^#include "/ && !(FILENAME == "lib/core/mutant.h" && /"mutants.h"/) {
	split($0, q, "\"")
	if (split(q[2], to, "/") != 2 || !(to[1] in rank))
		complain("include as \"LAYER/FILE.h\"")
	else if (to[1] != layer && (rank[to[1]] >= rank[layer] ||
	    (layer == "core" && to[1] != "base")))
		complain(layer " may not include " to[1])
}

/^#include <libvirt\// && FILENAME !~ /^lib\/driver\/virt/ {
	complain("libvirt belongs to lib/driver/virt")
}

/^#include <(mysql|mariadb)/ && FILENAME !~ /^lib\/driver\/db/ {
	complain("the MySQL client belongs to lib/driver/db")
}

/"(SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP) [A-Za-z0-9`*(]/ &&
    FILENAME !~ /^(lib\/store\/|libexec\/schema\.c)/ {
	complain("SQL belongs to lib/store")
}
