#!/bin/sh
# Fetches real servers of several Debian releases side by side, touching none of the machine's
# packages. For each line of scripts/fleet-table:
#
#   DIR/NAME-VERSION/root      the server's package and the libraries of its own release
#   DIR/NAME-VERSION/run       starts the server through that release's dynamic loader
#   DIR/NAME-VERSION/packages  what was unpacked: package, version, SHA-256
#
# and prints the directory.
#
# The mirror is the one that the machine's own apt uses. Everything is verified by apt against
# Debian's archive keyring, in a private apt directory that goes when we end. A server that cannot
# be fetched is skipped with a warning; one that is there already is not fetched again.
#
# usage: scripts/fleet.sh [DIR] [SUITE...]
# environment: FLEET_MIRROR, FLEET_SECURITY_MIRROR (archive URIs instead of the machine's)
# Exit status: 0 when any server is there, 1 when none is, 2 when it cannot be tried.
set -eu
export LC_ALL=C

here=$(dirname -- "$0")
dir=${1:-fleet}
[ $# -eq 0 ] || shift
suites=$*

die() {
    echo "fleet: $*" >&2
    exit 2
}

for tool in apt-get apt-config dpkg dpkg-deb sha256sum; do
    command -v $tool >/dev/null || die "needs $tool: the fleet comes from Debian's archive"
done
mkdir -p "$dir" || die "cannot make $dir"
dir=$(cd "$dir" && pwd -P)
private=$(mktemp -d "$dir/.apt.XXXXXX")
trap 'rm -rf "$private"' EXIT
trap 'exit 2' HUP INT TERM
architecture=$(dpkg --print-architecture)

# Every URI of the machine's apt sources, either format, those of security suites apart.
mirror() { # archive|security
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -r "$file" ] && awk '
            function tell() { if (uri != "") print (suites ~ /-security/ ? "security" : "archive"), uri
                              uri = suites = "" }
            /^[[:space:]]*$/ { tell() }
            /^URIs:/ { uri = $2 }
            /^Suites:/ { suites = $0 }
            END { tell() }' "$file"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$file" ] && sed -n 's/^deb *\(\[[^]]*\]\)* *\([^ ]*\) *\([^ ]*\).*/\2 \3/p' "$file" |
            awk '{ print ($2 ~ /-security/ ? "security" : "archive"), $1 }'
    done
    true
}
archive=${FLEET_MIRROR:-$(mirror | awk '$1 == "archive" { print $2; exit }')}
security=${FLEET_SECURITY_MIRROR:-$(mirror | awk '$1 == "security" { print $2; exit }')}
[ -n "$archive" ] || die "no mirror in the machine's apt sources (FLEET_MIRROR names one)"

keyring=
for file in /usr/share/keyrings/debian-archive-keyring.gpg \
    /usr/share/keyrings/debian-archive-keyring.pgp; do
    [ -r "$file" ] && keyring=$file && break
done
[ -n "$keyring" ] || die "needs Debian's archive keyring: apt-get install debian-archive-keyring"

# apt's world: nothing of the machine's but the way to the mirror.
mkdir -p "$private/lists/partial" "$private/cache/archives/partial" "$private/none" "$private/debs"
: >"$private/status"
{
    apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-|Max-FutureTime|ForceIPv)' || true
    cat <<END
Dir::Etc "$private/none";
Dir::Etc::sourcelist "$private/sources.list";
Dir::Etc::sourceparts "$private/none";
Dir::Etc::trusted "$private/none/none";
Dir::Etc::trustedparts "$private/none";
Dir::State "$private";
Dir::State::lists "$private/lists";
Dir::State::status "$private/status";
Dir::Cache "$private/cache";
Dir::Log "$private";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Install-Recommends "false";
Acquire::Languages "none";
Debug::NoLocking "true";
END
    [ "$(id -u)" -ne 0 ] || echo 'APT::Sandbox::User "root";'
} >"$private/apt.conf"
APT_CONFIG=$private/apt.conf
export APT_CONFIG

