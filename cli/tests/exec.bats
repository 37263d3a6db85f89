# exec: a server that is started for the run, under the virtual clock, and gone after it; and the
# matrix of several runs.

load helper

setup() {
    v=$BATS_TEST_TMPDIR/v
    own=$(mktemp -d /tmp/ttlspec-bats-XXXXXX) # short: sockets lie in it
    export TMPDIR=$own
}

teardown() {
    rm -rf "$own"
}

# nothing_left: no file in the run's TMPDIR and no process that was started in it, soon.
nothing_left() {
    for _ in $(seq 100); do
        [ -n "$(ls -A "$own")" ] || ! pgrep -f "$own/ttlspec-" >/dev/null || sleep 0.05
        if [ -z "$(ls -A "$own")" ] && ! pgrep -f "$own/ttlspec-" >/dev/null; then return 0; fi
        sleep 0.05
    done
    ls -A "$own" >&2
    pgrep -af "$own/ttlspec-" >&2
    return 1
}

far_vector() {
    vector t.far "$(step 'PSETEX {k} 315360000000 v' "$ok")" \
        "$(step 'PTTL {k}' 1 315359999999)" "$(step 'GET {k}' null 315360000001)" |
        sed 's/"rules"/"needs": ["virtual-clock"], "rules"/'
}

@test "ten years pass at once, to the millisecond" {
    vectors_write "$v" "$(right)" "$(far_vector)"
    ends 0 "$ttlspec" run exec:redis-server --vectors "$v"
    says 'conformant: 2 passed'
    nothing_left
}

@test "a difference is a difference, and says how to run it again" {
    vectors_write "$v" "$(wrong)"
    ends 1 "$ttlspec" run "exec:redis-server --loglevel warning" --vectors "$v"
    says "ttlspec run 'exec:redis-server --loglevel warning'"
    nothing_left
}

@test "a server that cannot be used is told in a sentence, status 3" {
    vectors_write "$v" "$(right)"
    ends 3 "$ttlspec" run exec:no-such-server --vectors "$v"
    says 'cannot run no-such-server: No such file or directory'
    ends 3 "$ttlspec" run exec:/dev/null --vectors "$v"
    says 'cannot run /dev/null: Permission denied'
    ends 3 "$ttlspec" run 'exec:redis-server --no-such-option 1' --vectors "$v"
    says 'no-such-option'
    ends 3 "$ttlspec" run 'exec:env -u LD_PRELOAD redis-server --port {port}' --vectors "$v"
    says 'does not obey the virtual clock'
    nothing_left
    TMPDIR=$own/none ends 3 "$ttlspec" run exec:redis-server --vectors "$v"
    says 'cannot make a directory in'
}

# A server that needs no library answers TIME itself, so it has to be asked.
small_server() {
    cat <<'C'
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char word[512], reply[128], second[32];
    int place = socket(AF_UNIX, SOCK_STREAM, 0), one;
    if (argc < 2) return 1;
    strncpy(at.sun_path, argv[1], sizeof at.sun_path - 1);
    if (bind(place, (struct sockaddr *)&at, sizeof at) != 0 || listen(place, 9) != 0) return 1;
    while ((one = accept(place, NULL, NULL)) >= 0) {
        for (ssize_t got; (got = read(one, word, sizeof word - 1)) > 0;) {
            word[got] = 0;
            snprintf(second, sizeof second, "%lld", (long long)time(NULL));
            if (strstr(word, "TIME") != NULL)
                snprintf(reply, sizeof reply, "*2\r\n$%zu\r\n%s\r\n$1\r\n0\r\n", strlen(second), second);
            else snprintf(reply, sizeof reply, "+PONG\r\n");
            if (write(one, reply, strlen(reply)) < 0) break;
        }
        close(one);
    }
    return 0;
}
C
}

@test "a static program, one of another libc, and one in a read-only place are refused in a sentence, status 3" {
    vectors_write "$v" "$(right)"
    small_server >"$BATS_TEST_TMPDIR/s.c"
    ${CC:-cc} -static -o "$BATS_TEST_TMPDIR/static" "$BATS_TEST_TMPDIR/s.c" || skip 'no static C library here'
    ends 3 "$ttlspec" run "exec:$BATS_TEST_TMPDIR/static {socket}" --vectors "$v"
    says 'does not obey the virtual clock'
    says 'is it a static or set-user-id program, or one with another C library?'
    if command -v musl-gcc >/dev/null; then
        musl-gcc -o "$BATS_TEST_TMPDIR/musl" "$BATS_TEST_TMPDIR/s.c"
        ends 3 "$ttlspec" run "exec:$BATS_TEST_TMPDIR/musl {socket}" --vectors "$v"
        says 'could not be'
    fi
    ends 3 "$ttlspec" run 'exec:redis-server --unixsocket {socket} --port 0 --dir /proc/nothing' --vectors "$v"
    says '"/proc/nothing"'
    says 'No such file or directory'
    nothing_left
}

