#!/usr/bin/env bats
# ttlspec sim on the command line: campaigns, failures told in one block, bad input.

load helper

root=$PWD

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

@test "a campaign in which all laws hold ends with 0, figures and a digest" {
    run "$ttlspec" sim --seed 0x1 --seeds 50 --commands 200
    [ "$status" -eq 0 ]
    [[ "$output" == *"50 seeds from 0x1: all laws held"* ]]
    [[ "$output" == *"times real time, with a mean gap of"* ]]
    [[ "$output" =~ digest\ [0-9a-f]{16} ]]
    [[ "$output" =~ no\ worker\ took\ more\ than\ [0-9]+\ kB ]]
}

@test "memory does not grow with the seeds: what a worker takes after a tenth of them and after all" {
    grep -q __asan_init "$ttlspec" && skip "AddressSanitizer keeps what is free"
    for worlds in "--seeds 20000 --commands 10" "--seeds 2000 --commands 100 --judge 1"; do
        # shellcheck disable=SC2086
        run "$ttlspec" sim --seed 1 $worlds --jobs 1
        [[ "$output" =~ \;\ ([0-9]+)\ kB\ after\ a\ tenth\ of\ its\ seeds,\ [0-9]+\ after\ half,\ ([0-9]+) ]]
        [ "${BASH_REMATCH[2]}" -le $((BASH_REMATCH[1] + 500)) ]
    done
}

@test "a campaign says which commands, faults, dialects and rules of the engine never came" {
    run "$ttlspec" sim --seed 1 --seeds 1
    [ "$status" -eq 0 ]
    [[ "$output" =~ never\ came:\ .*redis-8.6 ]]
    [[ "$output" != *"rules of the engine"* ]] # asked of the engine of each eighth world
    run "$ttlspec" sim --seed 8 --seeds 1
    [[ "$output" == *" were reached, in 1 world"* ]]
    [[ "$output" == *"never reached: "* ]]
    run "$ttlspec" sim --seed 1 --seeds 3200 --judge 0
    [[ "$output" == *"every command, fault, rare state and dialect came at least once"* ]]
    [[ "$output" =~ rules\ of\ the\ engine:\ [4-9][0-9]{2}\ of\ [4-9][0-9]{2}\ were\ reached,\ in\ 400\ worlds ]]
    [[ "$output" == *"out of reach: "*"worlds have no dialect so old"* ]]
    # A new rule is reached, or gets its reason in cli/sim_rules.c.
    [[ "$output" != *"never reached: "* && "$output" != *"but reached: "* ]] || {
        echo "$output" >&2
        return 1
    }
}

@test "the digest does not depend on the number of workers" {
    one=$("$ttlspec" sim --seed 7 --seeds 20 --commands 200 --jobs 1 | grep digest)
    three=$("$ttlspec" sim --seed 7 --seeds 20 --commands 200 --jobs 3 | grep digest)
    [ "$one" = "$three" ]
}

@test "a seed goes the same way twice" {
    run "$ttlspec" sim --seed 3 --seeds 5 --commands 200 --check-determinism
    [ "$status" -eq 0 ]
    [[ "$output" == *"5 seeds went the same way twice"* ]]
}

@test "a commit's 40 digits are a seed" {
    run "$ttlspec" sim --seed 0123456789abcdef0123456789abcdef01234567 --commands 50
    [ "$status" -eq 0 ]
    [[ "$output" == *"from 0x123456789abcdef"* ]]
}

@test "a broken law of safety is one block, files, and status 1" {
    run "$ttlspec" sim --seed 1 --seeds 100 --plant 'GET dies one ms late'
    [ "$status" -eq 1 ]
    [[ "$output" == *"broke a law of safety"*"something dead was read"* ]]
    [[ "$output" == *"again: ttlspec sim --seed 0x"*"--plant 'GET dies one ms late'"* ]]
    [ "$(find ttlspec-sim -type f | wc -l)" -eq 5 ]
}

