// One reader for each family of predicates; private to the predicates. Each notes its problems in
// the table and answers nullptr when there is nothing to ask.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/policy/predicate.h"

namespace regreen {

std::shared_ptr<const Predicate> ReadNames(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadLogPatterns(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadCommandPatterns(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadClasses(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadExitCodes(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadFork(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadFlaky(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadSeenAtLeast(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadSeen(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadPaths(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadRunAttempts(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadPullRequest(TomlTable& table, std::string_view key);
std::shared_ptr<const Predicate> ReadWindows(TomlTable& table, std::string_view key);

// An untrusted name in quotes: one line, at most 80 bytes of it.
std::string Quoted(std::string_view untrusted);
// `"a", "b" or "c"`.
std::string OneOf(const std::vector<std::string>& choices);
// A list as a template writes it; one element stands by itself.
std::string SpecOf(const std::vector<std::string>& texts);
std::string SpecOf(const std::vector<std::int64_t>& numbers);
std::string SpecOf(bool wanted);

}  // namespace regreen
