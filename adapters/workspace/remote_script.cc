#include "adapters/workspace/remote_script.h"

#include <algorithm>
#include <cstdio>

#include "daemon/base/text.h"

namespace regreen {
namespace {

// `read` takes a byte at a time, as POSIX has it, so that what follows the line is the script's.
constexpr char kReadScript[] = "IFS= read -r l && eval \"$(printf %b \"$l\")\"";

// All of ours finish by this. The exit code says nothing: clients use it for troubles of their own.
constexpr char kAnswer[] = "answer() { printf '\\n%s %s\\n' \"$nonce\" \"$1\" >&3; exit 0; }\n";

// A machine that was set up anew, or swept by somebody, is one that went away.
constexpr char kThere[] = "[ -d \"$R\" ] || answer lost\n";

// Kills what carries the mark until there is none: what is dying has no environment any more. A
// process that this shell may not look at is not its user's.
constexpr char kEndMarked[] =
    "end_marked() {\n"
    "  n=0\n"
    "  while [ $n -lt 200 ]; do\n"
    "    found=; n=$((n + 1))\n"
    "    for e in $(grep -l -s -F \"REGREEN_WORKSPACE=$mark\" /proc/[0-9]*/environ 2>/dev/null); "
    "do\n"
    "      p=${e#/proc/}; p=${p%/environ}\n"
    "      [ \"$p\" = $$ ] || { kill -9 \"$p\" && found=yes; } 2>/dev/null\n"
    "    done\n"
    "    [ -n \"$found\" ] || return 0\n"
    "  done\n"
    "}\n";
constexpr char kSignal[] =
    "for e in $(grep -l -s -F \"REGREEN_WORKSPACE=$mark\" /proc/[0-9]*/environ 2>/dev/null); do\n"
    "  p=${e#/proc/}; kill -s \"$signal\" \"${p%/environ}\" 2>/dev/null\n"
    "done\n"
    "answer 0\n";
constexpr char kEndMarkedOnly[] = "end_all() { end_marked; }\n";
// -1: everything that this user may kill, but this shell and the first process.
constexpr char kEndEverything[] = "end_all() { kill -9 -1 2>/dev/null; end_marked; }\n";

// The probe waits for the clock of the file system to pass the stamp, so that no later change can
// be as old. Where find does not know change times, seconds must do.
constexpr char kOpen[] =
    "umask 077\n"
    "mkdir -p \"$folder\" && mkdir \"$R\" \"$R/tree\" \"$R/home\" \"$R/tmp\" \"$R/run\" || answer "
    "1\n"
    "umask 022\n"
    "tar -xpof - -C \"$R/tree\" || answer 1\n"
    "cd \"$R/run\" || answer 1\n"
    "if find . -prune -cnewer . >/dev/null 2>&1; then\n"
    "  touch stamp; n=0\n"
    "  while [ $n -lt 500 ]; do\n"
    "    touch probe; n=$((n + 1))\n"
    "    [ -z \"$(find probe -cnewer stamp)\" ] || break\n"
    "  done\n"
    "else\n"
    "  sleep 1; touch stamp\n"
    "fi\n"
    "answer 0\n";

// The command is not the one that runs in the background: a shell ignores SIGINT for those, and for
// all that they start. Input that it did not read is read here: a client (podman's, for one) that
// cannot send all of it may end before it has passed on what is answered.
constexpr char kRun[] =
    "exec 4<&0 </dev/null\n"
    "rm -f \"$R/run/late\" \"$R/run/session\"\n"
    "session=; if command -v setsid >/dev/null 2>&1; then session=setsid; fi\n"
    "( REGREEN_WATCH=$mark; export REGREEN_WATCH\n"
    "  sleep $time & sleeper=$!\n"
    "  trap 'kill -9 $sleeper; wait $sleeper; exit 0' TERM\n"
    "  wait $sleeper\n"
    "  : > \"$R/run/late\"; end_marked ) >/dev/null 2>&1 3>&- 4<&- &\n"
    "watch=$!\n"
    "( read -r self rest </proc/self/stat; echo \"$self\" >\"$R/run/session\"\n"
    "  own_environment; exec $session \"$@\" ) <&4 2>&$errors 3>&- 4<&-\n"
    "status=$?\n"
    "[ -z \"$input\" ] || cat <&4 >/dev/null\n"
    "exec 4<&-\n"
    "kill -TERM $watch 2>/dev/null; wait $watch 2>/dev/null\n"
    "id=; read -r id rest <\"$R/run/session\" 2>/dev/null\n"
    "case $id in ''|*[!0-9]*|0*|1) ;;\n"
    "  *) [ -z \"$session\" ] || kill -9 -- \"-$id\" 2>/dev/null ;; esac\n"
    "end_all\n"
    "[ ! -e \"$R/run/late\" ] || answer late\n"
    "answer $status\n";

// Names, then a line for each, then which are newer than the stamp.
constexpr char kList[] =
    "cd \"$R/tree\" || answer gone\n"
    "find . -path ./.git -prune -o ! -path . -print0; printf '\\0'\n"
    "find . -path ./.git -prune -o ! -path . -print0 | xargs -0 -r stat -c '%f %s %Z'\n"
    "printf '\\n'; stat -c %Z \"$R/run/stamp\"\n"
    "if find . -prune -cnewer . >/dev/null 2>&1; then\n"
    "  printf 'names\\n'\n"
    "  find . -path ./.git -prune -o ! -path . -cnewer \"$R/run/stamp\" -print0\n"
    "else\n"
    "  printf 'times\\n'\n"
    "fi\n"
    "answer 0\n";

// A command's folder is given by a name that no shell reads.
std::string Place(const RemotePlace& place) {
  const bool in_home = place.folder.starts_with("~/");
  return Cat("folder=", in_home ? "\"$HOME\"/" : "",
             ShellQuoted(in_home ? std::string_view(place.folder).substr(2) : place.folder),
             "\nR=$folder/", ShellQuoted(place.name), "\nmark=", ShellQuoted(place.name),
             "\nexport LC_ALL=C\n");
}

std::string Ending(const RemotePlace& place) {
  return Cat(kEndMarked, place.own_machine ? kEndEverything : kEndMarkedOnly);
}

std::string InTree(const RemotePlace& place, std::string_view command) {
  return Cat(Place(place), kThere, "cd \"$R/tree\" || answer gone\n", command, "\nanswer $?\n");
}

// What a shell can say; the rest is for env, in front of the command.
std::string Exports(const std::vector<std::pair<std::string, std::string>>& env) {
  std::string script;
  for (const auto& [name, value] : env) {
    if (IsVariableName(name))
      Append(script, "  ", name, "=", ShellQuoted(value), "; export ", name, "\n");
  }
  return script;
}
std::string OddNames(const std::vector<std::pair<std::string, std::string>>& env) {
  std::string script;
  for (const auto& [name, value] : env) {
    if (!IsVariableName(name))
      Append(script, "set -- env ", ShellQuoted(Cat(name, "=", value)), " \"$@\"\n");
  }
  return script;
}

// As sleep reads them: whole seconds everywhere, shorter ones with GNU's and BusyBox's.
std::string Seconds(absl::Duration duration) {
  const std::int64_t ms =
      absl::ToInt64Milliseconds(std::clamp(duration, absl::Milliseconds(1), absl::Hours(24 * 365)));
  if (ms >= 5000) return std::to_string((ms + 999) / 1000);
  const std::string rest = std::to_string(1000 + ms % 1000);
  return Cat(ms / 1000, ".", std::string_view(rest).substr(1));
}

}  // namespace

std::vector<std::string> ScriptReader(const RemoteTraits& traits) {
  std::string start = "exec ";
  const auto& keep = traits.keep_env;
  if (keep.empty() || keep[0] != "*") {
    start += "env -i \"PATH=$PATH\" \"HOME=$HOME\" ";
    for (const std::string& name : keep) Append(start, "${", name, "+\"", name, "=$", name, "\"} ");
  }
  return {"/bin/sh", "-c", Cat(start, "/bin/sh -c ", ShellQuoted(kReadScript))};
}

std::string ScriptLine(const std::string& script, const std::string& nonce) {
  const std::string whole = Cat("exec 3>&2\nnonce=", ShellQuoted(nonce), "\n", kAnswer, script);
  std::string line;
  for (const char c : whole) {
    if (c >= ' ' && c <= '~' && c != '\\') {
      line += c;
      continue;
    }
    char octal[8];
    std::snprintf(octal, sizeof octal, "\\0%03o",
                  static_cast<unsigned>(static_cast<unsigned char>(c)));
    line += octal;
  }
  return line + "\n";
}

std::string AnswerIn(std::string_view standard_error, const std::string& nonce) {
  const std::string mark = Cat("\n", nonce, " ");
  const std::size_t at = standard_error.rfind(mark);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = standard_error.substr(at + mark.size());
  return std::string(Trim(rest.substr(0, rest.find('\n'))));
}

std::string_view WithoutAnswer(std::string_view standard_error, const std::string& nonce) {
  return standard_error.substr(0, standard_error.rfind(Cat("\n", nonce, " ")));
}

std::string OpenScript(const RemotePlace& place) {
  return Place(place) + kOpen;
}

std::string ExecScript(const RemotePlace& place, const RemoteTraits& traits,
                       const RemoteMachine& machine, const ExecSpec& spec, absl::Duration longest) {
  std::string script = Cat(Place(place), Ending(place));
  Append(script, kThere, "unset LC_ALL\ncd \"$R/tree/\"", ShellQuoted(spec.directory),
         " 2>/dev/null || answer gone\n");
  Append(script, "time=", Seconds(longest), "\nerrors=", spec.converse ? 3 : 1,
         "\ninput=", spec.converse || spec.input.empty() ? "" : "yes", "\n");
  std::string path;
  for (const std::string& folder : traits.path) Append(path, folder, ":");
  Append(script, "c=", ShellQuoted(spec.command), "\n",
         "if [ -x /bin/bash ]; then set -- /bin/bash -e -o pipefail -c \"$c\"; "
         "else set -- /bin/sh -e -c \"$c\"; fi\n",
         OddNames(machine.env), OddNames(spec.env), "set --");
  for (const std::string& word : machine.wrap) Append(script, " ", ShellQuoted(word));
  Append(script, " \"$@\"\nown_environment() {\n  PATH=", ShellQuoted(path),
         "$PATH; export PATH\n"
         "  REGREEN_WORKSPACE=$mark HOME=$R/home TMPDIR=$R/tmp USER=regreen LANG=C.UTF-8 "
         "CI=true TERM=dumb\n  export REGREEN_WORKSPACE HOME TMPDIR USER LANG CI TERM\n");
  Append(script, Exports(machine.env), Exports(spec.env), "}\n", kRun);
  return script;
}

std::string SignalScript(const RemotePlace& place, const char* signal) {
  return Cat(Place(place), "signal=", signal, "\n", kSignal);
}

std::string EndScript(const RemotePlace& place) {
  return Cat(Place(place), Ending(place), "end_all\nanswer 0\n");
}

std::string RemoveScript(const RemotePlace& place) {
  return Cat(Place(place), Ending(place),
             "end_all\ncd / && [ -d \"$R\" ] || answer 0\n"
             "chmod -R u+rwx \"$R\" 2>/dev/null\nrm -rf \"$R\"\nanswer $?\n");
}

std::string NamesScript(const std::string& folder) {
  return Cat(Place({folder, ".", false}),
             "cd \"$folder\" 2>/dev/null || answer 0\nls -1\nanswer $?\n");
}

std::string ListScript(const RemotePlace& place) {
  return Cat(Place(place), kThere, kList);
}

std::string ReadFilesScript(const RemotePlace& place) {
  return InTree(place, "xargs -0 -r cat");
}

std::string ReadLinksScript(const RemotePlace& place) {
  return InTree(place, "xargs -0 -r -n 1 readlink");
}

std::string IdentifyScript(const RemotePlace& place) {
  return InTree(place,
                "xargs -0 -r -n 1 sh -c '{ printf \"blob %s\\0\" \"$(wc -c <\"$1\")\"; "
                "cat \"$1\"; } | sha1sum' sh");
}

}  // namespace regreen