@test "the command that reproduces a failure does so" {
    run "$ttlspec" sim --seed 1 --seeds 100 --plant 'GET dies one ms late'
    again=$(printf '%s\n' "$output" | sed -n 's/^  again: ttlspec //p')
    first=$(printf '%s\n' "$output" | sed -n '1,2p')
    run bash -c "'$ttlspec' $again"
    [ "$status" -eq 1 ]
    [ "$(printf '%s\n' "$output" | sed -n '1,2p')" = "$first" ]
}

@test "the world of a failure keeps only the faults and commands that matter, and breaks again" {
    run "$ttlspec" sim --seed 0x3d --plant 'the log loses PERSIST'
    [ "$status" -eq 1 ]
    [[ "$output" =~ with\ ([0-9]+)\ faults\ and\ ([0-9]+)\ commands ]]
    [ "${BASH_REMATCH[1]}" -le 4 ]
    [ "${BASH_REMATCH[2]}" -le 4 ]
    what=$(printf '%s\n' "$output" | sed -n '1s/.*event [0-9]*: //p')
    run "$ttlspec" sim --replay ttlspec-sim/sim-*.world
    [ "$status" -eq 1 ]
    [[ "$output" == *"at event "*": $what"* ]]
    [[ "$output" == *"PERSIST"* ]]
}

@test "a world without its faults keeps its laws" {
    "$ttlspec" sim --seed 0x3d --plant 'the log loses PERSIST' || true
    sed '/"fault":/d; s/"faults": \[.*/"faults": [],/' ttlspec-sim/sim-*.world >calm.json
    run "$ttlspec" sim --replay calm.json
    [ "$status" -eq 0 ]
    [[ "$output" == *"all laws held"* ]]
}

@test "a world's file that is wrong is told with its place, with status 2" {
    echo '{"world": "1", "seed": "x", "commands": "9", "faults": [{"fault": "boredom", "node": 0}],
 "sent": ["7"], "more": 1}' >wrong.json
    run --separate-stderr "$ttlspec" sim --replay wrong.json
    [ "$status" -eq 2 ]
    for place in '/seed: expected' '/faults/0/fault: expected' '/sent/0: expected' 'more'; do
        [[ "$stderr" == *"$place"* ]]
    done
}

@test "the vector of a failure is clean, and a right engine passes it" {
    "$ttlspec" sim --seed 1 --seeds 1000 --plant 'GET dies one ms late' --spec redis-7.0 || true
    run "$ttlspec" lint ttlspec-sim/sim-*.json
    [ "$status" -eq 0 ]
    run "$ttlspec" run --vectors ttlspec-sim
    [ "$status" -eq 0 ]
    [[ "$output" == *"1 passed"* ]]
}

@test "a broken law of liveness has a status of its own" {
    run "$ttlspec" sim --seed 1 --seeds 50 --plant 'the cycle never runs'
    [ "$status" -eq 5 ]
    [[ "$output" == *"broke a law of liveness"* ]]
}

@test "the first seed that fails is the same whatever the number of workers" {
    run "$ttlspec" sim --seed 1 --seeds 60 --jobs 1 --plant 'TYPE sees the dead'
    one=$(printf '%s\n' "$output" | head -1)
    run "$ttlspec" sim --seed 1 --seeds 60 --jobs 4 --plant 'TYPE sees the dead'
    [ "$(printf '%s\n' "$output" | head -1)" = "$one" ]
}

@test "every planted fault is found" {
    ln -s "$root/sim" sim # scenarios plant some, too
    run "$ttlspec" sim --planted --seed 1
    [ "$status" -eq 0 ]
    [[ "$output" != *"NOT FOUND"* ]]
    [[ "$output" == *"the lock gets its deadline in a second command"* ]]
    # Found and shrunk in less than two seconds of the processor each.
    printf '%s\n' "$output" | awk '{ for (i = 2; i <= NF; i++)
        if ($i == "ms" && $(i - 1) ~ /^[0-9]+$/ && $(i - 1) + 0 >= 2000) { print; slow = 1 } }
        END { exit slow }'
}

