// By a clock that moves when somebody waits: no test sleeps.
#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "adapters/forge/client/gate.h"
#include "adapters/forge/client/manners.h"

namespace regreen {
namespace {

const Gate::Ask kRead{false, "core"}, kWrite{true, "core"}, kGraphQl{true, "graphql"};

struct Fixture {
  explicit Fixture(Pace pace = GithubManners().pace) : gate(clock, pace, "token") {}
  ManualClock clock;
  Gate gate;

  // One request and its answer.
  Status Pass(const Gate::Ask& ask, const LimitNews& news = {}) {
    auto pass = gate.Enter(ask, {});
    if (!pass.ok()) return pass.status();
    gate.Learn(*pass, news);
    return OkStatus();
  }
};

LimitNews Limited(std::optional<absl::Duration> retry_after = {}) {
  LimitNews news;
  news.limited = true;
  news.retry_after = retry_after;
  return news;
}

LimitNews Left(std::int64_t remaining, absl::Time reset) {
  LimitNews news;
  news.remaining = remaining;
  news.reset = reset;
  return news;
}

// The most of `times` that lie in any window of `length`.
std::size_t MostIn(const std::vector<absl::Time>& times, absl::Duration length) {
  std::size_t most = 0, first = 0;
  for (std::size_t last = 0; last < times.size(); ++last) {
    while (times[last] - times[first] >= length) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

TEST(Gate, WritesASecondApart) {
  Fixture f;
  const absl::Time start = f.clock.Now();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(f.Pass(kWrite).ok());
    EXPECT_EQ(f.clock.Now() - start, absl::Seconds(i));
  }
  ASSERT_TRUE(f.Pass(kRead).ok());
  EXPECT_EQ(f.clock.Now() - start, absl::Seconds(4)) << "a read waits for no write";
}

TEST(Gate, HoldsEveryWindowOfAnHourOfWrites) {
  Fixture f;
  std::vector<absl::Time> sent;
  int put_aside = 0;
  while (sent.size() < 1100) {
    auto pass = f.gate.Enter(kWrite, {});
    if (pass.ok()) {
      sent.push_back(pass->begun());
      continue;
    }
    ASSERT_GT(RetryAfter(pass.status()), kLongestTurn);
    f.clock.Advance(*RetryAfter(pass.status()));
    ++put_aside;
  }
  EXPECT_LE(MostIn(sent, absl::Minutes(1)), 80u);
  EXPECT_EQ(MostIn(sent, absl::Hours(1)), 500u) << "the whole of it is used, and no more";
  EXPECT_LE(put_aside, 5) << "whoever is told a time finds a place then";
}

TEST(Gate, HoldsThePointsOfAMinuteForReadsAndWritesTogether) {
  Fixture f;
  std::vector<absl::Time> points;
  for (int i = 0; i < 3000; ++i) {
    const bool write = i % 100 == 0;
    auto pass = f.gate.Enter(write ? kWrite : kRead, {});
    if (!pass.ok()) {
      f.clock.Advance(*RetryAfter(pass.status()));
      continue;
    }
    points.insert(points.end(), write ? 5 : 1, pass->begun());
  }
  EXPECT_GT(points.size(), 2900u);
  EXPECT_LE(MostIn(points, absl::Minutes(1)), 900u);
}

TEST(Gate, PutsAsideWhoWouldWaitForLongAndTellsEachAnotherTime) {
  Fixture f;
  // Eleven who come at once: ten seconds are the longest turn.
  std::vector<std::jthread> waiting;
  std::vector<absl::Duration> told;
  ASSERT_TRUE(f.Pass(kWrite, Limited(absl::Minutes(5))).ok());
  for (int i = 0; i < 3; ++i) {
    const absl::Time before = f.clock.Now();
    const Status status = f.Pass(kWrite);
    EXPECT_EQ(f.clock.Now(), before) << "no worker waits";
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
    told.push_back(RetryAfter(status).value());
  }
  EXPECT_EQ(told[0], absl::Minutes(5));
  EXPECT_EQ(told[1], absl::Minutes(5) + absl::Seconds(1));
  EXPECT_EQ(told[2], absl::Minutes(5) + absl::Seconds(2));
}

TEST(Gate, ClosesAsLongAsItIsTold) {
  struct Case {
    const char* name;
    LimitNews news;
    absl::Duration least, most;
  };
  const absl::Time now = ManualClock().Now();
  LimitNews used_up = Left(0, now + absl::Seconds(90));
  used_up.limited = true;
  LimitNews both = used_up;
  both.retry_after = absl::Seconds(30);
  const Case cases[] = {
      {"retry-after", Limited(absl::Seconds(17)), absl::Seconds(17), absl::Seconds(17)},
      {"the limit's reset", used_up, absl::Seconds(90), absl::Seconds(90)},
      // What is used up stays so, whenever it may be asked again.
      {"both", both, absl::Seconds(90), absl::Seconds(90)},
      {"nothing", Limited(), absl::Seconds(60), absl::Seconds(75)},
      {"a time in the past", Limited(absl::Seconds(-5)), absl::Seconds(1), absl::Seconds(1)},
      {"much too long", Limited(absl::Hours(999)), absl::Hours(2), absl::Hours(2)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture f;
    ASSERT_TRUE(f.Pass(kRead, c.news).ok());
    const absl::Duration closed = f.gate.ClosedFor("core");
    EXPECT_GE(closed, c.least);
    EXPECT_LE(closed, c.most);
    f.clock.Advance(closed);
    EXPECT_TRUE(f.Pass(kRead).ok());
  }
}

TEST(Gate, WaitsTwiceAsLongEachTimeThatNoTimeIsNamed) {
  Fixture f;
  for (const absl::Duration least : {absl::Seconds(60), absl::Seconds(120), absl::Seconds(240)}) {
    ASSERT_TRUE(f.Pass(kRead, Limited()).ok());
    const absl::Duration closed = f.gate.ClosedFor("core");
    EXPECT_GE(closed, least);
    EXPECT_LE(closed, least * 1.25);
    f.clock.Advance(closed);
  }
  ASSERT_TRUE(f.Pass(kRead).ok());
  ASSERT_TRUE(f.Pass(kRead, Limited()).ok());
  EXPECT_LE(f.gate.ClosedFor("core"), absl::Seconds(75)) << "a good answer ends the row";
}

TEST(Gate, CountsRefusalsThatWereOnTheirWayTogetherOnce) {
  Fixture f;
  std::deque<Gate::Pass> passes;
  for (int i = 0; i < 5; ++i) passes.push_back(f.gate.Enter(kRead, {}).value());
  f.clock.Advance(absl::Milliseconds(50));
  for (const Gate::Pass& pass : passes) f.gate.Learn(pass, Limited());
  EXPECT_LE(f.gate.ClosedFor("core"), absl::Seconds(75));
}

TEST(Gate, SendsNoMoreThanWhatIsLeftThoughNothingWasRefused) {
  Fixture f;
  const absl::Time reset = f.clock.Now() + absl::Minutes(30);
  ASSERT_TRUE(f.Pass(kRead, Left(3, reset)).ok());
  std::deque<Gate::Pass> on_their_way;
  for (int i = 0; i < 3; ++i) on_their_way.push_back(f.gate.Enter(kRead, {}).value());
  const Status fourth = f.gate.Enter(kRead, {}).status();
  EXPECT_GE(RetryAfter(fourth).value(), absl::Minutes(30)) << fourth;
  // An answer of before says more than is left by now.
  f.gate.Learn(on_their_way[1], Left(1, reset));
  f.gate.Learn(on_their_way[0], Left(2, reset));
  f.gate.Learn(on_their_way[2], Left(0, reset));
  EXPECT_FALSE(f.gate.Enter(kRead, {}).ok());
  f.clock.Advance(absl::Minutes(30));
  EXPECT_TRUE(f.Pass(kRead).ok());
}

TEST(Gate, WhatIsNotCountedCostsNothing) {
  Fixture f;
  const absl::Time reset = f.clock.Now() + absl::Hours(1);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(f.Pass(kRead, Left(10, reset)).ok()) << "a 304 leaves what is left as it is";
    f.clock.Advance(absl::Seconds(1));
  }
}

TEST(Gate, OneResourceUsedUpLeavesAnotherOpen) {
  Fixture f;
  LimitNews used_up = Left(0, f.clock.Now() + absl::Hours(1));
  used_up.limited = true;
  ASSERT_TRUE(f.Pass(kGraphQl, used_up).ok());
  EXPECT_FALSE(f.Pass(kGraphQl).ok());
  EXPECT_TRUE(f.Pass(kRead).ok());
  ASSERT_TRUE(f.Pass(kRead, Limited(absl::Minutes(3))).ok());
  EXPECT_EQ(f.gate.ClosedFor("graphql"), absl::Hours(1)) << "the longer of both";
  EXPECT_EQ(f.gate.ClosedFor("another"), absl::Minutes(3)) << "a secondary limit is for all";
}

TEST(Gate, AtMostSoManyAreOnTheirWay) {
  Pace pace;
  pace.concurrent = 3;
  Fixture f(pace);
  std::deque<Gate::Pass> inside;
  for (int i = 0; i < 3; ++i) inside.push_back(f.gate.Enter(kRead, {}).value());
  const absl::Time before = f.clock.Now();
  EXPECT_EQ(f.gate.Enter(kRead, {}).status().code(), StatusCode::kResourceExhausted);
  EXPECT_LE(f.clock.Now() - before, kLongestTurn);
  inside.pop_front();
  EXPECT_TRUE(f.gate.Enter(kRead, {}).ok());
}

TEST(Gate, ATurnThatIsWaitedForIsLostWhenTheGateIsClosedMeanwhile) {
  // A clock that lets another's refusal arrive while somebody waits.
  struct Meanwhile final : Clock {
    absl::Time Now() const override { return inner.Now(); }
    void Wait(absl::Duration time, std::stop_token stop) const override {
      if (then) std::exchange(then, nullptr)();
      inner.Wait(time, stop);
    }
    ManualClock inner;
    mutable std::function<void()> then;
  } clock;
  Gate gate(clock, GithubManners().pace, "token");
  auto first = gate.Enter(kWrite, {});
  ASSERT_TRUE(first.ok());
  clock.then = [&] { gate.Learn(*first, Limited(absl::Minutes(4))); };
  const Status second = gate.Enter(kWrite, {}).status();
  EXPECT_EQ(second.code(), StatusCode::kResourceExhausted);
  EXPECT_GT(RetryAfter(second).value(), absl::Minutes(3));
}

TEST(Gate, EndsAWaitWhenTheDaemonStops) {
  Fixture f;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(f.gate.Enter(kRead, stop.get_token()).status().code(), StatusCode::kCancelled);
}

TEST(Gate, ForgetsTimesThatAClockWhichWasSetBackMadeOfTheFuture) {
  Fixture f;
  for (int i = 0; i < 80; ++i) {
    if (!f.Pass(kWrite).ok()) f.clock.Advance(absl::Minutes(1));
  }
  f.clock.Advance(absl::Hours(-5));
  ASSERT_TRUE(f.Pass(kWrite).ok());
  EXPECT_TRUE(f.Pass(kRead).ok());
}

TEST(Gate, HoldsItsLimitsForManyThreads) {
  Pace pace;
  pace.points_per_minute = 50;
  Fixture f(pace);
  for (int minute = 0; minute < 5; ++minute) {
    std::atomic<int> sent = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int call = 0; call < 40; ++call) sent += f.Pass(kRead).ok() ? 1 : 0;
      });
    }
    threads.clear();
    EXPECT_EQ(sent, 50);
    f.clock.Advance(absl::Seconds(61));
  }
}

TEST(Gates, AreOneForEachCredential) {
  ManualClock clock;
  Gates gates;
  const auto one = gates.Of("a", clock, {}, "token");
  EXPECT_EQ(gates.Of("a", clock, {}, "token"), one);
  EXPECT_NE(gates.Of("b", clock, {}, "token"), one);
}

}  // namespace
}  // namespace regreen
