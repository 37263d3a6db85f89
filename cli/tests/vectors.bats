# `ttlspec lint`, `list`, `show` and `rules`: what there is to run.

load helper

setup() {
    v=$BATS_TEST_TMPDIR/v
    vectors_write "$v" "$(right)" "$(vector t.other "$(step 'SET {k} v' "$ok")")"
}

@test "list names each vector with its title" {
    ends 0 "$ttlspec" list --vectors "$v"
    [ "$output" = $'t.right  a law of t.right\nt.other  a law of t.other' ]
    ends 0 "$ttlspec" list --vectors "$v" --run '*.other'
    [ "$output" = 't.other  a law of t.other' ]
    ends 0 "$ttlspec" list --vectors "$v" --skip '*.other'
    [ "$output" = 't.right  a law of t.right' ]
}

@test "list --summary counts" {
    ends 0 "$ttlspec" list --vectors "$v" --summary
    says '2 vectors with 4 steps for 1 rules'
    says '     2  t'
}

@test "show tells a vector's rules and steps" {
    ends 0 "$ttlspec" show t.right --vectors "$v"
    says 't.right: a law of t.right'
    says 'rule r.one: The one rule.'
    says 'A page'
    says '150 ms  "GET" "{k}"'
    says '-> null'
    ends 2 "$ttlspec" show t.none --vectors "$v"
    says 'there is no vector and no file t.none'
    ends 2 "$ttlspec" show
}

@test "rules tells each rule, its source, and how many vectors exercise it" {
    ends 0 "$ttlspec" rules --vectors "$v"
    [ "$output" = $'r.one (2 vectors)\n  The one rule.\n  A page' ]
}

@test "lint is silent about what is right and loud about what is wrong" {
    ends 0 "$ttlspec" lint "$v"
    [ "$output" = '' ]
    vectors_write "$v" '{"id": "t.bad", "title": "a law", "rules": ["r.none"], "steps": []}'
    ends 2 "$ttlspec" lint "$v"
    says 't.json:1: /vectors/0/'
    says 'r.none'
}

@test "vectors are looked for beside us when nobody says where" {
    mkdir "$BATS_TEST_TMPDIR/beside"
    cp -r "$v" "$BATS_TEST_TMPDIR/beside/vectors"
    cd "$BATS_TEST_TMPDIR/beside"
    ends 0 "$ttlspec" list
    says 't.right'
}

@test "each command helps" {
    for command in run diff lint list show rules serve; do
        ends 0 "$ttlspec" $command --help
        says "usage: ttlspec $command"
        ends 2 "$ttlspec" $command --no-such-option
        says "ttlspec $command: there is no option --no-such-option"
    done
    ends 0 "$ttlspec" --help
    ends 0 "$ttlspec" --version
    ends 2 "$ttlspec"
    ends 2 "$ttlspec" frobnicate
    says 'there is no command frobnicate'
}

@test "vectors/README.md's example is a vector, and its one command finds it true" {
    redis_start
    cp -r vectors "$BATS_TEST_TMPDIR/vectors"
    # Beside its kin, as step 2 says: before the list's end.
    example=$(sed -n '/{ "id": "persist.three-times"/,/\] }$/p' vectors/README.md)
    file=$BATS_TEST_TMPDIR/vectors/11-persist.json
    { sed -e '$d' "$file" | sed -e '$d' && printf ',%s\n  ]\n}\n' "$example"; } >"$file.new"
    mv "$file.new" "$file"
    cd "$BATS_TEST_TMPDIR"
    ends 0 "$ttlspec" lint vectors
    ends 0 "$ttlspec" run --run persist.three-times engine "$redis_url"
    says 'conformant: 2 passed'
}
