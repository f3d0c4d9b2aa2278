#include "tests/contract/workspace_kinds.h"

#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "tests/support/coder_peer.h"
#include "tests/support/ssh_server.h"

namespace regreen {
namespace {

Status Nothing(WorkspaceOptions&, const GitFixture&) {
  return OkStatus();
}

// A sandbox where overlays are refused.
Status Checkouts(WorkspaceOptions& options, const GitFixture&) {
  options.kind = "sandbox";
  options.overlay = false;
  return OkStatus();
}

// An engine whose one machine is this one.
Status Here(WorkspaceOptions& options, const GitFixture& scratch) {
  options.kind = "exec";
  options.exec.run = {"/usr/bin/env", "{argv}"};
  options.exec.folder = scratch.NewFolder("there");
  return OkStatus();
}

// By a real sshd. One for all tests of a process.
Status Ssh(WorkspaceOptions& options, const GitFixture& scratch) {
  static const auto server = SshServer::Start();
  if (!server.ok()) return server.status();
  options.kind = "exec";
  options.exec.preset = "ssh";
  options.exec.options = (*server)->ClientOptions();
  options.exec.values = {{"host", "127.0.0.1"}};
  options.exec.folder = scratch.NewFolder("there");
  return OkStatus();
}

// The stand-in for a Coder server, and for its program. One for all tests of a process.
const CoderPeer& ThePeer() {
  static const GitFixture scratch;
  static const CoderPeer peer(scratch.NewFolder("coder"));
  return peer;
}

Status Coder(WorkspaceOptions& options, const GitFixture&) {
  const CoderPeer& peer = ThePeer();
  if (!peer.missing().empty()) return FailedPrecondition(peer.missing());
  options.kind = "coder";
  options.coder.url = peer.url();
  ASSIGN_OR_RETURN(options.coder.token, ResolveSecret("file:" + peer.token_file()));
  options.coder.choice.template_name = "regreen";
  options.coder.program = peer.program();
  options.coder.times.poll = absl::Milliseconds(5);
  return OkStatus();
}

}  // namespace

std::vector<ContractKind> ContractKinds() {
  // OpenSSL must end after the servers that are shared by all tests of a process, whose folders are
  // removed with its help: what begins first ends last.
  static_cast<void>(RandomHex(1));
  return {{"sandbox", Nothing},  {"sandbox_without_overlay", Checkouts},
          {"worktree", Nothing}, {"exec_here", Here},
          {"exec_ssh", Ssh},     {"coder", Coder, [] { return ThePeer().Problems(); }}};
}

}  // namespace regreen
