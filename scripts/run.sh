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
redis_pid=''

# shellcheck disable=SC2317 # the trap below calls it
stop() {
    for pid in $manual_pid $real_pid $redis_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$place"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_for FILE PATTERN PID: until the line is there, or the process is not. Ten seconds at most.
wait_for() {
    tries=0
    until grep -q "$2" "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || return 1
        tries=$((tries + 1))
        [ $tries -lt 200 ] || return 1
        sleep 0.05
    done
}

random_port() {
    echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
}

# start_redis PORT [OPTION...]: true when it is ready. Its own log says so: another server that
# sits on the port is never taken for ours.
start_redis() {
    redis_port=$1
    shift
    : >"$place/redis.log"
    redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$place" --save '' --appendonly no \
        --daemonize no "$@" >"$place/redis.log" 2>&1 &
    redis_pid=$!
    wait_for "$place/redis.log" 'eady to accept connections' "$redis_pid" && return
    kill "$redis_pid" 2>/dev/null || true
    wait "$redis_pid" 2>/dev/null || true
    redis_pid=''
    return 1
}

# Before 7.0 DEBUG needs no permission, and the option that gives it is not known.
debug='--enable-debug-command yes'
tries=0
# shellcheck disable=SC2086 # two words or none
until start_redis "$(random_port)" $debug; do
    if grep -q 'Bad directive' "$place/redis.log"; then debug=''; fi
    tries=$((tries + 1))
    if [ $tries -ge 10 ]; then
        cat "$place/redis.log" >&2
        echo "run: redis-server did not start; what it said is above." >&2
        exit 3
    fi
done

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
redis_url=redis://127.0.0.1:$redis_port
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
