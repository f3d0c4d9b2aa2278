// What the readers of a template's sections share; private to template*.cc. Each notes its problems
// in the table that it reads.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "daemon/base/toml.h"
#include "daemon/policy/source.h"
#include "daemon/policy/template.h"

namespace regreen {

inline constexpr std::size_t kLongestTemplateName = 60;  // "regreen/<name>-<8>" is a branch name
inline constexpr std::size_t kLongestTemplateTitle = 200;

bool IsTemplateName(std::string_view name);

void ReadNumber(TomlTable& table, std::string_view key, int least, int most, int& out);
// A number that need not be whole.
void ReadDecimal(TomlTable& table, std::string_view key, double least, double most, double& out);
void ReadFlag(TomlTable& table, std::string_view key, bool& out);
void ReadTime(TomlTable& table, std::string_view key, absl::Duration least, absl::Duration most,
              absl::Duration& out);
void ReadTimeout(TomlTable& table, absl::Duration& out);  // "timeout", 1s to 24h
// One line of text for people.
void ReadLine(TomlTable& table, std::string_view key, std::size_t longest, std::string& out);
// A list of short names, such as programs.
void ReadNames(TomlTable& table, std::string_view key, std::vector<std::string>& out);
void CheckCommand(TomlTable& table, std::string_view key, std::string_view command);

// The sections, each by the file that is named after it.
void ReadInputs(TomlTable& root, Template& out);
void ReadOutputs(TomlTable& root, Template& out);
void ReadSteps(TomlTable& root, Template& out);
void ReadWorkspace(TomlTable& root, Template& out);
void ReadVerify(TomlTable& root, Template& out);
void ReadGuard(TomlTable& root, Template& out);
void ReadChange(TomlTable& root, Template& out);
void ReadLimits(TomlTable& root, Template& out);
void ReadPromote(TomlTable& root, Template& out);

// Reads the prompts of the agents' steps from the files of the policy folder.
void ReadPrompts(Template& t, const std::map<std::string, const PolicySource*>& prompts,
                 Problems& problems);

// Whether the text templates name what there is, and hold in commands only what is trusted.
void CheckTexts(const Template& t, Problems& problems);

}  // namespace regreen
