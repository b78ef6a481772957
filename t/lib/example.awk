# SPDX-License-Identifier: ISC
# The runnable examples of a manual page. A literal block behind the comment
# line `.\" run` is a session: "$ " begins a command, "> " goes on with it,
# anything else is what it prints (times in `ts` as "…"). For the Nth such
# block this writes dir/PAGE.N.sh and dir/PAGE.N.out.

function text(s)
{
	gsub(/\\&/, "", s)
	gsub(/\\\(aq/, "'", s)
	gsub(/\\\(dq/, "\"", s)
	gsub(/\\\(ti/, "~", s)
	gsub(/\\\(ha/, "^", s)
	gsub(/\\-/, "-", s)
	gsub(/\\e/, "\\", s)
	return s
}

FNR == 1 {
	page = FILENAME
	sub(/.*\//, "", page)
	n = marked = inside = 0
}

/^\.\\" run$/ { marked = 1; next }

/^\.Bd -literal/ && marked {
	marked = 0
	inside = 1
	base = dir "/" page "." ++n
	printf "" > (base ".sh")
	printf "" > (base ".out")
	next
}

/^\.Ed/ && inside {
	inside = 0
	close(base ".sh")
	close(base ".out")
}

inside && /^[$>] / { print text(substr($0, 3)) > (base ".sh"); next }
inside && /^[$>]$/ { next }
inside { print text($0) > (base ".out") }
