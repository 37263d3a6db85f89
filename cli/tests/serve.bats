# `ttlspec serve`: the engine behind sockets, told the time or left to the machine's clock.

ttlspec=${TTLSPEC:-$PWD/build/ttlspec}

teardown() {
    [ -n "${serve_pid:-}" ] || return 0
    kill -9 "$serve_pid" 2>/dev/null || true
    wait "$serve_pid" 2>/dev/null || true
}

# serve_start OPTION...: starts a server on a free port; $port, $serve_pid and its two outputs.
serve_start() {
    out=$BATS_TEST_TMPDIR/out
    err=$BATS_TEST_TMPDIR/err
    "$ttlspec" serve --port 0 "$@" >"$out" 2>"$err" 3>&- &
    serve_pid=$!
    until_true grep -q '^ready: redis' "$out"
    port=$(sed -n 's|^ready: redis://.*:||p' "$out")
}

# serve_stop SIGNAL: its exit status in $status.
serve_stop() {
    status=0
    kill -s "$1" "$serve_pid"
    wait "$serve_pid" || status=$?
    serve_pid=''
}

# until_true COMMAND...: waits for it, ten seconds at most.
until_true() {
    for _ in $(seq 200); do
        "$@" && return
        sleep 0.05
    done
    echo "never came true: $*" >&2
    return 1
}

cli() {
    redis-cli -p "$port" "$@"
}

# raw BYTES: sends them (with printf's escapes) and prints all that comes back before the server
# hangs up.
raw() {
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    printf "$1" >&4
    timeout 5 cat <&4
    status=$?
    exec 4<&- 4>&-
    return $status
}

# is_answered BYTES ANSWER: after them the server hangs up, having said ANSWER.
is_answered() {
    answer=$(raw "$1" | tr -d '\r' | tr '\n' '|')
    [ "$answer" = "$2" ] || {
        printf 'sent %q\ngot  %s\nnot  %s\n' "$1" "$answer" "$2" >&2
        return 1
    }
}

@test "it says where it listens and answers there" {
    serve_start
    [ "$(cat "$out")" = "ready: redis://127.0.0.1:$port" ]
    [ "$(cli PING)" = PONG ]
    [ "$(cli SET k v)" = OK ]
    [ "$(cli GET k)" = v ]
    [ ! -s "$err" ]
}

@test "a manual clock stands still until it is told, and then it is exact" {
    serve_start --clock manual
    [ "$(cli TTLSPEC CLOCK SET 1000000)" = 1000000 ]
    [ "$(cli SET k v PX 100)" = OK ]
    sleep 0.2
    [ "$(cli PTTL k)" = 100 ]
    [ "$(cli TTLSPEC CLOCK ADVANCE 100)" = 1000100 ]
    [ "$(cli GET k)" = v ]
    [ "$(cli TTLSPEC CLOCK ADVANCE 1)" = 1000101 ]
    [ "$(cli DBSIZE)" = 0 ] # reclaimed, not merely hidden
    [ "$(cli GET k)" = "" ]
    [ "$(cli TTLSPEC CLOCK GET)" = 1000101 ]
}

@test "a manual clock goes back too, and ten years cost nothing" {
    serve_start --clock manual
    cli TTLSPEC CLOCK SET 5000
    cli SET k v PX 315360000000
    cli TTLSPEC CLOCK ADVANCE 315360000000
    [ "$(cli PTTL k)" = 0 ]
    [ "$(cli TTLSPEC CLOCK SET 4000)" = 4000 ]
    [ "$(cli PTTL k)" = 315360001000 ]
}

