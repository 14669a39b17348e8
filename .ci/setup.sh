#!/usr/bin/env bash
# Makes .venv ready: system libraries, the locked packages, the project itself (editable).
# Run by make before every target. When nothing has changed it only looks, and says nothing.
#
#   .ci/setup.sh            what running yardstick needs
#   .ci/setup.sh --tests    and what the tests use beside it: Chromium, Poppler
#
#   PYTHON=python3.13       the interpreter to build .venv with (default: the first that fits)
#   YARDSTICK_NO_APT=1      install no system package, only say which ones are missing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
python=$venv/bin/python
with_tests=no
if [ "${1:-}" = --tests ]; then with_tests=yes; fi

say() { printf '%s\n' "$@" >&2; }
stop() { say "set-up stopped: $1"; shift; for line in "$@"; do say "  $line"; done; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# --- System packages ---------------------------------------------------------------------------------------------

# Pango draws text, harfbuzz-subset embeds fonts (without it a report takes four times as long).
# The fonts are for names in scripts that the bundled family lacks: most scripts, Chinese to Korean, emoji.
needed_debian=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig
               fonts-noto-core fonts-wqy-microhei fonts-noto-color-emoji)

# The needed packages that a Debian or Ubuntu machine lacks, on one line; nothing elsewhere.
missing_packages() {
    local name
    if ! has dpkg-query || ! has apt-get; then return 0; fi
    for name in "${needed_debian[@]}"; do
        case "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" in
            installed) ;;
            *) printf '%s ' "$name" ;;
        esac
    done
}

# Sets $as_root to the words that run a command as root; fails where that needs a password.
as_root=()
may_be_root() {
    if [ -n "${YARDSTICK_NO_APT:-}" ]; then return 1; fi
    if [ "$(id -u)" = 0 ]; then return 0; fi
    if has sudo && sudo -n true 2>/dev/null; then as_root=(sudo -n); return 0; fi
    return 1
}

apt_updated=no
apt_install() {
    local log
    if ! may_be_root; then return 1; fi
    if [ "$apt_updated" = no ]; then
        "${as_root[@]+"${as_root[@]}"}" apt-get update -qq </dev/null >&2 \
            || say "apt-get update failed: trying with the lists there are"
        apt_updated=yes
    fi
    # apt's chatter is shown only when it failed.
    if log=$("${as_root[@]+"${as_root[@]}"}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@" </dev/null 2>&1); then return 0; fi
    say "$log"
    return 1
}

elsewhere_command() {
    if has apt-get; then
        echo "sudo apt-get install --no-install-recommends ${needed_debian[*]}"
    elif has brew; then
        echo "brew install pango harfbuzz fontconfig"
    elif has dnf; then
        echo "sudo dnf install pango harfbuzz fontconfig google-noto-sans-fonts google-noto-sans-cjk-fonts google-noto-color-emoji-fonts"
    elif has zypper; then
        echo "sudo zypper install libpango-1_0-0 libharfbuzz-subset0 fontconfig google-noto-sans-fonts noto-coloremoji-fonts"
    elif has pacman; then
        echo "sudo pacman -S pango harfbuzz fontconfig noto-fonts noto-fonts-cjk noto-fonts-emoji"
    elif has apk; then
        echo "apk add pango harfbuzz-subset fontconfig font-noto font-noto-emoji   (DuckDB has no wheel for Alpine: use a Debian image)"
    else
        echo "install Pango, HarfBuzz with its subset library, Fontconfig and the Noto fonts with this system's package manager"
    fi
}

# One line: `none`, or what keeps a report from being rendered as it should.
library_problem() {
    "$python" - <<'PY' || echo "importing it ended badly"
import warnings

try:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        from weasyprint.text import ffi
except (ImportError, OSError) as error:
    print(str(error).splitlines()[0] or type(error).__name__)
else:
    print("none" if ffi.harfbuzz_subset is not None else "slow: the library harfbuzz-subset is missing")
PY
}

ensure_system_packages() {
    local missing
    missing=$(missing_packages)
    if [ -z "$missing" ]; then return 0; fi
    # shellcheck disable=SC2086
    if may_be_root && say "Installing system packages: $missing" && apt_install $missing; then return 0; fi
    say "These system packages are missing: $missing" "To install them:"
    say "  sudo apt-get install --no-install-recommends $missing"
}

ensure_test_tools() {
    local name wanted=()
    if has pdftoppm; then :; else wanted+=(poppler-utils); fi
    if has chromium || has chromium-browser || has google-chrome; then :; else wanted+=(chromium); fi
    for name in "${wanted[@]+"${wanted[@]}"}"; do
        if has apt-get && may_be_root && say "Installing for the tests: $name" && apt_install "$name"; then continue; fi
        say "The tests that need $name will be skipped: it is not installed (Debian: sudo apt-get install $name)."
    done
}

