#include <utility>

#include "adapters/store/green.h"
#include "adapters/store/incidents.h"
#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"
#include "daemon/base/compress.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

std::string HeadersToJson(const Headers& headers) {
  JsonWriter out;
  out.BeginArray();
  for (const auto& [name, value] : headers) {
    out.BeginArray().String(name).String(value).EndArray();
  }
  out.EndArray();
  return out.Take();
}

StatusOr<Headers> HeadersFromJson(std::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  Headers headers;
  for (const Json& header : json.Elements()) {
    headers.emplace_back(header[0].StringOr(""), header[1].StringOr(""));
  }
  return headers;
}

// What is kept of a pending delivery, made ready before the lock is taken.
struct Contents {
  std::string headers, body;
};

std::vector<Contents> PackContents(std::span<const NewDelivery> deliveries) {
  std::vector<Contents> all(deliveries.size());
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (!deliveries[i].pending) continue;
    all[i].headers = HeadersToJson(deliveries[i].delivery.headers);
    all[i].body = ZstdCompress(deliveries[i].delivery.body);
  }
  return all;
}

// The row's id when the delivery is new, or was given up and may be tried again; else nullopt.
StatusOr<std::optional<std::int64_t>> InsertRow(Connection& db, const NewDelivery& added,
                                                std::int64_t now) {
  const Delivery& delivery = added.delivery;
  const Text state{added.pending ? "pending" : "done"};
  const auto due = added.pending ? std::optional(now) : std::nullopt;
  const std::int64_t received = ToMicros(TimeOr(delivery.received_at, FromMicros(now)));
  ASSIGN_OR_RETURN(const int inserted,
                   db.Execute("INSERT INTO deliveries (ci, key, event, state, received_at, due_at) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (ci, key) DO NOTHING",
                              Text{delivery.ci}, Text{delivery.key}, Text{delivery.event}, state,
                              received, due));
  if (inserted == 1) return std::optional(db.LastInsertedRow());
  ASSIGN_OR_RETURN(Query revived,
                   db.Prepare("UPDATE deliveries SET event = ?3, state = ?4, received_at = ?5, "
                              "due_at = ?6, attempt = 1, reason = '' "
                              "WHERE ci = ?1 AND key = ?2 AND state = 'failed' RETURNING id",
                              Text{delivery.ci}, Text{delivery.key}, Text{delivery.event}, state,
                              received, due));
  ASSIGN_OR_RETURN(const bool row, revived.Next());
  return row ? std::optional(revived.Int(0)) : std::nullopt;
}

StatusOr<AcceptOutcome> AcceptOne(Connection& db, const NewDelivery& added,
                                  const Contents& contents, std::int64_t now) {
  ASSIGN_OR_RETURN(const std::optional<std::int64_t> id, InsertRow(db, added, now));
  if (!id) return AcceptOutcome::kDuplicate;
  if (added.pending) {
    const auto size = static_cast<std::int64_t>(added.delivery.body.size());
    RETURN_IF_ERROR(db.Execute("INSERT INTO delivery_contents (delivery, headers, body, body_size) "
                               "VALUES (?1, ?2, ?3, ?4)",
                               *id, Text{contents.headers}, Blob{contents.body}, size)
                        .status());
  } else {
    RETURN_IF_ERROR(InsertDecision(db, FromMicros(now),
                                   {.delivery_key = added.delivery.key,
                                    .kind = added.decision_kind,
                                    .reason = added.decision}));
  }
  return AcceptOutcome::kAccepted;
}

Status Fenced(const DeliveryLease& lease) {
  return FailedPrecondition(
      Cat("The lease on delivery ", lease.id,
          " is over: another worker owns it or it has ended. Drop this result."));
}

Status EndDelivery(Connection& db, const DeliveryLease& lease, Text state, Text reason) {
  ASSIGN_OR_RETURN(const int ended,
                   db.Execute("UPDATE deliveries SET state = ?3, reason = ?4, due_at = NULL, "
                              "worker = NULL, lease_epoch = lease_epoch + 1 "
                              "WHERE id = ?1 AND lease_epoch = ?2",
                              lease.id, lease.epoch, state, reason));
  if (ended == 0) return Fenced(lease);
  return db.Execute("DELETE FROM delivery_contents WHERE delivery = ?1", lease.id).status();
}

// A claimed delivery, its body still packed.
struct Claimed {
  DeliveryLease lease;
  std::string headers, body;
  std::size_t body_size = 0;
};

// Leases the first delivery that is due and free; nullopt when there is none.
StatusOr<std::optional<std::int64_t>> LeaseNext(Connection& db, const std::string& worker,
                                                std::int64_t now, std::int64_t until) {
  ASSIGN_OR_RETURN(Query query,
                   db.Prepare("UPDATE deliveries SET lease_epoch = lease_epoch + 1, "
                              "attempt = attempt + (worker IS NOT NULL), worker = ?1, due_at = ?3 "
                              "WHERE id = (SELECT id FROM deliveries WHERE due_at <= ?2 "
                              "ORDER BY due_at, id LIMIT 1) RETURNING id",
                              worker, now, until));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  return row ? std::optional(query.Int(0)) : std::nullopt;
}

Status ReadClaimed(Connection& db, std::int64_t id, Claimed& claimed) {
  ASSIGN_OR_RETURN(Query query,
                   db.Prepare("SELECT lease_epoch, attempt, ci, key, event, received_at, headers, "
                              "body, body_size FROM deliveries "
                              "JOIN delivery_contents ON delivery = id WHERE id = ?1",
                              id));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return Internal(Cat("The pending delivery ", id, " has no contents."));
  claimed.lease.id = id;
  claimed.lease.epoch = query.Int(0);
  claimed.lease.attempt = static_cast<int>(query.Int(1));
  Delivery& delivery = claimed.lease.delivery;
  delivery.ci = query.String(2);
  delivery.key = query.String(3);
  delivery.event = query.String(4);
  delivery.received_at = FromMicros(query.Int(5));
  claimed.headers = query.String(6);
  claimed.body = query.String(7);
  claimed.body_size = static_cast<std::size_t>(query.Int(8));
  return OkStatus();
}

