#!/usr/bin/env bash
# Loading 1,000 templates (goal: 0.5 s at most), and selection among 1,000 beside selection among 10
# (goal: 5 times at most). The median of a few repetitions, in processor time.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bench=${POLICY_BENCH:-$root/build/release/policy_bench}
"$bench" --benchmark_repetitions=5 --benchmark_report_aggregates_only=true --benchmark_format=csv 2>/dev/null |
  awk -F, '/_median/ {
    gsub(/"/, "", $1); sub(/_median/, "", $1); sub(/BM_/, "", $1)
    took[$1] = $4; printf "%-12s %s %s\n", $1, $4, $5
  }
  END {
    if (!("Select/10" in took)) { print "policy: nothing was measured" > "/dev/stderr"; exit 1 }
    printf "load of 1,000 templates: %.3f s; goal 0.5\n", took["Load/1000"] / 1000
    printf "selection among 1,000 beside among 10: %.2f times; goal 5\n", took["Select/1000"] / took["Select/10"]
  }'
