#!/bin/sh
# The engine of each dialect against the real server of that version, on random scripts at the same
# virtual milliseconds: every server of the fleet, or the installed redis-server where there is none.
# What differs goes to BUILD/differences/NAME, and the last line of each is printed.
#
# usage: scripts/differential.sh [BUILD] [NAME...]      NAME: redis-7.0.15, valkey-9.1.2 ...
# environment: SECONDS_EACH (30), SEED (1), FLEET (fleet)
# Exit status: 0 when nothing differs, else 1.
set -eu

build=${1:-build}
[ $# -eq 0 ] || shift
fleet=${FLEET:-fleet}
reports=$build/differences
mkdir -p "$reports"
status=0

compare() { # NAME PROGRAM
    "$build/differential" --seed "${SEED:-1}" --seconds "${SECONDS_EACH:-30}" \
        "$2" "engine:$1" >"$reports/$1" 2>&1 || status=1
    tail -n 1 "$reports/$1"
}

found=
for program in "$fleet"/*/run; do
    [ -x "$program" ] || continue
    name=$(basename "$(dirname "$program")")
    found=yes
    case " ${*:-$name} " in *" $name "*) compare "$name" "$program" ;; esac
done
if [ -z "$found" ]; then
    version=$(redis-server --version | sed -n 's/.* v=\([0-9.]*\).*/\1/p')
    compare "redis-$version" redis-server
fi
exit "$status"
