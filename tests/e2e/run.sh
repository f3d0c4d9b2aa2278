#!/usr/bin/env bash
# Runs one end-to-end test: tests/e2e/run.sh NAME, for NAME.test.mjs beside this script.
# REGREEN names the daemon's binary. Exits 77 (ctest: skipped) with the reason when it cannot run here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=${1:?usage: tests/e2e/run.sh NAME}

skip() { printf 'SKIPPED: %s\n' "$*"; exit 77; }
# shellcheck source=tests/e2e/find_node.sh
. "$here/find_node.sh"
[ -z "$missing" ] || skip "$missing"
if [[ $name != *peer* ]]; then
  [ -x "${REGREEN:-}" ] || skip "REGREEN does not name the daemon's binary (\"${REGREEN:-}\")"
fi
exec "$node" --test --test-reporter=spec "$here/$name.test.mjs"
