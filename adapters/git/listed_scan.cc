#include "adapters/git/listed_scan.h"

#include <limits.h>
#include <sys/stat.h>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr char kIgnoreFile[] = ".gitignore";
constexpr std::size_t kMostIgnoreFiles = 4096;
constexpr std::uint64_t kMostIgnoreBytes = 32 << 20;  // of all of them

bool IsIgnoreFile(const ListedEntry& entry) {
  return S_ISREG(entry.mode) &&
         (entry.path == kIgnoreFile || entry.path.ends_with(Cat("/", kIgnoreFile)));
}

std::optional<git_oid> IdIn(const git_tree_entry* sent, git_filemode_t mode) {
  if (sent == nullptr || git_tree_entry_filemode(sent) != mode) return std::nullopt;
  return *git_tree_entry_id(sent);
}

}  // namespace

Status ListedScan::Run(git_tree* sent) {
  ASSIGN_OR_RETURN(const std::vector<ListedEntry> entries, tree_.List());
  RETURN_IF_ERROR(Build(entries));
  RETURN_IF_ERROR(TakeIgnores(root_, "", sent));
  RETURN_IF_ERROR(Folder(root_, "", sent, 0));
  RETURN_IF_ERROR(TakeLarge());
  return TakeWanted();
}

Status ListedScan::Build(const std::vector<ListedEntry>& entries) {
  for (const ListedEntry& entry : entries) {
    if (stop_.stop_requested()) return Cancelled("stopped while a patch was being captured");
    Node* node = &root_;
    int depth = 0;
    for (const std::string_view name : Split(entry.path, '/')) {
      if (name.empty() || name == "." || name == ".." ||
          name.find('\0') != std::string_view::npos) {
        return InvalidArgument(
            Cat("the workspace lists a name that cannot be: ", EscapeControl(entry.path)));
      }
      // One folder more than may be: the walk names it.
      if (++depth > limits_.depth + 2) break;
      node = &node->below[std::string(name)];
    }
    if (depth > limits_.depth + 2) continue;
    if (node->entry != nullptr)
      return InvalidArgument(Cat("the workspace lists ", EscapeControl(entry.path), " twice"));
    node->entry = &entry;
    if (IsIgnoreFile(entry) && entry.changed) ignore_files_.push_back(&entry);
  }
  return OkStatus();
}

Status ListedScan::Folder(const Node& node, const std::string& prefix, git_tree* sent, int depth) {
  if (depth > limits_.depth) return RefuseInPatch(prefix, "folders are nested too deeply");
  if (stop_.stop_requested()) return Cancelled("stopped while a patch was being captured");
  for (const auto& [name, below] : node.below) {
    const std::string path = Cat(prefix, name);
    if (prefix.empty() && name == ".git") continue;
    if (Lower(name) == ".git") {
      return prefix.empty()
                 ? RefuseInPatch(path, "the name is git's own")
                 : RefuseInPatch(prefix, "it is a repository of its own (it holds a .git)");
    }
    if (below.entry == nullptr)
      return InvalidArgument(Cat("the workspace does not list the folder ", EscapeControl(path)));
    RETURN_IF_ERROR(One(
        below, name, sent == nullptr ? nullptr : git_tree_entry_byname(sent, name.c_str()), depth));
  }
  for (std::size_t i = 0; sent != nullptr && i < git_tree_entrycount(sent); ++i) {
    const std::string name = git_tree_entry_name(git_tree_entry_byindex(sent, i));
    if (!node.below.contains(name)) editor_.Remove(Cat(prefix, name));
  }
  return OkStatus();
}

Status ListedScan::One(const Node& node, const std::string& name, const git_tree_entry* sent,
                       int depth) {
  const ListedEntry& entry = *node.entry;
  if (S_ISDIR(entry.mode)) return Subfolder(node, sent, depth);
  if (!node.below.empty())
    return InvalidArgument(Cat("the workspace lists files below ", EscapeControl(name),
                               ", which it says is no folder"));
  if (sent != nullptr && git_tree_entry_type(sent) != GIT_OBJECT_BLOB) {
    editor_.Remove(entry.path);
    sent = nullptr;
  }
  if (sent == nullptr) {
    ASSIGN_OR_RETURN(const bool ignored, ignores_.Ignores(entry.path));
    if (ignored) return OkStatus();
  }
  return Leaf(entry, sent);
}

Status ListedScan::Subfolder(const Node& node, const git_tree_entry* sent, int depth) {
  const ListedEntry& entry = *node.entry;
  const git_object_t kind = sent == nullptr ? GIT_OBJECT_INVALID : git_tree_entry_type(sent);
  if (kind == GIT_OBJECT_COMMIT) return OkStatus();  // a submodule's files are another repository's
  if (kind == GIT_OBJECT_BLOB) editor_.Remove(entry.path);
  const std::string prefix = entry.path + "/";
  TreePtr tree;
  if (kind == GIT_OBJECT_TREE) {
    int code = 0;
    tree = GitMake<TreePtr>(code, git_tree_lookup, repository_, git_tree_entry_id(sent));
    if (code != 0) return GitError(code, "cannot read a tree of the commit that was sent");
  } else {
    ASSIGN_OR_RETURN(const bool ignored, ignores_.Ignores(prefix));
    if (ignored) return OkStatus();
  }
  const bool readable = (entry.mode & S_IRUSR) != 0 && (entry.mode & S_IXUSR) != 0;
  if (node.below.empty() && !readable)
    return RefuseInPatch(entry.path, "the folder cannot be read");
  RETURN_IF_ERROR(TakeIgnores(node, prefix, tree.get()));
  return Folder(node, prefix, tree.get(), depth + 1);
}

