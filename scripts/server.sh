# shellcheck shell=sh disable=SC2154
# For scripts that need a real server: sourced, not run. `place` is the caller's own directory.
# Whoever starts a server stops it: redis_pid is empty when there is none.
redis_pid=''

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

# stop_processes PID...: those that are still there.
stop_processes() {
    for pid in "$@"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

# try_redis PORT [OPTION...]: true when it is ready. Its own log says so: another server that sits
# on the port is never taken for ours.
try_redis() {
    redis_port=$1
    shift
    : >"$place/redis.log"
    redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$place" --save '' --appendonly no \
        --daemonize no "$@" >"$place/redis.log" 2>&1 &
    redis_pid=$!
    wait_for "$place/redis.log" 'eady to accept connections' "$redis_pid" && return
    stop_processes "$redis_pid"
    redis_pid=''
    return 1
}

# start_redis CALLER: the installed redis-server on a free port of loopback, DEBUG allowed; its
# redis_pid, redis_port and redis_url. Leaves with status 3 when it cannot be started.
start_redis() {
    # Before 7.0 DEBUG needs no permission, and the option that gives it is not known.
    debug='--enable-debug-command yes'
    starts=0
    # shellcheck disable=SC2086 # two words or none
    until try_redis $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000)) $debug; do
        if grep -q 'Bad directive' "$place/redis.log"; then debug=''; fi
        starts=$((starts + 1))
        if [ $starts -ge 10 ]; then
            cat "$place/redis.log" >&2
            echo "$1: redis-server did not start; what it said is above." >&2
            exit 3
        fi
    done
    # shellcheck disable=SC2034 # the caller's
    redis_url=redis://127.0.0.1:$redis_port
}