@test "the judge passes what the clients of every world saw" {
    run "$ttlspec" sim --seed 1 --seeds 200 --commands 300 --judge 1
    [ "$status" -eq 0 ]
    [[ "$output" =~ the\ judge\ passed\ what\ the\ clients\ of\ 200\ worlds\ saw ]]
    [[ "$output" =~ [1-9][0-9]*\ commands\ and\ [1-9][0-9]*\ events\;\ of ]]
    run "$ttlspec" sim --seed 1 --seeds 200 --commands 300 --judge 0
    [ "$status" -eq 0 ]
    [[ "$output" != *"the judge"* ]]
}

@test "the world stops at any event and shows its state" {
    run "$ttlspec" sim --seed 3 --until 500
    [ "$status" -eq 0 ]
    [[ "$output" == *"event 500,"* ]]
    [[ "$output" == *"server: its clock shows"* ]]
}

@test "a seed runs on the engine and on a real server with the replies of the world" {
    run "$ttlspec" sim --seed 4 --commands 300 --on engine
    [ "$status" -eq 0 ]
    run "$ttlspec" sim --seed 4 --commands 300 --on exec:redis-server
    [ "$status" -eq 0 ]
    [[ "$output" =~ (all|first)\ [0-9]+ ]]
    [[ "$output" == *"conformant: 1 passed"* ]]
}

@test "what runs on a target is drawn in the dialect of the target" {
    run "$ttlspec" sim --seed 4 --commands 100 --on engine:valkey-9.1
    [ "$status" -eq 0 ]
    [[ "$output" == *"conformant: 1 passed"* ]]
    grep -qF '"since": {"valkey": "9.1"}' ttlspec-sim/sim-4.json
}

@test "the world of a failure runs on a real server, too" {
    "$ttlspec" sim --seed 1 --seeds 1000 --plant 'GET dies one ms late' --spec redis-7.0 || true
    run "$ttlspec" sim --replay ttlspec-sim/sim-*.world --on exec:redis-server
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    [[ "$output" == *"conformant: 1 passed"* ]]
}

@test "Ctrl-C says how many seeds are done and how to go on" {
    # A shell starts what runs in the background deaf to SIGINT; SIGTERM is taken the same way.
    "$ttlspec" sim --seed 1 --seeds 100000000 --spec redis-7.2 >out 2>&1 3>&- &
    pid=$!
    sleep 1
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 130 ]
    grep -q 'interrupted: [0-9]* of 100000000 seeds done' out
    grep -q 'go on: ttlspec sim --seed 0x[0-9a-f]* --seeds [0-9]* --commands 1000 --spec redis-7.2$' out
}

@test "a worker that crashes names its seed, and the others stop" {
    "$ttlspec" sim --seed 1 --seeds 100000000 --jobs 2 >out 2>&1 3>&- &
    pid=$!
    sleep 1
    kill -SEGV "$(pgrep -P "$pid" | head -1)"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 7 ]
    grep -q 'a worker crashed (signal 11) in seed 0x' out
    grep -q 'again: ttlspec sim --seed 0x' out
}

@test "what is no seed, no number, no fault and no option is said in a sentence, with status 2" {
    for wrong in '--seed xyz' '--seed -1' '--seeds 0' '--commands many' '--jobs 1000' '--until x' '--judge some' \
        '--plant nothing' '--nonsense' 'word' '--seed' '--show --on engine' '--planted --until 3' \
        '--check-determinism --show' '--scenario cart --spec redis-8.0' '--scenarios --commands 5'; do
        # shellcheck disable=SC2086 # two words
        run --separate-stderr "$ttlspec" sim $wrong
        [ "$status" -eq 2 ]
        [[ "$stderr" == "ttlspec sim: "* ]]
        [ -z "$output" ]
    done
}
