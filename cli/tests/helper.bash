# What the command line tests share: a real server of their own, and vectors that they write.

bats_require_minimum_version 1.5.0
ttlspec=${TTLSPEC:-$PWD/build/ttlspec}

teardown() {
    [ -n "${redis_pid:-}" ] || return 0
    kill -9 "$redis_pid" 2>/dev/null || true
    wait "$redis_pid" 2>/dev/null || true
    rm -rf "$redis_dir"
}

# redis_start OPTION...: a server behind a socket, $redis_url, in a directory with a short name.
redis_start() {
    redis_dir=$(mktemp -d /tmp/ttlspec-bats-XXXXXX)
    redis_socket=$redis_dir/s
    redis_url=unix://$redis_socket
    redis-server --port 0 --unixsocket "$redis_socket" --dir "$redis_dir" --save '' "$@" \
        >"$redis_dir/log" 2>&1 3>&- &
    redis_pid=$!
    for _ in $(seq 200); do
        grep -q 'eady to accept connections' "$redis_dir/log" && return
        kill -0 "$redis_pid" || break
        sleep 0.05
    done
    cat "$redis_dir/log" >&2
    return 1
}

redis() {
    redis-cli -s "$redis_socket" "$@"
}

# vectors_write DIR VECTOR...: a suite `t` of these vectors, with a rules.json beside it.
vectors_write() {
    local dir=$1
    shift
    mkdir -p "$dir"
    echo '{"rules": [{"id": "r.one", "text": "The one rule.", "source": {"title": "A page"}}]}' \
        >"$dir/rules.json"
    local IFS=,
    echo "{\"suite\": \"t\", \"vectors\": [$*]}" >"$dir/t.json"
}

# vector ID STEP...: one vector, as JSON.
vector() {
    local id=$1
    shift
    local IFS=,
    echo "{\"id\": \"$id\", \"title\": \"a law of $id\", \"rules\": [\"r.one\"], \"steps\": [$*]}"
}

# step WORDS REPLY [AT]: one step, as JSON.
step() {
    local words
    words=$(printf '"%s",' $1)
    echo "{${3:+\"at\": \"$3\", }\"do\": [${words%,}], \"reply\": $2}"
}

ok='{"status": "OK"}'

right() {
    vector t.right "$(step 'PSETEX {k} 100 v' "$ok")" "$(step 'GET {k}' '"v"' 40)" \
        "$(step 'GET {k}' null 150)"
}
wrong() {
    vector t.wrong "$(step 'SET {k} v' "$ok")" "$(step 'STRLEN {k}' 2)"
}

# says WORDS: the last command's output has them; shows it when not.
says() {
    [[ $output == *"$1"* ]] || {
        printf 'not said: %s\n' "$1" >&2
        return 1
    }
}

# ends STATUS COMMAND...: runs it, output and complaints together, and holds it to the status.
ends() {
    local wanted=$1
    shift
    run "$@"
    [ "$status" -eq "$wanted" ] || {
        printf 'status %d, not %d:\n%s\n' "$status" "$wanted" "$output" >&2
        return 1
    }
}
