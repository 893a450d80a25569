// SPDX-License-Identifier: Apache-2.0
#include "script.h"

#include <fmt/format.h>

#include "sterna/base/bytes.h"

namespace sterna::simulation {
namespace {

std::unexpected<Error> unreadable(std::string_view line) {
  return fail(ErrorCode::usage, fmt::format("not a line of a script: {}", printable(line)));
}

Result<Step> parse_step(std::string_view line) {
  const std::vector<std::string_view> words = split(line, ' ');
  const auto id = parse_number(words.front(), UINT32_MAX);
  if (!id || words.size() < 2) return unreadable(line);
  Step step{static_cast<std::uint32_t>(*id), std::string(words[1]), {}};
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string_view::npos) return unreadable(line);
    const auto value = parse_number(words[i].substr(equals + 1));
    if (!value) return unreadable(line);
    step.with.emplace(words[i].substr(0, equals), *value);
  }
  return step;
}

}  // namespace

std::string Step::print() const {
  std::string text = fmt::format("{} {}", id, what);
  for (const auto& [key, value] : with) text += fmt::format(" {}={}", key, value);
  return text;
}

std::string Script::print() const {
  std::string text = fmt::format("seed {}\nwith", seed);
  for (const std::string& feature : features) text += " " + feature;
  text += "\n";
  for (const Step& step : steps) text += step.print() + "\n";
  return text;
}

Result<Script> Script::parse(std::string_view text) {
  Script script;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("seed ")) {
      const auto seed = parse_number(line.substr(5));
      if (!seed) return unreadable(line);
      script.seed = *seed;
    } else if (line == "with" || line.starts_with("with ")) {
      for (const std::string_view feature : split(line.substr(4), ' ')) {
        if (!feature.empty()) script.features.emplace(feature);
      }
    } else {
      STERNA_TRY(Step step, parse_step(line));
      script.steps.push_back(std::move(step));
    }
  }
  return script;
}

}  // namespace sterna::simulation
