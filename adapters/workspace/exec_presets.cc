#include "adapters/workspace/exec.h"

namespace regreen {
namespace {

// An account on a machine that is there already. Nothing is forwarded, nothing is asked for; one
// connection carries all calls, and ends by itself.
ExecOptions Ssh() {
  ExecOptions o;
  o.run = {"ssh",       "-T",
           "-o",        "BatchMode=yes",
           "-o",        "ConnectTimeout=15",
           "-o",        "ServerAliveInterval=15",
           "-o",        "ServerAliveCountMax=4",
           "-o",        "ForwardAgent=no",
           "-o",        "ForwardX11=no",
           "-o",        "ClearAllForwardings=yes",
           "-o",        "LogLevel=ERROR",
           "-o",        "ControlMaster=auto",
           "-o",        "ControlPath={directory}.ssh",
           "-o",        "ControlPersist=60",
           "{options}", "--",
           "{host}",    "{command}"};
  o.attach = {"ssh", "-t", "{options}", "--", "{host}", "cd {tree} && exec \"$SHELL\" -l"};
  o.env = {"SSH_AUTH_SOCK"};
  o.folder = "~/.regreen/workspaces";
  return o;
}

// A container that has no network, no capability and nothing to write to but memory. What is in the
// image is seen, so its PATH is kept. Sources: docker-run(1) and podman-run(1).
ExecOptions Container(const char* program) {
  ExecOptions o;
  o.create = {program,
              "run",
              "--detach",
              "--init",
              "--name={name}",
              "--label=regreen=workspace",
              "--network=none",
              "--cap-drop=ALL",
              "--security-opt=no-new-privileges",
              "--read-only",
              "--tmpfs=/tmp:rw,exec,nosuid,nodev,size={memory},mode=1777",
              "--user=1000:1000",
              "--pids-limit=2048",
              "--cpus={cpu}",
              "--memory={memory}",
              "{options}",
              "{image}",
              "sleep",
              "infinity"};
  o.run = {program, "exec", "--interactive", "--env=HOME=/tmp", "{name}", "{argv}"};
  o.destroy = {program, "rm", "--force", "--volumes", "{name}"};
  o.list = {program, "ps", "--all", "--filter=label=regreen=workspace", "--format={{.Names}}"};
  o.attach = {program, "exec", "--interactive", "--tty", "{name}", "sh"};
  o.env = {"DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "CONTAINER_HOST"};
  o.folder = "/tmp/regreen";
  return o;
}

// A pod of deploy/kubernetes/sandbox-pod.yaml, which `manifest` names. Source: the reference of
// kubectl.
ExecOptions Kubectl() {
  ExecOptions o;
  o.create = {"kubectl", "{options}", "create", "-f", "-"};
  o.ready = {"kubectl",        "{options}", "wait", "--for=condition=Ready",
             "--timeout=300s", "pod/{name}"};
  o.run = {"kubectl", "{options}", "exec", "--stdin", "{name}", "--", "{argv}"};
  o.destroy = {"kubectl", "{options}", "delete", "pod", "{name}", "--ignore-not-found", "--now"};
  o.list = {"kubectl",
            "{options}",
            "get",
            "pods",
            "--selector=app.kubernetes.io/name=regreen-workspace",
            "--output=name"};
  o.attach = {"kubectl", "{options}", "exec", "--stdin", "--tty", "{name}", "--", "sh"};
  o.env = {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"};
  o.folder = "/work/regreen";
  return o;
}

// A job of one task that sleeps, as a HCL file that `manifest` names. Source: the reference of the
// commands `job` and `alloc exec`.
ExecOptions Nomad() {
  ExecOptions o;
  o.create = {"nomad", "job", "run", "{options}", "-"};
  o.run = {"nomad", "alloc", "exec", "-i=true", "-t=false", "-job", "{name}", "{argv}"};
  o.destroy = {"nomad", "job", "stop", "-purge", "-yes", "{name}"};
  // A table, with a head when there are jobs.
  o.list = {"sh", "-c", "nomad job status | awk 'NR > 1 {print $1 }'"};
  o.attach = {"nomad", "alloc", "exec", "-i=true", "-t=true", "-job", "{name}", "sh"};
  o.env = {"NOMAD_ADDR",   "NOMAD_TOKEN",       "NOMAD_NAMESPACE", "NOMAD_REGION",
           "NOMAD_CACERT", "NOMAD_CLIENT_CERT", "NOMAD_CLIENT_KEY"};
  o.folder = "/tmp/regreen";
  return o;
}

// An ephemeral instance. What it reaches is said by its profile. Source: the manual pages of
// incus-launch(1), incus-exec(1), incus-list(1), incus-delete(1).
ExecOptions Incus() {
  ExecOptions o;
  o.create = {"incus",
              "launch",
              "{image}",
              "{name}",
              "--ephemeral",
              "--config=limits.cpu={cpu}",
              "--config=limits.memory={memory_mib}MiB",
              "--config=limits.processes=2048",
              "--config=security.nesting=false",
              "{options}"};
  o.run = {"incus", "exec", "{name}", "--force-noninteractive", "--", "{argv}"};
  o.destroy = {"incus", "delete", "--force", "{name}"};
  o.list = {"incus", "list", "^regreen-", "--format=csv", "--columns=n"};
  o.attach = {"incus", "exec", "{name}", "--force-interactive", "--", "sh"};
  o.env = {"INCUS_REMOTE", "INCUS_PROJECT", "INCUS_CONF"};
  o.folder = "/root/regreen";
  return o;
}

// A container that {definition}, a folder with a devcontainer.json of the operator's, describes:
// for repositories that are trusted, since what is in that file is not bounded here. Source: the
// help of
// @devcontainers/cli.
ExecOptions Devcontainer() {
  ExecOptions o;
  o.create = {"devcontainer", "up", "--workspace-folder={definition}", "--id-label=regreen={name}",
              "{options}"};
  o.run = {"devcontainer", "exec", "--workspace-folder={definition}", "--id-label=regreen={name}",
           "{argv}"};
  o.destroy = {"sh", "-c",
               "docker ps --all --quiet --filter=label=regreen=\"$1\" | xargs -r docker rm -f",
               "sh", "{name}"};
  o.list = {"docker", "ps", "--all", "--filter=label=regreen", "--format={{.Label \"regreen\"}}"};
  o.attach = {"devcontainer", "exec", "--workspace-folder={definition}",
              "--id-label=regreen={name}", "sh"};
  o.env = {"DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT"};
  o.folder = "/tmp/regreen";
  return o;
}

}  // namespace

const std::vector<ExecPreset>& ExecPresets() {
  static const std::vector<ExecPreset> presets = {{"ssh", Ssh()},
                                                  {"docker", Container("docker")},
                                                  {"podman", Container("podman")},
                                                  {"kubectl", Kubectl()},
                                                  {"nomad", Nomad()},
                                                  {"incus", Incus()},
                                                  {"devcontainer", Devcontainer()}};
  return presets;
}

}  // namespace regreen