@test "a port that is taken is told in the server's words, status 3" {
    vectors_write "$v" "$(right)"
    redis_start --port 0
    port=$((20000 + RANDOM % 20000))
    redis config set port $port 2>/dev/null | grep -q OK || skip 'this redis-server keeps its port'
    ends 3 "$ttlspec" run "exec:redis-server --unixsocket {socket} --port $port" --vectors "$v"
    says 'Address already in use'
    kill -9 "$redis_pid"
    rm -rf "$redis_dir"
    nothing_left
}

@test "a server that dies in the middle is started again for the rest" {
    vectors_write "$v" "$(vector t.dies "$(step 'DEBUG SEGFAULT' "$ok")" |
        sed 's/"rules"/"needs": ["debug"], "rules"/')" "$(right)"
    ends 3 "$ttlspec" run exec:redis-server --vectors "$v"
    says 'was killed by signal 11; its last words: '
    [[ $output =~ exec:redis-server\ +redis-[0-9.]+\ +1\ +0\ +0\ +0\ +0\ +1\ +0 ]]
    nothing_left
}

@test "interrupted or killed, it leaves nothing behind" {
    for signal in INT KILL; do
        "$ttlspec" run exec:redis-server exec:redis-server --jobs 3 >/dev/null 2>&1 3>&- &
        pid=$!
        for _ in $(seq 100); do
            [ -z "$(ls "$own")" ] || break
            sleep 0.02
        done
        sleep 0.2
        kill -0 "$pid"
        kill -$signal "$pid"
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq "$([ $signal = INT ] && echo 130 || echo 137)" ]
        nothing_left
    done
}

# A vector that sends thousands of steps to its replica: long enough to be interrupted.
long_vector() {
    printf '{"id": "t.long", "title": "a law", "rules": ["r.one"], "needs": ["replica"], "steps": ['
    yes '{"on": "replica", "do": ["PING"], "reply": {"status": "PONG"}},' | head -9999
    printf '{"on": "replica", "do": ["PING"], "reply": {"status": "PONG"}}]}'
}

@test "interrupted or killed while a replica follows, it leaves nothing behind either" {
    vectors_write "$v" "$(long_vector)"
    for signal in INT KILL; do
        "$ttlspec" run exec:redis-server --vectors "$v" >/dev/null 2>&1 3>&- &
        pid=$!
        # Two directories for each of the two servers, and in one of them its socket.
        for _ in $(seq 500); do
            [ "$(find "$own" -name socket | wc -l)" -lt 2 ] || break
            sleep 0.01
        done
        [ "$(find "$own" -mindepth 1 -maxdepth 1 -name 'ttlspec-*' | wc -l)" -eq 4 ]
        kill -$signal "$pid"
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq "$([ $signal = INT ] && echo 130 || echo 137)" ]
        nothing_left
    done
}

@test "the matrix puts runs side by side and says where the engine does not agree" {
    vectors_write "$v" "$(right)" "$(wrong)"
    m=$BATS_TEST_TMPDIR/m
    mkdir "$m"
    "$ttlspec" run exec:redis-server --vectors "$v" --report json="$m/server.json" || true
    dialect=$(sed -n 's/.*"spec":"\([^"]*\)".*/\1/p' "$m/server.json")
    "$ttlspec" run "engine:$dialect" --vectors "$v" --report json="$m/engine.json" || true
    ends 1 "$ttlspec" matrix --out "$m" "$m/server.json" "$m/engine.json"
    says '1 pass  1 fail  the engine agrees on 2 of 2'
    grep -q '"id":"t.wrong","kind":"differs","verdicts":"ff"' "$m/matrix.json"
    grep -q '"id":"t.right","kind":"same","verdicts":"pp"' "$m/matrix.json"
    grep -q '^- `t.wrong`' "$m/matrix.md"
    grep -q '^<!doctype html>' "$m/index.html"
    sed -i 's/"verdict":"fail"/"verdict":"pass"/' "$m/engine.json"
    ends 1 "$ttlspec" matrix --out "$m" "$m/server.json" "$m/engine.json"
    says 'the engine agrees on 1 of 2'
}

@test "a matrix of nothing, of no results, or to nowhere is refused" {
    ends 2 "$ttlspec" matrix --out "$own"
    ends 2 "$ttlspec" matrix "$own/x"
    ends 2 "$ttlspec" matrix --out "$own" "$own/none"
    says 'none'
    echo '{"format":' >"$own/broken"
    ends 2 "$ttlspec" matrix --out "$own" "$own/broken"
    says 'broken'
}
