// Artifacts that grow while somebody reads them.
#include "tests/contract/store_contract.h"

namespace regreen {
namespace {

class GrownContract : public StoreContract {
 protected:
  Status Extend(const TaskLease& lease, const std::string& name, const std::string& bytes) {
    const Artifact piece{name, bytes};
    return store_->Extend(lease, {&piece, 1});
  }
  ArtifactRow Row(const std::string& id, const std::string& name) {
    for (const ArtifactRow& row : store_->ListArtifacts(id).value_or(std::vector<ArtifactRow>())) {
      if (row.name == name) return row;
    }
    ADD_FAILURE() << "no " << name;
    return {};
  }
};

TEST_P(GrownContract, WhatIsAddedStandsAtTheEnd) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  const Artifact whole{"a.log", "one\n"};
  ASSERT_TRUE(store_->Append(lease, {}, {&whole, 1}).ok());
  ASSERT_TRUE(Extend(lease, "a.log", "two\n").ok());
  ASSERT_TRUE(Extend(lease, "a.log", std::string("th\0ree\n", 7)).ok());
  ASSERT_TRUE(Extend(lease, "new.log", "begun").ok());
  ASSERT_TRUE(Extend(lease, "a.log", "").ok());
  EXPECT_EQ(*store_->ReadArtifact(id, "a.log"), std::string("one\ntwo\nth\0ree\n", 15));
  EXPECT_EQ(*store_->ReadArtifact(id, "new.log"), "begun");
  EXPECT_EQ(Row(id, "a.log").bytes, 15);
  EXPECT_EQ(store_->ListArtifacts(id)->size(), 2u);
  EXPECT_TRUE(*store_->Holds(lease));
  store_ = Open();
  EXPECT_EQ(store_->ReadArtifact(id, "a.log")->size(), 15u);
}

TEST_P(GrownContract, IsReadFromAnyByteOn) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  const Artifact whole{"a.log", "012"};
  ASSERT_TRUE(store_->Append(lease, {}, {&whole, 1}).ok());
  for (const char* piece : {"3", "4567", "89"}) ASSERT_TRUE(Extend(lease, "a.log", piece).ok());
  const std::string all = "0123456789";
  for (std::size_t from = 0; from <= all.size(); ++from) {
    const auto read = store_->ReadArtifactFrom(id, "a.log", static_cast<std::int64_t>(from));
    ASSERT_TRUE(read.ok()) << Message(read.status());
    EXPECT_EQ(*read, all.substr(from)) << from;
  }
  EXPECT_EQ(*store_->ReadArtifactFrom(id, "a.log", 1'000'000), "");
  EXPECT_EQ(store_->ReadArtifactFrom(id, "a.log", -1).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->ReadArtifactFrom(id, "b.log", 0).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadArtifactFrom("nowhere", "a.log", 0).status().code(), StatusCode::kNotFound);
}

TEST_P(GrownContract, HasAnotherVersionWhenItIsWrittenAnew) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(Extend(lease, "a.log", "one").ok());
  const std::int64_t first = Row(id, "a.log").version;
  ASSERT_TRUE(Extend(lease, "a.log", "two").ok());
  EXPECT_EQ(Row(id, "a.log").version, first);
  const Artifact anew{"a.log", ""};
  ASSERT_TRUE(store_->Append(lease, {}, {&anew, 1}).ok());
  EXPECT_NE(Row(id, "a.log").version, first);
  EXPECT_EQ(*store_->ReadArtifact(id, "a.log"), "");
  ASSERT_TRUE(Extend(lease, "a.log", "three").ok());
  EXPECT_EQ(*store_->ReadArtifact(id, "a.log"), "three") << "nothing of what was before";
  EXPECT_EQ(Row(id, "a.log").bytes, 5);
}

TEST_P(GrownContract, GrowsNoFurtherThanItMay) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  const std::string half(static_cast<std::size_t>(TaskStore::kMostGrown / 2), 'x');
  ASSERT_TRUE(Extend(lease, "a.log", half).ok());
  ASSERT_TRUE(Extend(lease, "a.log", half).ok());
  const std::vector<Artifact> more = {{"b.log", "b"}, {"a.log", "x"}};
  EXPECT_EQ(store_->Extend(lease, more).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Row(id, "a.log").bytes, TaskStore::kMostGrown);
  EXPECT_EQ(store_->ReadArtifact(id, "b.log").status().code(), StatusCode::kNotFound)
      << "all of it or nothing";
}

TEST_P(GrownContract, IsFenced) {
  const std::string id = MakeTask();
  const TaskLease lease = ClaimTask();
  ASSERT_TRUE(Extend(lease, "a.log", "one").ok());
  ASSERT_TRUE(store_->Move(id, TaskState::kCancelled, "enough").ok());
  EXPECT_EQ(Extend(lease, "a.log", "two").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(*store_->ReadArtifact(id, "a.log"), "one");
}

INSTANTIATE_TEST_SUITE_P(Stores, GrownContract, ::testing::ValuesIn(kStores), KindName);

}  // namespace
}  // namespace regreen
