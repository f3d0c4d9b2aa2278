#!/usr/bin/env bash
# Triage of raw logs beside `rg -c -f` with as many patterns on the same logs, cleaned beforehand. Both on
# one thread, the best of several rounds. Logs: REGREEN_SHARED or ../shared, else the fixtures.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bench=${TRIAGE_BENCH:-$root/build/bench/triage_bench}
rules=$root/policies/rules
shared=${REGREEN_SHARED:-$root/../shared}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/logs"
if [ -d "$shared/data/logs/github" ]; then
  for log in "$shared"/data/logs/github/*.log.gz; do
    gzip -dc "$log" >"$work/logs/$(basename "$log" .gz)"
  done
else
  echo "triage: no logs in $shared/data/logs/github; using the fixtures" >&2
  cp "$root"/tests/fixtures/triage/corpus/* "$work/logs/"
fi
"$bench" clean "$work"/logs/* >"$work/cleaned"
"$bench" patterns "$rules" >"$work/patterns"

ours=$("$bench" time "$rules" "$work"/logs/*)
echo "triage, $(wc -l <"$work/patterns") patterns: $ours"

best=
for _ in 1 2 3 4 5; do
  start=$(date +%s%N)
  rg -c --threads 1 -f "$work/patterns" "$work/cleaned" >/dev/null || true
  spent=$(($(date +%s%N) - start))
  if [ -z "$best" ] || [ "$spent" -lt "$best" ]; then best=$spent; fi
done
raw=$(cat "$work"/logs/* | wc -c)
cleaned=$(wc -c <"$work/cleaned")
awk -v ns="$best" -v bytes="$cleaned" -v raw="$raw" -v ours="$ours" 'BEGIN {
  match(ours, /[0-9.]+ s/); seconds = substr(ours, RSTART, RLENGTH - 2)
  printf "rg -c -f, cleaned logs: %d bytes %.6f s %.3f GB/s\n", bytes, ns / 1e9, bytes / ns
  printf "ratio of rates: %.2f (bytes each reads), of times: %.2f; goal 3\n",
    (raw / seconds) / (bytes / (ns / 1e9)), (ns / 1e9) / seconds
}'

# A 200 MB log: its head and tail are kept in memory, not the whole.
{ for _ in $(seq 12); do cat "$work"/logs/*; done; } | head -c 200000000 >"$work/big"
"$bench" memory "$rules" "$work/big"
