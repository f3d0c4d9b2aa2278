#!/usr/bin/env bash
# What regreen adds around an agent, the memory that sixteen of them take, and what the broker adds to a model's answer.
# REGREEN and UNIT_WORKSPACE name the binaries.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export REGREEN=${REGREEN:-$root/build/release/regreen}
node "$root/tests/bench/agent.mjs"
"${UNIT_WORKSPACE:-$root/build/dev/tests/unit_workspace}" --gtest_filter='BrokerTest.MeasuresWhatItAdds' | grep -E 'first byte|MB/s'
