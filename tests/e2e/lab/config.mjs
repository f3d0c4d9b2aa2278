// Configurations of the daemon, as TOML.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';

// A lease is short, so that a test of a daemon that died need not wait a minute for it to end; an open
// change is looked at every second.
function common(folder, {workers = 2, kind = 'sandbox', listen = '127.0.0.1:0', lease = '5s', watchEvery = '1s',
  policies = () => '', api = '', limits = '', workspace = ''} = {}) {
  return `
[server]
listen = "${listen}"
[log]
format = "json"
[store]
path = "${folder}/regreen.db"
[workers]
count = ${workers}
lease = "${lease}"
watch_every = "${watchEvery}"
[workspace]
kind = "${kind}"
directory = "${folder}/workspaces"
mirrors = "${folder}/mirrors"
${workspace}
[policies]
directory = "${folder}/policies"
${policies(folder)}
[limits]
${limits}
${api}
`;
}

export function githubConfig(folder, github, options) {
  return `${common(folder, options)}
[forge.github]
kind = "github"
api = "${github.url}"
git = "${github.gitUrl}"
${github.app ? `app_id = "${github.app.id}"\napp_key = "file:${folder}/app-key"` : `token = "file:${folder}/token"`}
repos = ["acme/*"]
${options?.forge ?? ''}
[ci.github]
kind = "github"
forge = "github"
secret = "file:${folder}/webhook-secret"
`;
}

export function gitlabConfig(folder, gitlab, options) {
  return `${common(folder, options)}
[forge.lab]
kind = "gitlab"
api = "${gitlab.url}"
git = "${gitlab.gitUrl}"
token = "file:${folder}/token"
repos = ["acme/**"]
[ci.lab]
kind = "gitlab"
forge = "lab"
secret = "file:${folder}/webhook-secret"
`;
}

export function giteaConfig(folder, gitea, options) {
  return `${common(folder, options)}
[forge.tea]
kind = "gitea"
api = "${gitea.url}"
git = "${gitea.gitUrl}"
token = "file:${folder}/token"
repos = ["acme/*"]
[ci.tea]
kind = "github"
forge = "tea"
secret = "file:${folder}/webhook-secret"
`;
}

export function localConfig(folder, remotes, options) {
  const named = Object.entries(remotes).map(([name, path]) => `"${name}" = "${path}"`).join('\n');
  return `${common(folder, options)}
[forge.local]
kind = "git"
[forge.local.remotes]
${named}
[ci.build]
kind = "generic"
forge = "local"
secret = "file:${folder}/webhook-secret"
signature_header = "X-Signature-256"
failed_when = ["failure"]
passed_when = ["success"]
[ci.build.map]
repo = "/repository"
commit = "/commit"
branch = "/branch"
run_id = "/run/id"
attempt = "/run/attempt"
conclusion = "/run/result"
job = "/job"
step = "/step"
command = "/command"
log = "/log"
`;
}

export function writeConfig(folder, text) {
  const file = join(folder, 'regreen.toml');
  writeFileSync(file, text);
  return file;
}
