#include "tests/canary/suite/outside.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "adapters/workspace/forwarder.h"
#include "daemon/base/hash.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"
#include "daemon/guard/known_secrets.h"
#include "tests/canary/suite/plain.h"
#include "tests/canary/suite/stand_in.h"

namespace regreen::canary {
namespace {

namespace fs = std::filesystem;

std::string FolderFor(const GitFixture& git) {
  return git.NewFolder("outside");
}

// Kind, mode, time and content of what is below; times of folders are their entries'.
void AddFingerprint(const std::string& root, std::map<std::string, std::string>& out) {
  std::error_code error;
  const auto add = [&](const fs::path& path) {
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) return;
    std::string text = Cat(info.st_mode, " ", info.st_uid, " ", info.st_nlink > 0);
    // Taking a base tree is written down as the time of a file, and libgit2 freshens objects.
    const bool ages =
        path.filename() == "size" || path.string().find("/objects/") != std::string::npos;
    if (S_ISREG(info.st_mode) && !ages)
      Append(text, " ", info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec);
    if (S_ISREG(info.st_mode))
      Append(text, " ", Sha256Hex(ReadFile(path, 64 << 20).value_or("unreadable")));
    if (S_ISLNK(info.st_mode)) Append(text, " ", fs::read_symlink(path, error).string());
    out[path.string()] = text;
  };
  add(root);
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end;
       it.increment(error))
    add(it->path());
}

}  // namespace

std::string Sighting::All() const {
  std::string all;
  if (!loot.empty()) Append(all, "It got a secret: ", loot, ". ");
  if (!reached.empty()) Append(all, "It reached: ", reached, ". ");
  if (!changed.empty()) Append(all, "It changed: ", changed, ". ");
  if (!alive.empty()) Append(all, "It runs on: ", alive, ". ");
  if (!gained.empty()) Append(all, "It says: ", gained, ". ");
  return all;
}

Outside::Outside(const GitFixture& git, std::string mirror)
    : git_(git),
      mirror_(std::move(mirror)),
      folder_(FolderFor(git)),
      mark_(Cat("canary-mark-", RandomHex(8))),
      listening_(std::make_unique<Listening>(folder_)) {
  PlantFiles();
  PlantInKernel();
  model_ = std::make_unique<Model>(Plant("the model's key"), forbidden_port());
  for (const char* place : {"the daemon's environment", "the daemon's arguments",
                            "the daemon's memory", "the daemon's descriptor"})
    Plant(place);
  // Our own, as a daemon's that forgot to close it for what it starts.
  inherited_.Reset(memfd_create("config", 0));
  const std::string held = Plant("a descriptor that was left open");
  EXPECT_GT(write(inherited_.get(), held.data(), held.size()), 0);
  EXPECT_EQ(setenv("REGREEN_CANARY_TOKEN", Plant("our own environment").c_str(), 1), 0);
}

Outside::~Outside() {
  unsetenv("REGREEN_CANARY_TOKEN");
  if (shared_memory_ >= 0) shmctl(shared_memory_, IPC_RMID, nullptr);
  constexpr long kRevoke = 3;
  if (key_ >= 0) syscall(SYS_keyctl, kRevoke, key_);
}

std::string Outside::Plant(const std::string& place) {
  return secrets_[place] = Cat("canary-", RandomHex(16));
}

void Outside::PlantFiles() {
  fs::create_directories(folder_ + "/home/.ssh");
  fs::create_directories(folder_ + "/proof");
  const auto write = [&](const std::string& path, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomic(path, text, 0600).ok()) << path;
  };
  write(folder_ + "/home/.netrc", Cat("machine x password ", Plant("the home folder"), "\n"));
  write(folder_ + "/home/.ssh/id_ed25519", Plant("a key file") + "\n");
  write(folder_ + "/config.toml", Cat("token = \"", Plant("the configuration"), "\"\n"));
  write(folder_ + "/token", Plant("a token file") + "\n");
  git_.GitIn(mirror_, {"config", "remote.origin.url",
                       Cat("https://bot:", Plant("the mirror's remote"), "@forge.test/a.git")});
  git_.GitIn(folder_, {"clone", "-q", "--shared", mirror_, "shared"});
  const std::string secret = folder_ + "/token";
  std::vector<char> memory(sizeof(file_handle) + MAX_HANDLE_SZ);
  auto* handle = reinterpret_cast<file_handle*>(memory.data());
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, secret.c_str(), handle, &mount, 0) != 0) return;
  handle_ = {{"CANARY_HANDLE_TYPE", std::to_string(handle->handle_type)},
             {"CANARY_HANDLE",
              HexEncode({reinterpret_cast<const char*>(handle->f_handle), handle->handle_bytes})}};
}

