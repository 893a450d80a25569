// SPDX-License-Identifier: Apache-2.0
#include "shrinker.h"

#include <algorithm>
#include <utility>

namespace sterna::simulation {
namespace {

class Shrinker {
 public:
  Shrinker(Script script, const std::string& kind, const Judge& judge, unsigned runs_max)
      : best_(std::move(script)), kind_(kind), judge_(judge), runs_left_(runs_max) {}

  Script run() {
    for (bool smaller = true; smaller && runs_left_ > 0;) {
      smaller = drop_steps();
      smaller = drop_features() || smaller;
      smaller = lessen_numbers() || smaller;
    }
    return std::move(best_);
  }

 private:
  bool take(Script candidate) {
    if (runs_left_ == 0 || candidate == best_) return false;
    --runs_left_;
    if (!judge_(candidate).contains(kind_)) return false;
    best_ = std::move(candidate);
    return true;
  }

  bool drop_steps() {
    bool any = false;
    for (std::size_t size = std::max<std::size_t>(best_.steps.size() / 2, 1); size > 0; size /= 2) {
      for (std::size_t end = best_.steps.size(); end > 0;) {
        const std::size_t begin = end > size ? end - size : 0;
        Script candidate = best_;
        candidate.steps.erase(candidate.steps.begin() + static_cast<std::ptrdiff_t>(begin),
                              candidate.steps.begin() + static_cast<std::ptrdiff_t>(end));
        any = take(std::move(candidate)) || any;
        end = std::min(begin, best_.steps.size());
      }
    }
    return any;
  }

  bool drop_features() {
    bool any = false;
    for (const std::string& feature : std::set(best_.features)) {
      Script candidate = best_;
      candidate.features.erase(feature);
      any = take(std::move(candidate)) || any;
    }
    return any;
  }

  // A fault goes whole; what is left of it comes sooner. Dice stay: another number is another deed.
  bool lessen_numbers() {
    bool any = false;
    for (std::size_t i = 0; i < best_.steps.size(); ++i) {
      for (const auto& [key, value] : std::map(best_.steps[i].with)) {
        if (key == "dice") continue;
        Script without = best_;
        without.steps[i].with.erase(key);
        if (take(std::move(without))) {
          any = true;
          continue;
        }
        for (std::uint64_t less = value / 2; less > 0 && halve(i, key, less); less /= 2) any = true;
      }
    }
    return any;
  }
  bool halve(std::size_t step, const std::string& key, std::uint64_t value) {
    Script candidate = best_;
    candidate.steps[step].with[key] = value;
    return take(std::move(candidate));
  }

  Script best_;
  const std::string& kind_;
  const Judge& judge_;
  unsigned runs_left_;
};

}  // namespace

Script shrink(Script script, const std::string& kind, const Judge& judge, unsigned runs_max) {
  return Shrinker(std::move(script), kind, judge, runs_max).run();
}

}  // namespace sterna::simulation
