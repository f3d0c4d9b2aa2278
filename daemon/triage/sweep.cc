#include "daemon/triage/sweep.h"

#include <hs/hs.h>

#include <new>
#include <string>
#include <vector>

#include "daemon/base/text.h"

namespace regreen {
namespace {

struct DatabaseDeleter {
  void operator()(hs_database_t* p) const { hs_free_database(p); }
};
struct ScratchDeleter {
  void operator()(hs_scratch_t* p) const { hs_free_scratch(p); }
};
using Database = std::unique_ptr<hs_database_t, DatabaseDeleter>;
using Scratch = std::unique_ptr<hs_scratch_t, ScratchDeleter>;

int OnMatch(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  (*static_cast<const LiteralSweep::Hit*>(context))(id, static_cast<std::size_t>(to));
  return 0;
}

}  // namespace

struct LiteralSweep::Impl {
  Database database;  // none when there are no literals
  Scratch scratch;    // cloned for each scan: a scratch serves one thread at a time
};

LiteralSweep::LiteralSweep(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiteralSweep::~LiteralSweep() = default;

StatusOr<std::unique_ptr<LiteralSweep>> LiteralSweep::Compile(std::span<const Literal> literals) {
  auto impl = std::make_unique<Impl>();
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const Literal& literal : literals) {
    if (literal.text.empty()) return InvalidArgument("An empty text cannot be looked for.");
    texts.push_back(literal.text.data());
    lengths.push_back(literal.text.size());
    flags.push_back(literal.caseless ? HS_FLAG_CASELESS : 0U);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  if (!texts.empty()) {
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), lengths.data(),
                             static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr, &database,
                             &error) != HS_SUCCESS) {
      const std::string why = error == nullptr ? "unknown" : error->message;
      hs_free_compile_error(error);
      return Internal(Cat("vectorscan could not compile the rules' literals: ", why, "."));
    }
    impl->database.reset(database);
    hs_scratch_t* scratch = nullptr;
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) {
      return Internal("vectorscan could not allocate its scratch space.");
    }
    impl->scratch.reset(scratch);
  }
  return std::unique_ptr<LiteralSweep>(new LiteralSweep(std::move(impl)));
}

struct LiteralSweep::Scan::State {
  const hs_database_t* database;
  Scratch scratch;
};

LiteralSweep::Scan::Scan(const LiteralSweep& sweep) : state_(std::make_unique<State>()) {
  state_->database = sweep.impl_->database.get();
  if (state_->database == nullptr) return;
  hs_scratch_t* scratch = nullptr;
  if (hs_clone_scratch(sweep.impl_->scratch.get(), &scratch) != HS_SUCCESS) throw std::bad_alloc();
  state_->scratch.reset(scratch);
}

LiteralSweep::Scan::~Scan() = default;

void LiteralSweep::Scan::Run(std::string_view text, const Hit& hit) const {
  if (state_->database == nullptr || text.empty()) return;
  hs_scan(state_->database, text.data(), static_cast<unsigned>(text.size()), 0,
          state_->scratch.get(), OnMatch, const_cast<Hit*>(&hit));
}

}  // namespace regreen
