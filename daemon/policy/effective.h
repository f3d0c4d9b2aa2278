// A template as it is in effect, for people who ask what its bases and defaults make of it.
#pragma once

#include <string>

#include "daemon/policy/template.h"

namespace regreen {

// TOML, of a loaded template: what it extends is combined, the steps that it uses stand in its
// ladder, and what it leaves out has its default. A comment beside every value says where it was
// written ("# base/node.toml:7") or that it is a "# default". It can be read as a template, but
// for the steps of used templates, whose inputs are told in comments.
std::string RenderEffective(const Template& t);

}  // namespace regreen
