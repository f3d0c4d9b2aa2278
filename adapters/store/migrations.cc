#include "adapters/store/schema.h"

namespace regreen {
namespace {

// Times are microseconds since 1970, UTC. A row is due when due_at has come, and NULL says that no
// worker may take it: it waits for a person, or it has ended. A lease moves due_at to its own end,
// so that an expired one needs no clean-up. Rows that ended are in no index of due work, which
// keeps claims as fast with a million of them as with none.
constexpr char kInitial[] = R"sql(
CREATE TABLE deliveries (
  id          INTEGER PRIMARY KEY,
  ci          TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  event       TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
  attempt     INTEGER NOT NULL DEFAULT 1,
  received_at INTEGER NOT NULL,
  due_at      INTEGER,
  worker      TEXT,                        -- NULL: free
  lease_epoch INTEGER NOT NULL DEFAULT 0,
  reason      TEXT    NOT NULL DEFAULT '', -- of the last retry or failure
  UNIQUE (ci, key),
  CHECK ((due_at IS NOT NULL) = (state = 'pending'))
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;

-- What a delivery said, as long as it is pending.
CREATE TABLE delivery_contents (
  delivery    INTEGER PRIMARY KEY REFERENCES deliveries (id),
  headers     TEXT    NOT NULL,            -- JSON: [[name, value], …]
  body        BLOB    NOT NULL,            -- zstd
  body_size   INTEGER NOT NULL             -- unpacked
) STRICT;

CREATE TABLE incidents (
  seq         INTEGER PRIMARY KEY,
  id          TEXT    NOT NULL UNIQUE,
  key         TEXT    NOT NULL,            -- '' for a task by hand
  open        INTEGER NOT NULL CHECK (open IN (0, 1)),
  created_at  INTEGER NOT NULL,
  task_id     TEXT    NOT NULL DEFAULT '', -- '' as long as no template matched
  incident    TEXT    NOT NULL             -- JSON
) STRICT;
CREATE UNIQUE INDEX incidents_open ON incidents (key) WHERE open = 1;

-- The runs that showed an incident; a run counts once, however many deliveries tell of it.
CREATE TABLE occurrences (
  key         TEXT    NOT NULL,
  run         TEXT    NOT NULL,
  incident    INTEGER NOT NULL REFERENCES incidents (seq),
  at          INTEGER NOT NULL,
  PRIMARY KEY (key, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
  seq            INTEGER PRIMARY KEY,
  id             TEXT    NOT NULL UNIQUE,
  incident       INTEGER NOT NULL REFERENCES incidents (seq),
  repo           TEXT    NOT NULL,
  template       TEXT    NOT NULL,
  state          TEXT    NOT NULL,
  attempt        INTEGER NOT NULL DEFAULT 1,
  lease_epoch    INTEGER NOT NULL DEFAULT 0,
  worker         TEXT,                     -- NULL: free
  due_at         INTEGER,
  not_before     INTEGER NOT NULL,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  reason         TEXT    NOT NULL,
  patch_digest   TEXT    NOT NULL DEFAULT '',
  branch         TEXT    NOT NULL DEFAULT '',
  pushed_commit  TEXT    NOT NULL DEFAULT '',
  change_number  INTEGER,                  -- NULL: no change
  change_link    TEXT    NOT NULL DEFAULT '',
  change_created INTEGER NOT NULL DEFAULT 0,
  plan           TEXT    NOT NULL          -- JSON
) STRICT;
CREATE INDEX tasks_due ON tasks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX tasks_by_state ON tasks (state);
CREATE INDEX tasks_by_repo ON tasks (repo);
CREATE INDEX tasks_by_repo_and_state ON tasks (repo, state);

CREATE TABLE timeline (
  seq         INTEGER PRIMARY KEY,
  task        INTEGER NOT NULL REFERENCES tasks (seq),
  at          INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  message     TEXT    NOT NULL
) STRICT;
CREATE INDEX timeline_by_task ON timeline (task);

CREATE TABLE artifacts (
  seq         INTEGER PRIMARY KEY,
  task        INTEGER NOT NULL REFERENCES tasks (seq),
  name        TEXT    NOT NULL,
  bytes       BLOB    NOT NULL,            -- zstd
  size        INTEGER NOT NULL,            -- unpacked
  UNIQUE (task, name)
) STRICT;

CREATE TABLE decisions (
  seq          INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  delivery_key TEXT    NOT NULL,
  run          TEXT    NOT NULL,
  incident_id  TEXT    NOT NULL,
  task_id      TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  reason       TEXT    NOT NULL
) STRICT;

-- How many tasks there are, so that a gauge does not read them all.
CREATE TABLE task_counts (
  state       TEXT    NOT NULL,
  template    TEXT    NOT NULL,
  n           INTEGER NOT NULL,
  PRIMARY KEY (state, template)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER count_new_task AFTER INSERT ON tasks BEGIN
  INSERT INTO task_counts VALUES (new.state, new.template, 1)
    ON CONFLICT (state, template) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER count_moved_task AFTER UPDATE OF state, template ON tasks
WHEN old.state <> new.state OR old.template <> new.template BEGIN
  UPDATE task_counts SET n = n - 1 WHERE state = old.state AND template = old.template;
  INSERT INTO task_counts VALUES (new.state, new.template, 1)
    ON CONFLICT (state, template) DO UPDATE SET n = n + 1;
END;

-- One row, written to find out whether a write works.
CREATE TABLE probe (at INTEGER NOT NULL) STRICT;
INSERT INTO probe VALUES (0);
)sql";

// Occurrences tell the history of a fingerprint: whose they are, and whether a later attempt of
// their run was green. The older ones learn it from their incident, which is of the same repository
// and fingerprint, and from the run's name, "<forge>/<repo>/<run>/<attempt>"; a run's id may hold
// slashes itself.
constexpr char kHistory[] = R"sql(
ALTER TABLE occurrences ADD COLUMN forge       TEXT    NOT NULL DEFAULT '';
ALTER TABLE occurrences ADD COLUMN repo        TEXT    NOT NULL DEFAULT '';
ALTER TABLE occurrences ADD COLUMN fingerprint TEXT    NOT NULL DEFAULT '';
ALTER TABLE occurrences ADD COLUMN run_id      TEXT    NOT NULL DEFAULT '';
ALTER TABLE occurrences ADD COLUMN attempt     INTEGER NOT NULL DEFAULT 1;
ALTER TABLE occurrences ADD COLUMN recovered   INTEGER NOT NULL DEFAULT 0; -- green later
UPDATE occurrences SET
    forge       = ifnull(i.incident ->> '$.run.forge', ''),
    repo        = ifnull(i.incident ->> '$.run.repo', ''),
    fingerprint = ifnull(i.incident ->> '$.evidence.fingerprint', '')
  FROM incidents i WHERE i.seq = occurrences.incident AND json_valid(i.incident);
UPDATE occurrences SET run_id = substr(run, length(forge) + length(repo) + 3) WHERE repo <> '';
UPDATE occurrences SET
    run_id  = rtrim(rtrim(run_id, '0123456789'), '/'),
    attempt = CAST(substr(run_id, length(rtrim(run_id, '0123456789')) + 1) AS INTEGER)
  WHERE repo <> '';
CREATE INDEX occurrences_by_fingerprint ON occurrences (forge, repo, fingerprint);
CREATE INDEX occurrences_by_run ON occurrences (forge, repo, run_id);
CREATE INDEX tasks_merged ON tasks (incident) WHERE state = 'merged';
)sql";

// What a green run is compared with: where an incident's own run was, and of what each run was that
// showed it. An older run is known by its incident's JSON as far as that is of the same run. A run
// of a pull request keeps what it showed, since it may have to be run again when its base branch is
// green.
constexpr char kGreen[] = R"sql(
ALTER TABLE incidents ADD COLUMN forge    TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN repo     TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN branch   TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN workflow TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN event    TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN head     TEXT    NOT NULL DEFAULT ''; -- commit, the last of it
ALTER TABLE incidents ADD COLUMN of_base  INTEGER NOT NULL DEFAULT 0;  -- of no pull request
UPDATE incidents SET
    forge    = ifnull(incident ->> '$.run.forge', ''),
    repo     = ifnull(incident ->> '$.run.repo', ''),
    branch   = ifnull(incident ->> '$.run.branch', ''),
    workflow = ifnull(incident ->> '$.run.workflow', ''),
    event    = ifnull(incident ->> '$.run.event', ''),
    head     = ifnull(incident ->> '$.run.commit', ''),
    of_base  = ifnull(incident ->> '$.run.pull_request', 0) = 0
               AND ifnull(incident ->> '$.run.branch' = incident ->> '$.run.base_branch', 0)
  WHERE key <> '' AND json_valid(incident);
CREATE INDEX incidents_of_base ON incidents (forge, repo, branch) WHERE open = 1 AND of_base = 1;

ALTER TABLE occurrences ADD COLUMN branch    TEXT    NOT NULL DEFAULT '';
ALTER TABLE occurrences ADD COLUMN workflow  TEXT    NOT NULL DEFAULT '';
ALTER TABLE occurrences ADD COLUMN event     TEXT    NOT NULL DEFAULT '';
ALTER TABLE occurrences ADD COLUMN head      TEXT    NOT NULL DEFAULT ''; -- commit
ALTER TABLE occurrences ADD COLUMN inherited INTEGER REFERENCES incidents (seq); -- the base branch's
ALTER TABLE occurrences ADD COLUMN waits     INTEGER NOT NULL DEFAULT 0;  -- to be run again
ALTER TABLE occurrences ADD COLUMN facts     TEXT    NOT NULL DEFAULT ''; -- JSON of an incident, or ''
UPDATE occurrences SET
    branch = i.branch, workflow = i.workflow, event = i.event, head = i.head,
    facts  = iif(i.of_base = 1 OR i.incident ->> '$.run.foreign', '', i.incident)
  FROM incidents i WHERE i.seq = occurrences.incident AND json_valid(i.incident)
    AND i.incident ->> '$.run.run_id' = occurrences.run_id;
CREATE INDEX occurrences_by_head ON occurrences (forge, repo, head);
CREATE INDEX occurrences_by_branch ON occurrences (forge, repo, branch);
CREATE INDEX occurrences_that_wait ON occurrences (forge, repo) WHERE waits = 1;
DROP INDEX occurrences_by_fingerprint;
CREATE INDEX occurrences_by_fingerprint ON occurrences (forge, repo, fingerprint, at);
)sql";

// Requests of people that were made already, by the keys that their senders gave them.
constexpr char kByHand[] = R"sql(
CREATE TABLE hand_keys (
  by_whom TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  digest  TEXT    NOT NULL,  -- of the request
  task    TEXT    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (by_whom, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX hand_keys_by_age ON hand_keys (at);
)sql";

constexpr Migration kMigrations[] = {
    {1, kInitial}, {2, kHistory}, {3, kLimitsMigration},
    {4, kGreen},   {5, kByHand},  {6, kGrownMigration},
};

}  // namespace

std::span<const Migration> Migrations() {
  return kMigrations;
}

}  // namespace regreen
