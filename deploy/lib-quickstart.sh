# The steps of deploy/quickstart.sh. They work in $place with $binary, and set $daemon and $task.
# shellcheck shell=bash disable=SC2154

heading() { printf '\n%s\n' "$*"; }
regreen() { "$binary" "$@" --config "$place/regreen.toml"; }

# Removes what an earlier quickstart made, and ends its daemon if that was kept.
clean_up() {
  [ -e "$place" ] || return 0
  [ -f "$place/.quickstart" ] || [ -z "$(ls -A "$place")" ] ||
    die "$place was not made by this script; name another folder by QUICKSTART_DIR"
  local pid
  pid=$(cat "$place/daemon.pid" 2>/dev/null || true)
  # The number may belong to another process by now: only one that serves our config is ours.
  if [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$place/regreen.toml"; then
    stop_process "$pid"
  fi
  rm -rf "$place"
}

sample_git() {
  git -C "$place/widget" -c user.name=Dev -c user.email=dev@example.com -c commit.gpgsign=false \
    -c core.hooksPath=/dev/null "$@"
}

# A bare remote and a clone of it. errors.h is generated from errors.txt, and somebody forgot to.
make_sample() {
  mkdir -p "$place/remote" "$place/widget"
  touch "$place/.quickstart"
  git init -q --bare -b main "$place/remote/widget.git"
  git -C "$place/widget" init -q -b main
  printf '404 not_found\n409 conflict\n503 unavailable\n' >"$place/widget/errors.txt"
  cat >"$place/widget/Makefile" <<'MAKEFILE'
check:
	@sh generate.sh | diff -u errors.h - || { echo "errors.h: error: it is out of date; run make errors.h"; exit 1; }
errors.h: errors.txt generate.sh FORCE
	sh generate.sh >errors.h
FORCE:
MAKEFILE
  cat >"$place/widget/generate.sh" <<'GENERATE'
echo "// Generated from errors.txt by generate.sh."
while read -r code name; do echo "#define ERROR_$name $code"; done <errors.txt
GENERATE
  printf '// Generated from errors.txt by generate.sh.\n#define ERROR_not_found 404\n#define ERROR_conflict 409\n' \
    >"$place/widget/errors.h"
  sample_git add -A
  sample_git commit -q -m "Tell when the service is unavailable"
  sample_git push -q "$place/remote/widget.git" main
  commit=$(sample_git rev-parse HEAD)
  if (cd "$place/widget" && make check) >"$place/failing.log" 2>&1; then
    die "the sample's check is green, which it must not be; see $place/failing.log"
  fi
  sed 's/^/   | /' "$place/failing.log"
}

write_policies() {
  mkdir -p "$place/policies/templates"
  cp -r "$root/policies/rules" "$root/policies/guard" "$place/policies/"
  cat >"$place/policies/templates/stale-header.toml" <<'TEMPLATE'
name  = "stale-header"
title = "Regenerate errors.h when it no longer fits errors.txt"
stage = "suggest"

[match]
log = ['(?P<file>[\w.]+): error: it is out of date; run make']

[[step]]
name = "regenerate"
run  = "make errors.h"

[verify]
command = "auto"

[guard]
paths     = ["errors.h"]
max_files = 1

[change]
title  = "Regenerate errors.h"
labels = ["regreen"]
TEMPLATE
}

write_config() {
  (umask 077 && head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$place/webhook-secret")
  cat >"$place/regreen.toml" <<CONFIG
[server]
listen = "127.0.0.1:${1}"
[store]
path = "$place/regreen.db"
[workspace]
kind = "sandbox"
directory = "$place/workspaces"
mirrors = "$place/mirrors"
[policies]
directory = "$place/policies"

[forge.local]
kind = "git"
[forge.local.remotes]
"acme/widget" = "$place/remote/widget.git"

[ci.build]
kind = "generic"
forge = "local"
secret = "file:$place/webhook-secret"
signature_header = "X-Signature-256"
failed_when = ["failure"]
[ci.build.map]
repo = "/repository"
commit = "/commit"
branch = "/branch"
run_id = "/run/id"
conclusion = "/run/result"
job = "/job"
step = "/step"
command = "/command"
log = "/log"
CONFIG
}

listening_address() {
  sed -nE 's/.*listening.*address="?(http:\/\/)?([0-9.]+:[0-9]+).*/\2/p' "$place/daemon.log" | tail -n 1
}
daemon_listens() {
  kill -0 "$daemon" 2>/dev/null || die "the daemon ended at its start"
  [ -n "$(listening_address)" ]
}

start_daemon() {
  write_policies
  write_config 0
  regreen check >"$place/check.log" 2>&1 || { cat "$place/check.log" >&2; die "regreen check finds fault with the configuration"; }
  # One that is kept outlives the terminal.
  (trap '' HUP && exec "$binary" serve --config "$place/regreen.toml" >>"$place/daemon.log" 2>&1 </dev/null) &
  daemon=$!
  echo "$daemon" >"$place/daemon.pid"
  wait_until 15 daemon_listens || die "the daemon does not listen after 15 seconds"
  address=$(listening_address)
  # The command line posts to the address in the config: now that the port is known, it is written there.
  sed -i "s/^listen = .*/listen = \"$address\"/" "$place/regreen.toml"
  echo "   regreen serve listens on $address (process $daemon)"
}

# The text of a file as a JSON string.
json_string() {
  printf '"'
  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' "$1" | awk '{printf "%s\\n", $0}'
  printf '"'
}

deliver_failure() {
  cat >"$place/webhook.json" <<JSON
{"repository": "acme/widget", "commit": "$commit", "branch": "main",
 "run": {"id": "1", "result": "failure"}, "job": "build", "step": "check",
 "command": "make check", "log": $(json_string "$place/failing.log")}
JSON
  regreen deliver --ci build "$place/webhook.json" | sed 's/^/   /'
}

newest_task() { regreen task list --json 2>/dev/null | grep -oE '"id": ?"[0-9a-f]{12}"' | head -n 1 | grep -oE '[0-9a-f]{12}'; }
state_of() { regreen task show "$1" --json 2>/dev/null | grep -oE '"state": ?"[a-z]+"' | head -n 1 | grep -oE '[a-z]+"$' | tr -d '"'; }

task_ended() {
  kill -0 "$daemon" 2>/dev/null || die "the daemon ended"
  [ -n "${task:=$(newest_task)}" ] || return 1
  state=$(state_of "$task")
  case $state in
    watching) return 0 ;;
    unreproducible | failed | superseded | yielded | cancelled | shadowed | declined)
      regreen task show "$task" >&2 || true
      die "the task ended as \"$state\"" ;;
    *) return 1 ;;
  esac
}

