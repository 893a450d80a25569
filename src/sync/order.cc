// SPDX-License-Identifier: Apache-2.0
#include "order.h"

#include <algorithm>
#include <compare>
#include <string>
#include <tuple>

namespace sterna::sync {
namespace {

struct Place {
  MailboxId mailbox;
  Uid uid;
  std::string name;
  auto operator<=>(const Place&) const = default;
};

template <class Kind>
Place place_in(const Kind& kind) {
  return {kind.where.mailbox, kind.uid, ""};
}
Place place_in(const Download& download) {
  return {download.where.mailbox, download.uids.first(), ""};
}
Place place_in(const MoveIn& move) {
  return {move.to.mailbox, move.new_uid, move.file.name};
}
Place place_in(const MoveOut& move) {
  return {move.to.mailbox, move.uid, move.file.name};
}
Place place_in(const Upload& upload) {
  return {upload.where.mailbox, Uid(), upload.file.name};
}
Place place_in(const CloseIntent& close) {
  return {MailboxId(close.intent.value), Uid(), ""};
}

Place place_of(const Action& action) {
  return std::visit([](const auto& kind) { return place_in(kind); }, action.what);
}

std::string_view name_of(const std::optional<LocalFile>& file) {
  return file ? std::string_view(file->name) : std::string_view();
}

}  // namespace

void put_in_order(Plan& plan) {
  std::ranges::sort(plan.actions, {}, [](const Action& action) {
    return std::pair(action.what.index(), place_of(action));
  });
  std::ranges::sort(plan.held, {}, [](const Held& held) {
    return std::tuple(held.mailbox, held.uid, held.kind, name_of(held.file),
                      std::string_view(held.reason));
  });
  std::ranges::sort(plan.waiting, {}, [](const Waiting& waiting) {
    return std::tie(waiting.mailbox, waiting.uid, waiting.base_name, waiting.reason);
  });
  std::ranges::sort(plan.consumed, {}, [](const Consumed& consumed) {
    return std::tie(consumed.mailbox, consumed.file.name);
  });
}

}  // namespace sterna::sync
