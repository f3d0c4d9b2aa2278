#include "adapters/store/observations.h"

#include <utility>

#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"
#include "daemon/base/compress.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

struct ObservationRow {
  Observation observation;  // without the incident
  std::string facts, incident_id;
  std::size_t size = 0;
};

constexpr std::string_view kSelect =
    "SELECT o.id, o.at, o.delivery_key, o.template, o.task_id, o.facts, o.facts_size, i.id "
    "FROM observations o JOIN incidents i ON i.seq = o.incident ";

StatusOr<std::vector<ObservationRow>> ReadRows(Query query) {
  std::vector<ObservationRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Next());
    if (!more) return rows;
    ObservationRow& row = rows.emplace_back();
    row.observation.id = query.Int(0);
    row.observation.at = FromMicros(query.Int(1));
    row.observation.delivery_key = query.String(2);
    row.observation.template_name = query.String(3);
    row.observation.task_id = query.String(4);
    row.facts = query.String(5);
    row.size = static_cast<std::size_t>(query.Int(6));
    row.incident_id = query.String(7);
  }
}

StatusOr<Observation> Unpack(ObservationRow row) {
  const auto unreadable = [&](const Status& why) {
    return Internal(Cat("The observation ", row.observation.id, " cannot be read: ", Message(why)));
  };
  const StatusOr<std::string> text = ZstdDecompress(row.facts, row.size);
  if (!text.ok()) return unreadable(text.status());
  const StatusOr<Json> json = Json::Parse(*text);
  if (!json.ok()) return unreadable(json.status());
  row.observation.incident = IncidentFromJson(*json);
  row.observation.incident.id = row.incident_id;
  return std::move(row.observation);
}

StatusOr<std::vector<Observation>> UnpackAll(std::vector<ObservationRow> rows) {
  std::vector<Observation> all;
  all.reserve(rows.size());
  for (ObservationRow& row : rows) {
    ASSIGN_OR_RETURN(Observation observation, Unpack(std::move(row)));
    all.push_back(std::move(observation));
  }
  return all;
}

// The key in full, of deliveries that showed something.
StatusOr<std::string> WholeKey(Connection& db, const std::string& key) {
  ASSIGN_OR_RETURN(
      Query exact,
      db.Prepare("SELECT 1 FROM observations WHERE delivery_key = ?1 LIMIT 1", Text{key}));
  ASSIGN_OR_RETURN(const bool whole, exact.Next());
  if (whole) return key;
  // No character stands behind the last one of Unicode.
  ASSIGN_OR_RETURN(Query begins,
                   db.Prepare("SELECT DISTINCT delivery_key FROM observations "
                              "WHERE delivery_key > ?1 AND delivery_key < ?1 || char(1114111) "
                              "ORDER BY delivery_key LIMIT 2",
                              Text{key}));
  ASSIGN_OR_RETURN(const bool found, begins.Next());
  if (!found) {
    return NotFound(Cat("no delivery with the key ", EscapeControl(Truncate(key, 100)),
                        " showed a failure; regreen decisions lists the deliveries"));
  }
  std::string only = begins.String(0);
  ASSIGN_OR_RETURN(const bool more, begins.Next());
  if (!more) return only;
  return InvalidArgument(
      Cat("More than one delivery has a key that starts with ", key, ". Write more of it."));
}

}  // namespace

PackedFacts::PackedFacts(std::string_view incident_json)
    : bytes(ZstdCompress(incident_json)), size(static_cast<std::int64_t>(incident_json.size())) {}

Status RecordObservation(Connection& db, absl::Time now, const std::string& delivery_key,
                         const IncidentOutcome& outcome, const PackedFacts& facts,
                         const std::optional<std::string>& task_id) {
  const std::string chosen = outcome.plan ? outcome.plan->template_name : std::string();
  // The clock may have been set back; ids and times ascend together all the same.
  return db
      .Execute(
          "INSERT INTO observations (at, key, run, incident, delivery_key, template, task_id, "
          "                          facts, facts_size) "
          "SELECT max(?1, ifnull((SELECT at FROM observations ORDER BY id DESC LIMIT 1), 0)), "
          "  ?2, ?3, incident, ?4, ?5, ?6, ?7, ?8 FROM occurrences WHERE key = ?2 AND run = ?3 "
          "ON CONFLICT (key, run) DO UPDATE SET template = excluded.template, "
          "  task_id = excluded.task_id WHERE excluded.task_id <> ''",
          ToMicros(now), Text{outcome.key}, ToString(outcome.incident.run.key), Text{delivery_key},
          Text{chosen}, task_id.value_or(""), Blob{facts.bytes}, facts.size)
      .status();
}

StatusOr<std::vector<Observation>> SqliteStore::ListObservations(absl::Time since,
                                                                 std::int64_t after_id, int limit) {
  static const std::string kPage =
      Cat(kSelect,
          "WHERE o.id > ?2 AND o.id >= (SELECT id FROM observations WHERE at >= ?1 "
          "ORDER BY at, id LIMIT 1) ORDER BY o.id LIMIT max(?3, 0)");
  std::vector<ObservationRow> rows;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(Query query, db.Prepare(kPage, ToMicros(since), after_id, limit));
    ASSIGN_OR_RETURN(rows, ReadRows(std::move(query)));
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  return UnpackAll(std::move(rows));
}

StatusOr<std::vector<Observation>> SqliteStore::FindObservations(const std::string& delivery_key) {
  static const std::string kByKey = Cat(kSelect, "WHERE o.delivery_key = ?1 ORDER BY o.id");
  if (delivery_key.empty()) {
    return InvalidArgument("Name a delivery by its key, or by the first letters of it.");
  }
  std::vector<ObservationRow> rows;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const std::string key, WholeKey(db, delivery_key));
    ASSIGN_OR_RETURN(Query query, db.Prepare(kByKey, key));
    ASSIGN_OR_RETURN(rows, ReadRows(std::move(query)));
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  return UnpackAll(std::move(rows));
}

}  // namespace regreen
