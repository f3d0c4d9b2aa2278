#include "daemon/policy/ci_github_matrix.h"

#include <algorithm>
#include <set>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostRows = 256;  // GitHub's own limit

using Values = std::vector<std::pair<std::string, std::string>>;

const std::string* Find(const Values& values, std::string_view name) {
  for (const auto& [known, text] : values) {
    if (known == name) return &text;
  }
  return nullptr;
}

std::optional<std::string> Literal(const CiNodePtr& node) {
  if (!node->is_scalar() || HasExpression(node->text)) return std::nullopt;
  return CertainText(*node);
}

std::optional<Values> LiteralsOf(const CiNodePtr& map) {
  if (!map->is_map()) return std::nullopt;
  Values values;
  for (const auto& [name, node] : map->members) {
    auto text = Literal(node);
    if (!text) return std::nullopt;
    values.emplace_back(name, *std::move(text));
  }
  return values;
}

bool Multiply(const std::string& name, const CiNodePtr& choices, std::vector<MatrixRow>& rows) {
  if (!choices->is_list() || rows.size() * choices->items.size() > kMostRows) return false;
  std::vector<MatrixRow> longer;
  for (const MatrixRow& row : rows) {
    for (const CiNodePtr& choice : choices->items) {
      auto text = Literal(choice);
      if (!text) return false;
      longer.push_back(row);
      longer.back().values.emplace_back(name, *std::move(text));
      ++longer.back().own;
    }
  }
  rows = std::move(longer);
  return true;
}

bool Exclude(const CiNodePtr& list, std::vector<MatrixRow>& rows) {
  for (const CiNodePtr& entry : list->items) {
    const auto values = LiteralsOf(entry);
    if (!values) return false;
    std::erase_if(rows, [&](const MatrixRow& row) {
      return std::all_of(values->begin(), values->end(), [&](const auto& value) {
        const std::string* own = Find(row.values, value.first);
        return own != nullptr && *own == value.second;
      });
    });
  }
  return true;
}

// To every combination of which it changes nothing that is the matrix's own; to none: one more.
bool IncludeEach(const CiNodePtr& list, std::vector<MatrixRow>& rows) {
  const std::size_t made = rows.size();
  for (const CiNodePtr& entry : list->items) {
    const auto values = LiteralsOf(entry);
    if (!values || rows.size() > kMostRows) return false;
    bool added = false;
    for (std::size_t i = 0; i < made; ++i) {
      MatrixRow& row = rows[i];
      const Values own(row.values.begin(),
                       row.values.begin() + static_cast<std::ptrdiff_t>(row.own));
      if (std::any_of(values->begin(), values->end(), [&](const auto& value) {
            const std::string* text = Find(own, value.first);
            return text != nullptr && *text != value.second;
          }))
        continue;
      added = true;
      for (const auto& [name, text] : *values) {
        if (Find(own, name) != nullptr) continue;
        std::erase_if(row.values, [&](const auto& known) { return known.first == name; });
        row.values.emplace_back(name, text);
      }
    }
    if (!added) rows.push_back({*values, values->size()});
  }
  return true;
}

std::string NameOfRow(std::string_view written, const MatrixRow& row, std::size_t count) {
  std::vector<std::string> texts;
  for (const auto& [name, text] : row.values) {
    if (texts.size() < count) texts.push_back(text);
  }
  return Cat(written, " (", Join(texts, ", "), ")");
}

bool IsShownAs(const MatrixRow& row, std::string_view written, std::string_view shown,
               CiContext context) {
  if (!HasExpression(written)) {
    return NameOfRow(written, row, row.values.size()) == shown ||
           NameOfRow(written, row, row.own) == shown;
  }
  for (const auto& [name, text] : row.values) context.values[Lower(Cat("matrix.", name))] = text;
  context.whole.insert("matrix");
  const auto name = Substitute(written, context);
  return name.ok() && *name == shown;
}

}  // namespace

std::optional<std::vector<MatrixRow>> MatrixRows(const CiNodePtr& job) {
  const CiNodePtr matrix = Member(Member(job, "strategy"), "matrix");
  if (!matrix || !matrix->is_map()) return std::nullopt;
  std::vector<MatrixRow> rows = {{}};
  bool any = false;
  for (const auto& [name, choices] : matrix->members) {
    if (name == "include" || name == "exclude") continue;
    any = true;
    if (!Multiply(name, choices, rows)) return std::nullopt;
  }
  if (!any) rows.clear();
  const CiNodePtr exclude = Member(matrix, "exclude"), include = Member(matrix, "include");
  if (exclude && (!exclude->is_list() || !Exclude(exclude, rows))) return std::nullopt;
  if (include && (!include->is_list() || !IncludeEach(include, rows))) return std::nullopt;
  return rows;
}

void AddMatrix(const CiNodePtr& job, std::string_view written, std::string_view shown,
               CiContext& context) {
  const auto rows = MatrixRows(job);
  if (!rows) return;
  std::vector<const MatrixRow*> fitting;
  for (const MatrixRow& row : *rows) {
    if (IsShownAs(row, written, shown, context)) fitting.push_back(&row);
  }
  if (fitting.empty()) return;
  for (const auto& [name, text] : fitting.front()->values) {
    const bool agreed = std::all_of(fitting.begin(), fitting.end(), [&](const MatrixRow* row) {
      const std::string* other = Find(row->values, name);
      return other != nullptr && *other == text;
    });
    if (agreed) context.values[Lower(Cat("matrix.", name))] = text;
  }
  if (fitting.size() == 1) context.whole.insert("matrix");
}

}  // namespace regreen