void Outside::PlantInKernel() {
  const std::string shared = Plant("shared memory");
  shared_key_ = static_cast<int>(std::random_device()() >> 1 | 1);
  shared_memory_ = shmget(shared_key_, 4096, IPC_CREAT | IPC_EXCL | 0600);
  void* bytes = shmat(shared_memory_, nullptr, 0);
  EXPECT_NE(bytes, reinterpret_cast<void*>(-1));
  if (bytes != reinterpret_cast<void*>(-1)) {
    shared.copy(static_cast<char*>(bytes), shared.size());
    shmdt(bytes);
  }
  constexpr long kUserKeyring = -4, kSetPermissions = 5;
  constexpr unsigned long kOwnerAndPossessor = 0x3f3f0000;
  const std::string ringed = Plant("the kernel's key ring");
  key_ = syscall(SYS_add_key, "user", mark_.c_str(), ringed.data(), ringed.size(), kUserKeyring);
  if (key_ >= 0) syscall(SYS_keyctl, kSetPermissions, key_, kOwnerAndPossessor);
  if (geteuid() == 0) std::ofstream("/dev/kmsg") << "regreen " << Plant("the kernel's log") << "\n";
}

void Outside::Begin(std::vector<std::string> more) {
  if (!stand_in_ || !stand_in_->Lives()) {
    stand_in_.reset();
    stand_in_ = std::make_unique<StandIn>(
        git_.work() + "/fixer", folder_,
        StandInSecrets{secret("the daemon's environment"), secret("the daemon's arguments"),
                       secret("the daemon's memory"), secret("the daemon's descriptor")});
  }
  listening_->Reached();
  model_->Forbidden();
  watched_ = std::move(more);
  before_ = Fingerprint();
}

std::string Outside::PlainFolder() {
  const std::string folder = git_.NewFolder("plain");
  ProcessSpec copy;
  copy.argv = {"cp", "-alT", folder_ + "/shared", folder};
  EXPECT_EQ(RunProcess(copy)->exit_code, 0);
  return folder;
}

std::vector<std::pair<std::string, std::string>> Outside::Facts() const {
  std::vector<std::pair<std::string, std::string>> facts = {
      {"CANARY_MARK", mark_},
      {"CANARY_OUTSIDE", folder_},
      {"CANARY_MIRROR", mirror_},
      {"CANARY_PID", std::to_string(stand_in_->pid())},
      {"CANARY_ADDRESS", stand_in_->address()},
      {"CANARY_FD", std::to_string(StandIn::kDescriptor)},
      {"CANARY_SHARED", std::to_string(shared_key_)},
      {"CANARY_STREAM", listening_->address("stream")},
      {"CANARY_DATAGRAM", listening_->address("datagram")},
      {"CANARY_PATH", listening_->address("path")},
      {"CANARY_PROXY", std::to_string(kForwarderPort)},
      {"CANARY_SHM", mark_}};
  for (const char* name : {"tcp", "tcp6", "udp", "dns"}) {
    std::string variable = Cat("CANARY_", name);
    for (char& c : variable) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    facts.emplace_back(variable, std::to_string(listening_->port(name)));
  }
  facts.insert(facts.end(), handle_.begin(), handle_.end());
  return facts;
}

std::map<std::string, std::string> Outside::Fingerprint() const {
  std::map<std::string, std::string> all;
  AddFingerprint(folder_, all);
  AddFingerprint(mirror_, all);
  for (const std::string& folder : watched_) AddFingerprint(folder, all);
  return all;
}

std::string Outside::Changed() const {
  if (!stand_in_->Lives()) return "the process that stands for the daemon: it was ended";
  const auto after = Fingerprint();
  for (const auto& [path, print] : after) {
    const auto found = before_.find(path);
    if (found == before_.end()) return Cat("a new ", path);
    if (found->second != print) return Cat(path, ": ", found->second, " => ", print);
  }
  for (const auto& [path, print] : before_)
    if (!after.contains(path)) return Cat(path, ", which is gone");
  return "";
}

Sighting Outside::Look(const std::string& text) {
  Sighting seen;
  for (const auto& [place, secret] : secrets_) {
    const Secret one[] = {Secret(secret)};
    if (KnownSecrets(one).Find(text)) Append(seen.loot, place, "; ");
  }
  seen.reached = listening_->Reached() + model_->Forbidden();
  for (const pid_t pid : Marked(mark_)) {
    Append(seen.alive, "process ", pid, "; ");
    kill(pid, SIGKILL);
  }
  constexpr std::string_view kGained = "GAINED ";
  for (const std::string_view line : SplitLines(text))
    if (line.starts_with(kGained)) Append(seen.gained, line.substr(kGained.size()), "; ");
  seen.changed = Changed();
  return seen;
}

std::vector<Secret> Outside::secrets() const {
  std::vector<Secret> all;
  for (const auto& [place, secret] : secrets_) all.emplace_back(secret);
  return all;
}

}  // namespace regreen::canary
