// SPDX-License-Identifier: Apache-2.0
// plan(): pair, decide, judge the removals, put in order.
#include "decide.h"
#include "order.h"
#include "pair.h"

namespace sterna::sync {

Plan plan(const Input& input) {
  World world(input);
  pair_all(world);
  world.note_examined();
  Draft draft(world);
  decide_rows(draft);
  decide_files(draft);
  decide_copies(draft);
  decide_missed(draft);
  decide_messages(draft);
  decide_intents(draft);
  settle_removals(draft);
  apply_brake(draft);
  put_in_order(draft.plan);
  return std::move(draft.plan);
}

}  // namespace sterna::sync
