#!/bin/sh
# Redis' own tests of expiry beside ours: time and number of checks of `unit/expire`, out of a
# checkout of Redis that you have, and of the whole suite of vectors. Both on the installed
# redis-server, one after the other. The checkout is only read: its tests run in a copy.
#
# usage: scripts/peer.sh BUILD CHECKOUT
# Exit status: 0 both ran and nothing failed, 1 something failed, 2 the command line, 3 a part that
# is needed is not there.
set -eu
export LC_ALL=C

build=${1:-build}
checkout=${2:-}

die() { # STATUS SENTENCE
    echo "peer: $2" >&2
    exit "$1"
}
[ -n "$checkout" ] || die 2 "where is the checkout of Redis? make peer CHECKOUT=/path/to/redis"
[ -d "$checkout" ] || die 2 "$checkout is no directory"
for file in tests/test_helper.tcl tests/unit/expire.tcl; do
    [ -r "$checkout/$file" ] || die 2 "$checkout is no checkout of Redis: it has no $file"
done
for program in tclsh redis-server redis-cli redis-benchmark; do
    command -v $program >/dev/null ||
        die 3 "needs $program: apt-get install tcl redis-server redis-tools"
done

place=$(mktemp -d)
suite_pid=''
# shellcheck source-path=SCRIPTDIR
. "${0%/*}/server.sh"

# shellcheck disable=SC2317,SC2329 # the trap below calls it
stop() {
    # shellcheck disable=SC2086 # one word each, or none
    stop_processes $suite_pid $redis_pid
    rm -rf "$place"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

installed=$(redis-server --version | sed -n 's/.* v=\([0-9.]*\).*/\1/p')
theirs=$(sed -n 's/^#define REDIS_VERSION "\(.*\)"/\1/p' "$checkout/src/version.h" 2>/dev/null || true)
[ "$theirs" = "$installed" ] || [ -z "$theirs" ] ||
    echo "peer: the tests are those of Redis $theirs, the server is $installed" >&2

now_ms() {
    echo $(($(date +%s%N) / 1000000))
}

# Their tests look for programs in src/. Each assertion that is reached is written down: a check is
# one of those, or the comparison of what a test answered.
mkdir "$place/redis" "$place/redis/src"
cp -r "$checkout/tests" "$place/redis/"
for program in redis-server redis-cli redis-benchmark; do
    ln -s "$(command -v $program)" "$place/redis/src/"
done
cat >>"$place/redis/tests/support/test.tcl" <<'END'
proc peer_note {args} {
    if {![catch {info level -1} caller] && [string match assert* $caller]} return
    set file [open $::env(PEER_CHECKS) a]
    puts $file check
    close $file
}
proc peer_note_test {call op} {
    if {[llength $call] > 3 && [lindex $call 3] ne "undefined"} peer_note
}
foreach name [info procs assert*] {trace add execution $name enter peer_note}
trace add execution test enter peer_note_test
END
: >"$place/checks"
began=$(now_ms)
status=0
(cd "$place/redis" && PEER_CHECKS=$place/checks exec tclsh tests/test_helper.tcl \
    --single unit/expire --clients 1 --baseport $((21111 + $(od -An -N2 -tu2 /dev/urandom) % 8000))) \
    >"$place/theirs" 2>&1 &
suite_pid=$!
wait "$suite_pid" || status=1
suite_pid=''
their_ms=$(($(now_ms) - began))
sed -i "s/$(printf '\033')\[[0-9;]*m//g" "$place/theirs"
their_tests=$(grep -c '\[ok\]' "$place/theirs" || true)
their_failed=$(grep -cE '\[(err|exception)\]' "$place/theirs" || true)
if [ "$their_tests" -eq 0 ] || { [ $status -ne 0 ] && [ "$their_failed" -eq 0 ]; }; then
    tail -n 20 "$place/theirs" >&2
    die 3 "Redis' tests did not run; what they said is above"
fi

start_redis peer
began=$(now_ms)
ours=0
"$build/ttlspec" run "$redis_url" --exclusive --report json="$place/results.json" \
    --report text="$place/report.txt" || ours=$?
our_ms=$(($(now_ms) - began))
[ -s "$place/results.json" ] || die 3 "ttlspec run ended with status $ours, without results"
verdicts=$(sed -n 's/.*"counts":{\(.*\)}.*/\1/p' "$place/results.json")
verdict() {
    echo "$verdicts" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}
our_checks=$(grep -c '"received_us":' "$place/results.json")

row() { # WHAT TESTS CHECKS FAILED MS
    awk -v what="$1" -v tests="$2" -v checks="$3" -v failed="$4" -v ms="$5" 'BEGIN {
        printf "%-36s %6d %7d %7d %8.2f s %7.1f ms %9.3f ms\n", what, tests, checks, failed,
            ms / 1000, ms / tests, ms / checks }'
}
echo "redis-server $installed, one after the other"
printf '%-36s %6s %7s %7s %10s %10s %12s\n' '' tests checks failed time 'a test' 'a check'
row "Redis' own tests, unit/expire" "$((their_tests + their_failed))" \
    "$(grep -c . "$place/checks" || true)" "$their_failed" "$their_ms"
row 'ttlspec, every vector that applies' "$(($(verdict pass) + $(verdict fail) + $(verdict warning)))" \
    "$our_checks" "$(verdict fail)" "$our_ms"
[ "$their_failed" -eq 0 ] || grep -E '\[(err|exception)\]' "$place/theirs"
[ "$their_failed" -eq 0 ] && [ $ours -eq 0 ]
