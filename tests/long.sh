#!/usr/bin/env bash
# What is too slow for every change: the tests of leases, crashes and concurrency again and again, in the
# plain and the thread-sanitized build; and each fault with each of the real agents. tests/long.sh [ROUNDS], 10
# unless told otherwise.
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
for preset in tsan dev; do
  configure "$preset"
  build "$preset"
done
ctest --test-dir "$root/build/tsan" -L 'contract|scenario' -j 2 --output-on-failure --no-tests=error \
  --repeat until-fail:"$rounds"
ctest --test-dir "$root/build/dev" -R '^(contract|scenario|e2e\.(crash|restart|duplicate))' -j 2 \
  --output-on-failure --no-tests=error --repeat until-fail:"$rounds"
REGREEN_LONG=1 ctest --test-dir "$root/build/dev" -R '^e2e\.(agents_faults|fix_agent)$' --output-on-failure --no-tests=error
