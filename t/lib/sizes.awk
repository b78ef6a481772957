# SPDX-License-Identifier: ISC
# Files over file_max lines, and C functions over 60 lines (main: 80), from
# "{" to "}" in the first column. "size: REASON" in a comment excuses.

function end_of_file()
{
	if (last > file_max && !file_excused)
		printf "%s:1: %d lines, at most %d\n", name, last, file_max
}

FNR == 1 {
	if (name)
		end_of_file()
	name = FILENAME
	file_excused = excused = start = 0
}

{ last = FNR }

/size: [a-z]/ {
	excused = 1
	if (FNR <= 30)
		file_excused = 1
}

FILENAME ~ /\.c$/ && /^[a-z_][a-zA-Z0-9_]*\(/ {
	function_name = $0
	sub(/\(.*/, "", function_name)
}

FILENAME ~ /\.c$/ && /^{/ {
	start = FNR
	excused = 0
}

FILENAME ~ /\.c$/ && /^}/ && start {
	limit = function_name == "main" ? 80 : 60
	if (FNR - start + 1 > limit && !excused)
		printf "%s:%d: %s() has %d lines, at most %d\n", FILENAME,
		    start, function_name, FNR - start + 1, limit
	start = 0
}

END { end_of_file() }
