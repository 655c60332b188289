# SPDX-License-Identifier: Apache-2.0
# Sourced by run and test: packages, configuration, build. Everything that is there already is left alone.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release

say() { echo "stile: $*" >&2; }

# wanted_packages run|test: the lines of packages.txt that this command needs.
wanted_packages() {
    local unwanted='^#'
    [ "$1" = run ] && unwanted='^#\|^[^ ]* *tests run:'
    grep -v "$unwanted" "$root/scripts/packages.txt"
}

# missing_packages run|test: names of wanted packages that dpkg does not call installed.
missing_packages() {
    local wanted installed
    wanted=$(wanted_packages "$1" | cut -d' ' -f1)
    # shellcheck disable=SC2086
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p')
    comm -23 <(sort <<<"$wanted") <(sort -u <<<"$installed")
}

install_packages() {  # run|test
    [ -n "${STILE_NO_INSTALL:-}" ] && return
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        say "this system has no apt. Stile needs what these Debian packages hold:"
        wanted_packages "$1" >&2
        say "install them in your system's way, then run this again with STILE_NO_INSTALL=1"
        exit 2
    fi
    local missing sudo=
    missing=$(missing_packages "$1")
    [ -z "$missing" ] && return
    say "installing Debian packages that are missing:"
    for package in $missing; do grep "^$package " "$root/scripts/packages.txt" >&2; done
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            say "you are not root and there is no sudo. As root: apt-get install" $missing
            exit 2
        fi
        sudo=sudo
    fi
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    if ! { $sudo apt-get -qq update && $sudo apt-get -qq install -y --no-install-recommends $missing; } >&2; then
        say "apt-get failed; its messages are above"
        exit 2
    fi
}

# build_targets TARGET...: configures if that was never done, then builds. What goes wrong is shown whole, what
# goes well is not.
build_targets() {
    local log
    if ! { mkdir -p "$build" && [ -w "$build" ]; }; then
        say "building needs to write in $build"
        exit 2
    fi
    log=$build/setup.log
    # CMake's paths are absolute: a checkout that was moved or copied is configured anew.
    local cache=$build/CMakeCache.txt home
    home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$cache" 2>/dev/null || true)
    if [ -n "$home" ] && [ "$(cd "$home" 2>/dev/null && pwd -P)" != "$(cd "$root" && pwd -P)" ]; then
        say "this checkout was configured in another place: doing it anew"
        rm -rf "$build/build.ninja" "$cache" "$build/CMakeFiles"
    fi
    if [ ! -f "$build/build.ninja" ]; then
        say "configuring (build/release)"
        if ! (cd "$root" && cmake --preset release) >"$log" 2>&1; then
            cat "$log" >&2
            say "configuring failed"
            exit 3
        fi
    fi
    if [ -t 2 ]; then
        ninja -C "$build" "$@" >&2 || { say "building failed"; exit 3; }
        return
    fi
    # Nothing is said about a build that has nothing to do.
    (sleep 3 >/dev/null 2>&1 && say "building; the first time takes a few minutes") >/dev/null &
    local notice=$! failed=
    ninja -C "$build" "$@" >"$log" 2>&1 || failed=yes
    kill "$notice" 2>/dev/null || true
    if [ -n "$failed" ]; then
        grep -v '^\[' "$log" >&2 || cat "$log" >&2
        say "building failed"
        exit 3
    fi
}
