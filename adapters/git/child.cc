// The child's side: the only place where libgit2 speaks with a remote.
#include <unistd.h>

#include <filesystem>
#include <map>
#include <span>
#include <system_error>

#include "adapters/git/consolidate.h"
#include "adapters/git/git.h"
#include "adapters/git/library.h"
#include "adapters/git/local_push.h"
#include "adapters/git/remote.h"
#include "adapters/git/wire.h"
#include "daemon/base/file.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxRequestBytes = 1 << 20;

// What the callbacks of libgit2 share.
struct Conversation {
  const GitRequest& request;
  bool asked_before = false;  // for the credential: asked again means that it was refused
  std::string refusal;        // what the remote said of the pushed ref
};

int GiveCredential(git_credential** out, const char*, const char*, unsigned allowed,
                   void* payload) {
  auto* conversation = static_cast<Conversation*>(payload);
  const GitRemote& remote = conversation->request.remote;
  if ((allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) == 0 || remote.user.empty()) {
    git_error_set_str(GIT_ERROR_HTTP, "the remote asks for a credential, and none is configured");
    return GIT_EAUTH;
  }
  if (conversation->asked_before) {
    git_error_set_str(GIT_ERROR_HTTP, "the remote refused the user name and password");
    return GIT_EAUTH;
  }
  conversation->asked_before = true;
  return git_credential_userpass_plaintext_new(out, remote.user.c_str(),
                                               remote.password.Reveal().c_str());
}

int NoteRefusal(const char*, const char* status, void* payload) {
  if (status != nullptr) static_cast<Conversation*>(payload)->refusal = status;
  return 0;
}

git_remote_callbacks CallbacksFor(Conversation& conversation) {
  git_remote_callbacks callbacks;
  git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
  callbacks.credentials = GiveCredential;
  callbacks.push_update_reference = NoteRefusal;
  callbacks.payload = &conversation;
  return callbacks;
}

// libgit2 says the HTTP status in words only.
Status RemoteError(int code, std::string_view what) {
  const Status status = GitError(code, what);
  const std::string message = Message(status);
  const auto says = [&](std::string_view words) {
    return message.find(words) != std::string::npos;
  };
  // With redirects off libgit2 still follows those on the same host, but no other.
  if (says("redirect") || says("status code: 3")) {
    return InvalidArgument(Cat(message, "; a redirect to another address is not ",
                               "followed: configure the final one"));
  }
  if (says("status code: 401") || says("authentication")) return Unauthenticated(message);
  if (says("status code: 403")) return PermissionDenied(message);
  if (says("status code: 404") || says("status code: 410")) return NotFound(message);
  if (says("status code: 429")) return ResourceExhausted(message);
  return status.code() == StatusCode::kInternal ? Unavailable(message) : status;
}

// libgit2 takes "host:path" for SSH, also when it is a path with a colon in it; a file URL is not.
std::string UrlFor(const GitRemote& remote) {
  if (!IsLocal(remote)) return remote.url;
  std::string url = "file://";
  for (std::string_view part : Split(std::string_view(remote.url).substr(1), '/')) {
    Append(url, "/", PercentEncode(part));
  }
  return url;
}

StatusOr<RemotePtr> MakeRemote(git_repository* repository, const GitRemote& remote) {
  int code = 0;
  RemotePtr made = repository == nullptr ? GitMake<RemotePtr>(code, git_remote_create_detached,
                                                              UrlFor(remote).c_str())
                                         : GitMake<RemotePtr>(code, git_remote_create_anonymous,
                                                              repository, UrlFor(remote).c_str());
  if (code != 0) return GitError(code, "cannot use the remote");
  return made;
}

// One that is configured alone: what this machine's git would use is not asked.
git_proxy_options ProxyFor(const GitRemote& remote) {
  git_proxy_options proxy = GIT_PROXY_OPTIONS_INIT;
  if (remote.proxy.empty()) return proxy;
  proxy.type = GIT_PROXY_SPECIFIED;
  proxy.url = remote.proxy.c_str();
  return proxy;
}

