# What a live target did wrong is saved, and `ttlspec judge` finds it again without the server.

load helper

# A server whose PEXPIRE takes seconds.
confused() {
    redis_start --rename-command PEXPIRE '' --rename-command EXPIRE PEXPIRE
}

@test "ttlspec judge finds in the saved history what the run found, with the same chain" {
    confused
    vectors_write "$BATS_TEST_TMPDIR/v" "$(vector t.lives "$(step 'SET {k} v' "$ok")" \
        "$(step 'PEXPIRE {k} 50' 1)" "$(step 'GET {k}' null 200)")"
    ends 1 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v" --out "$BATS_TEST_TMPDIR/o"
    history=$BATS_TEST_TMPDIR/o/histories/t.lives.jsonl
    says "  judge  ttlspec judge $history"
    why=$(sed -n 's/^  why    value: //p' <<<"$output")
    again=$(sed -n 's/^  judge  ttlspec //p' <<<"$output")
    ends 1 eval "$ttlspec $again"
    [[ $output =~ answered\ \"v\":\ (the key was alive at least .* past its deadline) ]]
    [[ $why == *"${BASH_REMATCH[1]}; the chain: "* ]]
    links=$(sed -n 's/^  \([kw](.*\)  .* ms   .*/\1/p' <<<"$output" | sed 's/ *$//')
    [ "$(wc -l <<<"$links")" -ge 3 ]
    while read -r link; do [[ $why == *"$link ["* ]]; done <<<"$links"
}

@test "a poll that goes on too long is proven from its replies" {
    confused
    vectors_write "$BATS_TEST_TMPDIR/v" "$(vector t.dies "$(step 'SET {k} v' "$ok")" \
        "$(step 'PEXPIRE {k} 60' 1)" \
        '{"at": "55", "poll": ["GET", "{k}"], "until": null, "turns": "61"}')"
    # Redis 8 may let it turn in the millisecond before, which this vector does not say.
    ends 1 "$ttlspec" run "$redis_url" --spec redis-7.0 --vectors "$BATS_TEST_TMPDIR/v" --out "$BATS_TEST_TMPDIR/o"
    says ' times)'
    says 'the key was alive at least'
    history=$BATS_TEST_TMPDIR/o/histories/t.dies.jsonl
    [ "$(grep -c '"GET"' "$history")" -gt 1 ]
    ends 1 "$ttlspec" judge "$history"
    says 'the key was alive at least'
}

@test "of a difference that is not one of time the judge says that it finds none" {
    redis_start
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" "$(wrong)"
    ends 1 "$ttlspec" run "$redis_url" --vectors "$BATS_TEST_TMPDIR/v" --out "$BATS_TEST_TMPDIR/o"
    says "  judge  ttlspec judge $BATS_TEST_TMPDIR/o/histories/t.wrong.jsonl (which finds no fault"
    [ ! -e "$BATS_TEST_TMPDIR/o/histories/t.right.jsonl" ]
    ends 0 "$ttlspec" judge "$BATS_TEST_TMPDIR/o/histories/t.wrong.jsonl"
    says 'pass: '
}

@test "two targets that differ in one vector have a history each" {
    redis_start
    vectors_write "$BATS_TEST_TMPDIR/v" "$(wrong)"
    ends 1 "$ttlspec" run "$redis_url" "$redis_url" --vectors "$BATS_TEST_TMPDIR/v" \
        --out "$BATS_TEST_TMPDIR/o"
    [ -s "$BATS_TEST_TMPDIR/o/histories/t.wrong.jsonl" ]
    [ -s "$BATS_TEST_TMPDIR/o/histories/t.wrong.target-2.jsonl" ]
}
