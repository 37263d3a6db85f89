# The slow way to a server: what it carries, what it refuses, how it ends.

load ../../cli/tests/helper

setup() {
    delay=$(dirname "$ttlspec")/delay
}

# delay_start OPTION...: a way to the server of redis_start, whose port is $redis_port; $delay_port.
delay_start() {
    "$delay" --to "$redis_port" "$@" >"$BATS_TEST_TMPDIR/delay" 2>&1 3>&- &
    delay_pid=$!
    for _ in $(seq 200); do
        delay_port=$(sed -n 's/^ready: .*://p' "$BATS_TEST_TMPDIR/delay")
        [ -z "$delay_port" ] || return 0
        sleep 0.05
    done
    return 1
}

redis_start_on_port() {
    for _ in 1 2 3 4 5; do
        redis_port=$((20000 + RANDOM % 12000))
        redis_start --port "$redis_port" --bind 127.0.0.1 && return
    done
    return 1
}

@test "a large value arrives whole, and every reply is late by what was asked for" {
    redis_start_on_port
    delay_start --min 20 --max 40
    head -c 3000000 /dev/zero | tr '\0' x | redis-cli -p "$delay_port" -x SET big
    [ "$(redis STRLEN big)" = 3000000 ]
    [ "$(redis-cli -p "$delay_port" GET big | wc -c)" = 3000001 ]
    for _ in 1 2 3 4 5; do echo PING; done >"$BATS_TEST_TMPDIR/pings"
    began=$(date +%s%N)
    redis-cli -p "$delay_port" <"$BATS_TEST_TMPDIR/pings"
    [ $(($(date +%s%N) - began)) -ge 200000000 ]
    kill "$delay_pid"
    wait "$delay_pid"
    grep -q '^carried [0-9]* chunks of 3 connections$' "$BATS_TEST_TMPDIR/delay"
}

@test "commands that are on their way when it ends are gone, the server is not" {
    redis_start_on_port
    delay_start --min 30000 --max 30000
    redis-cli -p "$delay_port" SET k v 3>&- &
    client=$!
    sleep 0.3
    kill -INT "$delay_pid"
    wait "$delay_pid"
    wait "$client" || true
    [ "$(redis EXISTS k)" = 0 ]
}

@test "a server that hangs up hangs up on the client, and one that is not there too" {
    redis_start_on_port
    delay_start --max 5
    run redis-cli -p "$delay_port" SHUTDOWN NOSAVE
    run redis-cli -p "$delay_port" PING
    [ "$status" -ne 0 ]
    kill "$delay_pid"
    wait "$delay_pid"
    grep -q "^delay: 127.0.0.1:$redis_port cannot be reached: connection refused" \
        "$BATS_TEST_TMPDIR/delay"
}

@test "a command line that is wrong gets a sentence" {
    ends 2 "$delay"
    says 'usage: delay --to PORT'
    ends 2 "$delay" --to 70000
    says 'delay: --to takes a whole number from 1 to 65535, not "70000"'
    ends 2 "$delay" --to 1 --min 9 --max 3
    says 'delay: --min 9 is more than --max 3'
    ends 2 "$delay" --to 1 --max 1.5
    says 'delay: --max takes a whole number from 0 to 60000, not "1.5"'
    redis_start_on_port
    ends 3 "$delay" --to 1 --port "$redis_port"
    says "delay: cannot listen on 127.0.0.1 port $redis_port: address already in use"
}