Status Connect(git_remote* remote, git_direction direction, Conversation& conversation) {
  git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
  options.callbacks = CallbacksFor(conversation);
  options.proxy_opts = ProxyFor(conversation.request.remote);
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  const int code = git_remote_connect_ext(remote, direction, &options);
  return code == 0 ? OkStatus() : RemoteError(code, "cannot reach the remote");
}

using Heads = std::map<std::string, std::string>;  // the remote's refs and what they are at

// Of a connected remote.
StatusOr<Heads> HeadsOf(git_remote* remote) {
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  const int code = git_remote_ls(&heads, &count, remote);
  if (code != 0) return RemoteError(code, "cannot list the remote's branches");
  Heads found;
  for (std::size_t i = 0; i < count; ++i) found.emplace(heads[i]->name, ToHex(heads[i]->oid));
  return found;
}

StatusOr<std::optional<std::string>> TipOf(git_remote* remote, const std::string& ref) {
  ASSIGN_OR_RETURN(const Heads heads, HeadsOf(remote));
  const auto found = heads.find(ref);
  return found == heads.end() ? std::nullopt : std::optional(found->second);
}

// What a child that was killed left: locks on refs, and packs half received. The caller holds the
// mirror's lock, so nobody is using them.
void RemoveLeftovers(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> stale;
  for (const fs::directory_entry& entry :
       fs::recursive_directory_iterator(folder + "/refs", error)) {
    if (entry.path().extension() == ".lock") stale.push_back(entry.path());
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder + "/objects/pack", error)) {
    if (entry.path().filename().string().starts_with("pack_git2_")) stale.push_back(entry.path());
  }
  stale.emplace_back(folder + "/packed-refs.lock");
  for (const fs::path& path : stale) fs::remove(path, error);
}

Status FetchRefs(git_remote* remote, Conversation& conversation,
                 const std::vector<std::string>& refspecs) {
  git_fetch_options options;
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = CallbacksFor(conversation);
  options.proxy_opts = ProxyFor(conversation.request.remote);
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  options.prune = GIT_FETCH_NO_PRUNE;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.update_fetchhead = 0;
  std::vector<char*> specs;
  for (const std::string& refspec : refspecs) specs.push_back(const_cast<char*>(refspec.c_str()));
  const git_strarray wanted{specs.data(), specs.size()};
  const int code = git_remote_fetch(remote, &wanted, &options, "fetch");
  return code == 0 ? OkStatus() : RemoteError(code, "cannot fetch");
}

StatusOr<GitAnswer> Fetch(const GitRequest& request) {
  RemoveLeftovers(request.folder);
  ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(request.folder));
  ASSIGN_OR_RETURN(RemotePtr remote, MakeRemote(repository.get(), request.remote));
  Conversation conversation{request, false, {}};
  RETURN_IF_ERROR(FetchRefs(remote.get(), conversation, request.refspecs));
  return GitAnswer{};
}

bool IsMirrored(std::string_view ref) {
  for (const char* prefix : {"refs/heads/", "refs/tags/", "refs/pull/", "refs/merge-requests/"}) {
    if (ref.starts_with(prefix)) return true;
  }
  return false;
}

// Before a fetch: a branch "a" that is gone stands in the way of a branch "a/b".
Status ForgetRefs(git_repository* repository, const Heads& heads) {
  git_strarray names{nullptr, 0};
  const int code = git_reference_list(&names, repository);
  if (code != 0) return GitError(code, "cannot list the refs of a mirror");
  std::vector<std::string> gone;
  for (std::size_t i = 0; i < names.count; ++i) {
    if (IsMirrored(names.strings[i]) && !heads.contains(names.strings[i]))
      gone.emplace_back(names.strings[i]);
  }
  git_strarray_dispose(&names);
  for (const std::string& name : gone) git_reference_remove(repository, name.c_str());
  return OkStatus();
}

// The one ref that is at the commit: a branch, a tag, or a change's head as forges keep it.
std::vector<std::string> RefsAt(const Heads& heads, const std::string& commit) {
  for (const char* prefix : {"refs/heads/", "refs/tags/", "refs/pull/", "refs/merge-requests/"}) {
    for (auto at = heads.lower_bound(prefix); at != heads.end() && at->first.starts_with(prefix);
         ++at) {
      const bool peeled = at->first.ends_with("^{}");
      const std::string ref = at->first.substr(0, at->first.size() - (peeled ? 3 : 0));
      if (at->second == commit) return {Cat("+", ref, ":", ref)};
    }
  }
  return {};
}

