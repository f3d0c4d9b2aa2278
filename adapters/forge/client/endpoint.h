// What a request is called where it is counted and logged: its path without what is in it.
#pragma once

#include <string>
#include <string_view>

namespace regreen {

// "/repos/acme/widget/pulls/7/merge?x=1" is "/repos/{repo}/pulls/{id}/merge", and
// "/projects/acme%2Fwidget/jobs/3/trace" is "/projects/{repo}/jobs/{id}/trace". Words that APIs are
// made of stay, whatever else becomes {id}; so there are few, whoever named branches and labels.
std::string EndpointOf(std::string_view path);

}  // namespace regreen
