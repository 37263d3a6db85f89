# The live half of `make soundness`, in short: a right server is never accused, and a campaign that
# accuses one says so and keeps what it saw.

load ../../cli/tests/helper

setup() {
    # It keeps its results beside the program that it runs.
    build=$BATS_TEST_TMPDIR/build
    mkdir -p "$build"
    ln -s "$(realpath "$(dirname "$ttlspec")")"/* "$build/"
}

@test "nothing fails on the installed redis-server, idle or busy and late" {
    ends 0 scripts/soundness.sh "$build" 4 --jobs 64
    says 'run 4 of 4, under load, 0-2 ms late: '
    says 'sound: 4 runs, and not one accused a right server'
    [ ! -e "$build/soundness" ]
}

@test "a run that accuses the server fails the campaign, and its results are kept" {
    vectors_write "$BATS_TEST_TMPDIR/v" "$(right)" "$(wrong)"
    ends 1 scripts/soundness.sh "$build" 2 --vectors "$BATS_TEST_TMPDIR/v"
    says 'NOT SOUND'
    grep -q 'fail t.wrong: a law of t.wrong' "$build/soundness/run-2/report.txt"
    "$ttlspec" judge "$build/soundness/run-2/histories/t.wrong.jsonl"
}

@test "a campaign that cannot be run gets a sentence" {
    ends 2 scripts/soundness.sh "$build" many
    says 'soundness: how many runs? A number such as 200, not "many"'
    ends 3 scripts/soundness.sh "$build" 1 --vectors /nowhere
    says '/nowhere'
    says 'soundness: run 1 ended with status 2, without results'
}
