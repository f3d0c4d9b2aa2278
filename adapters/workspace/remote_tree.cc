#include "adapters/workspace/remote_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostListingBytes = 128 << 20;
constexpr std::size_t kMostEntries = 4'000'000;
constexpr absl::Duration kTimeout = absl::Minutes(10);

Status BadListing() {
  return InvalidArgument(
      "the files of the workspace cannot be listed: some cannot be looked at, or its programs do "
      "not "
      "print what they should");
}

// Takes what is before the mark, and the mark; false when there is none.
bool TakeUpTo(std::string_view& rest, char mark, std::string_view* piece) {
  const std::size_t at = rest.find(mark);
  if (at == std::string_view::npos) return false;
  *piece = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return true;
}

template <class T>
bool TakeNumber(std::string_view& rest, int base, T* value) {
  const char* end = rest.data() + rest.size();
  const auto [next, error] = std::from_chars(rest.data(), end, *value, base);
  if (error != std::errc() || next == rest.data()) return false;
  rest.remove_prefix(static_cast<std::size_t>(next - rest.data()));
  if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  return true;
}

// "./a/b"
bool TakePath(std::string_view name, std::string* path) {
  if (!name.starts_with("./") || name.size() == 2) return false;
  *path = name.substr(2);
  return true;
}

std::string Names(const std::vector<const ListedEntry*>& entries) {
  std::string names;
  for (const ListedEntry* entry : entries) {
    Append(names, "./", entry->path);
    names += '\0';
  }
  return names;
}

}  // namespace

StatusOr<std::vector<ListedEntry>> ParseListing(std::string_view rest) {
  std::vector<ListedEntry> entries;
  std::vector<std::int64_t> times;
  std::string_view piece;
  while (TakeUpTo(rest, '\0', &piece) && !piece.empty()) {
    if (entries.size() == kMostEntries)
      return InvalidArgument("the workspace has too many files to be looked through");
    if (!TakePath(piece, &entries.emplace_back().path)) return BadListing();
  }
  for (ListedEntry& entry : entries) {
    if (!TakeUpTo(rest, '\n', &piece) || !TakeNumber(piece, 16, &entry.mode) ||
        !TakeNumber(piece, 10, &entry.size) || !TakeNumber(piece, 10, &times.emplace_back())) {
      return BadListing();
    }
  }
  std::int64_t stamp = 0;
  std::string_view how;
  if (!TakeUpTo(rest, '\n', &piece) || !piece.empty() || !TakeUpTo(rest, '\n', &piece) ||
      !TakeNumber(piece, 10, &stamp) || !TakeUpTo(rest, '\n', &how)) {
    return BadListing();
  }
  if (how == "times") {
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i].changed = times[i] >= stamp;
    return entries;
  }
  if (how != "names") return BadListing();
  std::set<std::string, std::less<>> newer;
  std::string path;
  while (TakeUpTo(rest, '\0', &piece)) {
    if (!TakePath(piece, &path)) return BadListing();
    newer.insert(path);
  }
  for (ListedEntry& entry : entries) entry.changed = newer.contains(entry.path);
  return entries;
}

StatusOr<std::vector<std::string>> CutBySize(std::string_view bytes,
                                             const std::vector<const ListedEntry*>& entries,
                                             std::size_t between) {
  std::vector<std::string> cut;
  for (const ListedEntry* entry : entries) {
    if (bytes.size() < entry->size || bytes.size() - entry->size < between)
      return InvalidArgument("the workspace sent less than its files were listed to have");
    cut.emplace_back(bytes.substr(0, entry->size));
    bytes.remove_prefix(entry->size + between);
  }
  if (!bytes.empty())
    return InvalidArgument("the workspace sent more than its files were listed to have");
  return cut;
}

StatusOr<std::string> RemoteTree::Ask(std::string script, std::string input,
                                      std::size_t max_bytes) const {
  RemoteCall call{place_.name, std::move(script), std::move(input)};
  call.timeout = kTimeout;
  call.max_output_bytes = max_bytes;
  ASSIGN_OR_RETURN(RemoteAnswer answer, CallRemote(engine_, call, stop_));
  if (answer.timed_out)
    return Unavailable(Cat("the workspace ", place_.name, " does not tell its changes in time"));
  if (answer.out.size() > max_bytes || answer.output_truncated)
    return InvalidArgument("the workspace sent more than its files can be");
  if (answer.word != "0") {
    const std::string_view said =
        Trim(std::string_view(answer.err)
                 .substr(0, std::string_view(answer.err).rfind("\n", answer.err.size() - 2)));
    return InvalidArgument(Cat("what was changed cannot be read in the workspace: ",
                               EscapeControl(Truncate(said, 300))));
  }
  return std::move(answer.out);
}

StatusOr<std::vector<ListedEntry>> RemoteTree::List() {
  ASSIGN_OR_RETURN(const std::string printed, Ask(ListScript(place_), "", kMostListingBytes));
  return ParseListing(printed);
}

StatusOr<std::vector<std::string>> RemoteTree::ReadKind(
    const std::vector<const ListedEntry*>& entries, std::string script, std::size_t between) const {
  if (entries.empty()) return std::vector<std::string>();
  std::size_t size = 0;
  for (const ListedEntry* entry : entries) size += entry->size + between;
  ASSIGN_OR_RETURN(const std::string bytes, Ask(std::move(script), Names(entries), size));
  return CutBySize(bytes, entries, between);
}

StatusOr<std::vector<std::string>> RemoteTree::Read(
    const std::vector<const ListedEntry*>& entries) {
  std::vector<const ListedEntry*> files, links;
  for (const ListedEntry* entry : entries) (S_ISLNK(entry->mode) ? links : files).push_back(entry);
  ASSIGN_OR_RETURN(std::vector<std::string> bytes, ReadKind(files, ReadFilesScript(place_), 0));
  ASSIGN_OR_RETURN(std::vector<std::string> targets, ReadKind(links, ReadLinksScript(place_), 1));
  std::vector<std::string> all;
  std::size_t file = 0, link = 0;
  for (const ListedEntry* entry : entries)
    all.push_back(std::move(S_ISLNK(entry->mode) ? targets[link++] : bytes[file++]));
  return all;
}

StatusOr<std::vector<std::string>> RemoteTree::Identify(
    const std::vector<const ListedEntry*>& entries) {
  ASSIGN_OR_RETURN(const std::string printed,
                   Ask(IdentifyScript(place_), Names(entries), 100 * entries.size()));
  std::vector<std::string> ids;
  for (const std::string_view line : SplitLines(printed))
    ids.emplace_back(line.substr(0, line.find(' ')));
  if (ids.size() != entries.size())
    return InvalidArgument("the workspace did not name each of its large files");
  return ids;
}

}  // namespace regreen
