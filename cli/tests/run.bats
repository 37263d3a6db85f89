# `ttlspec run`: verdicts, exit statuses, selection, baselines, reports.

load helper

@test "a right server is conformant and a wrong vector is a difference" {
    redis_start
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)"
    ends 0 "$ttlspec" run engine "$redis_url" --vectors "$BATS_TEST_TMPDIR/v"
    says 'conformant: 2 passed'
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" "$(wrong)"
    ends 1 "$ttlspec" run engine "$redis_url" --vectors "$BATS_TEST_TMPDIR/v"
    says '2 differences'
}

@test "a failure shows the rule, the timeline, what was wanted, and how to run it again" {
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" "$(wrong)"
    ends 1 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/v"
    says 'fail t.wrong: a law of t.wrong'
    says 'rule   r.one: The one rule.'
    says 'STRLEN {k}  1                 2'
    says 'value: expected 2, got 1'
    again=$(sed -n 's/^  again  ttlspec //p' <<<"$output")
    ends 1 eval "$ttlspec $again"
    says '1 difference'
    [[ $output != *t.right* ]]
}

@test "what a server held before is there afterwards, and nothing of ours is" {
    redis_start
    redis SET mine v
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" "$(wrong)"
    ends 1 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v"
    [ "$(redis KEYS '*')" = mine ]
    [ "$(redis CONFIG GET notify-keyspace-events | tail -1)" = '' ]
}

@test "a password is used and shown nowhere" {
    redis_start --requirepass s3cret
    vectors_write "$BATS_TEST_TMPDIR/v" "$(wrong)"
    ends 3 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v"
    says 'wants a password'
    export TTLSPEC_PASSWORD=s3cret
    ends 1 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v" --out "$BATS_TEST_TMPDIR/o"
    [[ $output != *s3cret* ]]
    run ! grep -r s3cret "$BATS_TEST_TMPDIR/o"
    export TTLSPEC_PASSWORD=notit
    ends 3 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v"
    [[ $output != *notit* ]]
    ends 3 "$ttlspec" run redis://me:h%69dden@127.0.0.1:1 --vectors "$BATS_TEST_TMPDIR/v"
    says 'redis://me@127.0.0.1:1'
    [[ $output != *h%69dden* && $output != *hidden* ]]
}

@test "globs, rules, tags and shards choose; a skip is reported" {
    local v=$BATS_TEST_TMPDIR/v set
    set=$(step 'SET {k} v' "$ok")
    vectors_write "$v" "$(vector t.a.one "$set")" "$(vector t.a.two "$set")" \
        "$(vector t.b "$set")" "$(vector t.c "$set")" "$(vector t.d "$set")"
    ends 0 "$ttlspec" run --vectors "$v" --run 't.a.*' --verbose
    says 'conformant: 2 passed'
    ends 0 "$ttlspec" run --vectors "$v" --skip 't.*'
    says '3 skipped: --skip t.*'
    says 'conformant: 2 passed'
    ends 0 "$ttlspec" run --vectors "$v" --rule r.one
    ends 2 "$ttlspec" run --vectors "$v" --rule r.two
    says 'there is no rule r.two'
    ends 2 "$ttlspec" run --vectors "$v" --tag none
    for shard in 1/2 2/2; do
        ends 0 "$ttlspec" run --vectors "$v" --shard $shard --verbose
        grep '^  pass' <<<"$output" >>"$BATS_TEST_TMPDIR/shards"
    done
    [ "$(sort -u "$BATS_TEST_TMPDIR/shards" | wc -l)" = 5 ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/shards")" = 5 ]
}

@test "nothing decided is not conformant" {
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)"
    ends 4 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/v" --run 'nothing.**'
    says 'nothing was decided'
    ends 4 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/v" --skip '**'
}

@test "an accepted difference passes the gate until it is fixed" {
    local v=$BATS_TEST_TMPDIR/v known=$BATS_TEST_TMPDIR/known
    vectors_write "$v" "$(right)" "$(wrong)"
    ends 0 "$ttlspec" run --vectors "$v" --update-known "$known"
    grep -q '^fail t.wrong \[redis-7.0\] ' "$known"
    ends 0 "$ttlspec" run --vectors "$v" --known "$known"
    says 'conformant: 1 passed'
    echo 'fail t.right it was broken once' >>"$known"
    ends 1 "$ttlspec" run --vectors "$v" --known "$known"
    says 'fixed t.right'
    ends 0 "$ttlspec" run --vectors "$v" --update-known "$known"
    run ! grep t.right "$known"
    echo 'fail t.gone a link' >>"$known"
    ends 2 "$ttlspec" run --vectors "$v" --known "$known"
    says 'no vector matches t.gone'
}

