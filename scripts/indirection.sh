#!/bin/sh
# What it costs a concrete engine that its instants may be symbolic: the engine's benchmark as it
# is, and with every question about origins and timelines answered beforehand, in a copy of the
# sources. Both are built here and run in turn, since a machine has its moods, and their processor
# time is taken; what counts is the median of the ratios of neighbouring runs.
#
# usage: scripts/indirection.sh BUILD [ROUNDS [KEYS]]
# environment: CC, CFLAGS
# Exit status: 0 at most 3 % slower as it is, 1 more, 2 the copy cannot be made.
set -eu
export LC_ALL=C

build=${1:-build}
rounds=${2:-11}
keys=${3:-100000}
compiler=${CC:-cc}
most_percent=3
place=$build/indirection
rm -rf "$place"

# fold FILE EXPRESSION VALUE, in the copy $copy: it must be there.
fold() {
    grep -qF "$2" "$place/$copy/engine/$1" || {
        echo "indirection: engine/$1 has no more \"$2\": this script has to follow" >&2
        exit 2
    }
    expression=$(printf '%s' "$2" | sed 's/[.*[\]/\\&/g')
    sed -i "s/$expression/$3/" "$place/$copy/engine/$1"
}

for copy in as-is concrete; do
    mkdir -p "$place/$copy/engine"
    cp -r engine/*.[ch] engine/*.def engine/include engine/bench "$place/$copy/engine/"
    fold bench/bench_engine.c CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID
done
fold include/ttlspec/instant.h 'a.origin == b.origin' true
fold engine.c 'engine->timeline != NULL' false
fold deadline.c 'now.origin != deadline.origin' false
fold deadline.c 'deadline.origin != TTL_ORIGIN_EPOCH' false
fold deadline.c 'deadline.origin == TTL_ORIGIN_EPOCH' true
fold keyspace.c 'deadline.origin != TTL_ORIGIN_EPOCH' false

for copy in as-is concrete; do
    # shellcheck disable=SC2086 # words
    (cd "$place/$copy" && $compiler -std=c11 -D_POSIX_C_SOURCE=200809L ${CFLAGS:--O2 -g} \
        -Iengine/include -I. -o bench engine/*.c engine/bench/bench_engine.c -lm)
done

round=0
while [ "$round" -lt "$rounds" ]; do
    round=$((round + 1))
    order='as-is concrete'
    [ $((round % 2)) -eq 1 ] || order='concrete as-is'
    for which in $order; do
        "$place/$which/bench" --keys "$keys" |
            sed -nE "s/^ *(PSETEX|PEXPIRE|PTTL) .*(one by one|pipelined) *([0-9.]+) ns.*/$round $which \1 \3 \2/p"
    done
done >"$place/measured"

awk -v most="$most_percent" -v rounds="$rounds" -v keys="$keys" '
    function median(values, count,    i, j, held) {
        for (i = 2; i <= count; i++)
            for (j = i; j > 1 && values[j - 1] > values[j]; j--) {
                held = values[j]
                values[j] = values[j - 1]
                values[j - 1] = held
            }
        return count % 2 ? values[(count + 1) / 2] : (values[count / 2] + values[count / 2 + 1]) / 2
    }
    {
        name = $3 " " $5 ($6 == "" ? "" : " " $6 " " $7)
        ns[$1, $2, name] = $4
        if (!(name in seen)) {
            seen[name] = 1
            names[++count] = name
        }
    }
    END {
        printf "nanoseconds a command, %d keys, medians of %d runs in turn:\n", keys, rounds
        printf "  %-20s %8s %14s %8s\n", "", "as it is", "concrete only", "ratio"
        for (n = 1; n <= count; n++) {
            for (i = 1; i <= rounds; i++) {
                with[i] = ns[i, "as-is", names[n]]
                without[i] = ns[i, "concrete", names[n]]
                ratio[i] = with[i] / without[i]
                every[++all] = ratio[i]
            }
            printf "  %-20s %8.1f %14.1f %8.3f\n", names[n], median(with, rounds),
                median(without, rounds), median(ratio, rounds)
        }
        cost = 100 * (median(every, all) - 1)
        printf "symbolic instants cost a concrete engine %.1f %% (at most %d)\n", cost, most
        exit cost > most
    }' "$place/measured"
