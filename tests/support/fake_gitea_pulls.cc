// The pull requests, labels, comments and issues of FakeGitea.
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "tests/support/fake_gitea.h"
#include "tests/support/fake_github_answers.h"

namespace regreen {
namespace {

using fake_github::Answer;
using fake_github::Message;
using fake_github::Missing;
using fake_github::Number;
using fake_github::QueryValue;

std::string PostText(std::int64_t id, const std::string& link, const std::string& body) {
  JsonWriter out;
  out.BeginObject().Field("id", id).Field("html_url", link).Field("body", body).EndObject();
  return out.Take();
}

}  // namespace

// pulls, pulls/{number}, …/merge
HttpResponse FakeGitea::Pulls(const HttpRequest& request, const std::string& repo,
                              const Parts& parts) {
  const auto body = request.body.empty() ? Json() : Json::Parse(request.body);
  if (!body.ok()) return Message(422, "invalid JSON");
  if (parts.size() == 1 && request.method == "POST") return OpenPull(repo, *body);
  if (parts.size() == 1) {
    std::vector<std::string> elements;
    for (const FakeGiteaPull& pull : pulls_) {
      if (pull.repo == repo && pull.state == QueryValue(request, "state"))
        elements.push_back(PullText(pull));
    }
    return Page(request, elements);
  }
  FakeGiteaPull* pull = Find(repo, Number(parts[1]));
  if (pull == nullptr) return Missing();
  if (parts.size() == 3 && parts[2] == "merge") return Merge(*pull, *body);
  if (request.method == "PATCH") {
    pull->title = (*body)["title"].StringOr(pull->title);
    pull->body = (*body)["body"].StringOr(pull->body);
    return Answer(201, PullText(*pull));
  }
  return Answer(200, PullText(*pull));
}

HttpResponse FakeGitea::OpenPull(const std::string& repo, const Json& body) {
  FakeGiteaPull pull;
  pull.repo = repo;
  pull.title = body["title"].StringOr("");
  pull.body = body["body"].StringOr("");
  pull.head = body["head"].StringOr("");
  pull.base = body["base"].StringOr("");
  if (branches_.count(pull.head) == 0 || branches_.count(pull.base) == 0) return Missing();
  for (const FakeGiteaPull& other : pulls_) {
    if (other.repo == repo && other.state == "open" && other.head_repo == kRepo &&
        other.head == pull.head && other.base == pull.base)
      return Message(409, "pull request already exists for these targets");
  }
  pull.number = static_cast<std::int64_t>(pulls_.size()) + 1;
  pulls_.push_back(pull);
  return Answer(201, PullText(pull));
}

HttpResponse FakeGitea::Merge(FakeGiteaPull& pull, const Json& body) {
  EXPECT_FALSE(body["merge_when_checks_succeed"].BoolOr(false)) << "it holds to no commit";
  if (!pull.refusal.empty()) return Message(405, pull.refusal);
  if (pull.title.starts_with("WIP:")) return Message(405, "Work in progress PRs cannot be merged");
  if (pull.state != "open") return Missing();
  if (body["Do"].StringOr("") != "merge") return Message(405, "this merge style is not allowed");
  if (body["head_commit_id"].StringOr("") != HeadOf(pull)) return Message(409, "head out of date");
  pull.sha = HeadOf(pull);
  pull.state = "closed";
  pull.merged = true;
  return Answer(200, "");
}

// issues, issues/{number}/comments, issues/{number}/labels
HttpResponse FakeGitea::Issues(const HttpRequest& request, const std::string& repo,
                               const Parts& parts) {
  const auto body = request.body.empty() ? Json() : Json::Parse(request.body);
  if (!body.ok()) return Message(422, "invalid JSON");
  const std::string text = (*body)["body"].StringOr("");
  const bool post = request.method == "POST";
  std::vector<std::string> elements;
  if (parts.size() == 1) {
    if (post) {
      EXPECT_EQ(LabelNames((*body)["labels"]).size(), (*body)["labels"].size());
      issues_.push_back(text);
    }
    for (std::size_t i = issues_.size(); i-- > 0;)
      elements.push_back(PostText(0, Cat(site(), "/", repo, "/issues/", i + 1), issues_[i]));
    return post ? Answer(201, elements.front()) : Page(request, elements);
  }
  FakeGiteaPull* pull = Find(repo, Number(parts[1]));
  if (pull == nullptr || parts.size() != 3) return Missing();
  if (parts[2] == "labels") {
    for (const std::string& name : LabelNames((*body)["labels"])) {
      if (std::find(pull->labels.begin(), pull->labels.end(), name) == pull->labels.end())
        pull->labels.push_back(name);
    }
    return Answer(200, "[]");
  }
  if (post) comments_.push_back({repo, pull->number, text});
  std::int64_t id = 0;
  for (const FakeGiteaComment& one : comments_) {
    ++id;
    if (one.repo == repo && one.pull == pull->number)
      elements.push_back(
          PostText(id, Cat(site(), "/", repo, "/pulls/", one.pull, "#", id), one.body));
  }
  // All in one answer, the oldest first, as Gitea does it here.
  return post ? Answer(201, elements.back()) : Answer(200, Cat("[", Join(elements, ","), "]"));
}

// By their numbers alone, as versions before 1.22 take them.
std::vector<std::string> FakeGitea::LabelNames(const Json& ids) {
  std::vector<std::string> names;
  for (const Json& id : ids.Elements()) {
    const std::int64_t number = id.IntOr(0);
    if (number >= 1 && number <= static_cast<std::int64_t>(labels_.size()))
      names.push_back(labels_[static_cast<std::size_t>(number - 1)]);
  }
  return names;
}

HttpResponse FakeGitea::Labels(const HttpRequest& request) {
  const auto text = [&](std::size_t i) {
    JsonWriter out;
    out.BeginObject().Field("id", static_cast<std::int64_t>(i + 1)).Field("name", labels_[i]);
    out.EndObject();
    return out.Take();
  };
  if (request.method == "POST") {
    const auto body = Json::Parse(request.body);
    const std::string name = body.ok() ? (*body)["name"].StringOr("") : "";
    if (name.empty() || !(*body)["color"].StringOr("").starts_with('#'))
      return Message(422, "[Name]: Required");
    labels_.push_back(name);
    return Answer(201, text(labels_.size() - 1));
  }
  std::vector<std::string> elements;
  for (std::size_t i = 0; i < labels_.size(); ++i) elements.push_back(text(i));
  return Page(request, elements);
}

std::string FakeGitea::PullText(const FakeGiteaPull& pull) {
  JsonWriter out;
  out.BeginObject().Field("number", pull.number).Field("title", pull.title);
  out.Field("body", pull.body).Field("state", pull.state).Field("merged", pull.merged);
  out.Field("html_url", Cat(site(), "/", pull.repo, "/pulls/", pull.number));
  out.Key("user").BeginObject().Field("login", "someone").EndObject();
  out.Key("head").BeginObject().Field("ref", pull.head).Field("sha", HeadOf(pull));
  out.Field("repo_id", pull.head_repo).EndObject();
  out.Key("base").BeginObject().Field("ref", pull.base).Field("repo_id", kRepo).EndObject();
  out.Key("labels").BeginArray();
  for (const std::string& label : pull.labels) out.BeginObject().Field("name", label).EndObject();
  out.EndArray().EndObject();
  return out.Take();
}

std::string FakeGitea::HeadOf(const FakeGiteaPull& pull) {
  if (!pull.sha.empty()) return pull.sha;
  const auto tip = branches_.find(pull.head);
  return tip == branches_.end() ? "" : tip->second;
}

FakeGiteaPull* FakeGitea::Find(const std::string& repo, std::int64_t number) {
  for (FakeGiteaPull& pull : pulls_) {
    if (pull.repo == repo && pull.number == number) return &pull;
  }
  return nullptr;
}

void FakeGitea::SetBranch(const std::string& branch, const std::string& commit) {
  MutexLock lock(mutex_);
  branches_[branch] = commit;
}

std::int64_t FakeGitea::AddPull(FakeGiteaPull pull) {
  MutexLock lock(mutex_);
  if (pull.number == 0) pull.number = static_cast<std::int64_t>(pulls_.size()) + 1;
  pulls_.push_back(std::move(pull));
  return pulls_.back().number;
}

void FakeGitea::ChangePull(std::int64_t number, const std::function<void(FakeGiteaPull&)>& change) {
  MutexLock lock(mutex_);
  for (FakeGiteaPull& pull : pulls_) {
    if (pull.number == number) return change(pull);
  }
  FAIL() << "there is no pull request " << number;
}

void FakeGitea::RemovePull(std::int64_t number) {
  MutexLock lock(mutex_);
  std::erase_if(pulls_, [&](const FakeGiteaPull& one) { return one.number == number; });
}

void FakeGitea::SetStatus(const std::string& commit, const std::string& state) {
  MutexLock lock(mutex_);
  statuses_[commit] = state;
}

std::vector<FakeGiteaPull> FakeGitea::pulls() {
  MutexLock lock(mutex_);
  return pulls_;
}

std::vector<FakeGiteaComment> FakeGitea::comments() {
  MutexLock lock(mutex_);
  return comments_;
}

std::vector<std::string> FakeGitea::issues() {
  MutexLock lock(mutex_);
  return issues_;
}

}  // namespace regreen
