# SPDX-License-Identifier: ISC
# Warnings of shellcheck that are disabled without a reason, which stands
# behind, "disable=SC1 # reason", or in a comment above.

/^[ \t]*# shellcheck .*disable=/ && before !~ /^[ \t]*# / &&
    !/disable=[A-Z0-9,]+ +#/ {
	print FILENAME ":" FNR ": disabled without a reason"
}

{ before = FNR == 1 || /SPDX/ ? "" : $0 }
