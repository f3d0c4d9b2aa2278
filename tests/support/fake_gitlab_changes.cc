// The merge requests, notes and issues of FakeGitlab.
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "tests/support/fake_github_answers.h"
#include "tests/support/fake_gitlab.h"

namespace regreen {
namespace {

using fake_github::Answer;
using fake_github::Message;
using fake_github::Number;
using fake_github::QueryValue;

bool IsDraft(const std::string& title) {
  return title.starts_with("Draft: ");
}

void AddLabels(const std::string& text, std::vector<std::string>& labels) {
  for (const std::string_view label : Split(text, ',')) {
    if (!label.empty() && std::find(labels.begin(), labels.end(), label) == labels.end())
      labels.emplace_back(label);
  }
}

}  // namespace

// merge_requests, merge_requests/{iid}, …/merge, …/notes
HttpResponse FakeGitlab::MergeRequests(const HttpRequest& request, const std::string& repo,
                                       const Parts& parts) {
  if (parts.size() == 1 && request.method == "GET") return ListMergeRequests(request, repo);
  const auto body = request.body.empty() ? Json() : Json::Parse(request.body);
  if (!body.ok()) return Message(400, "400 Bad request");
  if (parts.size() == 1) return OpenMergeRequest(repo, *body);
  FakeMergeRequest* found = Find(Number(parts[1]));
  if (found == nullptr || found->repo != repo) return Message(404, "404 Not found");
  if (parts.size() == 3 && parts[2] == "notes")
    return Notes(request, {repo, Cat("merge_requests/", parts[1]), ""}, "body");
  if (parts.size() == 3 && parts[2] == "merge") return Merge(*found, *body);
  if (request.method == "PUT") {
    found->title = (*body)["title"].StringOr(found->title);
    found->description = (*body)["description"].StringOr(found->description);
    found->target_branch = (*body)["target_branch"].StringOr(found->target_branch);
    AddLabels((*body)["add_labels"].StringOr(""), found->labels);
    if ((*body)["state_event"].StringOr("") == "close") found->state = "closed";
  }
  JsonWriter out;
  WriteMergeRequest(*found, out);
  return Answer(200, out.Take());
}

HttpResponse FakeGitlab::ListMergeRequests(const HttpRequest& request, const std::string& repo) {
  std::vector<std::string> elements;
  for (const FakeMergeRequest& one : merge_requests_) {
    if (one.repo != repo || one.state != QueryValue(request, "state") ||
        one.source_branch != QueryValue(request, "source_branch"))
      continue;
    JsonWriter out;
    WriteMergeRequest(one, out);
    elements.push_back(out.Take());
  }
  return Page(request, elements);
}

HttpResponse FakeGitlab::OpenMergeRequest(const std::string& repo, const Json& body) {
  FakeMergeRequest request;
  request.repo = repo;
  request.title = body["title"].StringOr("");
  request.description = body["description"].StringOr("");
  request.source_branch = body["source_branch"].StringOr("");
  request.target_branch = body["target_branch"].StringOr("");
  AddLabels(body["labels"].StringOr(""), request.labels);
  if (request.title.empty()) return Message(400, "400 Bad request - title is missing");
  if (branches_.count({repo, request.source_branch}) == 0) return Message(422, "source is missing");
  for (const FakeMergeRequest& other : merge_requests_) {
    if (other.repo == repo && other.state == "opened" && other.source_project == kProject &&
        other.source_branch == request.source_branch &&
        other.target_branch == request.target_branch) {
      return Answer(409, Cat(R"({"message":["Another open merge request already exists for this )",
                             R"(source branch: !)", other.iid, R"("]})"));
    }
  }
  request.iid = next_iid_++;
  merge_requests_.push_back(request);
  JsonWriter out;
  WriteMergeRequest(request, out);
  return Answer(201, out.Take());
}

HttpResponse FakeGitlab::Merge(FakeMergeRequest& request, const Json& body) {
  const std::string& status = request.pipeline_status;
  const bool later = body["auto_merge"].BoolOr(false);
  EXPECT_EQ(later, body["merge_when_pipeline_succeeds"].BoolOr(false));
  if (request.detailed_merge_status == "forbidden") return Message(401, "401 Unauthorized");
  if (IsDraft(request.title) || request.state != "opened" ||
      request.detailed_merge_status != "mergeable")
    return Message(405, "405 Method Not Allowed");
  if (body["sha"].StringOr("") != HeadOf(request))
    return Message(409, "SHA does not match HEAD of source branch");
  if (later && status != "success") {
    if (status != "running") return Message(405, "405 Method Not Allowed");
    request.auto_merge = true;
  } else {
    request.state = "merged";
    request.merged_sha = HeadOf(request);
  }
  JsonWriter out;
  WriteMergeRequest(request, out);
  return Answer(200, out.Take());
}

