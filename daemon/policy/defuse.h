// What strangers wrote, made harmless for where it goes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace regreen {

// An untrusted value for the text of a change: one line, at most max_bytes, and none of what a
// forge would act on. Mentions, issue references and their closing words ("fixes #1"), links, HTML,
// images and code spans lose their meaning by look-alike characters, so that a person still reads
// the value.
std::string Defuse(std::string_view untrusted, std::size_t max_bytes);

// A block of Markdown code that nothing in the text can end: the fence is longer than any inside.
// Secrets are masked, control characters and bidirectional overrides escaped.
std::string Fenced(std::string_view untrusted, std::size_t max_bytes);

// The same for one line, as a code span.
std::string CodeSpan(std::string_view untrusted, std::size_t max_bytes);

}  // namespace regreen
