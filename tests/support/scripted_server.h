// A server of HTTP that answers by a script: what is asked is told to the test, what is not in the
// script fails it.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/http.h"
#include "daemon/base/mutex.h"
#include "daemon/base/text.h"

namespace regreen {

class ScriptedServer {
 public:
  ScriptedServer() {
    auto server = HttpServer::Start({}, [this](HttpRequest& request) { return Answer(request); });
    if (server.ok()) server_ = *std::move(server);
    EXPECT_TRUE(server.ok()) << server.status();
  }
  std::string url() const { return Cat("http://127.0.0.1:", server_->port()); }

  // The next answer to "METHOD path?query". The last one of a place is given again and again.
  void Expect(const std::string& place, int status, std::string body, Headers headers = {}) {
    HttpResponse answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.headers = std::move(headers);
    MutexLock lock(mutex_);
    script_[place].push_back(std::move(answer));
  }
  std::vector<HttpRequest> requests() {
    MutexLock lock(mutex_);
    return requests_;
  }
  int Count(const std::string& place) {
    MutexLock lock(mutex_);
    return counts_[place];
  }

 private:
  HttpResponse Answer(const HttpRequest& request) {
    std::string place = Cat(request.method, " ", request.path);
    for (const auto& [name, value] : request.query)
      Append(place, place.find('?') == std::string::npos ? "?" : "&", name, "=", value);
    MutexLock lock(mutex_);
    requests_.push_back(request);
    ++counts_[place];
    const auto found = script_.find(place);
    if (found == script_.end()) {
      ADD_FAILURE() << "nothing was expected at: " << place;
      return {404, "application/json", R"({"message":"not in the script"})", {}};
    }
    HttpResponse answer = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return answer;
  }

  Mutex mutex_;
  std::map<std::string, std::deque<HttpResponse>> script_ RG_GUARDED_BY(mutex_);
  std::map<std::string, int> counts_ RG_GUARDED_BY(mutex_);
  std::vector<HttpRequest> requests_ RG_GUARDED_BY(mutex_);
  std::unique_ptr<HttpServer> server_;  // last: its threads use the rest
};

}  // namespace regreen
