# Shared by the scripts of deploy/ and tests/: say, die, and a step that keeps quiet unless it fails.
# shellcheck shell=bash

say() { printf '%s: %s\n' "${script:-regreen}" "$*"; }
die() { printf '%s: %s\n' "${script:-regreen}" "$*" >&2; exit 1; }

# quietly LOG COMMAND…: output goes to LOG; when the command fails, its end is shown and we stop.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "\"$*\" failed; all of its output is in $log"
  fi
}

# wait_until SECONDS COMMAND…: asks ten times a second. False when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# stop_process PID: asks it to end, and makes it after 10 seconds. Only for a child of this shell.
stop_process() {
  kill -TERM "$1" 2>/dev/null || return 0
  # shellcheck disable=SC2317 # called by wait_until
  gone() { ! kill -0 "$1" 2>/dev/null; }
  wait_until 10 gone "$1" || kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
