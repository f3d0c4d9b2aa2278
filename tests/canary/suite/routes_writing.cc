#include "tests/canary/suite/routes.h"

namespace regreen::canary {

std::vector<Route> WritingRoutes() {
  const char* const kNoFile = "a file system with nothing but the system and the workspace";
  const char* const kNoProcess = "a process namespace and a /proc of its own";
  const char* const kObjects = "the repository's objects are bound read-only";
  const char* const kBase = "an overlay takes every write, or the workspace has files of its own";
  return {
      {"file_by_its_path", "a file of the daemon's by its path", kNoFile,
       "echo x > $CANARY_OUTSIDE/token", Sign::kChanged},
      {"file_through_a_link", "the same through a symbolic link", kNoFile,
       "ln -s $CANARY_OUTSIDE/home out; echo x > out/.bashrc", Sign::kChanged},
      {"file_by_dots", "the same by ..", kNoFile,
       "echo x > ../../../../../../../..$CANARY_OUTSIDE/home/new", Sign::kChanged},
      {"file_by_hard_link", "the same by a hard link into the tree", kNoFile,
       "./fixer link $CANARY_OUTSIDE/token linked; echo x > linked", Sign::kChanged},
      {"file_by_another_process", "the same by /proc/PID/root and cwd", kNoProcess,
       "echo x > /proc/$CANARY_PID/cwd/new; echo x > /proc/$CANARY_PID/root$CANARY_OUTSIDE/new",
       Sign::kChanged},
      {"mirror_by_its_path", "an object in the shared mirror", kNoFile,
       "mkdir -p $CANARY_MIRROR/objects/aa; echo x > $CANARY_MIRROR/objects/aa/planted",
       Sign::kChanged},
      {"mirror_by_alternates", "the same where git finds the mirror's objects", kObjects,
       "for store in $(cat .git/objects/info/alternates); do mkdir -p $store/aa; "
       "echo x > $store/aa/planted; done",
       Sign::kChanged},
      {"objects_replaced", "an object of the mirror, overwritten", kObjects,
       "for store in $(cat .git/objects/info/alternates); do for f in $(find $store -type f); do "
       "chmod u+w $f && echo poison > $f; done; done",
       Sign::kChanged},
      {"base_tree_in_place", "the files that the next task begins with, in place", kBase,
       "echo poison >> a.txt; printf x >> folder/b.txt", Sign::kChanged},
      {"base_tree_git", "the .git that the next task begins with, in place", kBase,
       "echo '[alias] x = !sh' >> .git/config; printf x >> .git/HEAD", Sign::kChanged},
      {"base_tree_modes", "modes and times of shared files", kBase,
       "chmod 4777 run.sh; touch -d 2001-01-01 a.txt", Sign::kChanged},
      {"base_tree_by_hard_link", "a second name for a shared file", kBase,
       "./fixer link a.txt second; echo poison >> second", Sign::kChanged},
      {"base_tree_by_truncating", "a shared file, truncated and mapped", kBase,
       "truncate -s 0 a.txt; dd if=/dev/zero of=folder/b.txt bs=1 count=9 conv=notrunc 2>&1",
       Sign::kChanged},
      {"agent_configuration", "instructions for the next agent, in the user's home", kNoFile,
       "mkdir -p $CANARY_OUTSIDE/home/.claude; echo x > $CANARY_OUTSIDE/home/.claude/CLAUDE.md",
       Sign::kChanged},
      {"buried_folders", "folders too deep to be removed",
       "a workspace is removed whatever is in it",
       "fixer=$PWD/fixer; $fixer bury 1200; "
       "if cd $CANARY_OUTSIDE/home; then $fixer bury 300; else cd ~; $fixer bury 1200; fi",
       Sign::kChanged},
  };
}

std::vector<Route> PowerRoutes() {
  const char* const kFilter = "the system call filter";
  const char* const kReadOnly = "/proc is read-only";
  return {
      {"user_namespace", "a user namespace, for capabilities in it", kFilter, "./fixer unshare",
       Sign::kGained},
      {"user_namespace_by_clone", "the same by clone", kFilter, "./fixer clone", Sign::kGained},
      {"user_namespace_by_clone3", "the same by clone3, whose flags no filter sees", kFilter,
       "./fixer clone3", Sign::kGained},
      {"mount", "a mount over the workspace", kFilter, "mkdir -p here; ./fixer mount here",
       Sign::kGained, true},
      {"mount_by_the_new_calls", "fsopen", kFilter, "./fixer new-mount", Sign::kGained, true},
      {"root_of_its_own", "chroot, and the way out of it", "no capability",
       "mkdir -p here; ./fixer leave-root here", Sign::kGained, true},
      {"device", "the machine's disk as a device of its own", "no capability",
       "./fixer device disk", Sign::kGained, true},
      {"programs_of_the_kernel", "bpf", kFilter, "./fixer program", Sign::kGained, true},
      {"page_faults", "userfaultfd", kFilter, "./fixer faults", Sign::kGained},
      {"keyboard", "typing into a terminal (TIOCSTI)", kFilter, "./fixer type", Sign::kGained},
      {"core_pattern", "the program that the kernel runs at a crash", kReadOnly,
       "./fixer open-to-write /proc/sys/kernel/core_pattern", Sign::kGained, true},
      {"memory_settings", "how the kernel gives out memory", kReadOnly,
       "./fixer open-to-write /proc/sys/vm/overcommit_memory", Sign::kGained, true},
      {"spared_from_the_killer", "its own place in the order of the killer at want of memory",
       kReadOnly, "./fixer open-to-write /proc/self/oom_score_adj", Sign::kGained},
      {"kernel_messages", "/dev/kmsg", "a /dev with the harmless devices",
       "./fixer open-to-write /dev/kmsg", Sign::kGained, true},
      {"end_of_the_daemon", "a signal to the daemon", "a process namespace",
       "./fixer kill $CANARY_PID", Sign::kChanged},
  };
}

std::vector<Route> OutlivingRoutes() {
  const char* const kFirst = "the kernel ends all of a process namespace with its first process";
  Route stubborn = {"deaf_at_the_timeout", "not to end in its time", kFirst,
                    "./fixer stubborn $CANARY_MARK", Sign::kAlive};
  stubborn.timeout = absl::Milliseconds(500);
  return {
      {"background", "a child in the background", kFirst, "./fixer session $CANARY_MARK; exit 0",
       Sign::kAlive},
      {"double_fork", "a grandchild of its own session", kFirst, "./fixer double-fork $CANARY_MARK",
       Sign::kAlive},
      {"deaf_child", "a child that ignores signals", kFirst, "./fixer deaf-child $CANARY_MARK",
       Sign::kAlive},
      {"child_in_a_namespace", "a child in namespaces of its own", kFirst,
       "./fixer namespace $CANARY_MARK", Sign::kAlive},
      {"output_held_open", "a child that holds the output open, so that it is waited for", kFirst,
       "./fixer hold-output $CANARY_MARK", Sign::kAlive},
      std::move(stubborn),
  };
}

// Programs that the trusted side would run, were it to run git where hostile code wrote.
std::vector<Route> TrustedSideRoutes() {
  const char* const kData = "libgit2 reads trees as data, and nothing below .git";
  const std::string evil =
      "printf '#!/bin/sh\\ntouch %s/proof/ran\\ncat\\n' \"$CANARY_OUTSIDE\" > .git/evil; "
      "chmod +x .git/evil; ";
  const std::string look = "git status; git add -A; git diff --cached > /dev/null; ";
  return {
      {"file_watcher_of_git", "core.fsmonitor", kData,
       evil + "git config core.fsmonitor \"$PWD/.git/evil\"; echo x >> a.txt", Sign::kChanged,
       false, look},
      {"hooks_of_git", "hooks, also by core.hooksPath", kData,
       evil + "mkdir -p .git/hooks hooks; for h in pre-commit post-commit post-checkout "
              "post-index-change; do cp .git/evil .git/hooks/$h; cp .git/evil hooks/$h; done; "
              "git config core.hooksPath \"$PWD/hooks\"; echo x >> a.txt",
       Sign::kChanged, false, look + "git -c user.name=a -c user.email=b commit -qm x; "},
      {"filters_of_git", "clean and smudge filters by .gitattributes", kData,
       evil + "git config filter.x.clean \"$PWD/.git/evil\"; git config filter.x.smudge "
              "\"$PWD/.git/evil\"; echo '* filter=x' > .gitattributes; echo x >> a.txt",
       Sign::kChanged, false, look},
      {"drivers_of_git", "an external diff and a text conversion", kData,
       evil + "git config diff.external \"$PWD/.git/evil\"; git config diff.x.textconv "
              "\"$PWD/.git/evil\"; echo '* diff=x' > .gitattributes; echo x >> a.txt",
       Sign::kChanged, false, "git diff > /dev/null; "},
      {"included_configuration", "a program by an included configuration of git", kData,
       evil + "printf '[core]\\n\\tfsmonitor = %s\\n' \"$PWD/.git/evil\" > .evilconfig; "
              "git config include.path ../.evilconfig; echo x >> a.txt",
       Sign::kChanged, false, look},
      {"git_that_is_elsewhere", "a .git file that names a repository in the tree", kData,
       evil + "cp -r .git repo; git --git-dir=repo config core.fsmonitor \"$PWD/repo/evil\"; "
              "git --git-dir=repo config core.worktree \"$PWD\"; "
              "mv .git was; echo 'gitdir: repo' > .git; echo x >> a.txt",
       Sign::kChanged, false, look},
  };
}

}  // namespace regreen::canary
