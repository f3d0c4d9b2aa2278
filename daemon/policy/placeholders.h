// {{name}} in the title and body of a change. Literal substitution, nothing else: no sections, no
// nesting, and a value is never looked at for placeholders again.
//   {{signature}}  what failed        {{class}}  the class of the failure    {{repo}}  owner/name
//   {{branch}}     of the red run     {{job}}    the first red job
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/domain/incident.h"

namespace regreen {

using PlaceholderValues = std::vector<std::pair<std::string, std::string>>;

// What is wrong with the placeholders of a text, as a sentence, or "" when nothing is.
std::string PlaceholderMistake(std::string_view text);

// The values of an incident, each made harmless by Defuse().
PlaceholderValues ValuesOf(const Incident& incident);

// `text` must have no mistake. Values are put in as they are: escape and cap them first.
std::string FillPlaceholders(std::string_view text, const PlaceholderValues& values);

// An untrusted value for the text of a change: one line, at most max_bytes, and none of what a
// forge would act on. Mentions, issue references and their closing words ("fixes #1"), links, HTML,
// images and code spans lose their meaning by look-alike characters, so that a person still reads
// the value.
std::string Defuse(std::string_view untrusted, std::size_t max_bytes);

}  // namespace regreen
