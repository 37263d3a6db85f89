#!/bin/sh
# The figures: the engine's own, and beside them the installed redis-server's in the same run on
# the same machine, driven by redis-benchmark with a pipeline of 64.
#
# usage: scripts/bench.sh BUILD [KEYS]        KEYS: those that redis-server is filled with
set -eu

build=$1
keys=${2:-1000000}
place=$(mktemp -d)
redis_pid=''

# shellcheck disable=SC2317 # the trap below calls it
stop() {
    if [ -n "$redis_pid" ]; then
        kill "$redis_pid" 2>/dev/null || true
        wait "$redis_pid" 2>/dev/null || true
    fi
    rm -rf "$place"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$build/bench/engine/bench_engine" | tee "$place/engine"

if ! command -v redis-server >/dev/null || ! command -v redis-benchmark >/dev/null; then
    echo "bench: no redis-server here: its figures are left out." >&2
    exit 0
fi

socket=$place/redis.sock
redis-server --port 0 --unixsocket "$socket" --dir "$place" --save '' --appendonly no \
    >"$place/redis.log" 2>&1 &
redis_pid=$!
tries=0
until redis-cli -s "$socket" ping >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { cat "$place/redis.log" >&2; exit 3; }
    sleep 0.1
done

redis_memory() {
    redis-cli -s "$socket" info memory | sed -n 's/^used_memory:\([0-9]*\).*/\1/p'
}

before=$(redis_memory)
# The same names and values as the engine's: 16 and 3 bytes. Deadlines between one and two hours.
awk -v keys="$keys" 'BEGIN {
    for (i = 0; i < keys; i++)
        printf "*4\r\n$6\r\nPSETEX\r\n$16\r\nkey:%012d\r\n$7\r\n%d\r\n$3\r\nval\r\n", i, 3600000 + (i * 7919) % 3600000
}' | redis-cli -s "$socket" --pipe >/dev/null
after=$(redis_memory)

# Requests a second of one command on random keys among those that are there.
redis_speed() {
    redis-benchmark -s "$socket" -q -P 64 -c 1 -n "$((keys * 2))" -r "$keys" "$@" 2>/dev/null |
        tr '\r' '\n' | sed -n 's/.*: \([0-9.]*\) requests per second.*/\1/p' | tail -n 1
}

engine_speed() { # COMMAND HOW -> million a second at this number of keys
    awk -v command="$1" -v keys="$keys" -v how="$2" \
        '$1 == command && $2 == keys && index($0, how) { print $(NF - 1) }' "$place/engine"
}

printf 'beside %s, redis-benchmark -P 64 on a unix socket, %s keys\n' \
    "$(redis-server --version | awk '{ print "redis-server", substr($3, 3) }')" "$keys"
for command in PSETEX PEXPIRE PTTL; do
    case $command in
    PSETEX) speed=$(redis_speed PSETEX key:__rand_int__ 3600000 val) ;;
    PEXPIRE) speed=$(redis_speed PEXPIRE key:__rand_int__ 3600000) ;;
    *) speed=$(redis_speed PTTL key:__rand_int__) ;;
    esac
    awk -v command="$command" -v redis="$speed" -v one="$(engine_speed "$command" 'one by one')" \
        -v piped="$(engine_speed "$command" pipelined)" 'BEGIN {
        printf "  %-8s %6.2f million/s; the engine: %.1f times that one by one, %.1f times pipelined\n",
            command, redis / 1e6, one * 1e6 / redis, piped * 1e6 / redis }'
done
awk -v before="$before" -v after="$after" -v keys="$keys" 'BEGIN {
    printf "  memory   %.1f bytes a key, key and value bytes (19) left out\n",
        (after - before) / keys - 19 }'
