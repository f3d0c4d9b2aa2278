// A remediation task template, as read from its TOML file. A value: what is wrong with a file is
// noted as it is read, and nothing of it is used then.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/toml.h"
#include "daemon/domain/plan.h"
#include "daemon/domain/template_record.h"
#include "daemon/policy/predicate.h"

namespace regreen {

struct Template {
  std::string name;   // [a-z0-9-]+, at most 60: a part of a branch name
  std::string title;  // for people; the name when the file has none
  Stage stage = Stage::kSuggest;
  int priority = 0;  // -1000 to 1000; the higher goes first
  Position where;    // of the name

  std::vector<Condition> match;   // all must hold; each is any of its list
  std::vector<Condition> unless;  // none may hold

  std::string workspace;  // kind by config name; empty: the default
  std::vector<std::string> setup;
  absl::Duration setup_timeout = absl::Minutes(10);
  std::vector<Step> steps;  // at least one

  std::string verify_command = "auto";  // or a shell command
  std::string verify_directory;  // below the tree; empty: that of the failing command, or the root
  int verify_runs = 1;           // 1 to 20
  absl::Duration verify_timeout = absl::Minutes(10);

  std::vector<std::string> guard_paths;  // globs; empty: any path not protected
  int guard_max_files = 20;
  int guard_max_lines = 1000;

  // Title and body may hold placeholders (daemon/policy/placeholders.h).
  std::string change_title;  // the template's title when the file has none
  std::string change_body;
  std::vector<std::string> change_labels;
  std::string change_target;  // a branch; empty for "auto"

  PromoteGate promote;
};

// How much a template asks for: the number of its match keys.
inline std::size_t Specificity(const Template& t) {
  return t.match.size();
}

// Reads one template. Every mistake is noted in `problems` with its place; the value is only good
// when there was none.
Template ReadTemplate(std::string_view text, const std::string& file, Problems& problems);

}  // namespace regreen