Status ListedScan::Leaf(const ListedEntry& entry, const git_tree_entry* sent) {
  if (S_ISLNK(entry.mode)) {
    if (entry.size > PATH_MAX) return RefuseInPatch(entry.path, "the link cannot be read");
    if (IdIn(sent, GIT_FILEMODE_LINK) && !entry.changed) return OkStatus();
    return Want(entry, GIT_FILEMODE_LINK, std::nullopt);
  }
  if (!S_ISREG(entry.mode)) return RefuseInPatch(entry.path, KindInWords(entry.mode));
  if ((entry.mode & (S_ISUID | S_ISGID | S_ISVTX)) != 0)
    return RefuseInPatch(entry.path, "it has a setuid, setgid or sticky bit");
  const git_filemode_t mode =
      (entry.mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
  const std::optional<git_oid> same = IdIn(sent, mode);
  if (same && !entry.changed) return OkStatus();
  if (entry.size <= limits_.file_bytes) return Want(entry, mode, same);
  if (!same) {
    return RefuseInPatch(entry.path, Cat("it is larger than ", limits_.file_bytes >> 20, " MB"));
  }
  large_.push_back({&entry, mode, same});
  return OkStatus();
}

// The rules that hold in a folder: those that were sent, or what is there now.
Status ListedScan::TakeIgnores(const Node& node, const std::string& prefix, git_tree* sent) {
  const auto found = node.below.find(kIgnoreFile);
  if (found == node.below.end() || found->second.entry == nullptr) return OkStatus();
  const ListedEntry& entry = *found->second.entry;
  if (!S_ISREG(entry.mode)) return OkStatus();
  if (entry.size > kMaxIgnoreBytes) {
    return InvalidArgument(Cat(EscapeControl(entry.path), " cannot be used: it has more than ",
                               kMaxIgnoreBytes >> 10, " KiB"));
  }
  const git_tree_entry* known =
      sent == nullptr ? nullptr : git_tree_entry_byname(sent, kIgnoreFile);
  if (!entry.changed && known != nullptr && git_tree_entry_type(known) == GIT_OBJECT_BLOB) {
    int code = 0;
    const auto blob =
        GitMake<BlobPtr>(code, git_blob_lookup, repository_, git_tree_entry_id(known));
    if (code != 0) return GitError(code, Cat("cannot read ", EscapeControl(entry.path)));
    return ignores_.TakeBytes({static_cast<const char*>(git_blob_rawcontent(blob.get())),
                               static_cast<std::size_t>(git_blob_rawsize(blob.get()))},
                              prefix);
  }
  if (!entry.changed) ignore_files_.push_back(&entry);  // it was moved here
  if (!ignore_bytes_ || !ignore_bytes_->contains(entry.path)) RETURN_IF_ERROR(ReadIgnores());
  return ignores_.TakeBytes(ignore_bytes_->at(entry.path), prefix);
}

// All at once, since each question is a way there and back.
Status ListedScan::ReadIgnores() {
  std::vector<const ListedEntry*> asked;
  std::uint64_t bytes = 0;
  if (!ignore_bytes_) ignore_bytes_.emplace();
  for (const ListedEntry* entry : ignore_files_) {
    if (entry->size > kMaxIgnoreBytes || ignore_bytes_->contains(entry->path)) continue;
    bytes += entry->size;
    asked.push_back(entry);
  }
  if (asked.size() > kMostIgnoreFiles || bytes > kMostIgnoreBytes)
    return InvalidArgument("too many .gitignore files were changed to be read");
  ASSIGN_OR_RETURN(std::vector<std::string> read, tree_.Read(asked));
  for (std::size_t i = 0; i < asked.size(); ++i)
    ignore_bytes_->insert_or_assign(asked[i]->path, std::move(read.at(i)));
  return OkStatus();
}

Status ListedScan::Want(const ListedEntry& entry, git_filemode_t mode,
                        std::optional<git_oid> sent) {
  wanted_bytes_ += entry.size;
  if (wanted_bytes_ > limits_.changed_bytes) {
    return RefuseInPatch(entry.path, Cat("the changed files have more than ",
                                         limits_.changed_bytes >> 20, " MB together"));
  }
  wanted_.push_back({&entry, mode, sent});
  return OkStatus();
}

// A large file that was touched but not changed is none of the patch's business.
Status ListedScan::TakeLarge() {
  if (large_.empty()) return OkStatus();
  std::vector<const ListedEntry*> asked;
  for (const Wanted& file : large_) asked.push_back(file.entry);
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, tree_.Identify(asked));
  for (std::size_t i = 0; i < large_.size(); ++i) {
    if (ids.at(i) == ToHex(*large_[i].sent)) continue;
    return RefuseInPatch(large_[i].entry->path,
                         Cat("it is larger than ", limits_.file_bytes >> 20, " MB"));
  }
  return OkStatus();
}

Status ListedScan::TakeWanted() {
  if (wanted_.empty()) return OkStatus();
  std::vector<const ListedEntry*> asked;
  for (const Wanted& file : wanted_) asked.push_back(file.entry);
  ASSIGN_OR_RETURN(const std::vector<std::string> read, tree_.Read(asked));
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    git_oid id;
    const std::string& bytes = read.at(i);
    int code = git_odb_hash(&id, bytes.data(), bytes.size(), GIT_OBJECT_BLOB);
    if (code != 0) return GitError(code, "cannot hash a file");
    if (wanted_[i].sent && git_oid_equal(&id, &*wanted_[i].sent) != 0) continue;
    code = git_blob_create_from_buffer(&id, repository_, bytes.data(), bytes.size());
    if (code != 0) return GitError(code, "cannot store a file");
    editor_.Set(wanted_[i].entry->path, id, wanted_[i].mode);
  }
  return OkStatus();
}

}  // namespace regreen
