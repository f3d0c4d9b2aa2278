#!/usr/bin/env bash
# Installs what regreen needs, from Debian packages by name: deploy/install-deps.sh [build|test|bench]…
#   build  to build and run it (the default)     test  for tests/run.sh     bench  for tests/bench/run.sh
# Needs root or sudo only when a package is missing; quick when nothing is.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
deps=${REGREEN_DEPS:-$root/build/deps}
httplib_wanted=0.30.0

say() { printf 'install-deps: %s\n' "$*"; }
die() { printf 'install-deps: %s\n' "$*" >&2; exit 1; }
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "root is needed for: $* (run this as root, or install sudo)"; fi
}

build=(g++ cmake ninja-build ccache pkg-config git ca-certificates make bubblewrap xz-utils dpkg-dev
  libssl-dev zlib1g-dev libzstd-dev libgit2-dev rapidjson-dev libabsl-dev prometheus-cpp-dev libsqlite3-dev
  libre2-dev libvectorscan-dev libtomlplusplus-dev libyaml-cpp-dev libcli11-dev libspdlog-dev libseccomp-dev
  libkainjow-mustache-dev)
test=(libgtest-dev libgmock-dev nodejs npm curl sqlite3 strace procps openssl openssh-server openssh-client podman runc uidmap
  debootstrap busybox-static golang-github-xanzy-go-gitlab-dev
  black isort mypy codespell clang-format golang-go golang-golang-x-tools cargo rustfmt rust-clippy shellcheck rubocop python3-poetry)
bench=(libbenchmark-dev webhook wrk ripgrep)

wanted=()
for set in "${@:-build}"; do
  case $set in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    bench) wanted+=("${bench[@]}") ;;
    *) die "there is no set named \"$set\"; the sets are build, test and bench" ;;
  esac
done

# A tool that is here already, from wherever, need not come from Debian again.
provided() {
  case $1 in
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
  esac
}
missing=()
for package in "${wanted[@]}"; do provided "$package" || missing+=("$package"); done
if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${#missing[@]} packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
fi

# --- cpp-httplib ---------------------------------------------------------------------------------
# Below 0.30 it lets strangers exhaust memory. Debian's newest source package holds the one header; it
# is fetched by a private apt state, so that this machine's own sources stay as they are, and is
# checked by apt against Debian's signatures.
version_of() {
  [ -f "$1" ] || return 0
  sed -n 's/^#define CPPHTTPLIB_VERSION "\([0-9.]*\)".*/\1/p' "$1" 2>/dev/null | head -n 1
}
new_enough() {
  [ -n "$1" ] && [ "$(printf '%s\n' "$httplib_wanted" "$1" | sort -V | head -n 1)" = "$httplib_wanted" ]
}
mirror_of_debian() {
  local uri
  uri=$(apt-get indextargets --format '$(SITE) $(REPO_URI) $(ORIGIN)' 'Identifier: Packages' 2>/dev/null |
    awk '$3 == "Debian" && $2 !~ /security/ {print $2; exit}')
  [ -n "$uri" ] || uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    grep -v '^ *#' | grep -oE '[a-z+]+:/[^ ]*debian/?( |$)' | grep -v security | head -n 1 | tr -d ' ')
  [ -n "$uri" ] || die "no Debian mirror in this machine's apt sources; put a cpp-httplib $httplib_wanted or newer at $deps/include/httplib.h"
  printf '%s' "${uri%/}"
}
fetch_httplib() {
  local work state mirror keyring options
  work=$(mktemp -d); state=$work/state
  # shellcheck disable=SC2064 # the path is to be fixed now
  trap "rm -rf '$work'" EXIT
  mkdir -p "$state/lists/partial" "$work/cache/archives/partial" "$work/src" "$deps/include"
  chmod 755 "$work" "$work/src"
  mirror=$(mirror_of_debian)
  for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do [ -e "$keyring" ] && break; done
  printf 'deb-src [signed-by=%s] %s sid main\n' "$keyring" "$mirror" >"$work/sources.list"
  options=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$state/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
    -o Acquire::Languages=none)
  say "fetching cpp-httplib's newest source package from this machine's Debian mirror"
  apt-get "${options[@]}" update -qq
  (cd "$work/src" && apt-get "${options[@]}" source -qq --download-only cpp-httplib)
  tar -xJf "$work"/src/*.orig.tar.xz -C "$work/src" --wildcards --strip-components=1 '*/httplib.h' ||
    die "the source package has no httplib.h where it was expected; put one at $deps/include/httplib.h"
  install -m 644 "$work/src/httplib.h" "$deps/include/httplib.h"
}
have=$(version_of "$deps/include/httplib.h")
system=$(version_of /usr/include/httplib.h)
if ! new_enough "$have" && ! new_enough "$system"; then
  fetch_httplib
  have=$(version_of "$deps/include/httplib.h")
  new_enough "$have" || die "Debian's newest cpp-httplib is ${have:-unreadable}, and $httplib_wanted or newer is needed"
  say "cpp-httplib $have is in $deps/include"
fi
say "all is there (${*:-build})"