HttpResponse FakeGitlab::Notes(const HttpRequest& request, FakeNote place, const char* field) {
  const auto text = [&](std::size_t i) {
    JsonWriter out;
    out.BeginObject().Field("id", static_cast<std::int64_t>(i + 1));
    out.Field(field, notes_[i].body).EndObject();
    return out.Take();
  };
  if (request.method == "POST") {
    const auto body = Json::Parse(request.body);
    place.body = body.ok() ? (*body)[field].StringOr("") : "";
    if (place.body.empty()) return Message(400, "400 Bad request");
    notes_.push_back(std::move(place));
    return Answer(201, text(notes_.size() - 1));
  }
  std::vector<std::string> elements;
  for (std::size_t i = 0; i < notes_.size(); ++i) {
    if (notes_[i].repo == place.repo && notes_[i].place == place.place) elements.push_back(text(i));
  }
  if (QueryValue(request, "sort") == "desc") std::reverse(elements.begin(), elements.end());
  return Page(request, elements);
}

// One job for each merge request's pipeline.
HttpResponse FakeGitlab::Statuses(const HttpRequest& request, const std::string& repo,
                                  const std::string& commit) {
  std::vector<std::string> elements;
  for (const FakeMergeRequest& one : merge_requests_) {
    if (one.repo != repo || HeadOf(one) != commit || one.pipeline_status.empty()) continue;
    JsonWriter out;
    out.BeginObject().Field("name", "check").Field("status", one.pipeline_status).EndObject();
    elements.push_back(out.Take());
  }
  return Page(request, elements);
}

HttpResponse FakeGitlab::Issues(const HttpRequest& request, const std::string& repo) {
  const auto text = [&](std::size_t i) {
    JsonWriter out;
    out.BeginObject().Field("description", issues_[i].body);
    out.Field("web_url", Cat(site(), "/", repo, "/-/issues/", i + 1)).EndObject();
    return out.Take();
  };
  if (request.method == "POST") {
    const auto body = Json::Parse(request.body);
    if (!body.ok()) return Message(400, "400 Bad request");
    issues_.push_back({repo, (*body)["title"].StringOr(""), (*body)["description"].StringOr("")});
    return Answer(201, text(issues_.size() - 1));
  }
  std::vector<std::string> elements;
  for (std::size_t i = issues_.size(); i-- > 0;) {
    if (issues_[i].repo == repo) elements.push_back(text(i));
  }
  return Page(request, elements);
}

void FakeGitlab::WriteMergeRequest(const FakeMergeRequest& request, JsonWriter& out) {
  out.BeginObject().Field("iid", request.iid).Field("title", request.title);
  out.Field("description", request.description).Field("state", request.state);
  out.Field("source_branch", request.source_branch).Field("target_branch", request.target_branch);
  out.Field("source_project_id", request.source_project).Field("target_project_id", kProject);
  out.Key("author").BeginObject().Field("username", "someone").EndObject();
  out.Field("sha", HeadOf(request)).Field("labels", request.labels);
  out.Field("draft", IsDraft(request.title));
  out.Field("merge_when_pipeline_succeeds", request.auto_merge);
  out.Field("detailed_merge_status", request.detailed_merge_status);
  out.Field("web_url", Cat(site(), "/", request.repo, "/-/merge_requests/", request.iid));
  out.Key("head_pipeline");
  if (request.pipeline_status.empty()) {
    out.Null();
  } else {
    out.BeginObject().Field("status", request.pipeline_status).EndObject();
  }
  out.EndObject();
}

std::string FakeGitlab::HeadOf(const FakeMergeRequest& request) {
  if (!request.sha.empty()) return request.sha;
  const auto tip = branches_.find({request.repo, request.source_branch});
  return tip == branches_.end() ? "" : tip->second;
}

FakeMergeRequest* FakeGitlab::Find(std::int64_t iid) {
  for (FakeMergeRequest& request : merge_requests_) {
    if (request.iid == iid) return &request;
  }
  return nullptr;
}

std::int64_t FakeGitlab::AddMergeRequest(FakeMergeRequest request) {
  MutexLock lock(mutex_);
  if (request.iid == 0) request.iid = next_iid_;
  next_iid_ = std::max(next_iid_, request.iid) + 1;
  merge_requests_.push_back(std::move(request));
  return merge_requests_.back().iid;
}

void FakeGitlab::ChangeMergeRequest(std::int64_t iid,
                                    const std::function<void(FakeMergeRequest&)>& change) {
  MutexLock lock(mutex_);
  FakeMergeRequest* found = Find(iid);
  ASSERT_NE(found, nullptr);
  change(*found);
}

void FakeGitlab::RemoveMergeRequest(std::int64_t iid) {
  MutexLock lock(mutex_);
  std::erase_if(merge_requests_, [&](const FakeMergeRequest& one) { return one.iid == iid; });
}

void FakeGitlab::AddNote(FakeNote note) {
  MutexLock lock(mutex_);
  notes_.push_back(std::move(note));
}

std::vector<FakeMergeRequest> FakeGitlab::merge_requests() {
  MutexLock lock(mutex_);
  return merge_requests_;
}

std::vector<FakeNote> FakeGitlab::notes() {
  MutexLock lock(mutex_);
  return notes_;
}

std::vector<FakeNote> FakeGitlab::issues() {
  MutexLock lock(mutex_);
  return issues_;
}

}  // namespace regreen
