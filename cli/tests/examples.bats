# The example consumer of the vectors, and ttlspec: two readers of one format, one verdict each.

load helper

consumer=$PWD/vectors/examples/run_vectors.py

# The Python that Debian's python3-redis belongs to, before any other of the name.
python() {
    local found=/usr/bin/python3
    [ -x "$found" ] || found=python3
    "$found" "$@"
}

# without_waits FROM TO: the vectors of which no step waits. RESP3 takes a client that speaks it.
without_waits() {
    cp "$1/rules.json" "$2"
    python - "$1" "$2" <<'END'
import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).glob("[0-9]*.json"):
    suite = json.loads(path.read_text("utf-8"))
    suite["vectors"] = [v for v in suite["vectors"] if "resp3" not in v.get("needs", [])
                        and not any(s.get("at", "0") != "0" for s in v["steps"])]
    if suite["vectors"]: (pathlib.Path(sys.argv[2]) / path.name).write_text(json.dumps(suite), "utf-8")
END
}

# verdicts DIRECTORY [DIALECT]: of both readers, sorted: $BATS_TEST_TMPDIR/ours and theirs.
verdicts() {
    python "$consumer" "$redis_url" "$@" >"$BATS_TEST_TMPDIR/raw" || true
    sort "$BATS_TEST_TMPDIR/raw" >"$BATS_TEST_TMPDIR/theirs"
    "$ttlspec" run "$redis_url" --exclusive --vectors "$1" ${2:+--spec "$2"} \
        --report tap="$BATS_TEST_TMPDIR/tap" --report json="$BATS_TEST_TMPDIR/json" >/dev/null || true
    python -c 'import json, sys
for vector in json.load(sys.stdin)["runs"][0]["vectors"]: print(vector["verdict"], vector["id"])' \
        <"$BATS_TEST_TMPDIR/json" | sort >"$BATS_TEST_TMPDIR/ours"
}

setup() {
    python -c 'import redis' 2>/dev/null || skip 'python3-redis is not installed'
}

@test "the example in Python has the verdicts of ttlspec on every vector without waits" {
    local v=$BATS_TEST_TMPDIR/v
    mkdir "$v"
    without_waits vectors "$v"
    redis_start
    verdicts "$v"
    diff "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs"
    [ "$(grep -c '^pass ' "$BATS_TEST_TMPDIR/theirs")" -gt 4000 ]
    run ! grep -q '^fail ' "$BATS_TEST_TMPDIR/theirs"
}

@test "the example in Python sees the differences that ttlspec sees" {
    local v=$BATS_TEST_TMPDIR/v
    mkdir "$v"
    without_waits vectors "$v"
    rm -f "$v"/*-matrix.json
    redis_start
    verdicts "$v" redis-6.0
    diff "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/theirs"
    grep -q '^fail ' "$BATS_TEST_TMPDIR/theirs"
    grep -q '^pass ' "$BATS_TEST_TMPDIR/theirs"
}