@test "what the clock does not understand is an error, and moves nothing" {
    serve_start --clock manual
    cli TTLSPEC CLOCK SET 7
    [[ $(cli TTLSPEC CLOCK ADVANCE) == "ERR wrong number of arguments"* ]]
    [[ $(cli TTLSPEC CLOCK GET 1) == "ERR wrong number of arguments"* ]]
    [[ $(cli TTLSPEC CLOCK ADVANCE soon) == "ERR value is not an integer"* ]]
    [[ $(cli TTLSPEC CLOCK ADVANCE 1.5) == "ERR value is not an integer"* ]]
    [[ $(cli TTLSPEC CLOCK SET '') == "ERR value is not an integer"* ]]
    [[ $(cli TTLSPEC CLOCK SET 99999999999999999999) == "ERR value is not an integer"* ]]
    [[ $(cli TTLSPEC CLOCK ADVANCE 9223372036854775807) == "ERR the time is later"* ]]
    [[ $(cli TTLSPEC CLOCK ADVANCE -1) == "ERR the time must not be negative"* ]]
    [[ $(cli TTLSPEC CLOCK REWIND 1) == "ERR unknown subcommand"* ]]
    [[ $(cli TTLSPEC) == "ERR unknown subcommand"* ]]
    [ "$(cli TTLSPEC CLOCK GET)" = 7 ]
}

@test "a real clock cannot be told the time" {
    serve_start --clock real
    [[ $(cli TTLSPEC CLOCK ADVANCE 1) == "ERR this clock is real"* ]]
}

@test "on a real clock a key is reclaimed when due, without anybody asking for it" {
    serve_start
    cli CONFIG SET notify-keyspace-events Ex
    redis-cli -p "$port" SUBSCRIBE __keyevent@0__:expired >"$BATS_TEST_TMPDIR/events" 3>&- &
    subscriber=$!
    until_true grep -q '^1$' "$BATS_TEST_TMPDIR/events"
    cli SET k v PX 600
    [ "$(cli DBSIZE)" = 1 ]
    until_true grep -q '^k$' "$BATS_TEST_TMPDIR/events"
    [ "$(cli DBSIZE)" = 0 ]
    kill "$subscriber"
}

@test "a message reaches the subscribers on other connections" {
    serve_start
    redis-cli -p "$port" SUBSCRIBE news >"$BATS_TEST_TMPDIR/news" 3>&- &
    subscriber=$!
    until_true grep -q '^1$' "$BATS_TEST_TMPDIR/news"
    [ "$(cli PUBLISH news hello)" = 1 ]
    until_true grep -q '^hello$' "$BATS_TEST_TMPDIR/news"
    kill "$subscriber"
}

@test "inline commands are split on blanks, quotes respected, between requests of RESP" {
    serve_start
    is_answered 'SET  k  "a b\\x21"\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n\r\nECHO x\nQUIT\r\n' \
        '+OK|$4|a b!|$1|x|+OK|'
    is_answered "ECHO 'it\\\\'s'\nQUIT\n" "\$4|it's|+OK|"
}

@test "empty requests are passed over" {
    serve_start
    is_answered '\r\n   \r\n*0\r\n*-1\r\nPING\r\nQUIT\r\n' '+PONG|+OK|'
}

@test "a request may arrive in any pieces" {
    serve_start
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    for piece in '*' '2\r' '\n$4' '\r\nEC' 'HO\r\n$' '5\r\nhe' 'llo' '\r' '\nQU' 'IT\r' '\n'; do
        printf "$piece" >&4
        sleep 0.01
    done
    [ "$(timeout 5 cat <&4 | tr -d '\r' | tr '\n' '|')" = '$5|hello|+OK|' ]
    exec 4<&- 4>&-
}

@test "what is not the protocol is answered with the reason, and hung up on" {
    serve_start
    is_answered '*1\r\n:5\r\n' "-ERR Protocol error: expected '\$', got ':'|"
    is_answered '*2\r\n$4\r\nPING\r\n*1\r\n$1\r\nx\r\n' "-ERR Protocol error: expected '\$', got '*'|"
    is_answered '*1\r\n@3\r\n' "-ERR Protocol error: expected '\$', got '@'|"
    is_answered '*1\r\n+PING\r\n' "-ERR Protocol error: expected '\$', got '+'|"
    is_answered '*1\r\n$-1\r\n' '-ERR Protocol error: invalid bulk length|'
    is_answered '*1\r\n$abc\r\n' '-ERR Protocol error: invalid bulk length|'
    is_answered '*abc\r\n' '-ERR Protocol error: invalid multibulk length|'
    is_answered '*99999999\r\n' '-ERR Protocol error: invalid multibulk length|'
    is_answered 'SET k "open\r\n' '-ERR Protocol error: unbalanced quotes in request|'
    is_answered 'PING\r\n*1\r\n:5\r\n' "+PONG|-ERR Protocol error: expected '\$', got ':'|"
    [ "$(cli PING)" = PONG ] # and everybody else is served
}

