#!/usr/bin/env bats
# ttlspec sim --scenario: promises that hold within their bounds and break beyond them, plays that
# can be played again, vectors that run elsewhere, bad input.

load helper

root=$PWD

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    ln -s "$root/sim" sim # where scenarios are looked for
}

names() {
    for file in sim/scenarios/*.json; do basename "$file" .json; done
}

@test "every scenario keeps its promises within its bounds" {
    for name in $(names); do
        run "$ttlspec" sim --scenario "$name" --seed 1 --seeds 500
        [ "$status" -eq 0 ] || { echo "$output"; return 1; }
        [[ "$output" == *"500 seeds of $name from 0x1: all promises held"* ]]
        [[ "$output" == *"everything that the bounds allow came at least once"* ]]
    done
}

@test "every way beyond the bounds breaks a promise, and says what is learnt" {
    for name in $(names); do
        run "$ttlspec" sim --scenario "$name" --beyond --seed 1
        [ "$status" -eq 1 ] || [ "$status" -eq 5 ] || { echo "$output"; return 1; }
        blocks=$(printf '%s\n' "$output" | grep -c 'broke a promise of')
        ways=$(python3 -c 'import json, sys
print(len(json.load(open(sys.argv[1]))["beyond"]))' "sim/scenarios/$name.json")
        [ "$blocks" -eq "$ways" ] || { echo "$output"; return 1; }
        [ "$(find "ttlspec-sim/$name" -name '*.svg' | wc -l)" -eq "$ways" ]
    done
    # Each is drawn, with the moment of the broken promise and what is learnt.
    for svg in ttlspec-sim/*/*.svg; do
        python3 -c 'import sys, xml.dom.minidom as d; d.parse(sys.argv[1])' "$svg"
        grep -q 'class="wrong"' "$svg"
        grep -q 'class="lesson"' "$svg"
    done
}

@test "a broken promise is one block: what broke, the story, the lesson, how to see it again, files" {
    run "$ttlspec" sim --scenario lease-lock --beyond=clock-ahead --seed 1
    [ "$status" -eq 1 ]
    [[ "${lines[0]}" == *"broke a promise of safety"*"two workers never hold the lock at once" ]]
    [[ "$output" == *"SET lock worker-"*" NX PX 1000 -> OK"* ]]
    [[ "$output" == *"its clock is set ahead by"* ]]
    [[ "$output" == *"Slew the server's clock"* ]]
    [[ "$output" == *"again: ttlspec sim --scenario lease-lock --beyond=clock-ahead --seed 0x"* ]]
    [ "$(find ttlspec-sim/lease-lock -type f | wc -l)" -eq 4 ]
}

@test "the command that shows it again does so" {
    run "$ttlspec" sim --scenario cart --plant 'seconds are taken for milliseconds' --seed 1
    again=$(printf '%s\n' "$output" | sed -n 's/^  again: ttlspec //p')
    first=${lines[0]} second=${lines[1]}
    run bash -c "'$ttlspec' $again"
    [ "$status" -eq 1 ]
    [ "${lines[0]}" = "$first" ]
    [ "${lines[1]}" = "$second" ]
}

@test "a broken promise of liveness has a status of its own" {
    run "$ttlspec" sim --scenario delayed-job --plant 'no sweep' --seed 1
    [ "$status" -eq 5 ]
    [[ "$output" == *"broke a promise of liveness"* ]]
}

@test "a broken promise of liveness comes out small, and is broken to the end of all programs too" {
    shrinks() {
        "$ttlspec" sim --scenario "$1" --plant "$2" --seed 1 >out || [ "$?" -eq 5 ]
        grep -q 'cut short: it goes on like this to the end' out
        run "$ttlspec" sim --replay ttlspec-sim/"$1"/wrong-*.play
        [ "$status" -eq 5 ]
        [[ "$output" == *"never did until "*", where the play is cut short"* ]]
        [ "$(printf '%s\n' "$output" | grep -c ' -> ')" -le 10 ] || { echo "$output"; return 1; }
        sed '/"until-us"/d' ttlspec-sim/"$1"/wrong-*.play >whole.play
        run "$ttlspec" sim --replay whole.play
        [ "$status" -eq 5 ]
        [[ "$output" == *"never did until all programs had ended"* ]]
    }
    shrinks lease-lock 'the lock gets its deadline in a second command'
    shrinks cache-stampede 'the turn has no deadline'
    shrinks delayed-job 'no sweep'
}

