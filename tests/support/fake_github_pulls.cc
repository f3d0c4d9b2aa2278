// The pull requests of FakeGithub.
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "tests/support/fake_github.h"
#include "tests/support/fake_github_answers.h"

namespace regreen {
namespace {

using fake_github::Answer;
using fake_github::Message;
using fake_github::Missing;
using fake_github::Number;
using fake_github::QueryValue;

}  // namespace

HttpResponse FakeGithub::Pulls(const HttpRequest& request, const std::string& repo,
                               const Parts& parts) {
  if (parts.size() == 1 && request.method == "GET") return ListPulls(request, repo);
  const auto body = Json::Parse(request.body);
  if (parts.size() == 1 && request.method == "POST")
    return body.ok() ? OpenPull(repo, *body) : Message(400, "Problems parsing JSON");
  FakePull* pull = parts.size() > 1 ? FindPull(Number(parts[1])) : nullptr;
  if (pull == nullptr || pull->repo != repo) return Missing();
  if (request.method == "PUT" && parts.size() == 3 && body.ok()) return Merge(*pull, *body);
  if (request.method == "PATCH" && body.ok()) {
    pull->title = (*body)["title"].StringOr(pull->title);
    pull->body = (*body)["body"].StringOr(pull->body);
  }
  JsonWriter out;
  WritePull(*pull, out);
  return Answer(200, out.Take());
}

HttpResponse FakeGithub::ListPulls(const HttpRequest& request, const std::string& repo) {
  const std::string head = QueryValue(request, "head"), state = QueryValue(request, "state");
  const std::string owner = repo.substr(0, repo.find('/'));
  JsonWriter out;
  out.BeginArray();
  for (const FakePull& pull : pulls_) {
    if (pull.repo == repo && pull.state == state && Cat(owner, ":", pull.head_branch) == head)
      WritePull(pull, out);
  }
  out.EndArray();
  return Answer(200, out.Take());
}

HttpResponse FakeGithub::OpenPull(const std::string& repo, const Json& body) {
  FakePull pull;
  pull.repo = repo;
  pull.title = body["title"].StringOr("");
  pull.body = body["body"].StringOr("");
  pull.head_branch = body["head"].StringOr("");
  pull.base = body["base"].StringOr("");
  pull.draft = body["draft"].BoolOr(false);
  const auto refused = [](std::string_view why) {
    JsonWriter out;
    out.BeginObject().Field("message", "Validation Failed").Key("errors").BeginArray();
    out.BeginObject()
        .Field("resource", "PullRequest")
        .Field("code", "custom")
        .Field("message", why)
        .EndObject();
    out.EndArray().EndObject();
    return Answer(422, out.Take());
  };
  if (pull.title.empty()) return refused("title is missing");
  if (pull.draft && refuse_drafts_)
    return refused("Draft pull requests are not supported in this repository.");
  if (!Tip(repo, pull.head_branch)) return refused("head is invalid");
  if (!Tip(repo, pull.base)) return refused("base is invalid");
  for (const FakePull& other : pulls_) {
    if (other.repo == repo && other.state == "open" && other.head_branch == pull.head_branch) {
      return refused(Cat("A pull request already exists for ", repo.substr(0, repo.find('/')), ":",
                         pull.head_branch, "."));
    }
  }
  pull.number = next_pull_++;
  pulls_.push_back(pull);
  JsonWriter out;
  WritePull(pull, out);
  return Answer(201, out.Take());
}

HttpResponse FakeGithub::PullsOfCommit(const std::string& repo, const std::string& commit) {
  JsonWriter out;
  out.BeginArray();
  for (const FakePull& pull : pulls_) {
    if (pull.repo == repo && HeadOf(pull) == commit) WritePull(pull, out);
  }
  out.EndArray();
  return Answer(200, out.Take());
}

HttpResponse FakeGithub::AddLabels(std::int64_t number, const Json& body) {
  FakePull* pull = FindPull(number);
  if (pull == nullptr) return Missing();
  for (const Json& label : body["labels"].Elements()) {
    const std::string name = label.StringOr("");
    if (std::find(pull->labels.begin(), pull->labels.end(), name) == pull->labels.end())
      pull->labels.push_back(name);
  }
  return Answer(200, "[]");
}

void FakeGithub::WritePull(const FakePull& pull, JsonWriter& out) {
  out.BeginObject()
      .Field("number", pull.number)
      .Field("node_id", Cat("PR_", pull.number))
      .Field("state", pull.state)
      .Field("merged", pull.merged);
  out.Field("title", pull.title).Field("body", pull.body).Field("draft", pull.draft);
  out.Field("html_url", Cat("https://github.example/", pull.repo, "/pull/", pull.number));
  out.Key("head")
      .BeginObject()
      .Field("ref", pull.head_branch)
      .Field("sha", HeadOf(pull))
      .Key("repo")
      .BeginObject()
      .Field("full_name", pull.fork ? "stranger/widget" : pull.repo)
      .EndObject()
      .EndObject();
  out.Key("base").BeginObject().Field("ref", pull.base).EndObject();
  out.Key("labels").BeginArray();
  for (const std::string& label : pull.labels) out.BeginObject().Field("name", label).EndObject();
  out.EndArray();
  if (pull.auto_merge) out.Key("auto_merge").BeginObject().EndObject();
  out.EndObject();
}

std::string FakeGithub::HeadOf(const FakePull& pull) {
  return pull.head_sha.empty() ? Tip(pull.repo, pull.head_branch).value_or("") : pull.head_sha;
}

FakePull* FakeGithub::FindPull(std::int64_t number) {
  for (FakePull& pull : pulls_) {
    if (pull.number == number) return &pull;
  }
  return nullptr;
}

std::int64_t FakeGithub::AddPull(FakePull pull) {
  MutexLock lock(mutex_);
  if (pull.number == 0) pull.number = next_pull_;
  next_pull_ = std::max(next_pull_, pull.number) + 1;
  pulls_.push_back(std::move(pull));
  return pulls_.back().number;
}

void FakeGithub::ClosePull(std::int64_t number, bool merged) {
  MutexLock lock(mutex_);
  FakePull* pull = FindPull(number);
  ASSERT_NE(pull, nullptr);
  pull->state = "closed";
  pull->merged = merged;
}

void FakeGithub::RemovePull(std::int64_t number) {
  MutexLock lock(mutex_);
  std::erase_if(pulls_, [&](const FakePull& pull) { return pull.number == number; });
}

}  // namespace regreen
