# Rows 1 and 2 of the intake's benchmarks. In $place: a daemon, Debian's `webhook`, one payload, one secret.
# shellcheck shell=bash disable=SC2154

place=$root/build/bench-accept
pairs=${BENCH_PAIRS:-3}
seconds=5
started=()

stop_started() {
  local pid
  for pid in "${started[@]}"; do stop_process "$pid"; done
  started=()
}

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
value_of() { tr ' ' '\n' <<<"$1" | sed -n "s/^$2=//p"; }
median() { printf '%s\n' "$@" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }

# A forge that takes connections and says nothing: what was accepted waits, as it does behind a slow one.
start_silent_forge() {
  node -e 'const s = require("net").createServer(() => {}).listen(0, "127.0.0.1", () => console.log(s.address().port))' \
    >"$place/forge.port" &
  started+=($!)
  wait_until 10 test -s "$place/forge.port" || die "the silent forge does not listen"
}

bench_remotes() {
  local work=$place/widget n
  git init -q --bare -b main "$place/widget.git"
  git init -q -b main "$work"
  # shellcheck disable=SC2016 # it is make's to expand
  printf 'check:\n\t@test -e repaired || { echo "part.c:1: error: it is broken"; exit 1; }\n' >"$work/Makefile"
  git -C "$work" add -A
  git -C "$work" -c user.name=Dev -c user.email=dev@example.com commit -q -m Start
  git -C "$work" push -q "$place/widget.git" main
  commit=$(git -C "$work" rev-parse HEAD)
  for n in 1 2 3 4; do echo "\"acme/widget$n\" = \"$place/widget.git\""; done >"$place/remotes"
}

write_bench_config() {
  cat >"$place/regreen.toml" <<CONFIG
[server]
listen = "127.0.0.1:0"
[log]
level = "info"
[store]
path = "$place/store/regreen.db"
[workers]
count = 4
[workspace]
directory = "$place/workspaces"
mirrors = "$place/mirrors"
[policies]
directory = "$place/policies"
[forge.github]
kind = "github"
api = "http://127.0.0.1:$(cat "$place/forge.port")"
git = "http://127.0.0.1:$(cat "$place/forge.port")"
token = "file:$place/secret"
repos = ["acme/*"]
[ci.github]
kind = "github"
forge = "github"
secret = "file:$place/secret"
[forge.local]
kind = "git"
[forge.local.remotes]
$(cat "$place/remotes")
[ci.build]
kind = "generic"
forge = "local"
secret = "file:$place/secret"
signature_header = "X-Signature-256"
failed_when = ["failure"]
map = {repo = "/repository", commit = "/commit", branch = "=main", run_id = "/run", conclusion = "=failure", job = "=build", step = "=check", command = "=make check", log = "/log"}
CONFIG
}

# A task that keeps a core busy for as long as the measurement takes.
write_bench_policies() {
  mkdir -p "$place/policies/templates"
  cp -r "$root/policies/rules" "$root/policies/guard" "$place/policies/"
  cat >"$place/policies/templates/busy.toml" <<'TEMPLATE'
name  = "busy"
title = "Keeps a core busy"
stage = "shadow"
[match]
log = ['error: it is broken']
[[step]]
name = "busy"
run  = "end=$((SECONDS + 60)); while [ $SECONDS -lt $end ]; do seq 200000 | sort -r | md5sum >/dev/null; done"
[verify]
command = "auto"
TEMPLATE
}

write_webhook_config() {
  cat >"$place/hooks.json" <<HOOKS
[{"id": "github", "execute-command": "/bin/true",
  "trigger-rule": {"match": {"type": "payload-hmac-sha256", "secret": "$(cat "$place/secret")",
    "parameter": {"source": "header", "name": "X-Hub-Signature-256"}}}}]
HOOKS
}

listening_port() { sed -nE 's/.*listening.*address="?[0-9.]+:([0-9]+).*/\1/p' "$place/daemon.log" | tail -n 1; }
has_port() { [ -n "$(listening_port)" ]; }
answers() { curl -s -o /dev/null "http://127.0.0.1:$1/"; }

