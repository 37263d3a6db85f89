# `ttlspec judge`: recorded traffic, decided without the server.

load helper

# traffic GET-REPLY: a key of 100 ms, read 103 ms later.
traffic() {
    history=$BATS_TEST_TMPDIR/traffic.jsonl
    cat >"$history" <<END
{"history": "1", "spec": "redis-7.0.15", "about": "a key that outlives its deadline"}
{"on": "a", "sent_us": "12000", "received_us": "12031", "do": ["PSETEX", "k", "100", "v"], "reply": {"status": "OK"}}
{"on": "b", "sent_us": "50000", "received_us": "50049", "do": ["PTTL", "k"], "reply": 62}
{"on": "a", "sent_us": "115200", "received_us": "115229", "do": ["GET", "k"], "reply": $1}
END
}

@test "what a right server could have answered passes, and says how near it was" {
    traffic null
    ends 0 "$ttlspec" judge "$history"
    says 'pass: 3 commands'
    says 'the nearest decided by 2.117 ms'
}

@test "what none could have answered fails with a chain that adds up" {
    traffic '"v"'
    ends 1 "$ttlspec" judge "$history"
    says 'traffic.jsonl:4: GET k answered "v": the key was alive at least 3 ms past its deadline'
    says 'line 2 was answered by 12.031 ms, line 4 was sent at 115.200 ms'
    says '-3.000 ms'
}

@test "the bound on the clock's rate decides with it" {
    traffic '"v"'
    ends 0 "$ttlspec" judge "$history" --rate 50000
}

@test "a history is held to the dialect that is asked for" {
    traffic null
    ends 0 "$ttlspec" judge --spec valkey-8.1 "$history"
    ends 2 "$ttlspec" judge --spec nonsense-1 "$history"
    sed -i 's/"spec": "redis-7.0.15", //' "$history"
    ends 2 "$ttlspec" judge "$history"
    says 'does not say what it is held to'
}

@test "a command that the engine does not have leaves it undecided" {
    traffic null
    sed -i 's/"GET", "k"/"MIGRATE", "k"/' "$history"
    ends 4 "$ttlspec" judge "$history"
    says 'traffic.jsonl:4: MIGRATE is a command that the reference engine does not have'
}

@test "a file that is wrong is refused with line and place" {
    traffic null
    sed -i 's/"received_us": "50049"/"received_us": "49"/' "$history"
    ends 2 "$ttlspec" judge "$history"
    says 'traffic.jsonl:3: '
    ends 2 "$ttlspec" judge "$BATS_TEST_TMPDIR/none.jsonl"
    ends 2 "$ttlspec" judge
    ends 2 "$ttlspec" judge "$history" --rate fast
}

@test "a history without commands is refused" {
    history=$BATS_TEST_TMPDIR/empty.jsonl
    echo '{"history": "1", "spec": "redis-7.0.15"}' >"$history"
    ends 2 "$ttlspec" judge "$history"
    says 'at least one command'
}
