// Routes that need more than one command: two workspaces at once, hostile commits, and what is told
// of a command.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/base/text.h"
#include "tests/canary/suite/canary.h"
#include "tests/canary/suite/plain.h"

namespace regreen::canary {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class TogetherTest : public CanaryTest {
 protected:
  // Null with a skip where there is no sandbox.
  std::unique_ptr<Workspace> Open(bool overlay, const std::vector<std::string>& network = {},
                                  std::string* notes = nullptr) {
    Hostile::Kind* kind = hostile_->Of(overlay);
    if (kind == nullptr) return nullptr;
    auto workspace = kind->factory->Open(hostile_->Spec(network, notes), {});
    EXPECT_TRUE(workspace.ok()) << workspace.status();
    return workspace.ok() ? *std::move(workspace) : nullptr;
  }
  ExecSpec Command(std::string command) {
    ExecSpec spec;
    spec.command = std::move(command);
    spec.env = outside().Facts();
    spec.timeout = absl::Seconds(20);
    return spec;
  }
  // A commit that `script` makes of a name: no workspace is opened for it, and its file is nowhere.
  void OpensNothing(const char* script, const std::string& name) {
    std::string commit = RunPlain(script, hostile_->mirror,
                                  {{"NAME", name},
                                   {"GIT_AUTHOR_NAME", "a"},
                                   {"GIT_AUTHOR_EMAIL", "a@b"},
                                   {"GIT_COMMITTER_NAME", "a"},
                                   {"GIT_COMMITTER_EMAIL", "a@b"}},
                                  absl::Seconds(20));
    commit = Trim(commit);
    ASSERT_THAT(hostile_->git.GitIn(hostile_->mirror, {"ls-tree", "-r", commit}),
                HasSubstr("smuggled"))
        << "the attempt itself does not work: " << commit;
    outside().Begin({});
    for (const bool overlay : {true, false}) {
      Hostile::Kind* kind = hostile_->Of(overlay);
      if (kind == nullptr) return;
      WorkspaceSpec spec = hostile_->Spec({}, nullptr);
      spec.commit = commit;
      EXPECT_FALSE(kind->factory->Open(spec, {}).ok());
      EXPECT_TRUE(fs::is_empty(kind->options.directory));
    }
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(hostile_->git.work()).parent_path()))
      EXPECT_NE(entry.path().filename(), "smuggled") << entry.path();
    EXPECT_EQ(outside().Look("").All(), "");
  }
};

TEST_F(TogetherTest, TheWayThatIsAllowedWorks) {
  outside().Begin({});
  std::string notes;
  const auto workspace = Open(true, {kModel}, &notes);
  if (workspace == nullptr) return;
  const int before = outside().model().allowed();
  const ExecResult result =
      Execute(*workspace, Command("printf 'POST /model/v1/messages HTTP/1.1\\r\\nHost: a\\r\\n"
                                  "Content-Length: 2\\r\\n\\r\\n{}' | ./fixer talk $CANARY_PROXY"));
  EXPECT_THAT(result.output, HasSubstr("200"));
  EXPECT_EQ(outside().model().allowed(), before + 1) << "the call arrives with its key";
  EXPECT_EQ(outside().Look(result.output + notes).All(), "");
}

constexpr char kAwait[] = "./fixer await 47999 $CANARY_MARK";
constexpr char kCall[] =
    "for i in 1 2 3 4 5 6 7 8 9 10; do ./fixer tcp 47999 && break || sleep 0.1; done; "
    "./fixer abstract $CANARY_MARK; true";

TEST_F(TogetherTest, TwoWorkspacesDoNotReachEachOther) {
  outside().Begin({});
  std::string open;
  {
    std::jthread waiting([&] {
      open = RunPlain(kAwait, outside().PlainFolder(), outside().Facts(), absl::Seconds(10));
    });
    RunPlain(kCall, outside().PlainFolder(), outside().Facts(), absl::Seconds(10));
  }
  ASSERT_THAT(open, HasSubstr("GAINED a companion")) << "the attempt itself does not work";
  const auto one = Open(true), other = Open(true);
  if (one == nullptr || other == nullptr) return;
  ExecResult first, second;
  {
    std::jthread waiting([&] { first = Execute(*one, Command(kAwait)); });
    const std::string folder = hostile_->Of(true)->options.directory;
    second = Execute(*other, Command(Cat(kCall, "; ls -R ", folder, "; cat /proc/[0-9]*/cmdline")));
  }
  EXPECT_EQ(first.output, "");
  EXPECT_THAT(second.output, Not(HasSubstr("sent")));
  EXPECT_THAT(second.output, Not(HasSubstr("await"))) << "it does not see the other's processes";
  Tell("two_workspaces", "a companion in another workspace, by loopback and abstract names",
       "each has namespaces of its own", "works where nothing holds it");
}

