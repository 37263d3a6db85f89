#!/bin/sh
# Runs every test and prints one aligned line for each program, the output of those that failed,
# and last of all one line: "N passed, N failed".
#
# usage: scripts/check.sh BUILD [JOBS]
# environment: CK_FORK=no keeps libcheck in one process, as sanitizers want it
# Exit status: 0 when everything passed, else 1.
set -eu

build=${1:-build}
jobs=${2:-1}
results=$build/check
rm -rf "$results"
mkdir -p "$results"

TTLSPEC=$PWD/$build/ttlspec
export TTLSPEC

find "$build/tests" -type f -perm -u+x -name 'test_*' 2>/dev/null | sort >"$results/programs"
find engine conformance sim cli -path '*/tests/*.bats' 2>/dev/null | sort >>"$results/programs"
# Sanitizers write their own calls into the objects that the gate looks at.
test "${CK_FORK:-}" = no || echo scripts/style.sh >>"$results/programs"

xargs -n 1 -P "$jobs" scripts/check-one.sh "$build" "$results" <"$results/programs"

cat "$results"/*.log 2>/dev/null || true
cat "$results"/*.count | awk '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        if (skipped) print skipped " skipped, each with its reason above"
        print passed " passed, " failed " failed"
        exit failed > 0 || passed == 0
    }'
