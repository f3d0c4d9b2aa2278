#!/usr/bin/env bash
# Shows the main job on this machine, from a red check to a proven repair:
#   deploy/quickstart.sh                  builds (Debian 12 or 13), then runs it in build/quickstart
#   deploy/quickstart.sh --keep-running   … and leaves the daemon to be played with
#   deploy/quickstart.sh --clean          ends such a daemon and removes what the quickstart made
# REGREEN_BIN names a built binary, and then nothing is built. QUICKSTART_DIR names another folder.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
script=quickstart
# shellcheck source=deploy/lib.sh
. "$root/deploy/lib.sh"
# shellcheck source=deploy/lib-quickstart.sh
. "$root/deploy/lib-quickstart.sh"

place=${QUICKSTART_DIR:-$root/build/quickstart}
binary=${REGREEN_BIN:-}
keep=no
daemon=

while [ $# -gt 0 ]; do
  case $1 in
    --keep-running) keep=yes ;;
    --clean) clean_up; say "removed $place"; exit 0 ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "there is no option \"$1\"; see --help" ;;
  esac
  shift
done

on_exit() {
  local code=$?
  if [ -n "$daemon" ] && { [ $code -ne 0 ] || [ $keep = no ]; }; then
    stop_process "$daemon"
    rm -f "$place/daemon.pid"
  fi
  if [ $code -ne 0 ] && [ -s "$place/daemon.log" ]; then
    printf '\nThe end of the daemon'"'"'s log (%s):\n' "$place/daemon.log" >&2
    tail -n 25 "$place/daemon.log" >&2
  fi
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

build() {
  [ -z "$binary" ] || return 0
  say "looking after the dependencies and the build (the first one takes minutes)"
  "$root/deploy/install-deps.sh" build
  binary=$root/build/release/regreen
  local logs=$root/build/logs
  [ -f "$root/build/release/build.ninja" ] ||
    quietly "$logs/configure.log" cmake -S "$root" --preset release \
      -DREGREEN_DEPS="${REGREEN_DEPS:-$root/build/deps}"
  quietly "$logs/build.log" ninja -C "$root/build/release" regreen
}

main() {
  build
  clean_up
  mkdir -p "$place"
  heading "1. A repository with a red check"
  make_sample
  heading "2. The daemon: SQLite, loopback, a sandbox without network"
  start_daemon
  heading "3. The CI reports the failure by a signed webhook"
  deliver_failure
  heading "4. regreen reproduces it, repairs it, and proves the repair in a clean place"
  wait_for_repair
  show_proof
  show_next_steps
}
main
