#!/bin/sh
# The whole suite, again and again, against the installed redis-server, which is right: so not one
# vector may fail. Every second run has every core kept busy by a load of ours, and its connections
# go through a proxy on which everything is late at random; the seed of the delays is the number of
# the run.
#
# Prints a line for each run and a closing table. The reports of a run with a difference are kept in
# BUILD/soundness/run-N: report.txt has the chain of each failure, and the command that judges its
# history again. Broken off, it tells what it has.
#
# usage: scripts/soundness.sh BUILD [RUNS [OPTION...]]
#        RUNS: 200; OPTION: of `ttlspec run`, instead of --exclusive, which runs everything
# Exit status: 0 no difference, 1 one, 2 the command line, 3 no run was possible.
set -eu
export LC_ALL=C

build=${1:-build}
runs=${2:-200}
[ $# -gt 2 ] || set -- "$build" "$runs" --exclusive
shift 2
ways='0-1 0-2 0-5 0-15' # milliseconds of delay, in each direction, of one run after the other
load_limit_s=900        # a load never outlives this, whatever becomes of us

case $runs in
'' | *[!0-9]* | 0)
    echo "soundness: how many runs? A number such as 200, not \"$runs\"" >&2
    exit 2
    ;;
esac
command -v redis-server >/dev/null || {
    echo "soundness: there is no redis-server here; make deps installs one" >&2
    exit 3
}

place=$(mktemp -d)
kept=$build/soundness
rm -rf "$kept"
helpers=''
out=$kept/run-0
# shellcheck source-path=SCRIPTDIR
. "${0%/*}/server.sh"

# shellcheck disable=SC2317,SC2329 # the trap below calls it
stop() {
    # shellcheck disable=SC2086 # one word each, or none
    stop_processes $helpers $redis_pid
    rm -rf "$place"
}
trap stop EXIT
trap 'finish 130' INT
trap 'finish 143' TERM

# A process for each core that does nothing, but all the time.
start_load() {
    for _ in $(seq "$(nproc)"); do
        timeout "$load_limit_s" sh -c 'while :; do :; done' &
        helpers="$helpers $!"
    done
}

start_delay() { # MIN-MAX SEED: $url
    : >"$place/delay"
    "$build/delay" --to "$redis_port" --min "${1%-*}" --max "${1#*-}" --seed "$2" >"$place/delay" 2>&1 &
    helpers="$helpers $!"
    wait_for "$place/delay" '^ready: ' "$!" || {
        cat "$place/delay" >&2
        echo "soundness: the proxy did not start; what it said is above" >&2
        exit 3
    }
    url=$(sed -n 's/^ready: //p' "$place/delay")
}

# Of one run: its verdicts as "verdict count" and the widths of its brackets as "us count".
count_of() { # RESULTS NAME
    sed -n "s/.*\"counts\":{.*\"$2\":\([0-9]*\).*/\1/p" "$1"
}
widths_of() { # RESULTS
    awk 'match($0, /"sent_us":"-?[0-9]+"/) {
            sent = substr($0, RSTART + 11, RLENGTH - 12)
            if (match($0, /"received_us":"-?[0-9]+"/))
                count[substr($0, RSTART + 15, RLENGTH - 16) - sent]++
        }
        END { for (width in count) print width, count[width] }' "$1"
}

run_once() { # NUMBER idle|load MIN-MAX OPTION...
    number=$1
    kind=$2
    way=$3
    shift 3
    url=$redis_url
    said=idle
    if [ "$kind" = load ]; then
        start_load
        start_delay "$way" "$number"
        said="under load, $way ms late"
    fi
    out=$kept/run-$number
    mkdir -p "$out"
    status=0
    "$build/ttlspec" run "$url" --out "$out" "$@" >"$out/output" 2>"$out/complaints" || status=$?
    # shellcheck disable=SC2086 # one word each, or none
    stop_processes $helpers
    helpers=''
    if [ $status -eq 130 ] || ! [ -s "$out/results.json" ] || grep -q '"unusable"' "$out/results.json"; then
        cat "$out/complaints" >&2
        echo "soundness: run $number ended with status $status, without results" >&2
        [ $status -eq 130 ] || status=3
        finish $status
    fi
    widths_of "$out/results.json" >>"$place/$kind.widths"
    set --
    for verdict in pass fail warning inconclusive error; do
        set -- "$@" "$(count_of "$out/results.json" $verdict)"
    done
    echo "$*" >>"$place/$kind.runs"
    echo "run $number of $runs, $said: $1 pass, $2 fail, $3 warning, $4 inconclusive, $5 error"
    if [ "$2" -eq 0 ] && [ "$3" -eq 0 ] && [ "$5" -eq 0 ]; then rm -rf "$out"; fi
}

# The smallest width that so large a share of all brackets does not exceed.
width_at() { # KIND SHARE
    sort -n "$place/$1.widths" | awk -v share="$2" '
        { width[NR] = $1; count[NR] = $2; total += $2 }
        END {
            for (i = 1; i <= NR && seen + count[i] < share * total; i++) seen += count[i]
            printf "%.3f\n", width[i] / 1000
        }'
}

table_row() { # KIND NAME
    [ -s "$place/$1.runs" ] || return 0
    awk -v name="$2" -v median="$(width_at "$1" 0.5)" -v widest="$(width_at "$1" 0.99)" '
        { pass += $1; fail += $2 + $3; open += $4; broke += $5 }
        END {
            all = pass + fail + open + broke
            printf "%-12s %4d %9d %6d %13d %8.4f %% %6d %11.3f ms %9.3f ms\n", name, NR, pass, fail,
                open, all ? 100 * open / all : 0, broke, median, widest
        }' "$place/$1.runs"
}

# The table of what was run, and the end.
finish() { # STATUS: unless there was a difference
    trap - INT TERM
    [ "$1" -lt 128 ] || rm -rf "$out" # of the run that was broken off
    cat "$place"/*.runs >"$place/all" 2>/dev/null || exit "$1"
    printf '\n%-12s %4s %9s %6s %13s %10s %6s %14s %12s\n' '' runs pass fail inconclusive share \
        error 'bracket median' '99th pct.'
    table_row idle idle
    table_row load 'under load'
    if awk '$2 + $3 > 0 { found = 1 } END { exit !found }' "$place/all"; then
        echo "NOT SOUND: a right server was accused; see $kept/run-*/report.txt"
        exit 1
    fi
    rmdir "$kept" 2>/dev/null || [ ! -d "$kept" ] || echo "results of runs with errors: $kept"
    echo "sound: $(wc -l <"$place/all") runs, and not one accused a right server"
    exit "$1"
}

start_redis soundness
echo "$(redis-server --version | awk '{ print "redis-server", substr($3, 3) }'), $(nproc) cores"
number=0
while [ "$number" -lt "$runs" ]; do
    number=$((number + 1))
    if [ $((number % 2)) -eq 1 ]; then
        run_once $number idle - "$@"
    else
        way=${ways%% *}
        ways="${ways#* } $way"
        run_once $number load "$way" "$@"
    fi
done
finish 0
