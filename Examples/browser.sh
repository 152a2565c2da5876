#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Uses the page of mandelbrot-server as people do, in headless Chromium: click, wheel, keys, buttons, history; leaves
# screenshots in .build/browser. Needs Debian's chromium and python3-venv, which it installs where it is root, and
# playwright from PyPI, which goes to .build/browser.
#
# usage: browser.sh
set -euo pipefail
cd "$(dirname "$0")"

fail() {
    printf 'browser.sh: %s\n' "$*" >&2
    exit 1
}

missing=()
command -v chromium >/dev/null || missing+=(chromium)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
    [ "$(id -u)" -eq 0 ] || fail "missing: ${missing[*]}; as root, run: apt-get install ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
environment=.build/browser/python
if [ ! -x "$environment/bin/playwright" ]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet playwright
fi

# shellcheck disable=SC2086  # several options in one variable
build=(swift build -c release --scratch-path .build/server --traits Server ${SWIFT_OPTIONS:-}
    --product mandelbrot-server)
"${build[@]}" >&2
program=$("${build[@]}" --show-bin-path 2>/dev/null)/mandelbrot-server

exec "$environment/bin/python" browser_test.py "$program" "$(command -v chromium)" .build/browser
