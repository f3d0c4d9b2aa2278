// From the raw bytes of a CI log to lines as a person reads them: no stamps, colours, progress bars
// or markers. One pass; a line that needs no change is a view into the raw bytes. Any bytes, any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace regreen {

// What the CI said of a line, apart from its text.
enum class Marker : std::uint8_t {
  kNone,
  kGroup,  // a foldable part begins; the text is its title
  kEndGroup,
  kStep,  // a step, section or stage begins; the text is its name
  kEndStep,
  kError,  // the CI shows this line as an error
  kWarning,
  kCommand,  // a command that the CI ran, or echoed before it did
  kCut,      // stands for lines that were left out
};

struct LogLine {
  std::string_view
      text;  // into the raw bytes or the log's own; valid UTF-8 without controls but tab
  std::uint32_t number = 0;  // in the raw log, from 1
  Marker marker = Marker::kNone;
  bool rewritten = false;  // the text is not in the raw bytes
};

struct CleanOptions {
  // A longer log keeps its head and tail; one line marked kCut stands for the rest.
  std::size_t head_bytes = 4 << 20;
  std::size_t tail_bytes = 20 << 20;
  // Likewise for logs of very short lines, so that the index stays bounded.
  std::size_t head_lines = 150'000;
  std::size_t tail_lines = 600'000;
};

// Lines hold views: the raw bytes must outlive it. Blank lines are left out. Move only.
class CleanLog {
 public:
  explicit CleanLog(std::string_view raw, const CleanOptions& options = {});
  CleanLog(CleanLog&&) = default;
  CleanLog& operator=(CleanLog&&) = default;

  const std::vector<LogLine>& lines() const { return lines_; }
  // Indices of the lines that have a marker, in order.
  const std::vector<std::uint32_t>& marked() const { return marked_; }
  std::string_view raw() const { return raw_; }

 private:
  void AddPart(std::string_view part);
  void AddLine(std::string_view bytes, bool control, bool high);
  void AddCut(std::size_t lines);
  std::string_view Keep(std::string_view text);

  std::string_view raw_;
  std::vector<LogLine> lines_;
  std::vector<std::uint32_t> marked_;
  std::deque<std::string> rewritten_;  // texts of rewritten lines, in order, a '\n' behind each
  std::string scratch_;
  std::uint32_t number_ = 0;
  bool buildkite_ = false;  // its stamps were seen, so that "--- x" is a heading and no diff
};

}  // namespace regreen
