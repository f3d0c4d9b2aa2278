#include "adapters/git/tree_editor.h"

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using BuilderPtr = GitOwned<git_treebuilder, git_treebuilder_free>;

Status Insert(git_treebuilder* builder, const std::string& path, const std::string& name,
              const git_oid& id, git_filemode_t mode) {
  if (git_treebuilder_insert(nullptr, builder, name.c_str(), &id, mode) == 0) return OkStatus();
  return InvalidArgument(Cat(EscapeControl(path), " cannot be in a tree: ",
                             CleanGitText(git_error_last() ? git_error_last()->message : "")));
}

}  // namespace

void TreeEditor::Set(std::string path, const git_oid& id, git_filemode_t mode) {
  edits_.insert_or_assign(std::move(path), Leaf{id, mode});
}

void TreeEditor::Remove(std::string path) {
  edits_.insert_or_assign(std::move(path), std::nullopt);
}

StatusOr<git_oid> TreeEditor::Write() const {
  ASSIGN_OR_RETURN(const auto root, Folder(base_, edits_.begin(), edits_.end(), ""));
  if (root) return *root;
  int code = 0;
  const auto builder = GitMake<BuilderPtr>(code, git_treebuilder_new, repository_, nullptr);
  git_oid empty;
  if (code == 0) code = git_treebuilder_write(&empty, builder.get());
  if (code != 0) return GitError(code, "cannot write an empty tree");
  return empty;
}

StatusOr<std::optional<git_oid>> TreeEditor::Folder(git_tree* base, EditIterator begin,
                                                    EditIterator end,
                                                    const std::string& prefix) const {
  int code = 0;
  const auto builder = GitMake<BuilderPtr>(code, git_treebuilder_new, repository_, base);
  if (code != 0) return GitError(code, "cannot build a tree");
  // Edits of one entry need not stand together ("a", "a.c", "a/b"), so they are taken by name.
  std::map<std::string, Edits> by_name;
  for (auto edit = begin; edit != end; ++edit) {
    const std::string rest = edit->first.substr(prefix.size());
    by_name[rest.substr(0, rest.find('/'))].insert(*edit);
  }
  for (const auto& [name, edits] : by_name) {
    RETURN_IF_ERROR(Entry(builder.get(), base, edits.begin(), edits.end(), prefix, name));
  }
  if (git_treebuilder_entrycount(builder.get()) == 0) return std::optional<git_oid>();
  git_oid tree;
  code = git_treebuilder_write(&tree, builder.get());
  if (code != 0) return GitError(code, "cannot write a tree");
  return std::optional(tree);
}

// The first edit is of the entry itself, if any is; the others are of what is below it.
Status TreeEditor::Entry(git_treebuilder* builder, git_tree* base, EditIterator begin,
                         EditIterator end, const std::string& prefix,
                         const std::string& name) const {
  const std::string path = Cat(prefix, name);
  const bool itself = begin->first == path;
  if (itself && begin->second)
    return Insert(builder, path, name, begin->second->id, begin->second->mode);
  TreePtr tree;
  const git_tree_entry* old = base == nullptr ? nullptr : git_tree_entry_byname(base, name.c_str());
  if (old != nullptr && !itself && git_tree_entry_type(old) == GIT_OBJECT_TREE) {
    int code = 0;
    tree = GitMake<TreePtr>(code, git_tree_lookup, repository_, git_tree_entry_id(old));
    if (code != 0) return GitError(code, "cannot read a tree");
  }
  const EditIterator below = itself ? std::next(begin) : begin;
  // Nothing is to be put below a file that stays.
  const bool puts =
      std::any_of(below, end, [](const auto& edit) { return edit.second.has_value(); });
  if (old != nullptr && !itself && tree == nullptr && !puts) return OkStatus();
  ASSIGN_OR_RETURN(const auto made, Folder(tree.get(), below, end, path + "/"));
  if (made) return Insert(builder, path, name, *made, GIT_FILEMODE_TREE);
  if (git_treebuilder_get(builder, name.c_str()) != nullptr &&
      git_treebuilder_remove(builder, name.c_str()) != 0) {
    return GitError(-1, Cat("cannot record that ", EscapeControl(path), " is gone"));
  }
  return OkStatus();
}

}  // namespace regreen
