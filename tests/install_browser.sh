#!/usr/bin/env bash
# Sees to it that the browser tests find a Chromium, and a font that has Chinese.
set -euo pipefail

has_chromium() { test -x /usr/bin/chromium; }
has_chinese_font() { command -v fc-list >/dev/null && test -n "$(fc-list ':lang=zh-cn' 2>/dev/null | head -c 1)"; }

has_chromium && has_chinese_font && exit 0

if ! command -v apt-get >/dev/null; then
    has_chromium && exit 0
    echo "The browser tests need Chromium at /usr/bin/chromium; install it with this system's package manager, then run make test again." >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    has_chromium && exit 0
    echo "The browser tests need Chromium; run once: sudo apt-get install chromium fonts-noto-cjk, then make test again." >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update && apt-get install --yes --no-install-recommends chromium fonts-noto-cjk fontconfig; } >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    has_chromium && exit 0
    echo "Chromium could not be installed from this system's package sources (above); install it, then run make test again." >&2
    exit 1
fi
has_chromium || { echo "The package chromium is installed, but /usr/bin/chromium is missing; browser tests need it there." >&2; exit 1; }
