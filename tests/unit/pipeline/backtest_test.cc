#include "daemon/pipeline/backtest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "daemon/pipeline/failure_case.h"
#include "tests/support/fake_policy_records.h"
#include "tests/support/policy_folder.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// A failure of `repo`, seen `ago` before now, for which `then` was selected.
Observation Seen(std::int64_t id, const std::string& repo, const std::string& then,
                 absl::Duration ago = absl::Hours(1)) {
  Observation seen;
  seen.id = id;
  seen.at = kNow - ago;
  seen.delivery_key = Cat("key-", id);
  seen.template_name = then;
  if (id % 2 == 0) seen.task_id = Cat("task", id);
  seen.incident.run.key.repo = repo;
  seen.incident.evidence.failure_class = FailureClass::kFormat;
  seen.incident.evidence.command = "make check";
  if (repo != "acme/unknown") seen.incident.evidence.lines = {{1, "table.txt is stale", "primary"}};
  return seen;
}

BacktestOptions Options(int page = 2, int threads = 2) {
  BacktestOptions options;
  options.since = kNow - absl::Hours(24);
  options.page = page;
  options.threads = threads;
  return options;
}

TEST(Backtest, CountsWhatWouldChange) {
  FakePolicyRecords records;
  records.observations = {Seen(1, "acme/widget", "fix-table"),
                          Seen(2, "acme/widget", ""),
                          Seen(3, "acme/widget", ""),
                          Seen(4, "acme/unknown", "gone"),
                          Seen(5, "team/app", "fix-table"),
                          Seen(6, "acme/unknown", ""),
                          Seen(7, "acme/widget", "gone", absl::Hours(48))};  // too old
  const Policies policies = PolicyFolder().Load();
  for (const int page : {1, 2, 3, 100}) {
    SCOPED_TRACE(page);
    records.pages = 0;
    const auto report = Backtest(records, *policies.templates, Options(page));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->observations, 6);
    EXPECT_EQ(report->same, 2);
    ASSERT_EQ(report->differences.size(), 3u);
    const auto& newly = report->differences.at({"", "fix-table"});
    EXPECT_EQ(newly.count, 2);
    EXPECT_THAT(newly.examples, ElementsAre("task task2", "delivery key-3"));
    EXPECT_EQ(report->differences.at({"gone", ""}).count, 1);
    EXPECT_EQ(report->differences.at({"fix-table", "of-team"}).count, 1);
    EXPECT_EQ(RenderBacktest(*report),
              "6 failures looked at, 2 as before\n"
              "fix-table: newly matched, 2 failures\n    task task2\n    delivery key-3\n"
              "fix-table: moved to of-team, 1 failure\n    delivery key-5\n"
              "gone: no longer matched, 1 failure\n    task task4\n");
  }
}

TEST(Backtest, ShowsAFewExamplesAndCountsTheRest) {
  FakePolicyRecords records;
  for (std::int64_t id = 1; id <= 50; ++id)
    records.observations.push_back(Seen(id, "acme/widget", ""));
  const Policies policies = PolicyFolder().Load();
  for (const int threads : {1, 3, 64}) {
    const auto report = Backtest(records, *policies.templates, Options(20, threads));
    ASSERT_TRUE(report.ok());
    const auto& newly = report->differences.at({"", "fix-table"});
    EXPECT_EQ(newly.count, 50);
    EXPECT_THAT(newly.examples, ElementsAre("delivery key-1", "task task2", "delivery key-3"));
    EXPECT_NE(RenderBacktest(*report).find("    and 47 more\n"), std::string::npos);
  }
}

TEST(Backtest, TellsItsProgressAfterEachPage) {
  FakePolicyRecords records;
  for (std::int64_t id = 1; id <= 5; ++id)
    records.observations.push_back(Seen(id, "acme/widget", "", absl::Hours(10 - id)));
  std::vector<std::pair<std::int64_t, absl::Time>> told;
  BacktestOptions options = Options(2);
  options.progress = [&](std::int64_t count, absl::Time at) { told.emplace_back(count, at); };
  ASSERT_TRUE(Backtest(records, *PolicyFolder().Load().templates, options).ok());
  EXPECT_THAT(told, ElementsAre(Pair(2, kNow - absl::Hours(8)), Pair(4, kNow - absl::Hours(6)),
                                Pair(5, kNow - absl::Hours(5))));
}

TEST(Backtest, OfNothingSaysSo) {
  FakePolicyRecords records;
  const auto report = Backtest(records, *PolicyFolder().Load().templates, Options());
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->differs());
  EXPECT_EQ(RenderBacktest(*report), "0 failures looked at, 0 as before\n");
}

TEST(Backtest, EndsWhenTheStoreCannotBeRead) {
  FakePolicyRecords records;
  records.failure = Unavailable("the disk is gone");
  EXPECT_EQ(Backtest(records, *PolicyFolder().Load().templates, Options()).status().code(),
            StatusCode::kUnavailable);
}

TEST(Backtest, IsOneJsonObject) {
  FakePolicyRecords records;
  records.observations = {Seen(1, "acme/widget", ""), Seen(2, "acme/unknown", "gone")};
  const auto report = Backtest(records, *PolicyFolder().Load().templates, Options());
  ASSERT_TRUE(report.ok());
  JsonWriter out;
  WriteJson(*report, out);
  EXPECT_EQ(out.Take(),
            "{\"observations\":2,\"same\":0,\"differences\":["
            "{\"then\":null,\"now\":\"fix-table\",\"count\":1,\"examples\":[\"delivery key-1\"]},"
            "{\"then\":\"gone\",\"now\":null,\"count\":1,\"examples\":[\"task task2\"]}]}");
}

}  // namespace
}  // namespace regreen