@test "a length that nobody should send is refused before its bytes are waited for" {
    serve_start
    is_answered '*2\r\n$3\r\nGET\r\n$536870913\r\n' '-ERR Protocol error: invalid bulk length|'
    is_answered '*2\r\n$3\r\nGET\r\n$99999999999999999999\r\n' \
        '-ERR Protocol error: invalid bulk length|'
    is_answered "$(head -c 70000 /dev/zero | tr '\0' x)" \
        '-ERR Protocol error: too big inline request|'
}

@test "a pipeline is answered whole and in order" {
    serve_start
    { seq 20000 | sed 's/.*/ECHO &/'; echo QUIT; } >"$BATS_TEST_TMPDIR/pipeline"
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    cat "$BATS_TEST_TMPDIR/pipeline" >&4 &
    timeout 20 cat <&4 | tr -d '\r' | grep -v '[$+]' >"$BATS_TEST_TMPDIR/answers"
    exec 4<&- 4>&-
    seq 20000 | cmp - "$BATS_TEST_TMPDIR/answers"
}

@test "a client that does not read is waited for, without filling the memory" {
    serve_start
    head -c 1000000 /dev/zero | redis-cli -p "$port" -x SET big
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    { for _ in $(seq 200); do echo 'GET big'; done; echo QUIT; } >&4
    sleep 1
    [ "$(cli PING)" = PONG ]
    resident_kb=$(awk '/^VmRSS/ { print $2 }' "/proc/$serve_pid/status")
    echo "resident: $resident_kb kB" >&2
    [ "$resident_kb" -lt 100000 ] # 200 MB are owed
    [ "$(timeout 20 cat <&4 | wc -c)" -eq $((200 * (1000000 + 12) + 5)) ]
    exec 4<&- 4>&-
}

@test "a value of many megabytes goes in and comes out" {
    serve_start
    head -c 20000000 /dev/urandom >"$BATS_TEST_TMPDIR/value"
    [ "$(redis-cli -p "$port" -x SET big <"$BATS_TEST_TMPDIR/value")" = OK ]
    [ "$(cli STRLEN big)" = 20000000 ]
    redis-cli -p "$port" GET big | head -c 20000000 | cmp - "$BATS_TEST_TMPDIR/value"
}

@test "a client that ends its side still gets its answers" {
    serve_start
    [ "$(printf 'PING\r\nECHO x\r\n' | timeout 5 redis-cli -p "$port" | tr '\n' '|')" = 'PONG|x|' ]
    command -v python3 >/dev/null || skip "no python3 to shut one direction down"
    run python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $port))
s.sendall(b'PING\r\n')
s.shutdown(socket.SHUT_WR)
print(s.makefile('rb').read())"
    [ "$output" = "b'+PONG\r\n'" ]
}

@test "a clock that nobody moves while keys wait is said loudly, while it runs and at the end" {
    serve_start --clock manual
    cli SET k v PX 10
    until_true grep -q 'CLOCK STANDS STILL: 1 key has a deadline' "$err"
    serve_stop TERM
    [ "$status" -eq 0 ]
    [ "$(grep -c 'CLOCK STANDS STILL' "$err")" -eq 2 ]
}

@test "a clock that was moved, or that nobody waits for, is not complained about" {
    serve_start --clock manual
    cli SET persistent v
    cli SET k v PX 1000
    cli TTLSPEC CLOCK ADVANCE 1
    serve_stop TERM
    [ "$status" -eq 0 ]
    [ ! -s "$err" ]
}

@test "interrupted or terminated it ends cleanly, with clients connected" {
    for signal in INT TERM; do
        serve_start --clock manual
        exec 4<>"/dev/tcp/127.0.0.1/$port"
        serve_stop "$signal"
        exec 4<&- 4>&-
        [ "$status" -eq 0 ]
    done
}