@test "--spec holds a target to another version" {
    local v=$BATS_TEST_TMPDIR/v
    vectors_write "$v" "$(vector t.old "$(step 'PSETEX {k} 0 v' \
        '{"error": "ERR invalid expire time in psetex"}')")"
    ends 1 "$ttlspec" run engine:redis-7.0 --vectors "$v"
    says 'wording: '
    ends 0 "$ttlspec" run engine:redis-6.0 --vectors "$v"
    ends 0 "$ttlspec" run engine --spec redis-6.0 --vectors "$v"
}

@test "every report is written, each is well formed, and none has colours or a progress bar" {
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" "$(wrong)"
    local out=$BATS_TEST_TMPDIR/deep/out
    ends 1 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/v" --out "$out"
    [[ $output != *$'\033'* && $output != *$'\r'* ]]
    [ "$(ls "$out" | tr '\n' ' ')" = \
        'badge.json github.txt index.html junit.xml report.md report.tap report.txt results.json ' ]
    run ! grep -rl $'\033' "$out"
    grep -q '"message":"1 difference"' "$out/badge.json"
    grep -q '^not ok 2 - engine t.wrong' "$out/report.tap"
    if command -v xmllint; then xmllint --noout "$out/junit.xml"; fi
    if command -v jq; then jq -e '.runs[0].counts.fail == 1' "$out/results.json"; fi
}

@test "a terminal gets a progress bar and colours, unless NO_COLOR is set" {
    command -v script >/dev/null || skip 'script, which makes a terminal, is not installed'
    vectors_write "$BATS_TEST_TMPDIR/v" "$(wrong)"
    local command="'$ttlspec' run --vectors '$BATS_TEST_TMPDIR/v'"
    unset NO_COLOR
    ends 1 script -qec "$command" /dev/null
    says $'\r\033[K[...'
    says $'\033[31mfail\033[0m'
    NO_COLOR=1 ends 1 script -qec "$command" /dev/null
    says 'fail t.wrong'
    [[ $output != *$'\033[31m'* ]]
}

@test "reports go where they are told, and GitHub gets its summary" {
    vectors_write "$BATS_TEST_TMPDIR/v" "$(wrong)"
    export GITHUB_STEP_SUMMARY=$BATS_TEST_TMPDIR/summary
    echo before >"$GITHUB_STEP_SUMMARY"
    ends 1 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/v" --report github \
        --report tap="$BATS_TEST_TMPDIR/tap"
    says '::error file='
    grep -q '^1..1' "$BATS_TEST_TMPDIR/tap"
    grep -q '^before' "$GITHUB_STEP_SUMMARY"
    grep -q '^# ttlspec: 1 difference' "$GITHUB_STEP_SUMMARY"
}

# interrupted_run: a run of t.right and of t.long, whose first reply is in and whose last step is a
# minute away. $run_pid; what it reports is in $out.
interrupted_run() {
    local v=$BATS_TEST_TMPDIR/v
    out=$BATS_TEST_TMPDIR/out
    vectors_write "$v" "$(right)" \
        "$(vector t.long "$(step 'SET {k} v' "$ok")" "$(step 'GET {k}' '"v"' 60000)")"
    # A shell gives children in the background no interrupts; env gives them back.
    env --default-signal=INT "$ttlspec" run "$redis_url" --vectors "$v" --out "$out" >/dev/null 3>&- &
    run_pid=$!
    for _ in $(seq 200); do
        [ "$(redis KEYS '*:1:k' 2>/dev/null)" = '' ] || break
        sleep 0.05
    done
    sleep 0.5 # the other vector is done by now
}

@test "Ctrl-C keeps what was decided, removes the run's keys, and ends with 130" {
    redis_start
    interrupted_run
    local status=0
    kill -INT "$run_pid"
    wait "$run_pid" || status=$?
    [ "$status" -eq 130 ]
    [ "$(redis DBSIZE)" = 0 ]
    grep -q 't.right' "$out/results.json"
    grep -q '^Bail out! interrupted' "$out/report.tap"
}

@test "Ctrl-C ends a run in seconds when the server has stopped answering" {
    redis_start
    interrupted_run
    local status=0 began
    kill -STOP "$redis_pid"
    began=$(date +%s)
    kill -INT "$run_pid"
    wait "$run_pid" || status=$?
    kill -CONT "$redis_pid"
    [ "$status" -eq 130 ]
    [ $(($(date +%s) - began)) -lt 15 ]
    grep -q 't.right' "$out/results.json"
    grep -q '^Bail out! interrupted' "$out/report.tap"
}

@test "a server that never answers is a sentence" {
    redis_start
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)"
    kill -STOP "$redis_pid"
    ends 3 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v"
    says "ttlspec run: $redis_url did not answer within 5 s"
    ends 3 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v" --timeout 1
    kill -CONT "$redis_pid"
    says "ttlspec run: $redis_url did not answer within 1 s"
    ends 2 "$ttlspec" run "$redis_url" --timeout 0
    says 'ttlspec run: --timeout wants seconds from 1 to 3600, not 0'
}
