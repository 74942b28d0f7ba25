# shellcheck shell=bash
# What the scripts share; sourced, never run.
#
# A script that sources this stands in the root of the repository, stops at the first error, and can rely on
# `setup run`, `setup training` or `setup dev` to have made .venv, and on `need_packages SECTION` for Debian's packages.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }
misused() { say "$(basename "$0"): $*"; exit 2; }

# The newest Python that the project runs on; Debian's own python3 first, because its packages fit it.
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    die "needs Python 3.11 or newer; install python3 and python3-venv"
}

# PyPI's torch for x86-64 brings 3 GB of CUDA. A machine without a card of NVIDIA's takes the build without it from the
# index of torch's makers, or PyPI's after all where that index cannot be reached.
torch_index() {
    local index=https://download.pytorch.org/whl/cpu
    if [ "$(uname -m)" = x86_64 ] && ! command -v nvidia-smi > /dev/null &&
        .venv/bin/python -c "import urllib.request as r; r.urlopen('$index/torch/', timeout=5)" 2> /dev/null; then
        printf -- '--extra-index-url\n%s\n' "$index"
    fi
}

# setup run|training|dev: make or renew .venv with the run-time packages; with those of the training as well; with the
# developers' on top, who test the training too.
# A stamp in it says what it was made from, so that nothing is done where nothing changed.
setup() {
    local kind=$1 python want made=''
    local groups=() more=()
    mkdir -p .cache
    exec 9>.cache/setup.lock
    flock 9
    if [ ! -x .venv/bin/python ]; then
        python=$(find_python)
        "$python" -c 'import ensurepip' 2>/dev/null || need_packages venv
        "$python" -c 'import ensurepip' 2>/dev/null || die "$python has no venv module; install python3-venv"
        say "making .venv"
        "$python" -m venv .venv
    fi
    want="$(.venv/bin/python --version) $(sha256sum < pyproject.toml)"
    [ ! -f .venv/made-from ] || made=$(< .venv/made-from)
    case "$kind: $made" in
        *": dev $want" | "$kind: $kind $want" | "run: training $want") ;;
        *)
            say "installing the packages of pyproject.toml ($kind)"
            [ "$kind" = run ] || groups=(--group training)
            [ "$kind" != dev ] || groups+=(--group dev)
            [ "$kind" = run ] || mapfile -t more < <(torch_index)
            .venv/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
            .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[fleet]' "${groups[@]}" "${more[@]}"
            printf '%s\n' "$kind $want" > .venv/made-from
            ;;
    esac
    exec 9>&-
}

# The packages of the named sections of deploy/debian-packages.txt.
packages_of() {
    local section
    for section in "$@"; do
        awk -v want="[$section]" '/^\[/ { on = ($0 == want); next } on && NF && !/^#/' deploy/debian-packages.txt
    done
}

missing_packages() {
    local name
    for name in $(packages_of "$@"); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
    done
}

# need_packages SECTION…: install what is missing of them; false, having said what, where that cannot be done.
need_packages() {
    local missing
    local root=()
    if ! command -v dpkg-query apt-get > /dev/null; then
        say "not a Debian machine: the counterparts of these packages are needed: $(packages_of "$@" | xargs)"
        return 1
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            say "missing Debian packages; install them with: sudo apt-get install --no-install-recommends $missing"
            return 1
        fi
        root=(sudo -n)
    fi
    say "installing Debian packages: $missing"
    # shellcheck disable=SC2086  # a list of names
    "${root[@]}" bash scripts/apt-install $missing
}
