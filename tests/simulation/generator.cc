// SPDX-License-Identifier: Apache-2.0
#include "generator.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "seeded_random.h"

namespace sterna::simulation {
namespace {

constexpr int kRounds = 4;
constexpr std::uint64_t kQuirkMask = 0x71c4b0a3d5e69f82U;

struct Share {
  std::string_view what;
  unsigned weight = 0;
};

constexpr std::array kDeeds{
    Share{"deliver", 30}, Share{"make", 3},    Share{"flag", 32},
    Share{"move", 20},    Share{"remove", 15},
};
// Close up: of few messages, and what is done to them is what counts.
constexpr std::array kCloseDeeds{
    Share{"deliver", 6}, Share{"make", 3},    Share{"flag", 25},
    Share{"move", 48},   Share{"remove", 18},
};
// Of a reader whose programs do more than that.
constexpr std::array kHabits{
    Share{"save", 20},   Share{"copy", 12},       Share{"copy-in", 12},
    Share{"edit", 12},   Share{"open", 8},        Share{"mark-all", 10},
    Share{"finish", 14}, Share{"save-draft", 12}, Share{"strike", 16},
};
// Of the features of a world, in percent.
constexpr std::array kFeatures{
    Share{"uidplus", 70},     Share{"move", 70},       Share{"list-status", 60},
    Share{"esearch", 60},     Share{"literal+", 60},   Share{"namespace", 70},
    Share{"unselect", 70},    Share{"capability", 50}, Share{"dot", 40},
    Share{"coarse", 50},      Share{"nameless", 70},   Share{"mail-apart", 40},
    Share{"mount-point", 50}, Share{"bodies-go", 50},  Share{"cyrus", 40},
    Share{"trash", 50},
};

// What servers do that no capability tells, and extensions that change how much is asked for at
// once: in percent of the worlds that have what they are about. Of a weight of 0: not before the
// engine does well by it; a script may have it.
struct Quirk {
  std::string_view what;
  unsigned weight = 0;
  std::string_view needs;  // a feature; "": none
};
constexpr std::array kQuirks{
    Quirk{"no-appenduid", 20, "uidplus"},
    Quirk{"no-copyuid", 20, "uidplus"},
    Quirk{"partial-copyuid", 20, "uidplus"},
    Quirk{"half-move", 20, "move"},
    Quirk{"multiappend", 30, ""},
    Quirk{"rewrites", 0, ""},
    Quirk{"message-limit", 15, ""},
    Quirk{"objectid", 30, ""},
    Quirk{"lags", 20, ""},
    Quirk{"filters", 15, ""},
};
constexpr std::array<std::string_view, 4> kOfSeveral{"partial-copyuid", "half-move",
                                                     "message-limit", "multiappend"};

// What befalls a world once in a while, of those that have such trouble at all.
constexpr std::array kTroubles{
    Share{"restore.maildir", 25},
    Share{"restore.state", 25},
    Share{"server.renumber", 30},
    Share{"unmount", 20},
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed)
      : random_(seed), clock_random_(~seed), quirk_random_(seed ^ kQuirkMask) {
    script_.seed = seed;
  }

  Script run() {
    describe_world();
    if (random_.chance(30)) trouble_ = one_of(kTroubles);
    for (int round = 0; round < kRounds; ++round) {
      for (std::uint64_t syncs = random_.between(1, 4); syncs > 0; --syncs) stretch();
      add("rest");
    }
    return std::move(script_);
  }

  Script run_close() {
    deeds_ = kCloseDeeds;
    describe_world();
    if (random_.chance(15)) trouble_ = one_of(kTroubles);
    has_habits_ = random_.chance(40);
    for (std::uint64_t makes = random_.between(1, 2); makes > 0; --makes) deed("make");
    for (std::uint64_t mails = random_.between(1, 2); mails > 0; --mails) deed("deliver");
    // What a server does to the last of several is done where there are several.
    const bool several = std::ranges::any_of(
        kOfSeveral, [this](std::string_view quirk) { return script_.has(quirk); });
    if (several) {
      for (std::uint64_t mails = quirk_random_.between(2, 5); mails > 0; --mails) deed("deliver");
    }
    if (random_.chance(60)) add("rest");
    for (std::uint64_t syncs = random_.between(2, 4); syncs > 0; --syncs) {
      for (std::uint64_t deeds = random_.below(4); deeds > 0; --deeds) deed();
      if (several && quirk_random_.chance(60)) {
        deed_of("local.", quirk_random_.chance(70) ? "move-all" : "remove-all");
      }
      trouble();
      broken_sync();
    }
    for (std::uint64_t deeds = random_.below(3); deeds > 0; --deeds) deed();
    add("rest");
    return std::move(script_);
  }

