#include "adapters/workspace/machine.h"

#include <unistd.h>

#include <utility>

#include "adapters/workspace/bubblewrap.h"
#include "adapters/workspace/cgroup.h"
#include "adapters/workspace/probe.h"
#include "adapters/workspace/seccomp.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using State = MachineFinding::State;

bool Holds(const char* path, std::string_view value) {
  auto text = ReadFile(path, 64);
  return text.ok() && Trim(*text) == value;
}

MachineFinding Bad(std::string what, const Status& status, std::string advice = "") {
  return {std::move(what), State::kBad, Message(status), std::move(advice)};
}

MachineFinding LookAtSeccomp() {
  const auto filter = SandboxFilter();
  if (!filter.ok()) return Bad("seccomp", filter.status());
  if (access("/proc/sys/kernel/seccomp/actions_avail", F_OK) != 0)
    return {"seccomp", State::kBad, "this kernel filters no system calls",
            "run a kernel with CONFIG_SECCOMP_FILTER"};
  return {"seccomp", State::kGood, "system calls are filtered", ""};
}

MachineFinding LookAtOverlays(const Bubblewrap& bubblewrap, const std::string& directory) {
  const Status status = ProbeOverlay(bubblewrap, directory);
  if (status.ok()) return {"overlays", State::kGood, "a workspace costs what it changes", ""};
  return {
      "overlays", State::kNote,
      Cat("each workspace is checked out by itself, which takes longer: ", Message(status)),
      "use a kernel and a file system that let this user mount overlays (Linux 5.11; ext4, xfs, "
      "btrfs or tmpfs)"};
}

MachineFinding LookAtCgroups() {
  const auto found = LookForCgroup();
  if (found.ok()) return {"cgroups", State::kGood, Cat("the kernel holds limits by ", *found), ""};
  return {"cgroups", State::kNote,
          Cat("memory, processes and processors of a workspace are watched ten times a second, not "
              "held by the kernel: ",
              Message(found.status())),
          geteuid() == 0
              ? "run the daemon as an ordinary user, whose processes the kernel counts, by the "
                "shipped systemd unit or with Delegate=yes in its own"
              : "run the daemon by the shipped systemd unit, or with Delegate=yes in its own"};
}

}  // namespace

MachineFinding LookAtUserNamespaces() {
  const bool root = geteuid() == 0;
  if (Holds("/proc/sys/user/max_user_namespaces", "0")) {
    return {"user namespaces", State::kBad, "user namespaces are off",
            "turn them on with `sysctl user.max_user_namespaces=15000`"};
  }
  if (!root && Holds("/proc/sys/kernel/unprivileged_userns_clone", "0")) {
    return {"user namespaces", State::kBad, "unprivileged user namespaces are off",
            "turn them on with `sysctl kernel.unprivileged_userns_clone=1`"};
  }
  if (!root && Holds("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")) {
    return {"user namespaces", State::kNote, "AppArmor restricts unprivileged user namespaces",
            "give bwrap a profile that allows them, or "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`"};
  }
  return {"user namespaces", State::kGood, root ? "made by root" : "this user may make them", ""};
}

std::vector<MachineFinding> LookAtMachine(const WorkspaceOptions& options) {
  std::vector<MachineFinding> all = {LookAtUserNamespaces(), LookAtSeccomp()};
  const auto bubblewrap = Bubblewrap::Find(options);
  if (!bubblewrap.ok()) {
    all.push_back(Bad("bubblewrap", bubblewrap.status()));
    return all;
  }
  std::string version;
  for (const int part : bubblewrap->version()) Append(version, version.empty() ? "" : ".", part);
  all.push_back({"bubblewrap", State::kGood, Cat(bubblewrap->program(), " ", version), ""});
  if (const Status status = ProbeSandbox(*bubblewrap, options.directory); !status.ok()) {
    all.push_back(Bad("sandbox", status));
    return all;
  }
  all.push_back({"sandbox", State::kGood,
                 "isolates: own namespaces, no network, read-only system, limits", ""});
  all.push_back(LookAtOverlays(*bubblewrap, options.directory));
  all.push_back(LookAtCgroups());
  return all;
}

}  // namespace regreen
