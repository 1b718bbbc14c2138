#!/usr/bin/env bash
# Installs what the full tests need and Debian has: as root, once; does nothing when every program is there.
set -euo pipefail

missing=()
need() { # program package
    command -v "$1" > /dev/null || missing+=("$2")
}
PATH=$PATH:/usr/sbin
compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || missing+=(postgresql)
need redis-server redis-server
need clamd clamav-daemon
need chromium chromium
need javac default-jdk-headless
need mvn maven
need pdftoppm poppler-utils
need setpriv util-linux

[ ${#missing[@]} -gt 0 ] || exit 0
echo "to install: ${missing[*]}"
if ! command -v apt-get > /dev/null; then
    echo "No apt-get here: install these with your own system's tools, then run make services again." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "This needs root: sudo make services" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# Two installs at once wait for each other.
apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" < /dev/null
