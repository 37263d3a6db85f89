#!/usr/bin/env bats
# The published table of the bug museum is the one that its list makes.

setup() {
    command -v python3 >/dev/null || skip "python3 is not installed"
}

@test "reports/bugs.md is what the museum's list says" {
    scripts/museum.py --check
}

@test "a table that is out of date is noticed" {
    place=$(mktemp -d)
    mkdir -p "$place/reports" "$place/conformance/tests" "$place/vectors"
    cp -r vectors/bugs "$place/vectors/"
    cp reports/bugs.md "$place/reports/"
    sed 's/"wrong": "/&Something else: /' conformance/tests/museum.json \
        >"$place/conformance/tests/museum.json"
    museum=$PWD/scripts/museum.py
    run sh -c "cd '$place' && '$museum' --check"
    rm -rf "$place"
    [ "$status" -eq 1 ]
}
