// What coderd answers, from what the stand-in knows.

const at = (time) => new Date(time).toISOString();

export const ids = {
  user: '11111111-0000-4000-8000-000000000001',
  organization: '22222222-0000-4000-8000-000000000001',
  template: '33333333-0000-4000-8000-000000000001',
  version: '44444444-0000-4000-8000-000000000001',
  preset: '55555555-0000-4000-8000-000000000001',
};

export function userDocument(coder) {
  return {
    id: ids.user, username: coder.user, name: '', email: `${coder.user}@example.org`, avatar_url: '',
    created_at: at(coder.began), updated_at: at(coder.began), last_seen_at: at(coder.began), status: 'active',
    login_type: 'token', organization_ids: [ids.organization], roles: [], is_service_account: true,
  };
}

export function organizationDocument(coder) {
  return {
    id: ids.organization, name: coder.organization, display_name: coder.organization, description: '', icon: '',
    created_at: at(coder.began), updated_at: at(coder.began), is_default: true,
  };
}

export function templateDocument(coder) {
  return {
    id: ids.template, name: coder.template.name, display_name: '', description: '', icon: '',
    organization_id: ids.organization, organization_name: coder.organization, provisioner: 'terraform',
    active_version_id: ids.version, active_user_count: 1, created_at: at(coder.began), updated_at: at(coder.began),
    created_by_id: ids.user, created_by_name: 'admin', default_ttl_ms: 86_400_000, deleted: false,
    deprecated: coder.template.deprecated !== '', deprecation_message: coder.template.deprecated,
    allow_user_cancel_workspace_jobs: coder.template.mayCancel, require_active_version: false,
  };
}

export function parameterDocument(parameter) {
  return {
    name: parameter.name, display_name: '', description: '', description_plaintext: '', icon: '', type: 'string',
    form_type: 'input', mutable: true, default_value: parameter.default ?? '', ephemeral: false, options: [],
    required: parameter.default === undefined,
  };
}

export function presetDocument(preset) {
  return {
    ID: ids.preset, Name: preset.name, Default: false, Description: '', Icon: '', DesiredPrebuildInstances: 0,
    Parameters: Object.entries(preset.parameters).map(([Name, Value]) => ({Name, Value})),
  };
}

function agentDocument(workspace, agent) {
  return {
    id: agent.id, name: 'main', resource_id: workspace.resource, architecture: 'amd64', operating_system: 'linux',
    created_at: at(workspace.created), updated_at: at(workspace.created), status: agent.status,
    lifecycle_state: agent.lifecycle, connection_timeout_seconds: 120, directory: '', expanded_directory: '',
    api_version: '2.0', version: 'v2.37.0', troubleshooting_url: '', environment_variables: {}, apps: [], scripts: [],
    display_apps: [], log_sources: [], logs_length: 0, logs_overflowed: false, subsystems: [],
    startup_script_behavior: 'blocking',
    health: {healthy: agent.reason === '', reason: agent.reason},
  };
}

// The status that coderd derives from a build's transition and its job.
function statusOf({transition, job}) {
  const done = {start: 'running', stop: 'stopped', delete: 'deleted'}[transition];
  const doing = {start: 'starting', stop: 'stopping', delete: 'deleting'}[transition];
  return {pending: 'pending', running: doing, succeeded: done, canceling: 'canceling', canceled: 'canceled',
    failed: 'failed'}[job];
}

export function buildDocument(coder, workspace, build) {
  const started = build.transition === 'start' && build.job === 'succeeded';
  return {
    id: build.id, build_number: build.number, transition: build.transition, reason: 'initiator', status: statusOf(build),
    workspace_id: workspace.id, workspace_name: workspace.name, workspace_owner_id: ids.user,
    workspace_owner_name: coder.user, template_version_id: ids.version, template_version_name: 'v1',
    initiator_id: ids.user, initiator_name: coder.user, created_at: at(workspace.created),
    updated_at: at(workspace.created), daily_cost: 0,
    job: {
      id: build.jobId, status: build.job, type: 'workspace_build', created_at: at(workspace.created),
      organization_id: ids.organization, initiator_id: ids.user, file_id: build.jobId, queue_position: 0, queue_size: 0,
      tags: {owner: '', scope: 'organization'}, input: {workspace_build_id: build.id}, logs_overflowed: false,
      ...(build.error && {error: build.error, ...(build.errorCode && {error_code: build.errorCode})}),
    },
    resources: started ? [{
      id: workspace.resource, job_id: build.jobId, name: 'workspace', type: 'docker_container', hide: false, icon: '',
      created_at: at(workspace.created), daily_cost: 0, workspace_transition: 'start',
      agents: [agentDocument(workspace, workspace.agent)],
    }] : [],
  };
}

export function workspaceDocument(coder, workspace) {
  const build = workspace.builds.at(-1);
  return {
    id: workspace.id, name: workspace.name, owner_id: ids.user, owner_name: workspace.owner ?? coder.user,
    owner_avatar_url: '', organization_id: ids.organization, organization_name: coder.organization,
    template_id: ids.template, template_name: coder.template.name, template_display_name: '', template_icon: '',
    template_active_version_id: ids.version, template_allow_user_cancel_workspace_jobs: coder.template.mayCancel,
    template_require_active_version: false, template_use_classic_parameter_flow: false, automatic_updates: 'never',
    allow_renames: false, favorite: false, outdated: false, created_at: at(workspace.created),
    updated_at: at(workspace.created), last_used_at: at(workspace.created),
    health: {healthy: workspace.agent.reason === '', failing_agents: []}, is_prebuild: false,
    ...(workspace.ttl && {ttl_ms: workspace.ttl}),
    latest_build: buildDocument(coder, workspace, build),
  };
}

export function logDocument(line, id, workspace) {
  return {id, created_at: at(workspace.created), log_level: 'info', log_source: 'provisioner', stage: 'Apply', output: line};
}

export function agentLogDocument(line, id, workspace) {
  return {id, created_at: at(workspace.created), level: 'info', output: line, source_id: workspace.resource};
}
