#!/usr/bin/env bats
# Timelines: of a vector, of a history, of a world, of a play; as text and as SVG.

load helper

root=$PWD

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export LC_ALL=C.UTF-8
    vectors_write v "$(vector t.lease \
        "$(step 'SET {k} w1 NX PX 100' "$ok" 0)" \
        "$(step 'PEXPIRE {k} 200' 1 50)" \
        "$(step 'GET {k}' null 300)")"
}

# A lease that was held by two: the second reply cannot be.
history() {
    cat >lease.jsonl <<'END'
{"history": "1", "spec": "redis-7.0.15"}
{"on": "a", "sent_us": "0", "received_us": "400", "do": ["SET", "k", "1", "NX", "PX", "100"], "reply": {"status": "OK"}}
{"on": "b", "sent_us": "10000", "received_us": null, "do": ["DEL", "other"]}
{"on": "c", "sent_us": "20000", "received_us": "20400", "do": ["SET", "k", "2", "NX", "PX", "100"], "reply": {"status": "OK"}}
END
}

is_xml() {
    python3 -c 'import sys, xml.dom.minidom as d; d.parse(sys.argv[1])' "$1"
}

@test "a vector is drawn: lanes, arrows, and each deadline as a bar until it comes" {
    ends 0 "$ttlspec" show t.lease --vectors v
    says '         main     redis-7.0    k'
    says '  0 ms     ●◀────────▶●        ╻   SET k w1 NX PX 100 -> OK'
    says ' 50 ms     ●◀────────▶●        ╂   PEXPIRE k 200 -> 1'
    says '251 ms     │          │        ╹   k is dead'
    says '300 ms     │          ●            active cycle: k expired'
    says '300 ms     ●◀────────▶●            GET k -> nil'
}

@test "where the locale is not UTF-8, the drawing is ASCII" {
    LC_ALL=C ends 0 "$ttlspec" show t.lease --vectors v
    says '  0 ms     *<-------->*        +   SET k w1 NX PX 100 -> OK'
    ! printf '%s' "$output" | LC_ALL=C grep -q '[^ -~]'
}

@test "only a terminal gets colours, and none when NO_COLOR is set" {
    command -v script >/dev/null || skip 'script, which makes a terminal, is not installed'
    ends 0 "$ttlspec" show t.lease --vectors v
    [[ $output != *$'\033['* ]]
    unset NO_COLOR
    ends 0 script -qec "'$ttlspec' show t.lease --vectors v" /dev/null
    says $'\033[34m●'
    NO_COLOR=1 ends 0 script -qec "'$ttlspec' show t.lease --vectors v" /dev/null
    [[ $output != *$'\033['* ]]
}

@test "a terminal's width is kept to" {
    command -v script >/dev/null || skip 'script, which makes a terminal, is not installed'
    LC_ALL=C NO_COLOR=1 ends 0 script -qec \
        "stty cols 110; '$ttlspec' sim --seed 1 --commands 100 --show" /dev/null
    [ "$(printf '%s\n' "$output" | tr -d '\r' | awk 'length($0) > 110' | wc -l)" -eq 0 ]
    says '~'
}

@test "a history is drawn with the judge's verdict, and the reply that cannot be is marked" {
    history
    ends 0 "$ttlspec" show lease.jsonl
    says 'lease.jsonl: fail'
    says 'DEL other, no reply'
    says 'a         b         c      server'
    says '✕'
    says 'the key was dead at least'
}

@test "a history that is wrong is told as such, with status 2" {
    echo '{"on": 7}' >wrong.jsonl
    ends 2 "$ttlspec" show wrong.jsonl
    says 'wrong.jsonl:1'
}

@test "--svg writes a file that is XML, of each kind of drawing" {
    history
    ends 0 "$ttlspec" show t.lease --vectors v --svg vector.svg
    [ -z "$output" ]
    ends 0 "$ttlspec" show lease.jsonl --svg history.svg
    ends 0 "$ttlspec" sim --seed 3 --commands 200 --svg world.svg
    for file in vector history world; do is_xml "$file.svg"; done
    grep -q 'class="bar"' vector.svg
    grep -q 'class="death"' vector.svg
    grep -q 'class="lost"' history.svg
    grep -q 'class="wrong"' history.svg
    grep -q 'prefers-color-scheme:dark' world.svg
    ends 2 "$ttlspec" show t.lease lease.jsonl --vectors v --svg both.svg
    ends 2 "$ttlspec" show t.lease --vectors v --svg /nowhere/at.all
    says 'cannot be written'
}