# Sets $port. A store of its own each time, so that no run pays for the one before.
start_regreen() {
  rm -rf "$place/store" "$place/workspaces" "$place/mirrors"
  : >"$place/daemon.log"
  "$root/build/release/regreen" serve --config "$place/regreen.toml" >>"$place/daemon.log" 2>&1 &
  started+=($!)
  wait_until 20 has_port || { tail -n 20 "$place/daemon.log" >&2; die "the daemon does not listen"; }
  port=$(listening_port)
}

start_webhook() {
  port=$(free_port)
  webhook -hooks "$place/hooks.json" -ip 127.0.0.1 -port "$port" >"$place/webhook.log" 2>&1 &
  started+=($!)
  wait_until 20 answers "$port" || { tail -n 20 "$place/webhook.log" >&2; die "webhook does not listen"; }
}

load() {
  "$root/build/release/accept_load" --port "$port" --secret-file "$place/secret" --body "$place/payload.json" \
    --connections 64 --seconds "$seconds" "$@"
}

bench_throughput() {
  local ours=() theirs=() out pair keep=("${started[@]}")
  echo "Durable deliveries a second: $(wc -c <"$place/payload.json") bytes, 64 connections, $seconds s each"
  for pair in $(seq "$pairs"); do
    started=()
    start_regreen
    out=$(load) || die "regreen did not take every delivery: $out"
    stop_started
    echo "  pair $pair  regreen  $out"
    ours+=("$(value_of "$out" per_second)")
    start_webhook
    out=$(load) || die "webhook did not take every delivery: $out"
    stop_started
    echo "  pair $pair  webhook  $out"
    theirs+=("$(value_of "$out" per_second)")
  done
  started=("${keep[@]}")
  echo "  medians: regreen $(median "${ours[@]}")/s (committed and synced), webhook $(median "${theirs[@]}")/s (stores nothing)"
  echo "  ratio $(ratio "$(median "${ours[@]}")" "$(median "${theirs[@]}")")"
}

four_tasks_run() {
  [ "$("$root/build/release/regreen" task list --state repairing --json --config "$place/regreen.toml" |
    grep -o '"id":' | wc -l)" -eq 4 ] && [ "$(pgrep -fc "$place/workspaces|md5sum")" -ge 4 ]
}

deliver_four() {
  local n
  for n in 1 2 3 4; do
    printf '{"repository": "acme/widget%s", "commit": "%s", "run": "%s", "log": "part%s.c:1: error: it is broken\\n"}' \
      "$n" "$commit" "$n" "$n" >"$place/failure.json"
    "$root/build/release/regreen" deliver --ci build --url "http://127.0.0.1:$port" \
      --config "$place/regreen.toml" "$place/failure.json" >/dev/null
  done
  wait_until 30 four_tasks_run || { tail -n 20 "$place/daemon.log" >&2; die "four tasks do not run"; }
}

bench_latency() {
  local idle=() busy=() out pair keep=("${started[@]}")
  echo "Time to accept at 500/s offered, from when each was due: idle, and while 4 tasks keep the cores busy"
  for pair in $(seq "$pairs"); do
    started=()
    start_regreen
    out=$(load --rate 500) || die "not every delivery was taken: $out"
    stop_started
    echo "  pair $pair  idle  $out"
    idle+=("$(value_of "$out" p99_ms)")
    start_regreen
    deliver_four
    out=$(load --rate 500) || die "not every delivery was taken: $out"
    stop_started
    echo "  pair $pair  busy  $out"
    busy+=("$(value_of "$out" p99_ms)")
  done
  started=("${keep[@]}")
  echo "  medians of p99: idle $(median "${idle[@]}") ms, busy $(median "${busy[@]}") ms"
  echo "  ratio $(ratio "$(median "${busy[@]}")" "$(median "${idle[@]}")")"
}

bench_accept() {
  trap stop_started EXIT
  rm -rf "$place"
  mkdir -p "$place"
  (umask 077 && head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$place/secret")
  node "$root/tests/bench/accept_payload.mjs" >"$place/payload.json"
  bench_remotes
  start_silent_forge
  write_bench_config
  write_bench_policies
  write_webhook_config
  bench_throughput
  bench_latency
  stop_started
  rm -rf "$place"
}
