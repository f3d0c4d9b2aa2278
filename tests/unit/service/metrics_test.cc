#include "daemon/service/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, ShowDeliveriesStagesAndTheQueue) {
  Metrics metrics;
  metrics.CountDelivery("github", "accepted", absl::Milliseconds(2));
  metrics.CountDelivery("github", "accepted", absl::Milliseconds(2));
  metrics.ObserveStage("repairing", "publishing", absl::Seconds(3));
  metrics.CountLeaseLost();
  metrics.CountDemotion("format");
  StoreCounts counts;
  counts.tasks[{"watching", "format"}] = 4;
  counts.pending_deliveries = 2;
  counts.oldest_pending = absl::Seconds(7);
  counts.held_back = {{"per_day", 3}, {"made up", 1}};
  const std::string text = metrics.Render(counts);
  EXPECT_THAT(text, HasSubstr(R"(regreen_deliveries_total{ci="github",outcome="accepted"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(regreen_accept_seconds_bucket{ci="github",le="0.0025"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(regreen_tasks{state="watching",template="format"} 4)"));
  EXPECT_THAT(text, HasSubstr("regreen_queue_age_seconds 7"));
  EXPECT_THAT(text, HasSubstr("regreen_leases_lost_total 1"));
  EXPECT_THAT(text, HasSubstr(R"(regreen_tasks_held_back{limit="per_day"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(regreen_tasks_held_back{limit="cooldown"} 0)"));
  EXPECT_THAT(text, testing::Not(HasSubstr("made up"))) << "labels are bounded";
  EXPECT_THAT(text, HasSubstr(R"(regreen_template_demotions_total{template="format"} 1)"));
}

TEST(Metrics, AStateThatEmptiedGoesBackToZero) {
  Metrics metrics;
  StoreCounts counts;
  counts.tasks[{"queued", "format"}] = 1;
  metrics.Render(counts);
  EXPECT_THAT(metrics.Render(StoreCounts()),
              HasSubstr(R"(regreen_tasks{state="queued",template="format"} 0)"));
}

TEST(Metrics, ShowOnlyThePoliciesInForce) {
  Metrics metrics;
  PolicyStatus policies;
  policies.digest = "aaa";
  policies.loaded_at = absl::FromUnixSeconds(1'700'000'000);
  metrics.ShowPolicies(policies);
  policies.digest = "bbb";
  policies.valid = false;
  policies.reloads = {2, 0, 1, 0};
  metrics.ShowPolicies(policies);
  metrics.ShowPolicies(policies);
  const std::string text = metrics.Render(StoreCounts());
  EXPECT_THAT(text, HasSubstr("regreen_policies_loaded_timestamp_seconds 1700000000"));
  EXPECT_THAT(text, HasSubstr("regreen_policies_valid 0"));
  EXPECT_THAT(text, HasSubstr(R"(regreen_policy_reloads_total{outcome="changed"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(regreen_policy_reloads_total{outcome="refused"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(regreen_policies_info{digest="bbb"} 1)"));
  EXPECT_THAT(text, testing::Not(HasSubstr("aaa")));
}

TEST(Metrics, ShowRequestsToForgesAndTheirLimits) {
  Metrics metrics;
  metrics.CountForgeRequest({"hub", "/repos/{repo}/pulls", "ok", absl::Milliseconds(30)});
  metrics.CountForgeRequest({"hub", "/repos/{repo}/pulls", "held_back", absl::ZeroDuration()});
  metrics.ShowForgeLimit({"hub", "token", "core", 4000, absl::FromUnixSeconds(1'700'000'000)});
  metrics.ShowForgeLimit({"hub", "token", "graphql", std::nullopt, absl::InfinitePast()});
  const std::string text = metrics.Render(StoreCounts());
  for (
      const char* line :
      {R"(regreen_forge_requests_total{endpoint="/repos/{repo}/pulls",forge="hub",outcome="ok"} 1)",
       R"(outcome="held_back"} 1)",
       R"(regreen_forge_request_seconds_count{endpoint="/repos/{repo}/pulls",forge="hub"} 1)",
       R"(regreen_forge_limit_remaining{credential="token",forge="hub",resource="core"} 4000)",
       R"(closed_until_timestamp_seconds{credential="token",forge="hub",resource="core"} 1700000000)",
       R"(closed_until_timestamp_seconds{credential="token",forge="hub",resource="graphql"} 0)"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, testing::Not(HasSubstr(
                        R"(limit_remaining{credential="token",forge="hub",resource="graphql"})")));
}

}  // namespace
}  // namespace regreen
