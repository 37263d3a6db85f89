# `ttlspec diff`: empty for targets that behave alike.

load helper

@test "the engine and a right server differ in nothing" {
    redis_start
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" "$(wrong)" \
        "$(vector t.absolute "$(step 'SET {k} v PXAT {t0+90000}' "$ok")" \
            "$(step 'PEXPIRETIME {k}' '{"integer": "{t0+90000}"}')")"
    ends 1 "$ttlspec" run engine --vectors "$BATS_TEST_TMPDIR/v" --report json="$BATS_TEST_TMPDIR/a"
    ends 1 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v" \
        --report json="$BATS_TEST_TMPDIR/b"
    ends 0 "$ttlspec" diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    says ', 0 differ'
}

@test "targets that behave differently differ where they do" {
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" \
        "$(vector t.words "$(step 'PSETEX {k} 0 v' '{"error": "ERR nothing says so"}')")"
    ends 1 "$ttlspec" run engine:redis-6.0 engine:redis-7.0 --vectors "$BATS_TEST_TMPDIR/v" \
        --report json="$BATS_TEST_TMPDIR/both"
    ends 1 "$ttlspec" diff "$BATS_TEST_TMPDIR/both"
    says "step 1: PSETEX '{k}' 0 v"
    says "< {\"error\": \"ERR invalid expire time in psetex\"}"
    says "> {\"error\": \"ERR invalid expire time in 'psetex' command\"}"
    says '2 vectors compared, 1 differ'
}

@test "runs without a vector in common compare nothing" {
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" "$(wrong)"
    ends 0 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/v" --run t.right \
        --report json="$BATS_TEST_TMPDIR/a"
    ends 1 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/v" --run t.wrong \
        --report json="$BATS_TEST_TMPDIR/b"
    ends 4 "$ttlspec" diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    says '1 only in the first, 1 only in the second'
}

@test "a file that holds no results is named" {
    echo '{"format": 1' >"$BATS_TEST_TMPDIR/broken"
    echo '{"format": 1, "runs": 7}' >"$BATS_TEST_TMPDIR/odd"
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)"
    ends 0 "$ttlspec" run --vectors "$BATS_TEST_TMPDIR/v" --report json="$BATS_TEST_TMPDIR/a"
    ends 2 "$ttlspec" diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/broken"
    says 'broken:2: is not JSON'
    ends 2 "$ttlspec" diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/odd"
    says 'odd: is not a results file: `runs` should be an array'
    ends 2 "$ttlspec" diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/none"
    says 'none: cannot be read: No such file'
    ends 2 "$ttlspec" diff "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR"
    says 'is a directory'
    ends 2 "$ttlspec" diff "$BATS_TEST_TMPDIR/a"
    says 'only one run'
    ends 2 "$ttlspec" diff
}
