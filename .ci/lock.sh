#!/usr/bin/env bash
# Writes requirements.lock from pyproject.toml: one set of versions for every Python the project
# supports, with hashes, and with no address in it. Versions already locked stay, unless asked:
#
#   .ci/lock.sh                      what pyproject.toml now asks for, the rest unchanged
#   .ci/lock.sh --upgrade            the newest of everything that the caps allow
#   .ci/lock.sh --upgrade-package X  the newest of one package
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv=uv
if ! command -v uv >/dev/null 2>&1; then
    tools=$(mktemp -d)
    trap 'rm -rf "$tools"' EXIT
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv
    uv=$tools/bin/uv
fi

# fewest: one version for all Pythons, so that a figure does not depend on which one is installed.
"$uv" pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
    --group dev --output-file requirements.lock "$@" pyproject.toml
