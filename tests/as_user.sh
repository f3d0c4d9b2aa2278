#!/usr/bin/env bash
# as_user.sh PROGRAM POLICIES [ARGUMENTS…]: a test program again, as an ordinary user. Root has other walls than
# everybody else (its overlays need no user namespace, its files are the machine's), so both are tried. Skips with
# the reason.
set -euo pipefail
program=$1 policies=$2
shift 2
skip() {
  echo "SKIPPED: $*"
  exit 77
}
[ "$(id -u)" = 0 ] || skip "the suite ran as an ordinary user already"
command -v setpriv >/dev/null || skip "there is no setpriv (package util-linux)"
user=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all)
"${user[@]}" test -x "$program" -a -r "$policies/guard/default.toml" ||
  skip "an ordinary user may not read $program or $policies, as where the sources lie in root's own folder"
folder=$(mktemp -d "${TMPDIR:-/tmp}/regreen-user-XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tmp" "$folder/home"
chown -R 65534:65534 "$folder"
chmod 755 "$folder"
env -i PATH="$PATH" HOME="$folder/home" TMPDIR="$folder/tmp" TEST_TMPDIR="$folder/tmp" LANG=C.UTF-8 \
  "${user[@]}" "$program" --gtest_brief=1 "$@"
