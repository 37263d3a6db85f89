#!/bin/sh
# The marks of the engine, RULE("some.rule", "another.rule"), one line for each id: FILE:LINE ID.
# With --c the same as the table of cli/rules.h.
#
# usage: scripts/marks.sh [--c] FILE...
set -eu

form=text
if [ "$1" = --c ]; then
    form=c
    shift
fi

awk -v form="$form" '
    BEGIN {
        if (form == "c") print "#include \"cli/rules.h\"\n\nconst rule_mark rule_marks[] = {"
    }
    /(^|[^A-Z_])RULE\("/ { inside = 1; line = FNR; sub(/^.*RULE\(/, "") }
    inside {
        rest = $0
        while (match(rest, /"[^"]*"/)) {
            id = substr(rest, RSTART, RLENGTH)
            rest = substr(rest, RSTART + RLENGTH)
            if (form == "c") printf "    {%s, \"%s\", %d},\n", id, FILENAME, line
            else printf "%s:%d %s\n", FILENAME, line, substr(id, 2, length(id) - 2)
        }
        if (rest ~ /\);/) inside = 0
    }
    END { if (form == "c") print "    {0, 0, 0},\n};" }
' "$@"
