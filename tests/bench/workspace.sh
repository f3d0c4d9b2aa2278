#!/usr/bin/env bash
# Opening a workspace beside `git worktree add` of the same commit: 60,000 files (480 MB), base cached, and
# 60 files, whose workspaces must cost the same. FILES=N for another number.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bench=${WORKSPACE_BENCH:-$root/build/release/workspace_bench}
work=$(mktemp -d "${TMPDIR:-/tmp}/regreen-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT

# make_repository FOLDER FILES: two commits; the second changes every hundredth file.
make_repository() {
  git init -q --bare "$1"
  awk -v files="$2" 'BEGIN {
    line = sprintf("%080d\n", 0)
    for (i = 0; i < 100; ++i) body = body line   # 8,100 bytes
    print "commit refs/heads/main\ncommitter b <b@localhost> 1700000000 +0000\ndata 1\n1"
    for (i = 0; i < files; ++i) {
      text = i "\n" body
      printf "M 100644 inline d%d/e%d/f%d.txt\ndata %d\n%s\n", i % 100, i % 1000, i, length(text), text
    }
    print "commit refs/heads/main\ncommitter b <b@localhost> 1700000001 +0000\ndata 1\n2"
    for (i = 0; i < files; i += 100)
      printf "M 100644 inline d%d/e%d/f%d.txt\ndata 4\nnew\n\n", i % 100, i % 1000, i
  }' | git -C "$1" fast-import --quiet
}

# measure FILES RUNS
measure() {
  local folder=$work/$1 start spent best=
  mkdir -p "$folder/ours"
  make_repository "$folder/mirror" "$1"
  "$bench" "$folder/mirror" "$(git -C "$folder/mirror" rev-parse main~1)" \
    "$(git -C "$folder/mirror" rev-parse main)" "$folder/ours" "$2" \
    "$(dirname "$bench")/regreen-forward" | sed "s/^/$1 files: /" | tee "$folder/ours.txt"
  for run in 1 2 3; do
    start=$(date +%s%N)
    git -C "$folder/mirror" worktree add -q --detach "$folder/theirs-$run" main
    spent=$(($(date +%s%N) - start))
    if [ -z "$best" ] || [ "$spent" -lt "$best" ]; then best=$spent; fi
    git -C "$folder/mirror" worktree remove --force "$folder/theirs-$run"
  done
  awk -v best="$best" -v files="$1" -F': ' '
    BEGIN { printf "%d files: git worktree add, best of 3: %.1f ms\n", files, best / 1e6 }
    / workspace, base cached/ { printf "%d files: ratio to git worktree add: %.0f (goal at 60000: 50, at 600: half of it)\n", files, best / 1e6 / ($3 + 0) }
    / workspace with a patch/ { printf "%d files: with a patch: %.0f\n", files, best / 1e6 / ($3 + 0) }
  ' "$folder/ours.txt"
}

measure 60 50
measure 600 50
measure "${FILES:-60000}" 50