StatusOr<DeliveryLease> Unpack(Claimed claimed) {
  const std::string what = Cat("Delivery ", claimed.lease.id, " cannot be read");
  StatusOr<Headers> headers = HeadersFromJson(claimed.headers);
  if (!headers.ok()) return Internal(Cat(what, ": ", Message(headers.status())));
  StatusOr<std::string> body = ZstdDecompress(claimed.body, claimed.body_size);
  if (!body.ok()) return Internal(Cat(what, ": ", Message(body.status())));
  claimed.lease.delivery.headers = *std::move(headers);
  claimed.lease.delivery.body = *std::move(body);
  return std::move(claimed.lease);
}

}  // namespace

StatusOr<std::vector<AcceptOutcome>> SqliteStore::Accept(std::span<const NewDelivery> deliveries) {
  std::vector<AcceptOutcome> outcomes;
  if (deliveries.empty()) return outcomes;
  outcomes.reserve(deliveries.size());
  const std::vector<Contents> contents = PackContents(deliveries);
  const Status status = database_->Write([&](Connection& db) -> Status {
    const std::int64_t now = ToMicros(clock_.Now());
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      ASSIGN_OR_RETURN(const AcceptOutcome outcome, AcceptOne(db, deliveries[i], contents[i], now));
      outcomes.push_back(outcome);
    }
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  return outcomes;
}

StatusOr<std::optional<DeliveryLease>> SqliteStore::ClaimDelivery(const std::string& worker,
                                                                  absl::Duration ttl) {
  std::optional<Claimed> claimed;
  const Status status = database_->Write([&](Connection& db) -> Status {
    const absl::Time now = clock_.Now();
    ASSIGN_OR_RETURN(const auto id, LeaseNext(db, worker, ToMicros(now), ToMicros(now + ttl)));
    return id ? ReadClaimed(db, *id, claimed.emplace()) : OkStatus();
  });
  RETURN_IF_ERROR(status);
  if (!claimed) return std::optional<DeliveryLease>();
  // After the lease was committed: one that cannot be read does not stand in the way of the others.
  ASSIGN_OR_RETURN(DeliveryLease lease, Unpack(*std::move(claimed)));
  return std::optional(std::move(lease));
}

StatusOr<std::vector<std::string>> SqliteStore::FinishDelivery(const DeliveryLease& lease,
                                                               const DeliveryOutcome& outcome) {
  std::vector<NewIncident> incidents;
  incidents.reserve(outcome.incidents.size());
  for (const IncidentOutcome& incident : outcome.incidents) incidents.emplace_back(incident);
  std::optional<NewGreen> green;
  if (outcome.green) green.emplace(*outcome.green);
  std::vector<std::string> made;
  const Status status = database_->Write([&](Connection& db) -> Status {
    const absl::Time now = clock_.Now();
    RETURN_IF_ERROR(EndDelivery(db, lease, {"done"}, {""}));
    for (Decision decision : outcome.decisions) {
      if (decision.delivery_key.empty()) decision.delivery_key = lease.delivery.key;
      RETURN_IF_ERROR(InsertDecision(db, now, decision));
    }
    for (const NewIncident& incident : incidents) {
      ASSIGN_OR_RETURN(const auto task, RecordIncident(db, now, lease.delivery.key, incident));
      if (task) made.push_back(*task);
    }
    if (!green) return OkStatus();
    ASSIGN_OR_RETURN(const auto reruns, RecordGreen(db, now, lease.delivery.key, *green));
    made.insert(made.end(), reruns.begin(), reruns.end());
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  return made;
}

Status SqliteStore::RetryDelivery(const DeliveryLease& lease, absl::Duration delay,
                                  const std::string& why, bool was_attempt) {
  return database_->Write([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const int freed,
                     db.Execute("UPDATE deliveries SET attempt = attempt + ?5, due_at = ?3, "
                                "worker = NULL, lease_epoch = lease_epoch + 1, reason = ?4 "
                                "WHERE id = ?1 AND lease_epoch = ?2",
                                lease.id, lease.epoch, ToMicros(clock_.Now() + delay), Text{why},
                                was_attempt ? 1 : 0));
    return freed == 0 ? Fenced(lease) : OkStatus();
  });
}

Status SqliteStore::FailDelivery(const DeliveryLease& lease, const std::string& why) {
  return database_->Write([&](Connection& db) -> Status {
    RETURN_IF_ERROR(EndDelivery(db, lease, {"failed"}, {why}));
    return InsertDecision(db, clock_.Now(),
                          {.delivery_key = lease.delivery.key, .kind = "failed", .reason = why});
  });
}

StatusOr<std::vector<DeliveryRow>> SqliteStore::ListDeliveries(int limit) {
  std::vector<DeliveryRow> rows;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(Query query,
                     db.Prepare("SELECT id, ci, key, event, state, received_at, attempt "
                                "FROM deliveries ORDER BY id DESC LIMIT max(?1, 0)",
                                limit));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, query.Next());
      if (!row) return OkStatus();
      rows.push_back({query.Int(0), query.String(1), query.String(2), query.String(3),
                      query.String(4), FromMicros(query.Int(5)), static_cast<int>(query.Int(6))});
    }
  });
  RETURN_IF_ERROR(status);
  return rows;
}

}  // namespace regreen
