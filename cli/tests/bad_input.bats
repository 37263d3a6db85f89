# Bad input: a sentence on stderr that says what and where, the right status, no result lost.

load helper

setup() {
    v=$BATS_TEST_TMPDIR/v
    vectors_write "$v" "$(right)" "$(wrong)"
}

# refuses TEXT WORDS: a vector file with this text is refused with status 2 and these words, and
# nothing is run.
refuses() {
    printf '%s' "$1" >"$v/t.json"
    run --separate-stderr "$ttlspec" run --vectors "$v"
    [ "$status" -eq 2 ]
    [ "$output" = '' ]
    output=$stderr
    says "$2"
}

@test "vectors that are wrong are refused with file, line and place" {
    refuses '{' 't.json:1: '
    refuses "$(printf '{\n"suite": "t",\n"vectors": [}')" 't.json:3: '
    refuses '{"suite": "t", "vectors": [], "vectors": []}' 'vectors'
    refuses '{"suite": "t"}' 'vectors'
    refuses "{\"suite\": \"t\", \"vectors\": [$(right),$(right)]}" 't.right'
    refuses "{\"suite\": \"t\", \"vectors\": [$(vector t.a "$(step 'FROB {k}' 1)")]}" 'FROB'
    refuses "{\"suite\": \"t\", \"vectors\": [$(vector t.a "$(step 'PTTL {k}' \
        9007199254740993)")]}" '/vectors/0/steps/0/reply'
    refuses "{\"suite\": \"t\", \"vectors\": [$(vector t.a "$(step 'PTTL {k}' 1 soon)")]}" \
        '/vectors/0/steps/0/at'
}

@test "places without vectors are refused" {
    ends 2 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/none"
    says 'none'
    mkdir "$BATS_TEST_TMPDIR/empty"
    ends 2 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/empty"
    says 'empty'
}

@test "a command line that is wrong runs nothing" {
    for wrong in --jobs=0 --jobs=x --shard=0/2 --shard=3/2 --shard=x --spec=oracle-7 --report=pdf --report \
        --run mongodb://x engine:oracle-7 redis://h:99999 unix://; do
        ends 2 "$ttlspec" run --vectors "$v" $wrong
        [[ $output == 'ttlspec run: '* ]]
    done
    ends 2 "$ttlspec" run --vectors "$v" --report json --report tap
    says 'two reports on standard output'
}

@test "a baseline that is wrong runs nothing" {
    echo 'fails t.wrong why' >"$BATS_TEST_TMPDIR/known"
    ends 2 "$ttlspec" run --vectors "$v" --known "$BATS_TEST_TMPDIR/known"
    says 'known:1: a line begins with fail, flaky or skip'
    ends 2 "$ttlspec" run --vectors "$v" --known "$BATS_TEST_TMPDIR/none"
    says 'none: cannot be read'
}

@test "a target that cannot be used is said so, and the others are run" {
    ends 3 "$ttlspec" run unix://"$BATS_TEST_TMPDIR"/nobody engine --vectors "$v" --run t.right
    says 'nobody could not be reached: No such file or directory'
    says 'redis-7.0     1     0'
    ends 3 "$ttlspec" run redis://127.0.0.1:1 --vectors "$v"
    says 'could not be reached: Connection refused'
}

@test "a server that dies on the way is an error, and results before it are kept" {
    redis_start
    vectors_write "$v" "$(vector t.a "$(step 'SET {k} v' "$ok")")" \
        "$(vector t.b "$(step 'SET {k} v' "$ok")" "$(step 'GET {k}' '"v"' 3000)")"
    {
        for _ in $(seq 100); do
            [ "$(redis KEYS '*:1:k' 2>/dev/null)" = '' ] || break
            sleep 0.02
        done
        kill -9 "$redis_pid"
    } 3>&- &
    ends 3 "$ttlspec" run "$redis_url" --vectors "$v" --verbose
    says 'pass t.a'
    says 'error t.b'
    says 'the target '
}

@test "a full disk for one report loses no other" {
    ends 1 "$ttlspec" run --vectors "$v" --report json=/dev/full --report tap="$BATS_TEST_TMPDIR/tap"
    says '/dev/full: cannot be written: No space left on device'
    grep -q '^1..2' "$BATS_TEST_TMPDIR/tap"
    ends 2 "$ttlspec" run --vectors "$v" --run t.right --report json=/dev/full
    ends 2 "$ttlspec" run --vectors "$v" --run t.right --out /dev/null/deep
    says '/dev/null/deep: cannot be made'
    ends 2 bash -c "'$ttlspec' run --vectors '$v' --run t.right >/dev/full"
    says 'standard output cannot be written: No space left on device'
}