 private:
  Step& add(std::string what) {
    script_.steps.push_back({++last_id_, std::move(what), {}});
    return script_.steps.back();
  }
  void have(std::string_view feature) { script_.features.emplace(feature); }
  std::uint64_t dice() { return random_.below(1'000'000'000); }

  void describe_world() {
    const std::uint64_t resync = random_.below(3);
    if (resync >= 1) have("condstore");
    if (resync == 2) have("qresync");
    for (const Share& share : kFeatures) {
      if (random_.chance(share.weight)) have(share.what);
    }
    for (const Quirk& quirk : kQuirks) {
      const bool chosen = quirk_random_.chance(quirk.weight);
      if (chosen && (quirk.needs.empty() || script_.has(quirk.needs))) have(quirk.what);
    }
  }

  template <class Shares>
  std::string_view one_of(const Shares& shares) {
    unsigned sum = 0;
    for (const Share& share : shares) sum += share.weight;
    std::uint64_t left = random_.below(sum);
    for (const Share& share : shares) {
      if (left < share.weight) return share.what;
      left -= share.weight;
    }
    return {};
  }

  Step& deed_of(std::string_view who, std::string_view what) {
    Step& step = add(std::string(who) + std::string(what));
    step.with["dice"] = dice();
    return step;
  }
  Step& deed(std::string_view what) {
    return deed_of(random_.chance(50) ? "local." : "remote.", what);
  }
  Step& deed() {
    if (has_habits_ && random_.chance(20)) return deed_of("local.", one_of(kHabits));
    return deed(one_of(deeds_));
  }

  // What the users do, a sync, and a pause.
  void stretch() {
    for (std::uint64_t deeds = random_.below(12); deeds > 0; --deeds) deed();
    if (random_.chance(4)) add("power").with["dice"] = dice();
    trouble();
    broken_sync();
    const std::uint64_t minutes = random_.chance(50) ? 1 : 60;
    Step& wait = add("wait");
    wait.with["ms"] = random_.between(1, minutes * 60'000);
    set_clock(wait);
  }

  // One in five is not.
  void broken_sync() {
    const std::uint64_t fault = random_.below(5);
    if (fault != 0) {
      for (std::uint64_t deeds = random_.below(4); deeds > 0; --deeds) {
        deed().with["at"] = random_.below(400);
      }
    }
    Step& sync = add("sync");
    if (fault == 1) sync.with["cut"] = random_.below(random_.chance(50) ? 2'000 : 20'000);
    if (fault >= 2) end(sync, fault == 2 ? "cancel" : fault == 3 ? "kill" : "power");
    if (fault == 4) sync.with["dice"] = dice();
  }

  // By a person, or by NTP: up to three days either way.
  void set_clock(Step& wait) {
    if (!clock_random_.chance(6)) return;
    const bool forward = clock_random_.chance(60);
    wait.with[forward ? "forward_ms" : "back_ms"] = clock_random_.between(60'000, 259'200'000);
  }

  void trouble() {
    if (trouble_.empty() || !random_.chance(40)) return;
    if (trouble_ == "unmount") {
      have("mail-apart");
      add(random_.chance(50) ? "mount" : "unmount");
    } else if (trouble_.starts_with("restore.") && random_.chance(50)) {
      add("backup");
    } else {
      add(std::string(trouble_)).with["dice"] = dice();
    }
  }

  void end(Step& sync, const std::string& how) {
    if (random_.chance(60)) {
      sync.with[how + "_ops"] = random_.below(random_.chance(50) ? 60 : 400);
    } else {
      sync.with[how + "_ms"] = random_.below(600);
    }
  }

  SeededRandom random_;
  SeededRandom clock_random_;
  SeededRandom quirk_random_;
  Script script_;
  std::span<const Share> deeds_ = kDeeds;
  std::string_view trouble_;
  bool has_habits_ = false;
  std::uint32_t last_id_ = 0;
};

}  // namespace

Script generate(std::uint64_t seed) {
  return Generator(seed).run();
}

Script generate_close(std::uint64_t seed) {
  return Generator(seed).run_close();
}

}  // namespace sterna::simulation
