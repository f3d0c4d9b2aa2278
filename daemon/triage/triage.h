// Triage: from a raw CI log to the lines that matter, a class and a stable signature. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/domain/incident.h"

namespace regreen {

struct RuleIndex;

// A file of rules (TOML).
struct RuleSource {
  std::string file;  // for messages
  std::string text;
};

// Immutable, shared between threads.
class RuleSet {
 public:
  // All files together: a name may occur once. nullptr when there were errors; each is noted with
  // file and line: syntax, unknown keys, patterns that do not compile, match the empty text, or
  // have no fixed text of three characters to look for.
  static std::shared_ptr<const RuleSet> Load(std::span<const RuleSource> files, Problems& problems);
  ~RuleSet();

  std::size_t size() const;
  std::vector<std::string> Names() const;
  const RuleIndex& index() const { return *index_; }

 private:
  explicit RuleSet(std::unique_ptr<RuleIndex> index);
  std::unique_ptr<RuleIndex> index_;
};

// Runs each rule's examples through the real machinery and notes what does not come out as written.
void CheckExamples(const RuleSet& rules, Problems& problems);

// What the CI said of the job. All may be empty.
struct TriageHints {
  std::string provider;  // "github", "gitlab", …
  std::string step, job, command;
};

class Triage {
 public:
  explicit Triage(std::shared_ptr<const RuleSet> rules) : rules_(std::move(rules)) {}
  // Any thread, any bytes, never fails; linear in the log's length. The log is read as plain text:
  // decompress it before. Class none when the log shows no failure.
  Evidence Run(std::string_view raw_log, const TriageHints& hints = {}) const;

 private:
  std::shared_ptr<const RuleSet> rules_;
};

}  // namespace regreen
