#include "adapters/store/schema.h"

namespace regreen {

// What limits need to be counted in a time that does not grow with the tasks that have ended: where
// each task stands, what was spent, and one record for each template. Money is kept in millionths
// of a US dollar, time in microseconds.
//
// Queued tasks that no worker holds stand in lanes: those of one template in one repository, under
// the same limits. A
// limit that holds the first of a lane back holds all of it, so that the lane is looked at again,
// not each of its tasks. Its due_at is never later than the time at which its first task may be
// looked at; a claim corrects one that is too early.
const char kLimitsMigration[] = R"sql(
CREATE TABLE lanes (
  seq           INTEGER PRIMARY KEY,
  repo          TEXT    NOT NULL,
  template      TEXT    NOT NULL,
  opens         INTEGER NOT NULL,            -- 1: its tasks may open a change
  limits        TEXT    NOT NULL,            -- JSON, as the plans have it
  due_at        INTEGER,                     -- NULL: no task waits in it
  blocked_until INTEGER NOT NULL DEFAULT 0,
  held_back     TEXT    NOT NULL DEFAULT '', -- a sentence; '' for a lane that is not held back
  held_limit    TEXT    NOT NULL DEFAULT '', -- which limit, by its key
  UNIQUE (repo, template, opens, limits)
) STRICT;
CREATE INDEX lanes_due ON lanes (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX lanes_by_template ON lanes (template);

ALTER TABLE tasks ADD COLUMN lane        INTEGER REFERENCES lanes (seq); -- of a held or queued one
ALTER TABLE tasks ADD COLUMN fingerprint TEXT    NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN opens       INTEGER NOT NULL DEFAULT 0;     -- 1: may open a change
ALTER TABLE tasks ADD COLUMN begun_at    INTEGER;                        -- first claimed
ALTER TABLE tasks ADD COLUMN ended_at    INTEGER;
ALTER TABLE tasks ADD COLUMN reproduced  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN ladder_next   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN ladder_last   TEXT    NOT NULL DEFAULT 'none';
ALTER TABLE tasks ADD COLUMN ladder_reruns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN run_attempt   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN spent_usd   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN spent_us    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN held_back   TEXT    NOT NULL DEFAULT '';    -- this one alone
ALTER TABLE tasks ADD COLUMN held_limit  TEXT    NOT NULL DEFAULT '';    -- as the timeline has it
ALTER TABLE tasks ADD COLUMN at_work     INTEGER GENERATED ALWAYS AS (
  state IN ('repairing', 'rerunning', 'reviewing', 'publishing', 'watching')
  OR (state = 'queued' AND worker IS NOT NULL)) VIRTUAL;

UPDATE tasks SET fingerprint = ifnull(i.incident ->> '$.evidence.fingerprint', '')
  FROM incidents i WHERE i.seq = tasks.incident AND json_valid(i.incident);
UPDATE tasks SET opens = 1
  WHERE json_valid(plan) AND plan ->> '$.stage' IN ('suggest', 'auto');
UPDATE tasks SET begun_at = (SELECT min(at) FROM timeline WHERE task = tasks.seq
    AND kind = 'state' AND (message LIKE 'queued → repairing:%' OR message LIKE 'queued → failed:%'))
  WHERE state NOT IN ('held', 'queued');
UPDATE tasks SET begun_at = created_at
  WHERE begun_at IS NULL AND state NOT IN ('held', 'queued', 'superseded', 'cancelled');
UPDATE tasks SET ended_at = updated_at
  WHERE state NOT IN ('held', 'queued', 'repairing', 'rerunning', 'reviewing', 'publishing',
                      'watching');
UPDATE tasks SET reproduced = 1
  WHERE patch_digest <> '' OR (state <> 'unreproducible' AND EXISTS
    (SELECT 1 FROM timeline WHERE task = tasks.seq AND kind = 'reproduced'));
INSERT INTO lanes (repo, template, opens, limits, due_at)
  SELECT repo, template, opens, '{}', 0 FROM tasks WHERE state IN ('held', 'queued')
  GROUP BY repo, template, opens;
UPDATE tasks SET lane = (SELECT seq FROM lanes l WHERE l.repo = tasks.repo
    AND l.template = tasks.template AND l.opens = tasks.opens)
  WHERE state IN ('held', 'queued');

DROP INDEX tasks_due;
CREATE INDEX tasks_due ON tasks (due_at) WHERE due_at IS NOT NULL AND at_work = 1;
CREATE INDEX tasks_in_lane ON tasks (lane, due_at) WHERE state = 'queued' AND at_work = 0;
CREATE INDEX tasks_at_work ON tasks (repo, template, opens) WHERE at_work = 1;
CREATE INDEX tasks_begun ON tasks (repo, template, begun_at) WHERE begun_at IS NOT NULL;
CREATE INDEX tasks_begun_in_repo ON tasks (repo, begun_at) WHERE begun_at IS NOT NULL;
CREATE INDEX tasks_ended ON tasks (repo, fingerprint, ended_at)
  WHERE fingerprint <> '' AND begun_at IS NOT NULL AND ended_at IS NOT NULL;

-- What steps cost. Each row has the totals up to it, so that what a window holds is a difference of
-- two rows. at never goes back.
CREATE TABLE spendings (
  seq          INTEGER PRIMARY KEY,
  task         INTEGER NOT NULL REFERENCES tasks (seq),
  at           INTEGER NOT NULL,
  repo         TEXT    NOT NULL,
  template     TEXT    NOT NULL,
  usd          INTEGER NOT NULL,
  us           INTEGER NOT NULL,
  template_usd INTEGER NOT NULL,
  template_us  INTEGER NOT NULL,
  repo_usd     INTEGER NOT NULL,
  repo_us      INTEGER NOT NULL
) STRICT;
CREATE INDEX spendings_by_template ON spendings (template, at);
CREATE INDEX spendings_by_repo ON spendings (repo, at);

-- What became of each template's tasks, of those that began.
CREATE TABLE template_records (
  template        TEXT    PRIMARY KEY NOT NULL,
  tasks           INTEGER NOT NULL DEFAULT 0,
  reproduced      INTEGER NOT NULL DEFAULT 0,
  unreproducible  INTEGER NOT NULL DEFAULT 0,
  verified        INTEGER NOT NULL DEFAULT 0,
  merged          INTEGER NOT NULL DEFAULT 0,
  declined        INTEGER NOT NULL DEFAULT 0,
  recovered       INTEGER NOT NULL DEFAULT 0,
  failed          INTEGER NOT NULL DEFAULT 0,
  shadowed        INTEGER NOT NULL DEFAULT 0,
  spent_usd       INTEGER NOT NULL DEFAULT 0,
  spent_us        INTEGER NOT NULL DEFAULT 0,
  failures_in_a_row INTEGER NOT NULL DEFAULT 0,
  last_failure_at   INTEGER                   -- NULL: none since it last succeeded
) STRICT, WITHOUT ROWID;
INSERT INTO template_records (template, tasks, reproduced, unreproducible, verified, merged,
                              declined, recovered, failed, shadowed)
  SELECT template, sum(begun_at IS NOT NULL), sum(begun_at IS NOT NULL AND reproduced),
    sum(state = 'unreproducible'), sum(begun_at IS NOT NULL AND patch_digest <> ''),
    sum(state = 'merged'), sum(state = 'declined'), sum(state = 'recovered'),
    sum(begun_at IS NOT NULL AND state = 'failed'), sum(state = 'shadowed')
  FROM tasks GROUP BY template;
CREATE TRIGGER record_new_task AFTER INSERT ON tasks BEGIN
  INSERT INTO template_records (template) VALUES (new.template) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER record_moved_task
AFTER UPDATE OF state, template, begun_at, reproduced, patch_digest, spent_usd, spent_us ON tasks
WHEN new.begun_at IS NOT NULL AND (old.begun_at IS NULL OR old.state <> new.state
  OR old.template <> new.template OR old.reproduced <> new.reproduced
  OR old.patch_digest <> new.patch_digest OR old.spent_usd <> new.spent_usd
  OR old.spent_us <> new.spent_us) BEGIN
  UPDATE template_records SET
      tasks = tasks - 1,
      reproduced = reproduced - old.reproduced,
      unreproducible = unreproducible - (old.state = 'unreproducible'),
      verified = verified - (old.patch_digest <> ''),
      merged = merged - (old.state = 'merged'),
      declined = declined - (old.state = 'declined'),
      recovered = recovered - (old.state = 'recovered'),
      failed = failed - (old.state = 'failed'),
      shadowed = shadowed - (old.state = 'shadowed'),
      spent_usd = spent_usd - old.spent_usd,
      spent_us = spent_us - old.spent_us
    WHERE template = old.template AND old.begun_at IS NOT NULL;
  INSERT INTO template_records (template) VALUES (new.template) ON CONFLICT DO NOTHING;
  UPDATE template_records SET
      tasks = tasks + 1,
      reproduced = reproduced + new.reproduced,
      unreproducible = unreproducible + (new.state = 'unreproducible'),
      verified = verified + (new.patch_digest <> ''),
      merged = merged + (new.state = 'merged'),
      declined = declined + (new.state = 'declined'),
      recovered = recovered + (new.state = 'recovered'),
      failed = failed + (new.state = 'failed'),
      shadowed = shadowed + (new.state = 'shadowed'),
      spent_usd = spent_usd + new.spent_usd,
      spent_us = spent_us + new.spent_us
    WHERE template = new.template;
END;

-- Each failure as a run showed it, for those who write policies. at never goes back.
CREATE TABLE observations (
  id           INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  key          TEXT    NOT NULL,             -- of the occurrence
  run          TEXT    NOT NULL,
  incident     INTEGER NOT NULL REFERENCES incidents (seq),
  delivery_key TEXT    NOT NULL,
  template     TEXT    NOT NULL,             -- '' for none
  task_id      TEXT    NOT NULL,             -- '' for none
  facts        BLOB    NOT NULL,             -- JSON of the incident, zstd
  facts_size   INTEGER NOT NULL,             -- unpacked
  UNIQUE (key, run)
) STRICT;
CREATE INDEX observations_by_time ON observations (at);
CREATE INDEX observations_by_delivery ON observations (delivery_key);
)sql";

}  // namespace regreen
