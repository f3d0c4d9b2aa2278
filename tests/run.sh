#!/usr/bin/env bash
# Installs what the tests need, builds, and runs all of them: most unit, contract and scenario tests also under
# sanitizers, then everything with the end-to-end tests. Ends with ctest's own closing line.
#   REGREEN_FAST=1   leaves the sanitizers out
#   REGREEN_JOBS=N   tests run side by side (2)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
script=tests
# shellcheck source=deploy/lib.sh
. "$root/deploy/lib.sh"
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
jobs=${REGREEN_JOBS:-2}
failed=no

# Races and memory errors hide in what runs side by side: the floors, not the peers of the e2e tests.
# run_sanitized PRESET LEFT-OUT PROGRAMS…: the second is an expression for names of tests.
run_sanitized() {
  local preset=$1 left_out=$2 log=$root/build/logs/ctest-$1.log started=$SECONDS
  shift 2
  # Older sanitizer runtimes lose their shadow memory where the kernel randomises more bits of the layout.
  if setarch "$(uname -m)" -R true 2>/dev/null; then runner=(setarch "$(uname -m)" -R); fi
  configure "$preset"
  build "$preset" "$@"
  if "${runner[@]}" ctest --test-dir "$root/build/$preset" -L 'unit|contract|scenario' -E "$left_out" -j "$jobs" \
    --output-on-failure --no-tests=error >"$log" 2>&1; then
    say "$preset: $(grep 'tests passed' "$log") in $((SECONDS - started)) s"
  else
    grep -vE '^ *[0-9]+/[0-9]+ .* Passed |^ +Start ' "$log" | tail -n 200
    say "$preset: tests failed; all of the output is in $log"
    failed=yes
  fi
  runner=()
}

"$root/deploy/install-deps.sh" build test
prepare_e2e
prepare_rootfs
configure dev
build dev
# What parses strangers' bytes, with the ports' contracts; and what has threads. tests/long.sh has all under both.
if [ -z "${REGREEN_FAST:-}" ]; then
  # What waits for another program, and shows no memory of ours, is run once: exec_here is the same code.
  # A name goes on with its parameter's value.
  run_sanitized asan 'NOT_BUILT|/(exec_ssh|coder|container)( |$)' contract \
    unit_base unit_triage unit_policy unit_guard unit_ci unit_forge unit_git unit_workspace unit_agent
  run_sanitized tsan NOT_BUILT scenario unit_service unit_store
fi

log=$root/build/logs/ctest-dev.log
ctest --test-dir "$root/build/dev" -j "$jobs" --output-on-failure --no-tests=error 2>&1 | tee "$log" || failed=yes
print_routes "$root/build/dev/Testing/Temporary/LastTest.log"
print_skips "$root/build/dev/Testing/Temporary/LastTest.log"
[ $failed = no ] || say "there are failures, above"
grep -E '^[0-9]+% tests passed' "$log"
[ $failed = no ]
