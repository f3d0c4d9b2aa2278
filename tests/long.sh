#!/usr/bin/env bash
# What is too slow for every change: all floors under both sanitizers; the tests of leases, crashes and
# concurrency again and again, in the plain and the thread-sanitized build; and each fault with each of the real
# agents. tests/long.sh [ROUNDS], 10 unless told otherwise.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
script=long
# shellcheck source=deploy/lib.sh
. "$root/deploy/lib.sh"
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
rounds=${1:-10}
[[ $rounds =~ ^[1-9][0-9]?$ ]] || die "ROUNDS is from 1 to 99, not \"$rounds\""

"$root/deploy/install-deps.sh" build test
prepare_e2e
for preset in asan tsan dev; do
  configure "$preset"
  build "$preset"
done
for preset in asan tsan; do
  ctest --test-dir "$root/build/$preset" -L unit -j 2 --output-on-failure --no-tests=error
done
ctest --test-dir "$root/build/asan" -L 'contract|scenario' -j 2 --output-on-failure --no-tests=error
ctest --test-dir "$root/build/tsan" -L 'contract|scenario' -j 2 --output-on-failure --no-tests=error \
  --repeat until-fail:"$rounds"
ctest --test-dir "$root/build/dev" -R '^(contract|scenario|e2e\.(crash|restart|duplicate))' -j 2 \
  --output-on-failure --no-tests=error --repeat until-fail:"$rounds"
# Containers need subordinate ids and cgroup v2 then, and sshd a user who may log in.
"$root/tests/as_user.sh" "$root/build/dev/tests/contract" "$root/policies" \
  --gtest_filter='Kinds/Workspace*/sandbox*:Kinds/Workspace*/worktree:Kinds/Workspace*/exec_here'
REGREEN_LONG=1 ctest --test-dir "$root/build/dev" -R '^e2e\.(agents_faults|fix_agent)$' --output-on-failure --no-tests=error
