#include "adapters/workspace/coder_template.h"

#include <algorithm>
#include <vector>

#include "daemon/base/text.h"

namespace regreen {
namespace {

std::string Quoted(std::string_view name) {
  return Cat("\"", EscapeControl(Truncate(name, 100)), "\"");
}

std::string Known(const std::vector<std::string>& names) {
  if (names.empty()) return "there is none";
  std::vector<std::string> plain;
  for (const std::string& name : names) plain.push_back(Quoted(name));
  return Cat("there is ", Join(plain, ", "));
}

StatusOr<std::string> Organization(const CoderApi& api, const std::string& wanted,
                                   const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const Json list, api.Get("/users/me/organizations",
                                            "reading the organizations of the token's user", stop));
  std::vector<std::string> names;
  std::string chosen;
  for (const Json& one : list.Elements()) {
    const std::string id = one["id"].StringOr(""), name = one["name"].StringOr("");
    names.push_back(name);
    const bool fits = wanted.empty() ? list.size() == 1 || one["is_default"].BoolOr(false)
                                     : wanted == name || wanted == id;
    if (fits && !id.empty()) chosen = id;
  }
  if (!chosen.empty()) return chosen;
  if (wanted.empty())
    return NotFound(Cat("the token's user is in no organization that is the default; name one: ",
                        Known(names)));
  return NotFound(Cat("the token's user is in no organization called ", Quoted(wanted),
                      DidYouMean(wanted, names), "; ", Known(names)));
}

// Current servers write a preset's keys with a capital; their description does not.
std::string PresetField(const Json& preset, std::string_view lower, std::string_view upper) {
  return preset[lower].StringOr(preset[upper].StringOr(""));
}

struct Preset {
  std::string id;
  std::vector<std::string> parameters;  // that it gives
};

StatusOr<Preset> FindPreset(const CoderApi& api, const std::string& version,
                            const std::string& wanted, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const Json list,
                   api.Get(Cat("/templateversions/", PercentEncode(version), "/presets"),
                           "reading the template's presets", stop));
  std::vector<std::string> names;
  for (const Json& one : list.Elements()) {
    names.push_back(PresetField(one, "name", "Name"));
    if (names.back() != wanted) continue;
    Preset preset{PresetField(one, "id", "ID"), {}};
    const Json parameters = one["parameters"].IsNull() ? one["Parameters"] : one["parameters"];
    for (const Json& parameter : parameters.Elements())
      preset.parameters.push_back(PresetField(parameter, "name", "Name"));
    return preset;
  }
  return NotFound(Cat("the template has no preset called ", Quoted(wanted),
                      DidYouMean(wanted, names), "; ", Known(names)));
}

Status CheckParameters(const CoderApi& api, const std::string& version, const CoderChoice& choice,
                       const std::vector<std::string>& of_preset, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const Json list,
                   api.Get(Cat("/templateversions/", PercentEncode(version), "/rich-parameters"),
                           "reading the template's parameters", stop));
  std::vector<std::string> names;
  for (const Json& one : list.Elements()) {
    names.push_back(one["name"].StringOr(""));
    const std::string& name = names.back();
    const bool given = choice.parameters.count(name) > 0 ||
                       std::find(of_preset.begin(), of_preset.end(), name) != of_preset.end();
    if (one["required"].BoolOr(false) && !given)
      return InvalidArgument(Cat("the template ", Quoted(choice.template_name),
                                 " needs a value for its parameter ", Quoted(name)));
  }
  for (const auto& [name, value] : choice.parameters) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return InvalidArgument(Cat("the template ", Quoted(choice.template_name),
                               " has no parameter called ", Quoted(name), DidYouMean(name, names),
                               "; ", Known(names)));
  }
  return OkStatus();
}

}  // namespace

StatusOr<CoderTemplate> ResolveTemplate(const CoderApi& api, const CoderChoice& choice,
                                        std::stop_token stop) {
  ASSIGN_OR_RETURN(const std::string organization, Organization(api, choice.organization, stop));
  ASSIGN_OR_RETURN(const Json found,
                   api.Get(Cat("/organizations/", PercentEncode(organization), "/templates/",
                               PercentEncode(choice.template_name)),
                           Cat("reading the template ", Quoted(choice.template_name)), stop));
  CoderTemplate made{found["id"].StringOr(""), found["active_version_id"].StringOr(""), ""};
  if (made.id.empty() || made.version.empty())
    return Unavailable(Cat("Coder's answer about the template ", Quoted(choice.template_name),
                           " names no active version"));
  if (found["deprecated"].BoolOr(false))
    return InvalidArgument(
        Cat("the template ", Quoted(choice.template_name), " is deprecated, so that Coder makes ",
            "no new workspace of it: ", Quoted(found["deprecation_message"].StringOr(""))));
  std::vector<std::string> of_preset;
  if (!choice.preset.empty()) {
    ASSIGN_OR_RETURN(Preset preset, FindPreset(api, made.version, choice.preset, stop));
    made.preset = std::move(preset.id);
    of_preset = std::move(preset.parameters);
  }
  RETURN_IF_ERROR(CheckParameters(api, made.version, choice, of_preset, stop));
  return made;
}

StatusOr<std::string> CoderUser(const CoderApi& api, std::stop_token stop) {
  ASSIGN_OR_RETURN(const Json user, api.Get("/users/me", "reading the token's user", stop));
  const std::string name = user["username"].StringOr("");
  if (name.empty()) return Unavailable(Cat("the answer of ", api.base(), " names no user"));
  return name;
}

}  // namespace regreen
