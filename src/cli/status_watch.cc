// SPDX-License-Identifier: Apache-2.0
// sterna status --watch: a screen that is drawn over, or lines and objects for programs. Without a
// daemon it shows what the disk knows, and waits for one.
#include <algorithm>

#include "daemon_link.h"
#include "status_rows.h"
#include "status_text.h"

namespace sterna::cli {
namespace {

constexpr std::chrono::milliseconds kDrawEvery{250};
// "5 min ago" grows old by itself, and so does what a sync beside no daemon leaves.
constexpr std::chrono::seconds kLookEvery{5};
constexpr std::chrono::seconds kConnectEvery{2};

// ECMA-48 and xterm: another screen without a cursor, and back.
constexpr std::string_view kEnterScreen = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeaveScreen = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kEraseRest = "\x1b[K";
constexpr std::string_view kEraseBelow = "\x1b[J";

class StatusWatch {
 public:
  StatusWatch(const Context& context, Runner& runner, StatusForm form)
      : context_(context), runner_(runner), form_(form), screen_(context.console.may_draw()) {
    if (form_ == StatusForm::waybar) screen_ = false;
    if (screen_) context_.console.out(kEnterScreen);
  }
  StatusWatch(const StatusWatch&) = delete;
  StatusWatch& operator=(const StatusWatch&) = delete;
  ~StatusWatch() {
    if (screen_) context_.console.out(kLeaveScreen);
    context_.console.flush();
  }

  coro::Task<void> run() {
    coro::Scope beside = co_await coro::make_scope();
    beside.spawn(listen());
    beside.spawn(tick());
    for (;;) {
      changed_.reset();
      show();
      if (!context_.console.flush()) break;
      const Status slept = co_await clock().sleep(kDrawEvery);
      if (!slept) break;
      const Status changed = co_await changed_.wait();
      if (!changed) break;
    }
    co_await beside.close();
  }

 private:
  io::Clock& clock() { return runner_.loop().clock(); }

  void take(std::vector<daemon::AccountLife>& lives) {
    for (daemon::AccountLife& one : lives) lives_->insert_or_assign(one.name, std::move(one.life));
    changed_.set();
  }

  coro::Task<void> follow(daemon::Client& client) {
    auto begun = co_await client.ask(daemon::Op::subscribe);
    if (!begun) co_return;
    lives_.emplace();
    take(begun->lives);
    for (;;) {
      auto event = co_await client.next();
      if (!event) break;
      if (event->kind != daemon::Message::Kind::ended) {
        take(event->lives);
        continue;
      }
      for (const daemon::AccountLife& one : event->lives) lives_->erase(one.name);
      changed_.set();
    }
    lives_.reset();
    changed_.set();
  }

  coro::Task<void> listen() {
    for (;;) {
      auto client = co_await daemon::Client::connect(runner_.loop(), context_.config.control_socket,
                                                     context_.config.state_dir);
      if (client) co_await follow(**client);
      const Status slept = co_await clock().sleep(kConnectEvery);
      if (!slept) co_return;
    }
  }

  coro::Task<void> tick() {
    for (;;) {
      const Status slept = co_await clock().sleep(kLookEvery);
      if (!slept) co_return;
      changed_.set();
    }
  }

  void show() {
    StatusView view = look_at_accounts(context_, runner_, lives_);
    const std::int64_t now_ms = clock().wall_ns() / 1'000'000;
    if (screen_) {
      draw(view.rows, now_ms);
    } else if (form_ == StatusForm::waybar) {
      print(
          waybar_json(bar_text(view.rows), bar_tooltip(view.rows, now_ms), worst_word(view.rows)));
    } else if (context_.console.json()) {
      print(status_json(view.rows));
    } else {
      context_.console.out(changes_text(shown_, view.rows, now_ms));
    }
    shown_ = std::move(view.rows);
  }

  void print(std::string line) {
    if (line == printed_) return;
    context_.console.out(line);
    printed_ = std::move(line);
  }

  void draw(const std::vector<StatusRow>& rows, std::int64_t now_ms) {
    const std::size_t lines_max = context_.console.measure();
    std::string text = status_text(rows, now_ms, context_.console.style());
    if (!lives_) text += "\nno daemon runs: sterna run\n";
    std::string screen(kHome);
    std::size_t lines = 0;
    for (std::size_t begin = 0; begin < text.size() && lines + 1 < lines_max; ++lines) {
      const std::size_t end = text.find('\n', begin);
      screen.append(text, begin, end - begin);
      screen += kEraseRest;
      screen += "\r\n";
      begin = end + 1;
    }
    screen += kEraseBelow;
    context_.console.out(screen);
  }

  const Context& context_;
  Runner& runner_;
  StatusForm form_;
  bool screen_;
  Lives lives_;
  coro::Event changed_;
  std::vector<StatusRow> shown_;
  std::string printed_;
};

}  // namespace

Exit watch_accounts(const Context& context, Runner& runner, StatusForm form) {
  StatusWatch watch(context, runner, form);
  runner.run(watch.run());
  return Exit::done;
}

}  // namespace sterna::cli
