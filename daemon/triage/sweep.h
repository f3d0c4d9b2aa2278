// Finds many literal texts in one pass, by vectorscan (this file's .cc owns it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "daemon/base/status.h"
#include "daemon/triage/literal.h"

namespace regreen {

// Immutable; any thread.
class LiteralSweep {
 public:
  // InvalidArgument when a literal is empty; Internal when vectorscan does not run on this machine.
  static StatusOr<std::unique_ptr<LiteralSweep>> Compile(std::span<const Literal> literals);
  ~LiteralSweep();

  // Gets the literal's index and the offset behind it, in order of the offsets. Must not throw.
  using Hit = std::function<void(std::uint32_t literal, std::size_t end)>;

  // What one thread needs to sweep. The LiteralSweep must outlive it.
  class Scan {
   public:
    explicit Scan(const LiteralSweep& sweep);
    ~Scan();
    Scan(const Scan&) = delete;
    Scan& operator=(const Scan&) = delete;
    void Run(std::string_view text, const Hit& hit) const;

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

 private:
  struct Impl;
  explicit LiteralSweep(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace regreen