@test "a world is drawn: its last rows, up to an event, with faults on their lanes" {
    ends 0 "$ttlspec" sim --seed 8 --commands 200 --show --until 240 --last 30
    says 'The world of seed 0x8'
    says 'rows before these'
    [ "$(printf '%s\n' "$output" | wc -l)" -eq 34 ]
    ends 0 "$ttlspec" sim --seed 8 --commands 200 --show --last 0
    [[ $output != *'rows before these'* ]]
}

@test "clients that wait in vain and faults of the server stand on their lanes" {
    for seed in $(seq 30); do "$ttlspec" sim --seed "$seed" --commands 200 --show --last 0; done >all
    grep -q 'client [0-9]  no answer in time: a new connection' all
    grep -q 'client [0-9]  partition for' all
    grep -q 'server    the clock jumps .* back' all
    grep -q 'replica   the replica gets changes' all
    grep -q 'is lost' all
}

@test "a world that breaks a law is drawn up to there, with the law's status" {
    ends 1 "$ttlspec" sim --seed 1 --plant 'PTTL grows' --show
    [[ $(printf '%s\n' "$output" | tail -1) =~ PTTL\ k[0-9]+\ answered\ .*,\ right\ is\  ]]
}

# shrunk SCENARIO OPTION...: the file of the play that breaks a promise.
shrunk() {
    [ -e sim ] || ln -s "$root/sim" sim
    "$ttlspec" sim --scenario "$@" --seed 1 >/dev/null || true
    find "ttlspec-sim/$1" -name '*.play' -newer sim | sort | tail -1
}

@test "a broken promise is drawn: who is where, who stands still, each deadline, the moment, the lesson" {
    ends 1 "$ttlspec" sim --replay "$(shrunk lease-lock --beyond=pause)" --show
    says 'lease-lock, beyond its bounds (pause): seed 0x3'
    says 'Promised: two workers never hold the lock at once. Broken at event 11'
    says '             worker-1   worker-2   server    lock'
    says '   0.100 ms      ●╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶●        ╻    worker-1  SET lock worker-1 NX PX 1000 -> OK'
    says '        ┃    worker-1  marks "gets"; enters "lock"; stands still for 1050 ms'
    says '1001.000 ms     █░          │         │        ╹              lock is dead'
    says '1001.205 ms     █░         █●         │        ┃    worker-2  worker-2 is in "lock" from'
    says 'let what the lock protects'
}

@test "a failover is drawn with what it loses: a change that never arrives, a command that is not run" {
    ends 1 "$ttlspec" sim --replay "$(shrunk failover-lease --beyond=lag)" --show
    says 'worker-3   server    replica   lock'
    says '●───✕     │        ╻    worker-3  SET lock worker-3 NX PX 2000 -> OK'
    says 'server    fails, and the replica takes over; 1 change is lost'
    says 'worker-1  its connection was broken: the command is not run'
}

@test "what the active cycle and subscriptions do is drawn" {
    ends 1 "$ttlspec" sim --replay "$(shrunk delayed-job --plant 'who hears of a job runs it')" --show
    says 'active cycle: timer:1 expired'
    says 'is told of timer:1'
    says 'marks "ran" of timer:1'
}

@test "the play of a seed is drawn up to an event, also where no promise breaks" {
    ln -s "$root/sim" sim
    ends 0 "$ttlspec" sim --scenario lease-lock --seed 5 --show --last 20
    says 'lease-lock: seed 0x5'
    says 'all promises held'
    says 'rows before these'
    ends 0 "$ttlspec" sim --scenario lease-lock --seed 5 --show --until 12
    says '12 events, '
    ends 2 "$ttlspec" sim --scenario lease-lock --seed 5 --show --beyond
    says 'in 4 ways: --beyond=pause'
    ends 2 "$ttlspec" sim --scenarios --show
}

@test "the picture in the README is what is drawn" {
    "$ttlspec" sim --replay "$(shrunk lease-lock --beyond=pause)" --svg now.svg || true
    cmp now.svg "$root/docs/examples/lease-lock-pause.svg"
}
