// SPDX-License-Identifier: Apache-2.0
// The second question about what vanished (rule 5): a server that said so, and whose count agrees,
// is asked for these messages by name before any of them counts as gone.
//
// Several mailboxes are asked at once, in the turn in which the numbers are asked for once more
// anyhow: it costs no turn, and nothing where nothing is gone.
#pragma once

#include <memory>
#include <vector>

#include "engine.h"

namespace sterna::account {

class SecondQuestion {
 public:
  SecondQuestion(Engine& engine, Connection& connection);
  ~SecondQuestion();

  // Submits it for every mailbox that has something to be asked for.
  Status ask();
  // Takes the answers. Where they are not whole, nothing of the mailbox is gone. Gives back those
  // in which something is there after all: their list of UIDs is to be asked for.
  coro::Task<Result<std::vector<MailboxWork*>>> land();

 private:
  struct Asked;

  Status ask(MailboxWork& work);

  Engine& engine_;
  Connection& connection_;
  std::vector<std::unique_ptr<Asked>> asked_;
};

}  // namespace sterna::account
