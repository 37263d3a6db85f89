# ttlspec dialects

ttlspec=${TTLSPEC:-build/ttlspec}

@test "dialects lists each trait with its versions" {
    run "$ttlspec" dialects
    [ "$status" -eq 0 ]
    [[ "$output" == *"set.absolute-deadlines"*"redis since 6.2"*"valkey always"* ]]
    [[ "$output" == *"active.at-the-deadline"*"redis since 8.0"*"valkey never"* ]]
}

@test "the witness of a trait is a vector that an engine without the trait fails" {
    vectors=$BATS_TEST_TMPDIR
    cp vectors/rules.json "$vectors/"
    cp vectors/27-dialects.json "$vectors/"
    run "$ttlspec" dialects --witness --vectors "$vectors"
    [ "$status" -eq 1 ]
    [[ "$output" == *"zset.score-shortest"*"shown by dialects.score-text"* ]]
    [[ "$output" == *"exec.time-is-frozen"*"shown by no vector"* ]]
}

@test "dialects says what is wrong with its arguments" {
    run "$ttlspec" dialects extra
    [ "$status" -eq 2 ]
    [[ "$output" == *"extra is one argument too many"* ]]
    run "$ttlspec" dialects --nonsense
    [ "$status" -eq 2 ]
}
