#!/bin/sh
# The style gate: what a machine can judge about the sources, without a compiler's opinion.
#
#   - no line longer than 100 columns, no tab, no blank at the end of a line
#   - no function longer than 70 lines
#   - the engine is pure: its objects call nothing that allocates, reads a clock, draws random
#     numbers or does I/O, and hold no writable data. Only memory_libc.c may ask for memory, and
#     only engine/lua may call Lua.
#
# usage: scripts/style.sh BUILD
# Exit status: 0 clean, 1 with one line for each breach.
set -eu
export LC_ALL=C

build=${1:-build}
breaches=$(mktemp)
trap 'rm -f "$breaches" "$breaches.defined"' EXIT

sources() {
    find engine conformance sim cli -name '*.[ch]' 2>/dev/null | sort
}

# A function begins with an unindented line that ends in ") {" and ends with an unindented "}":
# .clang-format sees to that. A long parameter list puts the brace on an indented line.
# shellcheck disable=SC2016 # awk expands these
sources | xargs -r awk '
    FNR == 1 { begin = 0; head = 0 }
    {
        characters = $0
        gsub(/[\200-\277]/, "", characters) # all bytes of UTF-8 but the first
        if (length(characters) > 100)
            print FILENAME ":" FNR ": " length(characters) " columns, at most 100"
    }
    /\t/ { print FILENAME ":" FNR ": a tab" }
    /[ ]$/ { print FILENAME ":" FNR ": a blank at the end of the line" }
    /^[A-Za-z_].*\(/ && !/;$/ { head = FNR }
    /\) \{$/ && head && !begin { begin = head }
    /^}/ {
        if (begin && FNR - begin + 1 > 70)
            print FILENAME ":" begin ": a function of " FNR - begin + 1 " lines, at most 70"
        begin = 0; head = 0
    }
    /;$/ && !begin { head = 0 }
' >>"$breaches"

# What the engine may call of the C library: nothing that remembers, waits, asks or answers.
pure='mem(cpy|move|set|cmp|chr|rchr|mem)|bcmp|str(len|nlen|chr|rchr|cmp|ncmp|spn|cspn|pbrk|str)'
pure="$pure|strto(l|ll|ul|ull|d|ld|f)|v?snprintf|abort|qsort|bsearch|__assert_fail|__stack_chk_fail"
pure="$pure|(floor|ceil|trunc|round|rint|fabs|fmod|modf|frexp|ldexp|scalbn|pow|log|log2|log10|sqrt|sin|cos|asin|fmin)[fl]?"
pure="$pure|__[a-z]*_chk|__isoc[0-9]+_strto[a-z]+|__(is|fp)[a-z]+|__errno_location|_GLOBAL_OFFSET_TABLE_"

nm --defined-only "$build"/obj/engine/*.o "$build"/obj/engine/lua/*.o 2>/dev/null | awk '$2 ~ /[A-Z]/ { print $3 }' |
    sort -u >"$breaches.defined"
for object in "$build"/obj/engine/*.o "$build"/obj/engine/lua/*.o; do
    test -e "$object" || continue
    source=${object#"$build/obj/"}
    source=${source%.o}.c
    test -e "$source" || continue
    allowed=$pure
    case $source in
    engine/memory_libc.c) allowed="$pure|malloc|realloc|free" ;;
    engine/lua/*) allowed="$pure|lua[a-zA-Z]*_[a-z]+" ;;
    esac
    # Another file of the engine may define it.
    nm -u "$object" | awk '{ print $2 }' | grep -Ev "^($allowed)$" |
        grep -Fxv -f "$breaches.defined" |
        sed "s|^|$source: the engine must stay pure, and this calls |" >>"$breaches" || true
    # Constants that hold pointers lie in .data.rel.ro, which the loader seals.
    objdump -t "$object" | awk -v source="$source" '
        $3 == "O" && $4 ~ /^\.t?(data|bss)/ && $4 !~ /^\.data\.rel\.ro/ {
            print source ": the engine has no globals, and this holds " $NF
        }' >>"$breaches"
done

if [ -s "$breaches" ]; then
    cat "$breaches"
    exit 1
fi
