#include "daemon/app/with_store.h"

#include <pwd.h>
#include <unistd.h>

#include <filesystem>

#include "adapters/store/sqlite.h"
#include "daemon/app/print.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"

namespace regreen {

int WithStore(const std::string& config_path,
              const std::function<Status(Store&, const Config&)>& read) {
  LogWarningsOnly();
  const auto config = LoadConfigOrExplain(config_path);
  if (!config.ok()) return Complain(config.status());
  std::error_code error;
  if (!std::filesystem::exists(config->store.path, error)) {
    return Complain(Cat("there is no store at ", config->store.path,
                        " yet; start the daemon with regreen serve"));
  }
  const SystemClock clock;
  const auto store = OpenSqliteStore(config->store.path, clock);
  if (!store.ok()) return Complain(store.status());
  const Status done = read(**store, *config);
  return done.ok() ? kDone : Complain(done);
}

std::string OwnUserName() {
  char buffer[4096];
  passwd entry, *found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
    return entry.pw_name;
  return Cat("user ", getuid());
}

int WithStore(const std::string& config_path, const std::function<Status(Store&)>& read) {
  return WithStore(config_path, [&](Store& store, const Config&) { return read(store); });
}

}  // namespace regreen
