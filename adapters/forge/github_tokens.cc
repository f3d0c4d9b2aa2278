#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "adapters/forge/github_api.h"
#include "adapters/forge/github_tokens.h"
#include "daemon/base/hash.h"
#include "daemon/base/json.h"
#include "daemon/base/mutex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kEarly = absl::Minutes(5);
constexpr absl::Duration kUnknownLife =
    absl::Minutes(30);  // where GitHub names no end; it is an hour
// GitHub takes tokens of ten minutes, by its own clock, and none of the future.
constexpr absl::Duration kJwtLife = absl::Minutes(9), kJwtBefore = absl::Seconds(60);
constexpr absl::Duration kSkewThatMatters = absl::Seconds(5);
constexpr std::size_t kMostTokens = 1000;

// What is done, and no more. Source: "Permissions required for GitHub Apps".
struct Permission {
  const char* name;
  bool write;
  bool needed;  // nothing can be repaired without it
};
constexpr Permission kPermissions[] = {{"contents", true, true}, {"pull_requests", true, true},
                                       {"actions", true, true},  {"issues", true, false},
                                       {"checks", false, false}, {"statuses", false, false}};

class AppTokens final : public GithubTokens {
 public:
  AppTokens(const ForgeClient& client, std::string id, RsaKey key)
      : client_(client),
        id_(std::move(id)),
        key_(std::move(key)),
        own_gate_(client.GateOf(Cat("app ", id_), "app")) {}

  StatusOr<GithubCredential> For(const std::string& repo, std::stop_token stop) override {
    const std::shared_ptr<Entry> entry = EntryOf(repo);
    MutexLock lock(entry->mutex);
    const absl::Time now = GithubNow();
    if (!entry->credential.token.empty() && now < entry->ends - kEarly) return entry->credential;
    auto made = Make(repo, std::move(stop));
    if (made.ok()) {
      entry->credential = made->credential;
      entry->ends = made->ends;
      return entry->credential;
    }
    // What GitHub gave is good to its end, whatever hinders the next.
    if (IsRetryable(made.status()) && !entry->credential.token.empty() &&
        now < entry->ends - absl::Minutes(1))
      return entry->credential;
    return made.status();
  }

  bool Refused(const std::string& repo) override {
    MutexLock lock(mutex_);
    entries_.erase(repo);
    return true;
  }

 private:
  struct Entry {
    Mutex mutex;  // held while a token is asked for
    GithubCredential credential;
    absl::Time ends;
  };
  struct Made {
    GithubCredential credential;
    absl::Time ends;
  };

  std::shared_ptr<Entry> EntryOf(const std::string& repo) {
    MutexLock lock(mutex_);
    if (entries_.size() >= kMostTokens && entries_.count(repo) == 0) entries_.clear();
    std::shared_ptr<Entry>& entry = entries_[repo];
    if (entry == nullptr) entry = std::make_shared<Entry>();
    return entry;
  }

  absl::Time GithubNow() {
    MutexLock lock(mutex_);
    return client_.clock().Now() + skew_;
  }

  // A call as the app. Where GitHub refuses it and has another clock, it is made once more by that.
  StatusOr<Json> AsApp(const std::string& method, const std::string& path, const std::string& body,
                       const std::string& what, std::stop_token stop) {
    for (bool again : {true, false}) {
      ASSIGN_OR_RETURN(std::string jwt, GithubAppJwt(key_, id_, GithubNow()));
      const GithubApi api(client_, own_gate_, Secret(std::move(jwt)));
      HttpCall call = api.Prepare(path);
      call.method = method;
      if (!body.empty()) call.headers.emplace_back("content-type", "application/json");
      call.body = body;
      const auto answer = api.Fetch(std::move(call), stop);
      if (!answer.ok()) return Annotate(answer.status(), what);
      if (answer->status == 401) {
        if (again && LearnClock(*answer)) continue;
        return Unauthenticated(
            Cat(what,
                ": GitHub does not know the app by its key; check that app_id and app_key are "
                "of one app, that the key was not deleted there, and this machine's clock"));
      }
      RETURN_IF_ERROR(api.ErrorOf(*answer, what));
      return Json::Parse(answer->body);
    }
    return Internal("an app's call was made more than twice");
  }

