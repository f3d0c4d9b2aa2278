#!/usr/bin/env bash
# The benchmarks: tests/bench/run.sh [accept|triage|workspace|policy|store|all]. Each compares in one run on
# the same machine, most with another program, and prints the raw figures beside the ratio. Bounded in count and time.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
script=bench
# shellcheck source=deploy/lib.sh
. "$root/deploy/lib.sh"
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/bench/lib-accept.sh
. "$root/tests/bench/lib-accept.sh"
what=${1:-all}
case $what in
  accept | triage | workspace | policy | store | all) ;;
  *) die "there is no benchmark \"$what\"; there are accept, triage, workspace, policy, store and all" ;;
esac
wanted() { [ "$what" = all ] || [ "$what" = "$1" ]; }

"$root/deploy/install-deps.sh" build test bench
quietly "$root/build/logs/configure-bench.log" cmake -S "$root" --preset release -DREGREEN_BENCH=ON \
  -DREGREEN_DEPS="$deps"
build release regreen accept_load triage_bench workspace_bench policy_bench store_bench \
  backtest_bench
if wanted accept; then
  prepare_e2e
  bench_accept
fi
if wanted triage; then
  TRIAGE_BENCH=$root/build/release/triage_bench bash "$root/tests/bench/triage.sh"
fi
if wanted workspace; then
  WORKSPACE_BENCH=$root/build/release/workspace_bench bash "$root/tests/bench/workspace.sh"
fi
if wanted policy; then
  POLICY_BENCH=$root/build/release/policy_bench bash "$root/tests/bench/policy.sh"
  "$root/build/release/backtest_bench" "$root/policies" "$root/build/backtest-bench"
fi
if wanted store; then
  "$root/build/release/store_bench" "$root/build/store-bench"
fi
