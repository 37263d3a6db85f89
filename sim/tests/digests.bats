#!/usr/bin/env bats
# The same seeds give the same digest whatever compiler, optimisation and sanitizer: each case
# builds engine and worlds anew, in a directory of its own.

build() {
    local compiler=$1
    shift
    command -v "$compiler" >/dev/null || skip "$compiler is not installed"
    "$compiler" -std=c11 -D_POSIX_C_SOURCE=200809L -Iengine/include -I. "$@" \
        -o "$BATS_TEST_TMPDIR/digest" engine/*.c sim/*.c sim/tests/digest.c -lm
    "$BATS_TEST_TMPDIR/digest"
}

setup_file() {
    cc -std=c11 -D_POSIX_C_SOURCE=200809L -Iengine/include -I. -O2 \
        -o "$BATS_FILE_TMPDIR/digest" engine/*.c sim/*.c sim/tests/digest.c -lm
    "$BATS_FILE_TMPDIR/digest" >"$BATS_FILE_TMPDIR/expected"
}

same_as_usual() {
    run build "$@"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    [ "$output" = "$(cat "$BATS_FILE_TMPDIR/expected")" ]
}

@test "gcc -O0 gives the same digest" {
    same_as_usual gcc -O0
}

@test "gcc -O3 gives the same digest" {
    same_as_usual gcc -O3
}

@test "clang -O2 gives the same digest" {
    command -v clang >/dev/null || skip "clang is not installed"
    same_as_usual clang -O2
}

@test "AddressSanitizer and UndefinedBehaviorSanitizer give the same digest and no complaint" {
    same_as_usual gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
}