wait_for_repair() {
  task=
  wait_until 60 task_ended || die "no repaired task after 60 seconds"
  regreen task show "$task" | sed 's/^/   /'
}

# Not the daemon's word alone: the same check, by hand, on the branch that it pushed.
show_proof() {
  branch=$(git -C "$place/remote/widget.git" for-each-ref --format='%(refname:lstrip=2)' refs/heads/regreen/ | head -n 1)
  [ -n "$branch" ] || die "no branch regreen/… was pushed"
  heading "5. The repair: branch $branch, as a diff"
  git -C "$place/remote/widget.git" diff "main..$branch" | sed 's/^/   | /'
  git clone -q -b "$branch" "$place/remote/widget.git" "$place/proof"
  (cd "$place/proof" && make check) >"$place/proof.log" 2>&1 || die "make check is still red on $branch; see $place/proof.log"
  printf '\nred → green: make check failed on main, and passes on %s.\n' "$branch"
}

show_next_steps() {
  heading "Look on"
  cat <<NEXT
   $binary task list --config $place/regreen.toml
   $binary task log $task --config $place/regreen.toml
   $binary task diff $task --config $place/regreen.toml
   git -C $place/remote/widget.git log --stat $branch -1
   less $place/policies/templates/stale-header.toml
NEXT
  if [ "$keep" = yes ]; then
    echo "   curl http://$address/metrics       (the daemon goes on as process $daemon)"
  fi
  heading "Clean up"
  echo "   ${QUICKSTART_DIR:+QUICKSTART_DIR=$place }$root/deploy/quickstart.sh --clean"
}
