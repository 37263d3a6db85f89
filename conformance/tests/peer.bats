# What the comparison with Redis' own tests says when it cannot be made. The comparison itself wants
# a checkout of Redis: make peer CHECKOUT=/path/to/redis

load ../../cli/tests/helper

@test "without a checkout of Redis there is a sentence that says what is missing" {
    ends 2 scripts/peer.sh build
    says 'peer: where is the checkout of Redis? make peer CHECKOUT=/path/to/redis'
    ends 2 scripts/peer.sh build /nowhere
    says 'peer: /nowhere is no directory'
    mkdir -p "$BATS_TEST_TMPDIR/other/tests"
    touch "$BATS_TEST_TMPDIR/other/tests/test_helper.tcl"
    ends 2 scripts/peer.sh build "$BATS_TEST_TMPDIR/other"
    says 'other is no checkout of Redis: it has no tests/unit/expire.tcl'
}
