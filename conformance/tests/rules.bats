# The rulebook, the engine's marks and the vectors hold on to one another.

# marked PROGRAM: ttlspec with an engine that tells which of its marks it reaches. What is no engine
# is taken from the build.
marked() {
    local build objects=$BATS_TEST_TMPDIR
    build=$(dirname "${TTLSPEC:-build/ttlspec}")
    local compile="${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -DTTLSPEC_MARKS -Iengine/include -I."
    for source in engine/*.c conformance/tests/rule_reached.c; do
        $compile -O1 -c -o "$objects/$(basename "$source" .c).o" "$source"
    done
    # shellcheck disable=SC2046 # words
    ${CC:-cc} -o "$1" "$build"/obj/cli/*.o "$build/obj/rule_marks.o" \
        $(find "$build" -maxdepth 1 -name 'lib*.a' ! -name libttlspec.a | sort) "$objects"/*.o \
        $(pkg-config --libs hiredis libcjson libuv lua5.1) -lm
}

rules() {
    sed -n 's/.*{ *"id": *"\([^"]*\)".*/\1/p' vectors/rules.json | sort
}

marks() {
    scripts/marks.sh engine/*.c | awk '{ print $2 }' | sort
}

@test "each mark of the engine names a rule that exists, and each rule has one mark at most" {
    [ "$(rules | wc -l)" -gt 200 ]
    [ "$(marks | wc -l)" -gt 200 ]
    [ "$(comm -13 <(rules) <(marks))" = '' ] # no rule, or a second mark
}

@test "each mark of the engine is reached by some vector" {
    # Objects of a build with sanitizers cannot be linked with others.
    [ "${CK_FORK:-}" != no ] || skip 'not in a build with sanitizers'
    marked "$BATS_TEST_TMPDIR/ttlspec"
    export TTLSPEC_MARKS=$BATS_TEST_TMPDIR/reached
    local targets
    targets=$(sed -n '/ttl_dialect_names\[\]/,/NULL/s/"\([a-z]*-[0-9.]*\)"/\nengine:\1\n/gp' \
        engine/dialect.c | grep '^engine:')
    [ "$(wc -l <<<"$targets")" -gt 10 ]
    # shellcheck disable=SC2086 # one word each
    "$BATS_TEST_TMPDIR/ttlspec" run $targets >/dev/null
    local unreached
    unreached=$(comm -23 <(marks) <(sort -u "$TTLSPEC_MARKS"))
    [ "$unreached" = '' ] || {
        echo "no vector reaches: $unreached" >&2
        return 1
    }
}

@test "each rule has a vector" {
    run "${TTLSPEC:-build/ttlspec}" rules --summary
    [ "$status" -eq 0 ]
    [ "${output#"$(rules | wc -l) rules: $(rules | wc -l) exercised by vectors,"}" != "$output" ]
}

@test "ttlspec rules tells which planted faults a rule's vectors catch, and which servers differ" {
    local ttlspec vectors=$PWD/vectors
    ttlspec=$(realpath "${TTLSPEC:-build/ttlspec}")
    cd "$BATS_TEST_TMPDIR" || return
    run "$ttlspec" rules --summary --vectors "$vectors"
    [[ "$output" != *fault* && "$output" != *server* ]] # nothing is known of either here
    mkdir reports
    echo '{"faults": [{"fault": "one late", "caught": {"ttl.arity": "some.vector"}},
        {"fault": "two late", "caught": {"ttl.arity": "some.vector", "pttl.unit": "other"}}]}' \
        >reports/faults.json
    "$ttlspec" list --vectors "$vectors" --rule ttl.arity >ids
    id=$(awk 'NR == 1 { print $1 }' ids)
    echo '{"runs": [{"name": "engine"}, {"name": "right 1"}, {"name": "wrong 2"}],
        "vectors": [{"id": "'"$id"'", "verdicts": "fpf"}]}' >reports/matrix.json
    run "$ttlspec" rules --vectors "$vectors"
    [ "$status" -eq 0 ]
    [ "$(grep -c '^  catches: one late, two late$' <<<"$output")" -eq 1 ]
    [ "$(grep -c '^  differs: wrong 2 (1)$' <<<"$output")" -gt 0 ]
    [[ "$output" != *"right 1"* && "$output" != *"engine (1)"* ]]
    run "$ttlspec" rules --summary --vectors "$vectors"
    [[ "$output" == *", 1 whose vectors catch one of 2 planted faults, some server differs in "* ]]
    echo '[]' >reports/faults.json
    run "$ttlspec" rules --vectors "$vectors"
    [ "$status" -eq 2 ]
    [[ "$output" == *"reports/faults.json is no table of faults"* ]]
}

@test "the claims of the seed documents name rules and vectors that exist" {
    local named known=$BATS_TEST_TMPDIR/known
    "${TTLSPEC:-build/ttlspec}" list | awk '{
        for (id = $1; id != ""; id = substr(id, 1, length(id) - length(part))) {
            print id
            if (match(id, /\.[^.]*$/) == 0) break
            part = substr(id, RSTART)
        } }' | cat - <(rules) | sort -u >"$known"
    named=$(grep -o '`[a-z0-9-]*\.[a-z0-9.-]*`' vectors/seeds.md | tr -d '`' |
        grep -v '^rules.json$' | sort -u)
    [ "$(wc -l <<<"$named")" -gt 100 ]
    [ "$(comm -23 <(echo "$named") "$known")" = '' ]
}