@test "a unix socket is made, served, replaced when stale, and removed" {
    socket=$BATS_TEST_TMPDIR/socket
    serve_start --unixsocket "$socket"
    until_true grep -q "^ready: unix://$socket" "$out"
    [ "$(redis-cli -s "$socket" PING)" = PONG ]
    run "$ttlspec" serve --unixsocket "$socket"
    [ "$status" -eq 3 ] # somebody's
    kill -9 "$serve_pid"
    wait "$serve_pid" || true
    [ -S "$socket" ]
    serve_start --unixsocket "$socket"
    [ "$(redis-cli -s "$socket" PING)" = PONG ]
    serve_stop TERM
    [ ! -e "$socket" ]
}

@test "a port that is taken is a target that cannot be used" {
    serve_start
    run "$ttlspec" serve --port "$port"
    [ "$status" -eq 3 ]
    [[ $output == *"cannot listen on 127.0.0.1 port $port: address already in use"* ]]
}

@test "a wrong command line has a sentence and status 2" {
    wrong() {
        run "$ttlspec" serve "${@:2}"
        [ "$status" -eq 2 ] && [[ $output == *"$1"* ]] || {
            printf '%s: status %s, %s\n' "${*:2}" "$status" "$output" >&2
            return 1
        }
    }
    wrong 'not "x"' --port x
    wrong 'not "65536"' --port 65536
    wrong 'not "-1"' --port -1
    wrong 'wants a value' --port
    wrong 'no option --prto' --prto 1
    wrong '"redis-banana" is not a dialect' --spec redis-banana
    wrong 'real or manual' --clock slow
    wrong 'numeric address' --bind nowhere
    wrong 'what is "6379"' 6379
    wrong '--seed wants' --seed -5
    wrong '--unixsocket wants' --unixsocket "$(head -c 200 /dev/zero | tr '\0' x)"
}

@test "it is like the server that was asked for" {
    serve_start --spec redis-6.2
    [[ $(cli INFO server) == *redis_version:6.2* ]]
    cli SET k v
    [[ $(cli PEXPIRE k 1000 GT) == "ERR"* ]] # no options before 7.0
}

# waits_for N: so many clients wait.
waits_for() {
    cli INFO clients | grep -q "^blocked_clients:$1"
}

@test "who waits is served by a push, and is answered nil in the millisecond after its timeout" {
    serve_start --clock manual
    cli BLPOP k 0.1 >"$BATS_TEST_TMPDIR/answer" &
    until_true waits_for 1
    cli TTLSPEC CLOCK ADVANCE 100
    waits_for 1
    cli TTLSPEC CLOCK ADVANCE 1
    wait $!
    [ "$(cat "$BATS_TEST_TMPDIR/answer")" = '' ]
    cli BLPOP k 0.1 >"$BATS_TEST_TMPDIR/answer" &
    until_true waits_for 1
    [ "$(cli RPUSH k a b)" = 2 ]
    wait $!
    [ "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/answer")" = 'k a ' ]
}

@test "on a real clock a timeout rings by itself" {
    serve_start
    [ "$(timeout 5 redis-cli -p "$port" BLPOP k 0.05)" = '' ]
}

@test "what comes behind a command that waits is executed after it" {
    serve_start
    raw 'BLPOP k 0\r\nSET x 1\r\nQUIT\r\n' >"$BATS_TEST_TMPDIR/answer" &
    until_true waits_for 1
    [ "$(cli EXISTS x)" = 0 ]
    cli RPUSH k a
    wait $!
    [ "$(tr -d '\r' <"$BATS_TEST_TMPDIR/answer" | tr '\n' '|')" = '*2|$1|k|$1|a|+OK|+OK|' ]
}

@test "who hangs up while it waits takes nothing" {
    serve_start
    redis-cli -p "$port" BLPOP k 0 >/dev/null &
    until_true waits_for 1
    kill $!
    until_true waits_for 0
    [ "$(cli RPUSH k a)" = 1 ]
    [ "$(cli LLEN k)" = 1 ]
}
