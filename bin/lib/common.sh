# shellcheck shell=bash disable=SC2034
# Shared by the scripts of bin/, which read it with `.`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# The one place with the compiler's flags: building and testing with different ones would build
# everything twice.
swift_flags=(--explicit-target-dependency-import-check error)
release_flags=("${swift_flags[@]}" -c release --static-swift-stdlib --product apus)

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$(basename "$0"): $1"
    exit 1
}

# usage: prints the comment at the head of the script that was called, and ends it.
usage() {
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
    exit "${1:-0}"
}
