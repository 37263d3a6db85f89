#!/bin/sh
# Formats the C sources in place. With --check it changes nothing, says which differ, and reads the
# scripts with shellcheck.
#
# usage: scripts/format.sh [--check]
set -eu

need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "format: $1 is not installed: apt-get install $1" >&2
    exit 3
}
sources() {
    find engine conformance sim cli -name '*.[ch]' 2>/dev/null | sort
}

need clang-format
if [ "${1:-}" != --check ]; then
    sources | xargs -r clang-format -i
    exit 0
fi

need shellcheck
status=0
for source in $(sources); do
    if ! clang-format "$source" | cmp -s - "$source"; then
        echo "$source: not as .clang-format says; \`make format\` mends it"
        status=1
    fi
done
shellcheck -x scripts/*.sh .ci/run || status=1
exit $status
