#!/usr/bin/env bash
# Starts the stand-in for Coder for a test of another language: tests/e2e/coder_peer.sh FOLDER. Its first line is
# "url: …", or "missing: …" with the reason why it cannot run here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/find_node.sh
. "$here/find_node.sh"
[ -z "$missing" ] || { echo "missing: $missing"; exit 3; }
exec "$node" "$here/peers/coder_main.mjs" "$1"
