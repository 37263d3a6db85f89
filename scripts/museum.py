#!/usr/bin/env python3
"""The table of the bug museum: conformance/tests/museum.json as reports/bugs.md.

usage: scripts/museum.py [--check]

With --check nothing is written: exit status 1 when the table is not what the list says.
That a bug with vectors is caught is not this script's word but a test's: test_museum plants each
one and wants the answer that was reported.
"""
import json
import sys
from pathlib import Path

TABLE = Path("reports/bugs.md")
LIST = Path("conformance/tests/museum.json")
VECTORS = Path("vectors/bugs")


def table_rows():
    """How many vectors each id stands for."""
    counts = {}
    for path in sorted(VECTORS.glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
            rows = vector.get("examples", {}).get("rows", [None])
            counts[vector["id"]] = (len(rows), path.name)
    return counts


def bug_row(bug, reasons, counts):
    repository, number = bug["bug"].split("#")
    link = f"[{bug['bug']}](https://github.com/{repository}/issues/{number})"
    if "waits_for" in bug:
        return f"| {link} | {bug['wrong']} | | not yet: {reasons[bug['waits_for']]} |"
    named = []
    for name in bug["vectors"]:
        rows, file = counts[name]
        times = f" ({rows})" if rows > 1 else ""
        named.append(f"[`{name}`](../vectors/bugs/{file}){times}")
    note = f"; {bug['note']}" if "note" in bug else ""
    return f"| {link} | {bug['wrong']} | {'<br>'.join(named)} | caught{note} |"


def page():
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    bugs, reasons, counts = listed["bugs"], listed["reasons"], table_rows()
    caught = [bug for bug in bugs if "vectors" in bug]
    vectors = sum(counts[name][0] for bug in caught for name in bug["vectors"])
    lines = [
        "# The bug museum",
        "",
        f"{len(bugs)} bugs about time that were reported of real servers. {len(caught)} of them are",
        f"shown by {vectors} vectors in [`vectors/bugs/`](../vectors/bugs/), which pass on right servers.",
        "Each is planted in the reference engine again (`conformance/tests/museum_faults.h`), and",
        "`test_museum` wants the vector to fail there, at the step and with the answer that was",
        "reported. A number behind a vector says that it is a table of so many.",
        "",
        f"The other {len(bugs) - len(caught)} wait for something, or cannot be shown by a vector at all:",
        "",
        "| bugs | need |",
        "| ---: | --- |",
    ]
    for key, text in reasons.items():
        count = sum(bug.get("waits_for") == key for bug in bugs)
        if count > 0:
            lines.append(f"| {count} | {text} |")
    lines += ["", "| bug | what was wrong | vectors | |", "| --- | --- | --- | --- |"]
    lines += [bug_row(bug, reasons, counts) for bug in bugs]
    lines += ["", "Made by `scripts/museum.py` from `conformance/tests/museum.json`."]
    return "\n".join(lines) + "\n"


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    text = page()
    if not arguments:
        TABLE.write_text(text, encoding="utf-8")
        return 0
    if TABLE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TABLE} is not what {LIST} says: run scripts/museum.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
