# A Coder template for the workspaces of regreen: one Docker container for each, thrown away with it. Push it
# as it is (README.md beside it); change the container to a Kubernetes pod or a virtual machine where that
# is what your Coder server runs on. What regreen asks of it is in the README too.
terraform {
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.0.0"
    }
    docker = {
      source  = "kreuzwerker/docker"
      version = ">= 3.5.0" # docker_container.cpus
    }
  }
}

variable "docker_host" {
  type        = string
  default     = ""
  description = "Where Coder's provisioner reaches Docker, such as ssh://docker@builder; empty: the provisioner's own"
}

variable "network" {
  type        = string
  default     = ""
  description = "Docker network of the workspaces. It must reach the Coder server, and should reach no more than builds need; empty: Docker's default bridge, which reaches everything that the host reaches"
}

# What an agent command line needs to reach a model, for example ANTHROPIC_BASE_URL and ANTHROPIC_AUTH_TOKEN.
# Whatever runs in a workspace can read it: see "Agents" in the README before you set it.
variable "model_env" {
  type        = string
  default     = "{}"
  sensitive   = true
  description = "Environment of the workspace, for agents that call a model: an object of texts, as JSON"
}

provider "docker" {
  host = var.docker_host != "" ? var.docker_host : null
}

data "coder_provisioner" "me" {}
data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}

data "coder_parameter" "image" {
  name         = "image"
  display_name = "Image"
  description  = "With a POSIX shell, tar, find, xargs, stat, git, curl and what your builds need"
  type         = "string"
  default      = "codercom/enterprise-base:ubuntu"
  mutable      = false
  order        = 1
}

data "coder_parameter" "cpu" {
  name         = "cpu"
  display_name = "Processors"
  description  = "Cores that a workspace may use"
  type         = "number"
  default      = "2"
  mutable      = false
  order        = 2
  validation {
    min = 1
    max = 64
  }
}

data "coder_parameter" "memory" {
  name         = "memory"
  display_name = "Memory"
  description  = "GiB of memory, without swap"
  type         = "number"
  default      = "4"
  mutable      = false
  order        = 3
  validation {
    min = 1
    max = 512
  }
}

data "coder_parameter" "processes" {
  name         = "processes"
  display_name = "Processes"
  description  = "Processes and threads of the workspace's user"
  type         = "number"
  default      = "4096"
  mutable      = false
  order        = 4
  validation {
    min = 64
    max = 1000000
  }
}

# Presets are named by `preset = "…"` in regreen's configuration.
data "coder_workspace_preset" "small" {
  name = "small"
  parameters = {
    (data.coder_parameter.cpu.name)    = "1"
    (data.coder_parameter.memory.name) = "2"
  }
}

data "coder_workspace_preset" "large" {
  name = "large"
  parameters = {
    (data.coder_parameter.cpu.name)    = "8"
    (data.coder_parameter.memory.name) = "16"
  }
}

resource "coder_agent" "main" {
  arch = data.coder_provisioner.me.arch
  os   = "linux"

  # regreen waits for the end of this, and tells its last lines when it fails.
  startup_script_behavior = "blocking"
  startup_script          = <<-EOT
    #!/bin/sh
    for tool in tar find xargs stat git; do
      command -v "$tool" >/dev/null || { echo "the image has no $tool"; missing=yes; }
    done
    [ -z "$missing" ] || exit 1
  EOT

  connection_timeout = 180
  env                = jsondecode(var.model_env)

  # Nobody looks at these workspaces by an editor.
  display_apps {
    vscode                 = false
    vscode_insiders        = false
    web_terminal           = true
    ssh_helper             = false
    port_forwarding_helper = false
  }
}

resource "docker_image" "workspace" {
  name         = data.coder_parameter.image.value
  keep_locally = true
}

resource "docker_container" "workspace" {
  count    = data.coder_workspace.me.start_count
  image    = docker_image.workspace.image_id
  name     = "regreen-${data.coder_workspace.me.id}"
  hostname = lower(data.coder_workspace.me.name)

  # A server that is reached by a loopback address is this container's host.
  entrypoint = ["sh", "-c", replace(coder_agent.main.init_script, "/localhost|127\\.0\\.0\\.1/", "host.docker.internal")]
  env        = ["CODER_AGENT_TOKEN=${coder_agent.main.token}"]
  host {
    host = "host.docker.internal"
    ip   = "host-gateway"
  }

  network_mode = var.network != "" ? var.network : "bridge"

  # Hostile code runs here. No volume outlives it, and Docker's own socket must never be mounted in it.
  privileged    = false
  init          = true
  security_opts = ["no-new-privileges:true"]
  capabilities {
    drop = ["ALL"]
  }
  cpus        = data.coder_parameter.cpu.value
  memory      = data.coder_parameter.memory.value * 1024
  memory_swap = data.coder_parameter.memory.value * 1024
  ulimit {
    name = "nproc"
    soft = data.coder_parameter.processes.value
    hard = data.coder_parameter.processes.value
  }
  ulimit {
    name = "nofile"
    soft = 65536
    hard = 65536
  }
  ulimit {
    name = "core"
    soft = 0
    hard = 0
  }

  # By which what Coder has lost can be found on the Docker host.
  labels {
    label = "coder.workspace_id"
    value = data.coder_workspace.me.id
  }
  labels {
    label = "coder.workspace_name"
    value = data.coder_workspace.me.name
  }
  labels {
    label = "coder.owner"
    value = data.coder_workspace_owner.me.name
  }
}
