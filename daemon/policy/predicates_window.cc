// Hours of the week in which the run was collected.
#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/predicate_families.h"
#include "daemon/policy/time_window.h"

namespace regreen {
namespace {

class WithinWindows final : public Predicate {
 public:
  explicit WithinWindows(std::vector<TimeWindow> windows) : windows_(std::move(windows)) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const absl::Time at = circumstances.incident.at;
    for (const TimeWindow& window : windows_) {
      if (window.Contains(at))
        return {true, Cat("the time, ", window.Show(at), ", is in ", Quoted(window.text())), {}};
    }
    return {
        false, Cat("the time, ", windows_.front().Show(at), ", is not in ", OneOf(Texts())), {}};
  }
  std::string Spec() const override { return SpecOf(Texts()); }

 private:
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const TimeWindow& window : windows_) texts.push_back(window.text());
    return texts;
  }

  std::vector<TimeWindow> windows_;
};

}  // namespace

std::shared_ptr<const Predicate> ReadWindows(TomlTable& table, std::string_view key) {
  const auto texts = table.Strings(key);
  if (!texts) return nullptr;
  if (texts->empty())
    table.Error(key, Cat("\"", key, "\" is an empty list: leave it out, or name something"));
  std::vector<TimeWindow> windows;
  for (const std::string& text : *texts) {
    auto window = TimeWindow::Parse(text);
    if (window.ok()) {
      windows.push_back(*std::move(window));
    } else {
      table.Error(key, Cat("the window ", TomlQuote(text), " ", Message(window.status())));
    }
  }
  return windows.empty() ? nullptr : std::make_shared<WithinWindows>(std::move(windows));
}

}  // namespace regreen