# --- Python ------------------------------------------------------------------------------------------------------

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1; }

find_python() {
    local name
    if [ -n "${PYTHON:-}" ]; then
        if fits "$PYTHON"; then echo "$PYTHON"; return; fi
        stop "PYTHON=$PYTHON is not a Python 3.11 to 3.14."
    fi
    for name in python3 python3.13 python3.12 python3.14 python3.11 python; do
        if fits "$name"; then echo "$name"; return; fi
    done
    stop "yardstick needs Python 3.11 to 3.14, and none is on the PATH." \
        "On Debian or Ubuntu: sudo apt-get install python3 python3-venv" \
        "Elsewhere: install one and name it, as in: make PYTHON=/path/to/python3.13"
}

ensure_venv_module() {
    local version
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then return 0; fi
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if has apt-get && may_be_root && say "Installing python$version-venv" && apt_install "python$version-venv" \
        && "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        return 0
    fi
    stop "$1 cannot make virtual environments: its venv module is missing." \
        "On Debian or Ubuntu: sudo apt-get install python$version-venv"
}

build_venv() {
    local found
    found=$(find_python)
    ensure_venv_module "$found"
    rm -f "$venv"/*.stamp
    say "Making $venv with $("$found" --version) and installing the locked packages (some minutes the first time)"
    "$found" -m venv --clear "$venv"
    # The lock is complete, so nothing is resolved; wheels only, so nothing is compiled here.
    PIP_USER=0 "$python" -m pip install --quiet --disable-pip-version-check --no-compile \
        --require-hashes --no-deps --only-binary :all: -r requirements.lock 2>"$venv/pip.log" \
        || { cat "$venv/pip.log" >&2; stop "the locked packages could not be installed; pip says why above."; }
    # Compiled once, here, on all cores: a package's own syntax warnings are not for our tests.
    "$python" -W ignore -m compileall -q -j 0 -x '/tests?/' "$venv"/lib >/dev/null || true
}

install_project() {
    PIP_USER=0 "$python" -m pip install --quiet --disable-pip-version-check \
        --no-deps --no-build-isolation --no-index -e . 2>"$venv/pip.log" \
        || { cat "$venv/pip.log" >&2; stop "the project itself could not be installed; pip says why above."; }
    # Ahead of PYTHONPATH: wherever a command is started, a stranger's config.py never stands in for ours.
    "$python" - <<'PY'
import os, pathlib, sysconfig

line = f"import sys; sys.path.insert(0, {os.getcwd()!r})\n"
pathlib.Path(sysconfig.get_path("purelib"), "_yardstick_first.pth").write_text(line, encoding="utf-8")
PY
}

# --- What is done already ----------------------------------------------------------------------------------------

# A stamp holds the state it was written for, and is written only when its step is complete.
stamp_is() { [ -f "$venv/$1" ] && [ "$(cat "$venv/$1")" = "$2" ]; }

packages_state="$(pwd -P) $(cat requirements.lock .ci/setup.sh | cksum)"
project_state="$packages_state $(cksum <pyproject.toml)"
# Only a PYTHON that is named, and is another than last time, makes .venv anew.
other_python() { [ -n "${PYTHON:-}" ] && ! stamp_is python.stamp "$PYTHON"; }

# Names what is missing, so that a library that goes or comes later is noticed.
system_state() { printf '%s %s' "$packages_state" "$(missing_packages)"; }

# Two makes at once: the second waits. (Systems without flock do without.)
if has flock; then exec 9>.venv.lock; flock 9; fi

if ! stamp_is system.stamp "$(system_state)"; then ensure_system_packages; fi

if ! stamp_is packages.stamp "$packages_state" || ! [ -x "$python" ] || other_python; then
    build_venv
    printf '%s\n' "${PYTHON:-}" >"$venv/python.stamp"
    printf '%s\n' "$packages_state" >"$venv/packages.stamp"
fi

if ! stamp_is project.stamp "$project_state"; then
    install_project
    printf '%s\n' "$project_state" >"$venv/project.stamp"
fi

if ! stamp_is system.stamp "$(system_state)"; then
    problem=$(library_problem)
    case "$problem" in
        none) system_state >"$venv/system.stamp" ;;
        slow:*) say "Reports will take four times longer than they could: ${problem#slow: }. To mend it:" \
                    "  $(elsewhere_command)" ;;
        *) stop "WeasyPrint does not find the libraries it draws with ($problem). To install them:" \
                "$(elsewhere_command)" ;;
    esac
fi

if [ "$with_tests" = yes ] && ! stamp_is tests.stamp "$packages_state"; then
    ensure_test_tools
    printf '%s\n' "$packages_state" >"$venv/tests.stamp"
fi
