// Who may write to FakeGithub's repositories, reactions to comments, and its webhook's deliveries.
#include <algorithm>

#include "tests/support/fake_github.h"
#include "tests/support/fake_github_answers.h"

namespace regreen {

using fake_github::Answer;
using fake_github::Message;
using fake_github::Missing;
using fake_github::Number;

// collaborators/{login}/permission, {issues,pulls}/comments/{id}/reactions
HttpResponse FakeGithub::People(const HttpRequest& request, const Parts& parts) {
  JsonWriter out;
  if (parts[0] == "collaborators") {
    const auto person = parts.size() == 3 ? people_.find(parts[1]) : people_.end();
    if (person == people_.end()) return Missing();
    out.BeginObject().Field("permission", person->second.second).Key("user").BeginObject();
    out.Field("login", person->first).Field("id", person->second.first).EndObject().EndObject();
    return Answer(200, out.Take());
  }
  const auto body = Json::Parse(request.body);
  if (parts.size() != 4 || request.method != "POST" || !body.ok()) return Missing();
  const std::string reaction =
      Cat(parts[0], "/comments/", parts[2], " ", (*body)["content"].StringOr(""));
  const bool there = std::find(reactions_.begin(), reactions_.end(), reaction) != reactions_.end();
  if (!there) reactions_.push_back(reaction);
  return Answer(there ? 200 : 201, "{}");
}

// hooks, hooks/1/deliveries, hooks/1/deliveries/{id}/attempts
HttpResponse FakeGithub::Hooks(const HttpRequest& request, const Parts& parts) {
  if (parts.size() == 1) {
    return Answer(200, R"([{"id":1,"active":true,"config":{"url":"https://ci.test/hooks/github"}},
                           {"id":2,"active":true,"config":{"url":"https://chat.test/else"}}])");
  }
  if (parts.size() < 3 || parts[1] != "1" || parts[2] != "deliveries") return Missing();
  if (parts.size() == 5 && request.method == "POST") {
    redelivered_.push_back(Number(parts[3]));
    return Answer(202, "{}");
  }
  JsonWriter out;
  out.BeginArray();
  for (const FakeHookDelivery& one : deliveries_) {
    out.BeginObject().Field("id", one.id).Field("guid", one.guid).Field("event", one.event);
    out.Field("status_code", one.status_code).Field("delivered_at", one.delivered_at).EndObject();
  }
  out.EndArray();
  return Answer(200, out.Take());
}

std::string FakeGithub::CommentPayload(const FakeSaid& said) {
  JsonWriter out;
  out.BeginObject().Field("action", said.action).Key("issue").BeginObject();
  out.Field("number", said.pull);
  if (!said.on_issue) out.Key("pull_request").BeginObject().EndObject();
  out.EndObject().Key("comment").BeginObject().Field("id", said.id).Field("body", said.text);
  out.Key("user").BeginObject().Field("login", said.author).Field("id", std::int64_t{5});
  out.Field("type", said.type).EndObject().EndObject();
  out.Key("repository").BeginObject().Field("full_name", "acme/widget").EndObject().EndObject();
  return out.Take();
}

void FakeGithub::SetPermission(const std::string& login, std::int64_t id,
                               const std::string& permission) {
  MutexLock lock(mutex_);
  people_[login] = {id, permission};
}

void FakeGithub::AddDelivery(FakeHookDelivery delivery) {
  MutexLock lock(mutex_);
  deliveries_.push_back(std::move(delivery));
}

std::vector<std::int64_t> FakeGithub::redelivered() {
  MutexLock lock(mutex_);
  return redelivered_;
}

std::vector<std::string> FakeGithub::reactions() {
  MutexLock lock(mutex_);
  return reactions_;
}

}  // namespace regreen