// Over one connection, and each time only what is not there yet. Most commits are what some ref is
// at, and that ref alone is fetched. One that is below a branch comes with all branches and tags;
// one that is below none, by its own id, where the server allows it.
StatusOr<GitAnswer> Bring(const GitRequest& request) {
  RemoveLeftovers(request.folder);
  ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(request.folder));
  ASSIGN_OR_RETURN(RemotePtr remote, MakeRemote(repository.get(), request.remote));
  Conversation conversation{request, false, {}};
  RETURN_IF_ERROR(Connect(remote.get(), GIT_DIRECTION_FETCH, conversation));
  ASSIGN_OR_RETURN(const Heads heads, HeadsOf(remote.get()));
  RETURN_IF_ERROR(ForgetRefs(repository.get(), heads));
  const auto refs = RefsAt(heads, request.commit);
  const std::vector<std::string> all = {"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"};
  RETURN_IF_ERROR(FetchRefs(remote.get(), conversation, refs.empty() ? all : refs));
  ASSIGN_OR_RETURN(repository, OpenRepository(request.folder));
  if (!LookUpCommit(repository.get(), request.commit).ok() && refs.empty()) {
    ASSIGN_OR_RETURN(RemotePtr again, MakeRemote(repository.get(), request.remote));
    Conversation once_more{request, false, {}};
    // Many servers refuse a bare id, each in its own words; the caller looks whether it came.
    FetchRefs(again.get(), once_more,
              {Cat(request.commit, ":refs/regreen/wanted/", request.commit)})
        .IgnoreError();
  }
  const Status tidied = ConsolidatePacks(request.folder, {}, absl::Now());
  if (!tidied.ok())
    LogWarning("the packs of a mirror are not made one", {{"why", Message(tidied)}});
  return GitAnswer{};
}

StatusOr<GitAnswer> Tips(const GitRequest& request) {
  ASSIGN_OR_RETURN(RemotePtr remote, MakeRemote(nullptr, request.remote));
  Conversation conversation{request, false, {}};
  RETURN_IF_ERROR(Connect(remote.get(), GIT_DIRECTION_FETCH, conversation));
  ASSIGN_OR_RETURN(std::optional<std::string> tip, TipOf(remote.get(), request.ref));
  return GitAnswer{std::move(tip), {}, {}};
}

// A tag that is an object of its own is listed twice: the second time, with "^{}", as its commit.
StatusOr<GitAnswer> Resolve(const GitRequest& request) {
  constexpr std::string_view kHeads = "refs/heads/", kPeeled = "^{}";
  constexpr std::size_t kMostBranches = 50;
  ASSIGN_OR_RETURN(RemotePtr remote, MakeRemote(nullptr, request.remote));
  Conversation conversation{request, false, {}};
  RETURN_IF_ERROR(Connect(remote.get(), GIT_DIRECTION_FETCH, conversation));
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  const int code = git_remote_ls(&heads, &count, remote.get());
  if (code != 0) return RemoteError(code, "cannot list the remote's branches");
  const std::span<const git_remote_head*> listed(heads, count);
  GitAnswer answer;
  if (request.refspecs.empty()) answer.tip = request.commit;
  for (const std::string& name : request.refspecs) {
    for (const git_remote_head* head : listed) {
      const std::string_view here = head->name;
      if (here != name && here != Cat(name, kPeeled)) continue;
      answer.tip = ToHex(head->oid);
      answer.name = name;
      if (here.ends_with(kPeeled)) break;
    }
    if (answer.tip) break;
  }
  for (const git_remote_head* head : listed) {
    const std::string_view here = head->name;
    if (answer.branches.size() < kMostBranches && here.starts_with(kHeads) &&
        answer.tip == ToHex(head->oid))
      answer.branches.emplace_back(here.substr(kHeads.size()));
  }
  return answer;
}

