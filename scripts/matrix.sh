#!/bin/sh
# The matrix: all vectors on every server of the fleet under the virtual clock, on the engine in the
# dialect of each, and on the installed redis-server in real time. What came out lies in REPORTS:
# matrix.json, matrix.md and index.html, one page that needs nothing else.
#
# usage: scripts/matrix.sh BUILD REPORTS
# environment: FLEET (fleet)  where `make fleet` put the servers
#              JOBS (2)       how many servers at once, a process of each
#              LIVE (yes)     no: without the server in real time, which takes longest
# Exit status: as of ttlspec run; 1 also when the engine does not agree with a server.
set -eu

build=${1:-build}
reports=${2:-reports}
fleet=${FLEET:-fleet}
results=$build/matrix
live_pid=''

# shellcheck disable=SC2317 # the trap below calls it
stop() {
    if [ -n "$live_pid" ]; then
        kill "$live_pid" 2>/dev/null || true
        wait "$live_pid" 2>/dev/null || true
    fi
    rm -f "$results/live.sock"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Vectors that are wrong are told once, not by every run.
"$build/ttlspec" list >/dev/null || exit 2
rm -rf "$results"
mkdir -p "$results" "$reports"

# In the order of columns: Redis by version, then those that came of it.
names=$(for family in redis valkey redict; do
    find "$fleet/" -mindepth 2 -maxdepth 2 -path "*/$family-*/run" 2>/dev/null |
        sed 's|/run$||; s|.*/||' | sort -V
done)
if [ -z "$names" ]; then
    echo "matrix: there is no fleet in $fleet (make fleet fetches it): only redis-server is run" >&2
fi

live() {
    command -v redis-server >/dev/null || return 0
    # The server tells its socket's path: a relative one says nothing of this machine.
    redis-server --port 0 --unixsocket live.sock --dir "$results" --save '' \
        --appendonly no --logfile live.log >/dev/null 2>&1 &
    live_pid=$!
    tries=0
    until [ -S "$results/live.sock" ]; do
        tries=$((tries + 1))
        if [ $tries -gt 100 ]; then
            echo "matrix: redis-server does not start: see $results/live.log" >&2
            return 0
        fi
        sleep 0.1
    done
    "$build/ttlspec" run "unix://$results/live.sock" --exclusive --report "json=$results/live.json" &
    live_run=$!
}

# A difference is the matrix' affair: here only what could not be written counts.
each() { # COMMAND of the shell, with NAME in $1
    # shellcheck disable=SC2086 # one word for each server
    printf '%s\n' $names | xargs -r -P "${JOBS:-2}" -I '{}' sh -c "$1" sh '{}'
}
began=$(date +%s)
export build fleet results
# shellcheck disable=SC2016 # the inner shell expands these
each '"$build/ttlspec" run "exec:$fleet/$1/run" --jobs 1 --report "json=$results/$1.json" || test -s "$results/$1.json"'
# shellcheck disable=SC2016
each '"$build/ttlspec" run "engine:$1" --report "json=$results/engine-$1.json" || test -s "$results/engine-$1.json"'
if [ -z "$names" ]; then
    "$build/ttlspec" run exec:redis-server --report "json=$results/redis-server.json" || true
    names=redis-server
fi
echo "matrix: $(printf '%s\n' "$names" | wc -l) servers in $(($(date +%s) - began)) s"
# In real time last, when nothing else runs.
live_run=''
[ "${LIVE:-yes}" = no ] || live
[ -z "$live_run" ] || wait "$live_run" || true

set --
for name in $names; do set -- "$@" "$results/$name.json"; done
[ ! -s "$results/live.json" ] || set -- "$@" "$results/live.json"
for name in $names; do
    [ ! -s "$results/engine-$name.json" ] || set -- "$@" "$results/engine-$name.json"
done
status=0
"$build/ttlspec" matrix --out "$reports" "$@" || status=$?
# INFO tells where a server's program lies and which kernel it runs on: nobody's business but ours.
sed -i -e "s|executable:$PWD/|executable:|g" -e 's|os:Linux [^ ]* |os:Linux |g' "$reports/index.html"
exit $status