update() { # SUITE BASE SECURITY-SUITE: their indexes, verified
    {
        echo "deb [signed-by=$keyring] $archive $1 main"
        [ "$2" = - ] || echo "deb [signed-by=$keyring] $archive $2 main"
        [ "$3" = - ] || [ -z "$security" ] || echo "deb [signed-by=$keyring] $security $3 main"
    } >"$private/sources.list"
    rm -rf "$private/lists" "$private"/cache/*.bin
    mkdir -p "$private/lists/partial"
    apt-get update >"$private/update" 2>&1 && ! grep -qE '^(Err|E:|W: (GPG|Failed))' "$private/update"
}

# A release may be signed with a key newer than the machine's keyring. The stable release, which
# this keyring verifies, holds the newer one; it is unpacked here and not installed.
renew_keyring() {
    if [ -d "$private/keys" ] || ! update stable - -; then return 1; fi
    (cd "$private/debs" && apt-get -qq download debian-archive-keyring) >"$private/update" 2>&1 || return 1
    dpkg-deb -x "$private"/debs/debian-archive-keyring_*.deb "$private/keys"
    rm -f "$private"/debs/*
    for file in "$private"/keys/usr/share/keyrings/debian-archive-keyring.*; do
        [ -f "$file" ] && keyring=$file && return 0
    done
    return 1
}

# Of what apt would install on an empty system: the server, its tools, and the libraries.
packages_of() { # SUITE PACKAGE
    apt-get -s -y -t "$1" install "$2" >"$private/plan" 2>&1 || return 1
    sed -nE 's/^Inst ([^ :]+)[^ ]* \(([^ ]+) .*/\1 \2/p' "$private/plan" | sort -u |
        awk -v server="$2" -v tools="${2%-server}-tools" '
            /^lib(pam|perl|c-bin|c-l10n)/ { next }
            $1 == server || $1 == tools || /^(lib|lua-|zlib|gcc-.*-base)/ { print $1 "=" $2 }'
}

unpack() { # PART PACKAGE=VERSION...
    part=$1
    shift
    rm -rf "$part" "$private"/debs/*
    mkdir -p "$part/root"
    (cd "$private/debs" && apt-get -q download "$@") >"$private/update" 2>&1 || return 1
    for deb in "$private"/debs/*.deb; do
        dpkg-deb -x "$deb" "$part/root" || return 1
        echo "$(dpkg-deb -f "$deb" Package) $(dpkg-deb -f "$deb" Version)" \
            "$(sha256sum <"$deb" | cut -d' ' -f1)" >>"$part/packages"
    done
    rm -rf "$part/root/usr/share" "$part/root/etc" "$part/root/var"
}

write_launcher() { # PART PROGRAM: `run`, by the loader that lies beside the C library
    libc=$(cd "$1/root" && find lib usr/lib -name libc.so.6 2>/dev/null | head -n 1)
    machine=$(basename "$(dirname "$libc")")
    loader=$(cd "$1/root" && find "$(dirname "$libc")" -maxdepth 1 -name 'ld-linux*.so.*')
    [ -n "$loader" ] || return 1
    cat >"$1/run" <<END
#!/bin/sh
# The server through its own release's dynamic loader and libraries; written by scripts/fleet.sh.
root=\$(dirname -- "\$(readlink -f -- "\$0")")/root
exec "\$root/$loader" --library-path "\$root/lib/$machine:\$root/usr/lib/$machine" \\
    "\$root/usr/bin/$2" "\$@"
END
    chmod 755 "$1/run"
}

# What a server says of its version, as "name-1.2.3".
name_of() { # PART PROGRAM
    "$1/run" --version 2>&1 | sed -nE "1s/.* v=([0-9.]+).*/${2%-server}-\\1/p"
}

fetch() { # SUITE BASE SECURITY PACKAGE PROGRAM. Says why not on stdout, and fails.
    part=$dir/.part
    update "$1" "$2" "$3" || { renew_keyring && update "$1" "$2" "$3"; } ||
        { echo "its index cannot be fetched or verified" && return 1; }
    packages=$(packages_of "$1" "$4") || { echo "the suite has no such package" && return 1; }
    # shellcheck disable=SC2086 # a list of words
    unpack "$part" $packages || { echo "the download failed" && return 1; }
    write_launcher "$part" "$5" || { echo "it comes without a dynamic loader" && return 1; }
    name=$(name_of "$part" "$5")
    [ -n "$name" ] || { echo "it does not run here: $("$part/run" --version 2>&1 | head -n 1)" && return 1; }
    if [ -e "$dir/$name" ]; then rm -rf "$part"; else mv "$part" "$dir/$name"; fi
    echo "$name" >"$dir/.$4-$1"
}

wanted() { # SUITE
    [ -z "$suites" ] || case " $suites " in *" $1 "*) ;; *) return 1 ;; esac
}

while read -r suite base guard package program; do
    case $suite in '' | '#'*) continue ;; esac
    wanted "$suite" || continue
    stamp=$dir/.$package-$suite
    if [ ! -e "$stamp" ] || [ ! -e "$dir/$(cat "$stamp")/run" ]; then
        reason=$(fetch "$suite" "$base" "$guard" "$package" "$program") || {
            echo "fleet: skipped $package of $suite: $reason" >&2
            continue
        }
    fi
    echo "$dir/$(cat "$stamp")"
done <"$here/fleet-table"
rm -rf "$dir/.part"

ls -d "$dir"/*/run >/dev/null 2>&1