@test "all that failures wrote is played again from their directory, with the worst status" {
    "$ttlspec" sim --scenario delayed-job --plant 'no sweep' --seed 1 >/dev/null || true
    run "$ttlspec" sim --replay ttlspec-sim
    [ "$status" -eq 5 ]
    [[ "$output" == *"delayed-job/wrong-5.play: broken: a job that was planned runs"*"1 of 1 broken" ]]
    "$ttlspec" sim --seed 1 --plant 'PTTL grows' >/dev/null || true
    run "$ttlspec" sim --replay ttlspec-sim
    [ "$status" -eq 1 ]
    [[ "$output" == *".world: broken: "*"2 of 2 broken" ]]
    # The mistake is mended: what was found holds.
    rm -r ttlspec-sim/delayed-job
    sed -i '/"plant"/d' ttlspec-sim/*.world
    run "$ttlspec" sim --replay ttlspec-sim
    [ "$status" -eq 0 ]
    [[ "$output" == *".world: all laws held"*"0 of 1 broken" ]]
    echo '{' >ttlspec-sim/half.play
    run "$ttlspec" sim --replay ttlspec-sim
    [ "$status" -eq 2 ]
    mkdir none
    run "$ttlspec" sim --replay none
    [ "$status" -eq 2 ]
    run "$ttlspec" sim --replay ttlspec-sim --show
    [ "$status" -eq 2 ]
}

@test "a play is played again from its file alone, with the same status" {
    "$ttlspec" sim --scenario lease-lock --beyond=pause --seed 1 >first || true
    rm sim
    run "$ttlspec" sim --replay ttlspec-sim/lease-lock/pause-*.play
    [ "$status" -eq 1 ]
    [ "${lines[1]}" = "$(sed -n 2p first)" ]
}

@test "the vector of a play is clean, and engine and a real server answer as in the play" {
    for way in pause slow-network clock-ahead drift; do
        "$ttlspec" sim --scenario lease-lock --beyond=$way --seed 1 >/dev/null || true
    done
    "$ttlspec" sim --scenario sliding-session --beyond --seed 1 >/dev/null || true
    run "$ttlspec" lint ttlspec-sim
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    run "$ttlspec" run --vectors ttlspec-sim engine exec:redis-server
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    [[ "$output" == *"conformant: 14 passed"* ]]
}

@test "the vector of a play runs on a live server" {
    redis_start
    "$ttlspec" sim --scenario lease-lock --beyond=drift --seed 1 >/dev/null || true
    run "$ttlspec" run --vectors ttlspec-sim "$redis_url"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    [[ "$output" == *"conformant: 1 passed"* ]]
}

@test "the vector of a play holds in each version that it says, and for no other" {
    "$ttlspec" sim --scenario sliding-session --beyond --seed 1 || true
    "$ttlspec" sim --scenario sliding-window --beyond --seed 1 || true
    "$ttlspec" sim --scenario fixed-window --plant 'NX on a server that does not know it' --seed 1 ||
        true
    run "$ttlspec" run --vectors ttlspec-sim engine:redis-6.2 engine engine:redis-8.0 \
        engine:redis-8.6 engine:valkey-8.0 engine:valkey-9.1
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    run "$ttlspec" run --vectors ttlspec-sim --run 'fixed-window.**' engine:redis-6.2
    [[ "$output" == *"conformant: 1 passed"* ]]
}

@test "scenarios are valid by their schema, and what is wrong in its shape is not" {
    python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null ||
        skip "python3-jsonschema (4.0 or later) is not installed"
    local schema=sim/scenarios/schema/scenario.schema.json
    python3 "$root/conformance/tests/validate.py" "$schema" sim/scenarios/*.json
    for name in negative-latency endless-while promise-unknown promise-no-count unknown-step; do
        run python3 "$root/conformance/tests/validate.py" "$schema" \
            "$root/cli/tests/scenarios/$name.json"
        [ "$status" -eq 1 ] || { echo "$name: $status $output"; return 1; }
    done
}

@test "a failover in the middle of a lease is a vector that a server with its replica passes" {
    "$ttlspec" sim --scenario failover-lease --plant 'the lease is trusted at once' --seed 1 || true
    "$ttlspec" sim --scenario failover-lease --beyond --seed 1 || true
    run "$ttlspec" run --vectors ttlspec-sim engine exec:redis-server
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    [[ "$output" == *"conformant: 4 passed"* ]]
}

@test "a seed of every scenario runs on the engine and on a real server with the replies of the play" {
    for name in $(names); do
        for target in engine exec:redis-server; do
            run "$ttlspec" sim --scenario "$name" --seed 2 --on "$target"
            [ "$status" -eq 0 ] || { echo "$output"; return 1; }
            [[ "$output" == *"seed 0x2 of $name as a vector"*"conformant: 1 passed"* ]]
        done
    done
    run "$ttlspec" sim --scenario cart --seed 2 --on exec:/nowhere/at-all
    [ "$status" -eq 3 ]
    run --separate-stderr "$ttlspec" sim --scenario failover-lease --seed 545 --on engine \
        --plant 'a replica is asked whether the lock is free'
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"seed 0x221 cannot be run elsewhere: a replica is asked in it"* ]]
}

@test "what was written of a broken promise runs on a real server too" {
    "$ttlspec" sim --scenario lease-lock --beyond=clock-ahead --seed 1 >/dev/null || true
    run "$ttlspec" sim --replay ttlspec-sim/lease-lock/clock-ahead-*.play --on exec:redis-server
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    [[ "$output" == *"conformant: 1 passed"* ]]
}

@test "a play stops at any event and shows its state" {
    run "$ttlspec" sim --scenario failover-lease --seed 5 --until 60
    [ "$status" -eq 0 ]
    [[ "$output" == *"event 60, 2076.657 ms after the beginning"* ]]
    [[ "$output" == *"server: its clock shows 1800000002076657 us"* ]]
    [[ "$output" == *'lock '*'"worker-3", 1971 ms left'*"replica: has 1 of 2 changes"* ]]
    [[ "$output" == *"worker-1: "*"expects a reply at /procedures/acquire/0"* ]]
    [[ "$output" == *"{got} = OK {begun} = 2027"* ]]
    "$ttlspec" sim --scenario lease-lock --beyond=pause --seed 1 >/dev/null || true
    run "$ttlspec" sim --replay ttlspec-sim/lease-lock/pause-*.play --until 8
    [[ "$output" == *"event 8, "*'stands still until 1050.205 ms, is in "lock"'* ]]
    run "$ttlspec" sim --replay ttlspec-sim/lease-lock/pause-*.play --until 1000000
    [[ "$output" == *"broken: two workers never hold the lock at once"* ]]
}

@test "a play in which a lagging replica is asked cannot be a vector, and says so" {
    run "$ttlspec" sim --scenario failover-lease --seed 1 \
        --plant 'a replica is asked whether the lock is free'
    [ "$status" -eq 1 ]
    [[ "$output" == *"no vector: a replica is asked in it"* ]]
    run "$ttlspec" sim --replay ttlspec-sim/failover-lease/wrong-*.play
    [ "$status" -eq 1 ]
}

@test "the digest does not depend on the number of workers, and a seed goes the same way twice" {
    one=$("$ttlspec" sim --scenario delayed-job --seed 7 --seeds 30 --jobs 1 | grep digest)
    three=$("$ttlspec" sim --scenario delayed-job --seed 7 --seeds 30 --jobs 3 | grep digest)
    [ "$one" = "$three" ]
    run "$ttlspec" sim --scenario failover-lease --seed 3 --seeds 20 --check-determinism
    [ "$status" -eq 0 ]
    [[ "$output" == *"20 seeds went the same way twice"* ]]
}

@test "what does not break beyond its bounds is not decided" {
    run "$ttlspec" sim --scenario lease-lock --beyond=drift --seed 1 --seeds 2
    [ "$status" -eq 4 ]
}

@test "Ctrl-C says how many seeds are done and how to go on" {
    "$ttlspec" sim --scenario cart --seed 1 --seeds 100000000 >out 2>&1 3>&- &
    pid=$!
    sleep 1
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 130 ]
    grep -q 'interrupted: [0-9]* of 100000000 seeds of cart done' out
    grep -q 'go on: ttlspec sim --scenario cart --seed 0x[0-9a-f]* --seeds' out
}

@test "a worker that crashes names its seed" {
    "$ttlspec" sim --scenario cart --seed 1 --seeds 100000000 --jobs 2 >out 2>&1 3>&- &
    pid=$!
    sleep 1
    kill -SEGV "$(pgrep -P "$pid" | head -1)"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 7 ]
    grep -q 'a worker crashed (signal 11) in seed 0x' out
    grep -q 'again: ttlspec sim --scenario cart --seed 0x' out
}

refuses() {
    run --separate-stderr "$ttlspec" sim --scenario "$root/cli/tests/scenarios/$1.json" --seed 1
    [ "$status" -eq 2 ] || { echo "$1: status $status"; return 1; }
    [ -z "$output" ]
    [[ "$stderr" == *"$1.json"*": $2: "*"$3"* ]] || { echo "$1: $stderr"; return 1; }
}

@test "what is wrong in a scenario is said with file and JSON pointer, with status 2" {
    refuses unknown-command /clients/0/program/0/do/0 'found "GETT"'
    refuses negative-latency /bounds/latency-us/0 'found the number -5'
    refuses endless-while /clients/0/program/2 'an endless program'
    refuses endless-repeat /clients/0/program 'an endless program'
    refuses endless-recursion /procedures/b/0/call 'an endless program: procedure "a" calls itself'
    refuses promise-nobody-marks /promises/1/once 'this promise cannot be evaluated'
    refuses promise-unknown /promises/1 'this promise cannot be evaluated'
    refuses promise-no-count /promises/1 'this promise cannot be evaluated'
    refuses unknown-variable /clients/0/program/2/wait 'there is no variable {zz}'
    refuses unknown-step /clients/0/program/2 'expected a step with'
    refuses failover-without-replica /bounds 'a failover needs a replica'
}

@test "a program that cannot go on is said with its place and its seed" {
    refuses text-arithmetic /clients/0/program/0 'what is reckoned with is no number'
    [[ "$stderr" == *"seed 0x1 of x cannot be played to its end"* ]]
}

@test "what is no scenario, way, mistake or play is said in a sentence, with status 2" {
    for wrong in '--scenario nothing' '--scenario cart --beyond=sideways' '--scenario cart --plant x' \
        '--beyond' '--replay nothing.play' '--replay sim/scenarios/cart.json' '--scenario' \
        '--scenarios --until 3' '--scenarios --on engine' '--scenario lease-lock --beyond --until 3' \
        '--scenario lease-lock --beyond --on engine' '--scenario cart --planted'; do
        # shellcheck disable=SC2086 # several words
        run --separate-stderr "$ttlspec" sim $wrong
        [ "$status" -eq 2 ] || { echo "$wrong: $status"; return 1; }
        [[ "$stderr" == *"ttlspec sim: "* ]]
        [ -z "$output" ]
    done
}
