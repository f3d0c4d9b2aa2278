#include "daemon/policy/offers.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/predicate_families.h"

namespace regreen {
namespace {

struct Need {
  std::string what;  // `the network "packages"`
  bool (*serves)(const WorkspaceOffer&, const Needs&, const std::string& network);
  std::string network;
};

std::vector<Need> NeedsOf(const Needs& needs) {
  std::vector<Need> all;
  for (const std::string& network : needs.network) {
    all.push_back({Cat("the network ", Quoted(network)),
                   [](const WorkspaceOffer& offer, const Needs&, const std::string& name) {
                     return offer.every_network ||
                            std::find(offer.networks.begin(), offer.networks.end(), name) !=
                                offer.networks.end();
                   },
                   network});
  }
  if (needs.cpu > 0) {
    all.push_back({Cat(needs.cpu, needs.cpu == 1 ? " processor" : " processors"),
                   [](const WorkspaceOffer& offer, const Needs& n, const std::string&) {
                     return offer.cpu == 0 || offer.cpu >= n.cpu;
                   },
                   {}});
  }
  if (needs.memory_bytes > 0) {
    all.push_back({Cat((needs.memory_bytes + (1 << 20) - 1) >> 20, " MiB of memory"),
                   [](const WorkspaceOffer& offer, const Needs& n, const std::string&) {
                     return offer.memory_bytes == 0 || offer.memory_bytes >= n.memory_bytes;
                   },
                   {}});
  }
  return all;
}

std::string WhyNot(const Template& t, const std::vector<Need>& needs,
                   const std::vector<const WorkspaceOffer*>& offers) {
  const std::string whose = t.workspace.empty()
                                ? std::string("no workspace of the configuration serves it")
                                : Cat("the workspace ", Quoted(t.workspace), " does not serve it");
  std::vector<std::string> all;
  for (const Need& need : needs) {
    const bool served = std::any_of(offers.begin(), offers.end(), [&](const auto* offer) {
      return need.serves(*offer, t.needs, need.network);
    });
    if (!served) return Cat("needs ", need.what, ", and ", whose);
    all.push_back(need.what);
  }
  return Cat("needs ", Join(all, " and "),
             ", and no one workspace of the configuration serves all");
}

}  // namespace

bool NeedsWorkspace(const Template& t) {
  return std::any_of(t.steps.begin(), t.steps.end(), [](const Step& step) {
    return step.kind == StepKind::kRun || step.kind == StepKind::kAgent;
  });
}

Served ServedBy(const Template& t, const std::vector<WorkspaceOffer>& offers) {
  if (offers.empty() || !NeedsWorkspace(t)) return {t.workspace, {}};
  std::vector<const WorkspaceOffer*> asked;
  for (const WorkspaceOffer& offer : offers) {
    if (t.workspace.empty() || offer.name == t.workspace) asked.push_back(&offer);
  }
  if (asked.empty()) {
    return {
        {},
        Cat("asks for the workspace ", Quoted(t.workspace), ", which is not in the configuration")};
  }
  const std::vector<Need> needs = NeedsOf(t.needs);
  for (const WorkspaceOffer* offer : asked) {
    const bool serves = std::all_of(needs.begin(), needs.end(), [&](const Need& need) {
      return need.serves(*offer, t.needs, need.network);
    });
    if (serves) return {offer->name, {}};
  }
  return {{}, WhyNot(t, needs, asked)};
}

}  // namespace regreen