  // Whether GitHub's clock is another than was thought.
  bool LearnClock(const HttpAnswer& answer) {
    absl::Time date;
    const std::string text(HeaderValue(answer.headers, "date"));
    if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &date, nullptr)) return false;
    MutexLock lock(mutex_);
    const absl::Duration skew = date - client_.clock().Now();
    if (absl::AbsDuration(skew - skew_) < kSkewThatMatters) return false;
    skew_ = skew;
    return true;
  }

  StatusOr<Made> Make(const std::string& repo, std::stop_token stop) {
    const std::string what = Cat("asking for a token for ", repo);
    auto found = AsApp("GET", Cat("/repos/", RepoPath(repo), "/installation"), "", what, stop);
    if (found.status().code() == StatusCode::kNotFound) {
      return NotFound(Cat(what,
                          ": the GitHub App is not installed there, or not for this "
                          "repository; install it, or take it out of the forge's repos"));
    }
    if (!found.ok()) return found.status();
    if ((*found)["suspended_at"].IsString()) {
      return PermissionDenied(Cat(what,
                                  ": the GitHub App's installation there is suspended; its "
                                  "owner can take that back in the settings of the account"));
    }
    const std::int64_t installation = (*found)["id"].IntOr(0);
    ASSIGN_OR_RETURN(const std::string body, Narrowed(repo, (*found)["permissions"], what));
    ASSIGN_OR_RETURN(const Json made,
                     AsApp("POST", Cat("/app/installations/", installation, "/access_tokens"), body,
                           what, std::move(stop)));
    Made token;
    token.credential.token = Secret(made["token"].StringOr(""));
    token.credential.gate = client_.GateOf(Cat("app ", id_, " installation ", installation),
                                           Cat("installation ", installation));
    token.ends = GithubNow() + kUnknownLife;
    absl::Time ends;
    if (absl::ParseTime(absl::RFC3339_full, made["expires_at"].StringOr(""), &ends, nullptr))
      token.ends = ends;
    if (token.credential.token.empty())
      return Unavailable(Cat(what, ": GitHub's answer holds no token"));
    return token;
  }

  // Of what the installation was granted: GitHub refuses to give more.
  static StatusOr<std::string> Narrowed(const std::string& repo, const Json& granted,
                                        const std::string& what) {
    JsonWriter body;
    std::vector<std::string> missing;
    body.BeginObject().Key("repositories").BeginArray();
    body.String(repo.substr(repo.find('/') + 1)).EndArray().Key("permissions").BeginObject();
    for (const Permission& permission : kPermissions) {
      const std::string level = granted[permission.name].StringOr("");
      const bool enough = permission.write ? level == "write" : !level.empty();
      if (permission.needed && !enough) missing.emplace_back(permission.name);
      if (!level.empty())
        body.Field(permission.name, permission.write && level == "write" ? "write" : "read");
    }
    body.EndObject().EndObject();
    std::string text = body.Take();
    if (missing.empty()) return text;
    return PermissionDenied(Cat(what, ": the GitHub App may not write ", Join(missing, ", "),
                                " there; give it the permission, and accept it in the "
                                "installation's settings"));
  }

  const ForgeClient& client_;
  const std::string id_;
  const RsaKey key_;
  const std::shared_ptr<Gate> own_gate_;  // of what is asked as the app itself
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_ RG_GUARDED_BY(mutex_);
  absl::Duration skew_ RG_GUARDED_BY(mutex_);
};

class FixedToken final : public GithubTokens {
 public:
  FixedToken(const ForgeClient& client, Secret token)
      : credential_{token, client.GateOf(token.Reveal(), "token")} {}
  StatusOr<GithubCredential> For(const std::string&, std::stop_token) override {
    return credential_;
  }
  bool Refused(const std::string&) override { return false; }

 private:
  const GithubCredential credential_;
};

}  // namespace

StatusOr<std::string> GithubAppJwt(const RsaKey& key, const std::string& id, absl::Time now) {
  JsonWriter header, claims;
  header.BeginObject().Field("alg", "RS256").Field("typ", "JWT").EndObject();
  claims.BeginObject()
      .Field("iat", absl::ToUnixSeconds(now - kJwtBefore))
      .Field("exp", absl::ToUnixSeconds(now + kJwtLife))
      .Field("iss", id)
      .EndObject();
  const std::string said = Cat(Base64UrlEncode(header.Take()), ".", Base64UrlEncode(claims.Take()));
  ASSIGN_OR_RETURN(const std::string signature, key.SignSha256(said));
  return Cat(said, ".", Base64UrlEncode(signature));
}

std::unique_ptr<GithubTokens> NewFixedToken(const ForgeClient& client, Secret token) {
  return std::make_unique<FixedToken>(client, std::move(token));
}

std::unique_ptr<GithubTokens> NewGithubAppTokens(const ForgeClient& client, std::string id,
                                                 RsaKey key) {
  return std::make_unique<AppTokens>(client, std::move(id), std::move(key));
}

}  // namespace regreen
