#!/bin/sh
# Installs what is missing to build and to test: asks apt, with sudo only when it is needed, and
# says what it does. Says nothing and touches nothing when all is there.
#
# environment: CC, the compiler that make will call
set -eu

missing=''
need() { # need PACKAGE PROBE...: PACKAGE is missing unless the probe succeeds
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

compiler=${CC:-cc}
compiler=${compiler%% *}
case $compiler in
*clang*) need "$(basename "$compiler")" command -v "$compiler" ;;
*) need gcc command -v "$compiler" ;;
esac
need libc6-dev test -e /usr/include/stdio.h
need pkg-config command -v pkg-config
need libhiredis-dev pkg-config --exists hiredis
need libcjson-dev pkg-config --exists libcjson
need check pkg-config --exists check
need libuv1-dev pkg-config --exists libuv
need liblua5.1-0-dev pkg-config --exists lua5.1
need libxxhash-dev pkg-config --exists libxxhash
need bats command -v bats
need redis-server command -v redis-server
need python3-redis /usr/bin/python3 -c 'import redis'
need procps command -v pgrep
need python3-jsonschema python3 -c 'import jsonschema' # holds the vectors to their schema
missing=${missing# }

test -n "$missing" || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: these are missing, and there is no apt-get here to install them:" >&2
    echo "deps:   $missing" >&2
    echo "deps: install what your system calls them, and try again." >&2
    exit 3
fi

as_root=''
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "deps: these Debian packages are missing: $missing" >&2
        echo "deps: installing them takes root, and there is no sudo. As root, run:" >&2
        echo "deps:   apt-get install $missing" >&2
        exit 3
    fi
    as_root='sudo'
fi

apt() {
    echo "deps: $as_root apt-get $*" | tr -s ' '
    # shellcheck disable=SC2086 # as_root is one word or none
    if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "deps: apt-get $1 failed; its output is above." >&2
        exit 3
    fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt update
# shellcheck disable=SC2086 # one word each
apt install --yes --no-install-recommends $missing
case " $missing " in
*' redis-server '*)
    echo "deps: Debian starts redis-server as a service on port 6379 where it can. ttlspec starts" \
        "its own, and leaves that one alone." ;;
esac
