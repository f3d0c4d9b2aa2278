#!/usr/bin/env bash
# Runs one end-to-end test: tests/e2e/run.sh NAME, for NAME.test.mjs beside this script.
# REGREEN names the daemon's binary. Exits 77 (ctest: skipped) with the reason when it cannot run here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=${1:?usage: tests/e2e/run.sh NAME}

skip() { printf 'SKIPPED: %s\n' "$*"; exit 77; }
new_enough() { "$1" -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; }

node=
for candidate in node "$here"/node/node_modules/node-linux-*/bin/node; do
  if new_enough "$candidate"; then node=$candidate; break; fi
done
[ -n "$node" ] || skip "no Node.js 20 or newer; tests/run.sh brings one"
[ -d "$here/node_modules/openapi-backend" ] || skip "tests/e2e/node_modules is missing; tests/run.sh installs it"
if [ "$name" != peers ]; then
  [ -x "${REGREEN:-}" ] || skip "REGREEN does not name the daemon's binary (\"${REGREEN:-}\")"
fi
exec "$node" --test --test-reporter=spec "$here/$name.test.mjs"
