#!/usr/bin/env bats
# The JSON Schemas beside the vectors say the same as the loader, as far as a schema can.
# Needs python3-jsonschema; without it these tests are skipped by name.

setup() {
    python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null ||
        skip "python3-jsonschema (4.0 or later) is not installed"
}

validate() {
    python3 conformance/tests/validate.py "vectors/schema/$1.schema.json" "${@:2}"
}

@test "the rulebook is valid by its schema" {
    validate rules vectors/rules.json conformance/tests/bad/rules.json
}

@test "all vectors are valid by their schema" {
    find vectors -name '*.json' ! -name rules.json ! -path '*/schema/*' | sort >"$BATS_TMPDIR/$$.files"
    test -s "$BATS_TMPDIR/$$.files"
    xargs python3 conformance/tests/validate.py vectors/schema/vectors.schema.json \
        <"$BATS_TMPDIR/$$.files"
    rm -f "$BATS_TMPDIR/$$.files"
}

@test "what the loader refuses for its shape the schema refuses too" {
    for name in unknown-field missing-fields wrong-types numbers hex at await clock replica restart ids placeholders scopes \
        replies events no-vectors not-an-object; do
        run validate vectors "conformance/tests/bad/$name.json"
        [ "$status" -eq 1 ] || {
            echo "$name.json: status $status: $output"
            return 1
        }
    done
}

@test "every step that is wrong in its shape breaks the schema on its own" {
    python3 - <<'END'
import json, sys
from jsonschema import Draft202012Validator
with open("vectors/schema/vectors.schema.json", encoding="utf-8") as file:
    validator = Draft202012Validator(json.load(file))
sound = {"do": ["PING"], "reply": {"status": "PONG"}}
passed = []
# A schema cannot compare: the order of steps and of bounds, and limits inside strings, are the
# loader's; and to a schema 1e3 is the integer 1000.
beyond = {("at", 0), ("at", 1), ("at", 5), ("await", 6), ("clock", 3), ("clock", 4), ("clock", 8), ("replies", 3), ("replies", 5), ("placeholders", 4),
          ("numbers", 2), ("replica", 9)}
for name in ("numbers", "hex", "at", "await", "clock", "replica", "restart", "placeholders", "replies", "events"):
    with open(f"conformance/tests/bad/{name}.json", encoding="utf-8") as file:
        vector = json.load(file)["vectors"][0]
    for index, step in enumerate(vector["steps"]):
        document = {"suite": "bad", "vectors": [dict(vector, steps=[step])]}
        if validator.is_valid(document) and (name, index) not in beyond:
            passed.append(f"{name} step {index}: {json.dumps(step)}")
document = {"suite": "bad", "vectors": [dict(vector, steps=[sound])]}
if not validator.is_valid(document):
    passed.append("the sound step is refused")
sys.exit("\n".join(passed) or None)
END
}
