#!/bin/sh
# The conformance run that a newcomer sees first: all vectors on the engine, on the engine behind
# a socket, and on the real redis-server that is installed; both servers once with a clock that the
# run moves and once with the machine's. Starts the servers on free loopback ports, stops them
# whatever happens, and ends with the status of `ttlspec run`.
#
# usage: scripts/run.sh BUILD REPORTS
set -eu

build=$1
reports=$2
ttlspec=$build/ttlspec
place=$(mktemp -d)
manual_pid=''
real_pid=''
# shellcheck source-path=SCRIPTDIR
. "${0%/*}/server.sh"

# shellcheck disable=SC2317 # the trap below calls it
stop() {
    # shellcheck disable=SC2086 # one word each, or none
    stop_processes $manual_pid $real_pid $redis_pid
    rm -rf "$place"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_redis run

for clock in manual real; do
    "$ttlspec" serve --port 0 --clock $clock >"$place/$clock.out" 2>"$place/$clock.err" &
    eval "${clock}_pid=$!"
    if ! wait_for "$place/$clock.out" '^ready: ' "$!"; then
        cat "$place/$clock.err" >&2
        echo "run: ttlspec serve did not start; what it said is above." >&2
        exit 3
    fi
done
manual_url=$(sed -n 's/^ready: //p' "$place/manual.out")
real_url=$(sed -n 's/^ready: //p' "$place/real.out")

status=0
cat <<END
$manual_url is ttlspec serve, its clock moved by the run; $real_url has the real clock
exec:redis-server is Redis with its clock moved by the run; $redis_url has the real clock

END
"$ttlspec" run engine "$manual_url" exec:redis-server "$real_url" "$redis_url" --exclusive \
    --out "$reports" || status=$?
# What serve complained about while it ran is worth reading, pass or fail.
cat "$place/manual.err" "$place/real.err" >&2
echo "reports: $reports/"
exit $status
