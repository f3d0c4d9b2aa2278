#include "daemon/pipeline/agent_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

AgentEvent Said(std::string text) {
  AgentEvent event;
  event.text = std::move(text);
  return event;
}

// What a store would hold, and how often it was written.
struct GrownLog final : RepairLog {
  Status Note(std::string, std::string) override { return OkStatus(); }
  Status Keep(std::string name, std::string bytes) override {
    const std::lock_guard lock(mutex);
    kept[name] = std::move(bytes);
    return OkStatus();
  }
  Status Extend(const std::string& name, std::string_view bytes) override {
    {
      const std::lock_guard lock(mutex);
      ++writes;
      if (!status.ok()) return status;
      kept[name] += bytes;
      writer = std::this_thread::get_id();
    }
    changed.notify_all();
    return OkStatus();
  }
  void Charge(const Spend&) override {}
  // Whether it comes to hold that, before a minute is over.
  bool ComesToHold(const std::string& name, const std::string& text) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::minutes(1),
                            [&] { return kept[name].find(text) != std::string::npos; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::string> kept;
  std::thread::id writer;
  Status status;
  int writes = 0;
};

TEST(AgentRecord, ShowsAnEventThoughNoOtherComes) {
  GrownLog log;
  AgentRecord record(log, "think", 1);
  ASSERT_TRUE(record.Begin(Brief()).ok());
  record.Take(Said("I look\n"));
  EXPECT_TRUE(log.ComesToHold("agent-think-1.jsonl", "I look"));
  record.Take(Said("and wait\n"));
  EXPECT_TRUE(log.ComesToHold("step-think.log", "I look\nand wait\n"));
  EXPECT_NE(log.writer, std::this_thread::get_id());
  EXPECT_TRUE(record.End().ok());
  EXPECT_EQ(log.kept["step-think.log"], "I look\nand wait\n");
}

TEST(AgentRecord, WritesWhatComesTogetherTogether) {
  GrownLog log;
  AgentRecord record(log, "think", 2);
  ASSERT_TRUE(record.Begin(Brief()).ok());
  for (int i = 0; i < 1000; ++i) record.Take(Said("a line\n"));
  ASSERT_TRUE(record.End().ok());
  EXPECT_EQ(log.kept["step-think-2.log"].size(), 7000u);
  EXPECT_LT(log.writes, 100);
}

TEST(AgentRecord, ForgetsWhatAnEarlierTryLeft) {
  GrownLog log;
  log.kept = {{"step-think.log", "old"}, {"agent-think-1.jsonl", "old"}};
  AgentRecord record(log, "think", 1);
  ASSERT_TRUE(record.Begin(Brief()).ok());
  ASSERT_TRUE(record.End().ok());
  EXPECT_EQ(log.kept["step-think.log"], "");
  EXPECT_EQ(log.kept["agent-think-1.jsonl"], "");
}

TEST(AgentRecord, LeavesWholeEventsOutOfTheMiddleOfALongOne) {
  GrownLog log;
  AgentRecord record(log, "think", 1);
  ASSERT_TRUE(record.Begin(Brief()).ok());
  record.Take(Said("first\n"));
  for (int i = 0; i < 300; ++i) record.Take(Said(std::string(10'000, 'x') + "\n"));
  record.Take(Said("last\n"));
  ASSERT_TRUE(record.End().ok());
  const std::string& events = log.kept["agent-think-1.jsonl"];
  EXPECT_LT(events.size(), AgentRecord::kMostBytes + 100);
  EXPECT_GT(events.size(), AgentRecord::kMostBytes * 9 / 10);
  EXPECT_THAT(log.kept["step-think.log"], StartsWith("first\n"));
  EXPECT_THAT(log.kept["step-think.log"], EndsWith("\nlast\n"));
  int cuts = 0;
  for (const std::string_view line : SplitLines(events)) {
    if (line.empty()) continue;
    if (line.starts_with('{')) {
      EXPECT_TRUE(Json::Parse(line).ok()) << Truncate(line, 80);
    } else {
      EXPECT_THAT(std::string(line), HasSubstr("bytes left out"));
      ++cuts;
    }
  }
  EXPECT_EQ(cuts, 1);
}

TEST(AgentRecord, TellsTheErrorOfAWriteAndWritesNoMore) {
  GrownLog log;
  log.status = FailedPrecondition("another worker has it");
  AgentRecord record(log, "think", 1);
  ASSERT_TRUE(record.Begin(Brief()).ok());
  record.Take(Said("one\n"));
  EXPECT_EQ(record.End().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(log.writes, 1);
}

}  // namespace
}  // namespace regreen
