#include "daemon/triage/clean.h"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "daemon/base/text.h"
#include "daemon/triage/line.h"

namespace regreen {
namespace {

constexpr std::size_t kPartBytes = 1 << 20;

bool IsOdd(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u < 0x20 && c != '\t') || u >= 0x80;
}

// The first byte that is a control character (other than tab) or not ASCII; `end` when there is
// none.
const char* FindOdd(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i tab = _mm_set1_epi8('\t');
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    // As signed bytes, both controls and all that is not ASCII are below a space.
    const __m128i odd = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), _mm_cmplt_epi8(bytes, space));
    if (const int mask = _mm_movemask_epi8(odd); mask != 0) return p + __builtin_ctz(mask);
  }
#endif
  while (p < end && !IsOdd(*p)) ++p;
  return p;
}

const char* FindNewline(const char* p, const char* end) {
  const void* at = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
  return at == nullptr ? end : static_cast<const char*>(at);
}

// The length of the whole lines at the beginning (or, from_end, at the end) within both limits.
std::size_t HeadLength(std::string_view raw, std::size_t bytes, std::size_t lines) {
  std::size_t length = 0;
  for (; lines > 0; --lines) {
    const std::size_t newline = raw.find('\n', length);
    if (newline == std::string_view::npos || newline + 1 > bytes) break;
    length = newline + 1;
  }
  return length == 0 ? std::min(bytes, raw.size()) : length;
}

std::size_t TailLength(std::string_view raw, std::size_t bytes, std::size_t lines) {
  std::size_t begin = raw.size();
  for (; lines > 0 && begin > 1; --lines) {
    const void* at = memrchr(raw.data(), '\n', begin - 1);
    const std::size_t line = at == nullptr ? 0 : static_cast<const char*>(at) - raw.data() + 1;
    if (raw.size() - line > bytes) break;
    begin = line;
    if (line == 0) break;
  }
  return begin == raw.size() ? std::min(bytes, raw.size()) : raw.size() - begin;
}

}  // namespace

CleanLog::CleanLog(std::string_view raw, const CleanOptions& options) : raw_(raw) {
  // As many bytes as lines may be kept: nothing to cut, and nothing to count.
  if (raw.size() <= std::min(options.head_lines + options.tail_lines, options.head_bytes)) {
    lines_.reserve(raw.size() / 64 + 16);
    AddPart(raw);
    return;
  }
  const std::size_t head = HeadLength(raw, options.head_bytes, options.head_lines);
  const std::size_t tail = TailLength(raw.substr(head), options.tail_bytes, options.tail_lines);
  const std::string_view middle = raw.substr(head, raw.size() - head - tail);
  lines_.reserve(std::min((head + tail) / 64, options.head_lines + options.tail_lines) + 16);
  AddPart(raw.substr(0, head));
  if (!middle.empty()) {
    const auto newlines = std::count(middle.begin(), middle.end(), '\n');
    number_ += static_cast<std::uint32_t>(newlines);
    AddCut(static_cast<std::size_t>(newlines));
  }
  AddPart(raw.substr(raw.size() - tail));
}

void CleanLog::AddPart(std::string_view part) {
  const char* p = part.data();
  const char* const end = p + part.size();
  while (p < end) {
    const char* const begin = p;
    bool control = false;
    bool high = false;
    for (p = FindOdd(p, end); p < end && *p != '\n'; p = FindOdd(p + 1, end)) {
      if (static_cast<unsigned char>(*p) >= 0x80) {
        high = true;
      } else if (*p != '\r' || p + 1 == end || p[1] != '\n') {
        control = true;
        p = FindNewline(p, end);
        break;
      }
    }
    const char* last = p;
    if (last > begin && last[-1] == '\r') --last;
    ++number_;
    AddLine({begin, static_cast<std::size_t>(last - begin)}, control, high || control);
    ++p;
  }
}

void CleanLog::AddLine(std::string_view bytes, bool control, bool high) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (high && bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  if (const std::size_t section = control ? SectionLength(bytes) : 0; section > 0) {
    AddLine(bytes.substr(0, section - 1), true, true);
    return AddLine(bytes.substr(section), true, true);
  }
  LogLine line;
  line.number = number_;
  line.text = WithoutPrefix(bytes);
  if (control || high) {
    if (!buildkite_ && control) buildkite_ = line.text.find("_bk;t=") != std::string_view::npos;
    scratch_.clear();
    AppendShown(line.text, scratch_);
    if (scratch_ != line.text) {
      line.rewritten = true;
      line.text = WithoutPrefix(scratch_);
    }
  }
  const MarkedText marked = ParseMarker(line.text, buildkite_);
  if (marked.marker == Marker::kNone && marked.text.empty()) return;
  line.marker = marked.marker;
  // Even an empty text lies in the log's memory: a sweep runs from one line's text to another's.
  const std::string_view text = marked.text.empty() ? line.text.substr(0, 0) : marked.text;
  line.text = line.rewritten ? Keep(text) : text;
  if (line.marker != Marker::kNone) marked_.push_back(static_cast<std::uint32_t>(lines_.size()));
  lines_.push_back(line);
}

void CleanLog::AddCut(std::size_t lines) {
  LogLine cut;
  cut.number = number_;
  cut.marker = Marker::kCut;
  cut.rewritten = true;
  cut.text = Keep(Cat("[", lines, " lines left out]"));
  marked_.push_back(static_cast<std::uint32_t>(lines_.size()));
  lines_.push_back(cut);
}

// A part never grows beyond what it reserved, so that views into it stay.
std::string_view CleanLog::Keep(std::string_view text) {
  if (rewritten_.empty() ||
      rewritten_.back().capacity() - rewritten_.back().size() < text.size() + 1) {
    rewritten_.emplace_back().reserve(std::max(kPartBytes, text.size() + 1));
  }
  std::string& part = rewritten_.back();
  const std::size_t at = part.size();
  part.append(text).push_back('\n');
  return {part.data() + at, text.size()};
}

}  // namespace regreen
