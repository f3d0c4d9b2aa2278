// Observations of a test's own, in the order of their ids.
#pragma once

#include <atomic>
#include <vector>

#include "daemon/ports/policy_records.h"

namespace regreen {

struct FakePolicyRecords : PolicyRecords {
  std::vector<Observation> observations;
  std::vector<TemplateRecord> records;
  Status failure;  // of every reading, when it is not OK
  std::atomic<int> pages{0};

  StatusOr<std::vector<TemplateRecord>> ListTemplateRecords() override {
    if (!failure.ok()) return failure;
    return records;
  }
  StatusOr<TemplateRecord> ReadTemplateRecord(const std::string& template_name) override {
    if (!failure.ok()) return failure;
    for (const TemplateRecord& record : records) {
      if (record.name == template_name) return record;
    }
    TemplateRecord none;
    none.name = template_name;
    return none;
  }
  StatusOr<std::vector<Observation>> ListObservations(absl::Time since, std::int64_t after_id,
                                                      int limit) override {
    if (!failure.ok()) return failure;
    ++pages;
    std::vector<Observation> page;
    for (const Observation& o : observations) {
      if (o.at >= since && o.id > after_id && page.size() < static_cast<std::size_t>(limit))
        page.push_back(o);
    }
    return page;
  }
  StatusOr<std::vector<Observation>> FindObservations(const std::string& key) override {
    if (!failure.ok()) return failure;
    std::vector<Observation> found;
    for (const Observation& o : observations) {
      if (o.delivery_key.starts_with(key)) found.push_back(o);
    }
    if (found.empty())
      return NotFound("no delivery with this key showed a failure; see regreen decisions");
    return found;
  }
};

}  // namespace regreen
