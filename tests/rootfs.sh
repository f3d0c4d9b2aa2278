#!/usr/bin/env bash
# Makes the root filesystem that containers are tried with: tests/rootfs.sh [FOLDER], build/rootfs by default.
# Quick when it is there. Needs root (debootstrap makes devices) and this machine's Debian mirror; exit 77 says what is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$here/build/rootfs}
[ -e "$folder/.complete" ] && exit 0
skip() { printf 'rootfs: %s\n' "$*" >&2; exit 77; }
[ "$(id -u)" -eq 0 ] || skip "debootstrap needs root"
command -v debootstrap >/dev/null || skip "debootstrap is not installed (deploy/install-deps.sh test)"
# shellcheck disable=SC2016 # the names are apt-get's own
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Identifier: Packages' 2>/dev/null |
  awk '$2 == "Debian" && $1 !~ /security/ && $3 !~ /-/ {print $1, $3; exit}')
[ -n "$mirror" ] || skip "this machine's apt sources name no Debian mirror"
read -r uri suite <<<"$mirror"
rm -rf "$folder.new"; mkdir -p "$folder.new"
# A root filesystem that others can enter: the container's root is no root outside.
chmod 755 "$folder.new"
debootstrap --variant=minbase --include=git,python3-minimal "$suite" "$folder.new" "$uri" >"$folder.log" 2>&1 ||
  skip "debootstrap failed: $(tail -n 1 "$folder.log") (all of it is in $folder.log)"
rm -rf "$folder.new"/var/cache/apt/archives/*.deb "$folder.new"/var/lib/apt/lists/*
# Where podman puts its own: in what is read-only it could not make the places.
touch "$folder.new/etc/hosts" "$folder.new/etc/hostname" "$folder.new/etc/resolv.conf"
touch "$folder.new/.complete"
rm -rf "$folder"; mv "$folder.new" "$folder"
