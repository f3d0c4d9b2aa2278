# Finds what the peers need; sourced. Sets $node, or $missing to the reason. Callers set $here to this folder.
# shellcheck shell=bash disable=SC2154
new_enough() { "$1" -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; }

node= missing=
for candidate in node "$here"/node/node_modules/node-linux-*/bin/node; do
  if new_enough "$candidate"; then node=$candidate; break; fi
done
if [ -z "$node" ]; then
  missing="no Node.js 20 or newer; tests/run.sh brings one"
elif [ ! -d "$here/node_modules/openapi-backend" ]; then
  missing="tests/e2e/node_modules is missing; tests/run.sh installs it"
fi
