#!/bin/sh
# Runs one test program, prints its line, and leaves behind what check.sh adds up:
#   RESULTS/NAME.count   "PASSED FAILED SKIPPED"
#   RESULTS/NAME.log     what there is to read, only when something failed or was skipped
#
# usage: scripts/check-one.sh BUILD RESULTS PROGRAM
set -eu

build=$1
results=$2
program=$3
# Longer than any of them takes, and shorter than a person waits. Sanitizers take their time.
limit_s=150
test "${CK_FORK:-}" != no || limit_s=900

# libcheck's four seconds a test are few when every processor is busy with another one.
CK_DEFAULT_TIMEOUT=60
export CK_DEFAULT_TIMEOUT

name=${program#"$build"/tests/}
file=$results/$(echo "$name" | tr / -)
began=$(date +%s%N)

status=0
case $program in
*.bats)
    timeout "$limit_s" bats --tap "$program" >"$file.tap" 2>"$file.out" || status=$? ;;
scripts/style.sh)
    # One test: the output is the list of breaches.
    timeout "$limit_s" "$program" "$build" >"$file.out" 2>&1 || status=$?
    if [ "$status" -eq 0 ]; then echo 'ok 1'; else echo 'not ok 1'; fi >"$file.tap" ;;
*)
    CK_TAP_LOG_FILE_NAME=$file.tap timeout "$limit_s" "$program" >"$file.out" 2>&1 || status=$? ;;
esac

touch "$file.tap"
skipped=$(grep -c '^ok .*# skip' "$file.tap" || true)
passed=$(($(grep -c '^ok ' "$file.tap" || true) - skipped))
failed=$(grep -c '^not ok ' "$file.tap" || true)
# A program that crashed, ran too long, or ran nothing at all has failed, whatever it printed.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
if [ $((passed + failed + skipped)) -eq 0 ]; then failed=1; fi
echo "$passed $failed $skipped" >"$file.count"

elapsed_ms=$((($(date +%s%N) - began) / 1000000))
printf '%-44s %5d passed %3d failed %6d.%01d s\n' "$name" "$passed" "$failed" \
    $((elapsed_ms / 1000)) $((elapsed_ms % 1000 / 100))

if [ "$failed" -gt 0 ]; then
    {
        echo "--- $name (exit status $status$([ "$status" -ne 124 ] || echo ', out of time'))"
        grep -A 30 '^not ok ' "$file.tap" || true
        tail -n 60 "$file.out"
    } | cut -c 1-300 >"$file.log"
elif [ "$skipped" -gt 0 ]; then
    sed -n "s|^ok [0-9]* *\(.*# skip.*\)|skipped: $name: \1|p" "$file.tap" >"$file.log"
fi
