# The vectors bite: a sample of `make mutants`, always the same for the same sources.

@test "a sample of mutants of the engine is killed by vectors alone" {
    # Objects of a build with sanitizers cannot be linked with others.
    [ "${CK_FORK:-}" != no ] || skip 'not in a build with sanitizers'
    scripts/mutants.py "$(dirname "${TTLSPEC:-build/ttlspec}")" --sample 25 --seed 1 \
        --files cmd_expire --files cmd_string --files cmd_keys --files set_options \
        --files deadline --files db >&2
}

@test "a mutant that is listed as equivalent is one that can be made" {
    scripts/mutants.py build --list >"$BATS_TEST_TMPDIR/list"
    [ "$(grep -c '^```diff' "$BATS_TEST_TMPDIR/list")" -gt 1000 ]
}

@test "a report tells of which sources it is, and which have changed since" {
    cp reports/mutants.md "$BATS_TEST_TMPDIR/report.md"
    scripts/mutants.py build --stale "$BATS_TEST_TMPDIR/report.md" >"$BATS_TEST_TMPDIR/now" || true
    [ ! -s "$BATS_TEST_TMPDIR/now" ] ||
        echo "# reports/mutants.md is older than $(paste -sd' ' "$BATS_TEST_TMPDIR/now")" >&3
    sed -i -E '/^\| engine\/cmd_expire\.c /s/\| [0-9a-f]{8} \|/| 00000000 |/' "$BATS_TEST_TMPDIR/report.md"
    run scripts/mutants.py build --stale "$BATS_TEST_TMPDIR/report.md"
    [ "$status" -eq 1 ]
    [[ " ${lines[*]} " == *' engine/cmd_expire.c '* ]]
    echo 'no report' >"$BATS_TEST_TMPDIR/report.md"
    run scripts/mutants.py build --stale "$BATS_TEST_TMPDIR/report.md"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -gt 25 ]
}

@test "a report keeps what it told of files that were not run here" {
    python3 - "$BATS_TEST_TMPDIR" <<'END'
import importlib.util, pathlib, re, sys
spec = importlib.util.spec_from_file_location("mutants", "scripts/mutants.py")
mutants = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutants)
page = pathlib.Path("reports/mutants.md").read_text("utf-8")
def told(text): return [re.sub(r" \*? ?\|", " |", row) for row in re.findall(r"^\| engine/.*$", text, re.M)]
names = re.findall(r"^\| engine/(\w+)\.c", page, re.M)
again = mutants.report(mutants.Memory(sys.argv[1]), names, page)
assert told(again) == told(page)
assert again.count("```diff") == page.count("```diff") > 0
assert again[again.index("## Equivalent"):] == page[page.index("## Equivalent"):]
assert "Nothing is said of engine/config.c" in mutants.report(mutants.Memory(sys.argv[1]), ["config"], "")
END
}