Status SayRefusal(const Conversation& conversation) {
  if (conversation.refusal.empty()) return OkStatus();
  const std::string& why = conversation.refusal;
  const auto says = [&](std::string_view words) { return why.find(words) != std::string::npos; };
  const std::string message = Cat("the remote refused the branch: ", CleanGitText(why));
  if (says("stale") || says("lock") || says("fetch first") || says("already exists")) {
    return Aborted(message);
  }
  return PermissionDenied(message);
}

// Over one connection: the remote compares the tip that it named at the start with the one that it
// has when it writes, so a commit that comes in between is never overwritten.
StatusOr<GitAnswer> PushByNetwork(const GitRequest& request) {
  ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(request.folder));
  ASSIGN_OR_RETURN(const git_oid commit, ParseCommitId(request.commit));
  ASSIGN_OR_RETURN(RemotePtr remote, MakeRemote(repository.get(), request.remote));
  Conversation conversation{request, false, {}};
  RETURN_IF_ERROR(Connect(remote.get(), GIT_DIRECTION_PUSH, conversation));
  ASSIGN_OR_RETURN(std::optional<std::string> tip, TipOf(remote.get(), request.ref));
  if (tip.value_or("") != request.expected) return Aborted("the branch moved during the push");
  // libgit2 pushes refs, not ids.
  const std::string source = Cat("refs/regreen/pushing/", request.commit);
  int code = 0;
  auto reference = GitMake<ReferencePtr>(code, git_reference_create, repository.get(),
                                         source.c_str(), &commit, 1, nullptr);
  if (code != 0) return GitError(code, "cannot write a ref of the mirror");
  git_push_options options;
  git_push_options_init(&options, GIT_PUSH_OPTIONS_VERSION);
  options.callbacks = CallbacksFor(conversation);
  options.proxy_opts = ProxyFor(conversation.request.remote);
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  options.pb_parallelism = 1;
  std::string refspec = Cat("+", source, ":", request.ref);
  char* refspecs[] = {refspec.data()};
  const git_strarray wanted{refspecs, 1};
  code = git_remote_upload(remote.get(), &wanted, &options);
  const Status pushed = code == 0 ? SayRefusal(conversation) : RemoteError(code, "cannot push");
  git_reference_delete(reference.get());
  RETURN_IF_ERROR(pushed);
  return GitAnswer{};
}

StatusOr<GitAnswer> Push(const GitRequest& request) {
  if (!IsLocal(request.remote)) return PushByNetwork(request);
  RETURN_IF_ERROR(PushToFolder(request));
  return GitAnswer{};
}

StatusOr<GitAnswer> Answer(const GitRequest& request) {
  RETURN_IF_ERROR(CheckRemote(request.remote));
  EnsureGitLibrary();
  // libgit2 says of a path that is not there that its protocol is unknown.
  if (IsLocal(request.remote)) RETURN_IF_ERROR(OpenRepository(request.remote.url).status());
  if (!request.ca_file.empty()) {
    const int code =
        git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, request.ca_file.c_str(), nullptr);
    if (code != 0) return GitError(code, Cat("cannot use the certificates in ", request.ca_file));
  }
  switch (request.operation) {
    case GitRequest::Operation::kFetch:
      return Fetch(request);
    case GitRequest::Operation::kBring:
      return Bring(request);
    case GitRequest::Operation::kTips:
      return Tips(request);
    case GitRequest::Operation::kPush:
      return Push(request);
    case GitRequest::Operation::kResolve:
      return Resolve(request);
  }
  return Internal("an unknown git operation");
}

StatusOr<GitAnswer> ReadAndAnswer() {
  ASSIGN_OR_RETURN(const std::string bytes, ReadAll(STDIN_FILENO, kMaxRequestBytes));
  ASSIGN_OR_RETURN(const GitRequest request, DecodeRequest(bytes));
  MaskInLogs(request.remote.password);
  return Answer(request);
}

}  // namespace

int RunGitChild() {
  std::string_view rest;
  const std::string answer = EncodeAnswer(ReadAndAnswer());
  for (rest = answer; !rest.empty();) {
    const ssize_t n = write(STDOUT_FILENO, rest.data(), rest.size());
    if (n < 0 && errno != EINTR) return 1;
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace regreen
