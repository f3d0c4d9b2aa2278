# Shared by the scripts of tests/. Callers set $root.
# shellcheck shell=bash disable=SC2154

deps=${REGREEN_DEPS:-$root/build/deps}  # where install-deps.sh puts httplib.h

# configure PRESET: only when it was not done yet; ninja looks after changes.
configure() {
  [ -f "$root/build/$1/build.ninja" ] ||
    quietly "$root/build/logs/configure-$1.log" cmake -S "$root" --preset "$1" -DREGREEN_DEPS="$deps"
}

runner=()  # what programs that were just built are run by: building runs tests to list them

# build PRESET [TARGETS…]
build() {
  local preset=$1 started=$SECONDS
  shift
  quietly "$root/build/logs/build-$preset.log" "${runner[@]}" ninja -C "$root/build/$preset" "$@"
  say "built $preset in $((SECONDS - started)) s"
}

node_is_new_enough() { node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; }

# install_node_packages FOLDER: only when the lock file is newer than what is there.
install_node_packages() {
  local folder=$1
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] ||
    (cd "$folder" && quietly "$root/build/logs/npm-$(basename "$folder").log" npm ci --no-audit --no-fund)
}

# What the end-to-end tests need. Debian 12's own Node.js is too old for it; a newer one comes from npm.
prepare_e2e() {
  node_is_new_enough || install_node_packages "$root/tests/e2e/node"
  install_node_packages "$root/tests/e2e"
}

# print_skips LOG: the tests that ctest skipped, and those that Node's runner did, with the reasons. LOG is
# ctest's own LastTest.log.
print_skips() {
  local skips
  skips=$(awk '
    /^[0-9]+\/[0-9]+ Test(ing)?: / { name = $0; sub(/^[^:]*: /, "", name) }
    /^SKIPPED: / { print "  " name ": " substr($0, 10) }
    /: Skipped$/ { take = 1; next }
    take { print "  " name ": " $0; take = 0 }
    /^ *﹣ .*# / { line = $0; sub(/^ *﹣ /, "", line); print "  " name ": " line }
  ' "$1")
  if [ -n "$skips" ]; then
    printf '%s\n%s tests were skipped.\n' "$skips" "$(printf '%s\n' "$skips" | wc -l)"
  else
    echo "No test was skipped."
  fi
}

# print_routes LOG: the table of the canary suite: who tried what, and what stopped it. LOG is ctest's own LastTest.log.
print_routes() {
  local routes
  routes=$(sed -n 's/^ROUTE | //p' "$1" | LC_ALL=C sort)
  [ -n "$routes" ] || return 0
  printf 'Routes out of a workspace (as whom | route | what it tries | what stops it | where nothing holds it):\n'
  printf '%s\n' "$routes" | sed 's/^/  /'
  printf '%s routes were tried as root, %s as an ordinary user.\n' "$(grep -c '^root ' <<<"$routes")" "$(grep -c '^user ' <<<"$routes")"
}