// A base tree is made of the one before it by hard links: what was a link to the outside is a
// folder now, and a file in it must not be written through the link.
TEST_F(TogetherTest, ALinkThatBecomesAFolderLeadsNowhere) {
  const std::string target = outside().folder() + "/proof";
  const std::string work = hostile_->git.work();
  fs::create_symlink(target, work + "/way");
  const std::string first = hostile_->git.Commit("a link");
  fs::remove(work + "/way");
  hostile_->git.Write("way/planted", "x\n");
  const std::string second = hostile_->git.Commit("a folder");
  hostile_->git.GitIn(hostile_->mirror, {"fetch", "-q", work, "+refs/heads/*:refs/heads/*"});
  outside().Begin({});
  for (const bool overlay : {true, false}) {
    Hostile::Kind* kind = hostile_->Of(overlay);
    if (kind == nullptr) return;
    for (const std::string& commit : {first, second, first}) {
      WorkspaceSpec spec = hostile_->Spec({}, nullptr);
      spec.commit = commit;
      auto workspace = kind->factory->Open(spec, {});
      ASSERT_TRUE(workspace.ok()) << workspace.status();
      Execute(**workspace, Command("rm -rf way; mkdir way; echo x > way/planted"));
      const auto patch = (*workspace)->Capture({});
      ASSERT_TRUE(patch.ok()) << patch.status();
      spec.patch = &*patch;
      ASSERT_TRUE(kind->factory->Open(spec, {}).ok()) << "with the patch";
    }
  }
  EXPECT_TRUE(fs::is_empty(target));
  EXPECT_EQ(outside().Look("").All(), "");
  Tell("link_that_becomes_a_folder", "commits and patches that write through a link of the base",
       "trees are written by what they hold, beside what was there", "the outside is compared");
}

struct Name {
  const char* test;
  const char* name;
};
void PrintTo(const Name& name, std::ostream* out) {
  *out << name.name;
}
class NameTest : public TogetherTest, public testing::WithParamInterface<Name> {};

// A tree that no git would write: a file below a folder of this name, in two more of its kind.
constexpr char kPlantTree[] = R"(
entry() { printf '%s %s\0' "$1" "$2"; perl -e 'print pack("H*", $ARGV[0])' "$3"; }
tree=$(entry 100644 smuggled $(echo x | git hash-object -w --stdin) | git hash-object -t tree -w --literally --stdin)
for i in 1 2 3; do
  tree=$(entry 40000 "$NAME" $tree | git hash-object -t tree -w --literally --stdin)
done
git commit-tree -m x $tree < /dev/null
)";

// A link to the outside and a folder, both of this name: what is in the folder is written through
// the link by who trusts a tree to name things once.
constexpr char kPlantTwice[] = R"(
entry() { printf '%s %s\0' "$1" "$2"; perl -e 'print pack("H*", $ARGV[0])' "$3"; }
tree=$(entry 100644 smuggled $(echo x | git hash-object -w --stdin) | git hash-object -t tree -w --literally --stdin)
link=$(printf %s "$NAME" | git hash-object -w --stdin)
tree=$( (entry 120000 way $link; entry 40000 way $tree) | git hash-object -t tree -w --literally --stdin)
git commit-tree -m x $tree < /dev/null
)";

TEST_P(NameTest, OfACommitLeavesNoTree) {
  OpensNothing(kPlantTree, GetParam().name);
  Tell(GetParam().test, Cat("a commit with folders called \"", GetParam().name, "\""),
       "no workspace is opened for it", "git lists the file in it");
}

TEST_F(TogetherTest, TwoThingsOfOneNameLeaveNoTree) {
  const std::string outside = fs::path(hostile_->git.work()).parent_path().string();
  OpensNothing(kPlantTwice, outside);
  Tell("two_things_of_one_name", "a commit with a link to the outside and a folder of one name",
       "no workspace is opened for it", "git lists the file in it");
}

INSTANTIATE_TEST_SUITE_P(Commit, NameTest,
                         testing::Values(Name{"dots_in_a_commit", ".."},
                                         Name{"git_in_a_commit", ".git"},
                                         Name{"git_in_capitals_in_a_commit", ".GiT"},
                                         Name{"slashes_in_a_commit", "../.."}),
                         [](const auto& name) { return name.param.test; });

TEST_F(TogetherTest, NotesOfTheNetworkPaintNoTerminal) {
  std::string notes;
  const auto workspace = Open(true, {kPackages, kModel}, &notes);
  if (workspace == nullptr) return;
  outside().Begin({});
  for (const char* request :
       {"CONNECT a\\033[2Jb:443 HTTP/1.1\\r\\n\\r\\n", "GET /\\033]0;x\\007 HTTP/1.1\\r\\n\\r\\n",
        "CONNECT x:443%%0d%%0aCI-passed HTTP/1.1\\r\\n\\r\\n", "\\033[31m\\r\\n\\r\\n",
        "POST /model/\\342\\200\\256 HTTP/1.1\\r\\nContent-Length: 0\\r\\n\\r\\n"})
    Execute(*workspace, Command(Cat("printf '", request, "' | ./fixer talk $CANARY_PROXY")));
  EXPECT_THAT(notes, HasSubstr("refused"));
  for (const char c : notes)
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c) << "\n" << notes;
  EXPECT_THAT(notes, Not(HasSubstr("\nCI-passed")));
  EXPECT_EQ(outside().Look(notes).All(), "");
  Tell("notes_of_the_network", "targets that paint a terminal or add a line to the record",
       "what is noted is escaped, a sentence a line", "the requests hold such bytes");
}

TEST_F(TogetherTest, OutputWithoutEndIsCut) {
  outside().Begin({});
  const std::string open =
      RunPlain("./fixer output 8", outside().PlainFolder(), {}, absl::Seconds(20));
  ASSERT_GE(open.size(), std::size_t{8} << 20) << "the attempt itself does not work";
  const auto workspace = Open(true);
  if (workspace == nullptr) return;
  ExecSpec spec = Command("./fixer output 64");
  spec.max_output_bytes = 100'000;
  const ExecResult result = Execute(*workspace, spec);
  EXPECT_TRUE(result.output_truncated);
  EXPECT_LT(result.output.size(), 101'000u);
  Tell("output_without_end", "one line of 64 MiB", "output is cut to its head and tail",
       "8 MiB come out where nothing holds it");
}

}  // namespace
}  // namespace regreen::canary
