# The published table of planted faults is the one that judging them makes.

@test "docs/verdicts.md says of each planted fault where it becomes undecidable" {
    program=$(dirname "${TTLSPEC:-build/ttlspec}")/tests/conformance/test_judge_sharp
    diff <(JUDGE_TABLE=1 "$program" | grep '^|') <(sed -n '/^| planted fault/,/^$/{/^|/p}' docs/verdicts.md)
}
