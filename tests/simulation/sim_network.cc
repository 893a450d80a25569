// SPDX-License-Identifier: Apache-2.0
#include "sim_network.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sterna/coro/sync.h"

namespace sterna::simulation {

// What both ends of a connection share. Octets on their way hold it alive.
class SimLine : public std::enable_shared_from_this<SimLine> {
 public:
  explicit SimLine(SimNetwork& network)
      : network_(network), session_(network.state_, network.abilities_) {}

  void begin() { say(session_.greeting()); }

  void to_server(std::string octets) {
    if (deaf_) return;
    const std::size_t passes = network_.pass(octets.size());
    const bool whole = passes == octets.size();
    deaf_ = !whole;
    octets.resize(passes);
    travel(server_time_, [self = shared_from_this(), octets = std::move(octets), whole] {
      self->arrive_at_server(octets, whole);
    });
  }

  void cut() {
    if (std::exchange(cut_, true)) return;
    client_reads.set();
  }
  bool is_cut() const { return cut_; }
  void fall_silent() { deaf_ = mute_ = true; }
  void tell() {
    if (cut_ || mute_ || session_.ended()) return;
    say(session_.tell());
    if (session_.ended()) end_behind_answers();
  }
  void tire_of_idle() {
    if (!cut_ && !mute_) say(session_.tire_of_idle());
  }

  std::string client_buffer;
  coro::Event client_reads;

 private:
  void arrive_at_server(const std::string& octets, bool whole) {
    if (cut_ || session_.ended()) return;
    say(session_.receive(octets));
    network_.tell();
    if (!whole || session_.ended()) end_behind_answers();
  }

  void say(std::string octets) {
    if (mute_ || octets.empty()) return;
    const std::size_t passes = network_.pass(octets.size());
    const bool whole = passes == octets.size();
    octets.resize(passes);
    travel(client_time_, [self = shared_from_this(), octets = std::move(octets)] {
      if (self->cut_) return;
      self->client_buffer += octets;
      self->client_reads.set();
    });
    mute_ = !whole;
    if (!whole) end_behind_answers();
  }

  void end_behind_answers() {
    travel(client_time_, [self = shared_from_this()] { self->cut(); });
  }

  // Octets of one direction never overtake one another.
  void travel(std::chrono::nanoseconds& last, std::function<void()> arrive) {
    const auto now = network_.clock_.monotonic();
    last = std::max(last, now + network_.delay());
    network_.clock_.schedule(last - now, std::move(arrive));
  }

  SimNetwork& network_;
  SimSession session_;
  bool cut_ = false;
  bool deaf_ = false;  // a write was cut amid its octets: what is sent after it never arrives
  bool mute_ = false;  // the same of the answers
  std::chrono::nanoseconds server_time_{0};
  std::chrono::nanoseconds client_time_{0};
};

namespace {

class SimTransport : public io::Transport {
 public:
  explicit SimTransport(std::shared_ptr<SimLine> line) : line_(std::move(line)) {}
  ~SimTransport() override { line_->cut(); }

  coro::Task<Result<std::size_t>> read_some(std::string& into, std::size_t octets_max) override {
    while (line_->client_buffer.empty()) {
      if (line_->is_cut()) co_return std::size_t{0};
      line_->client_reads.reset();
      STERNA_CO_CHECK(co_await line_->client_reads.wait());
    }
    const std::size_t size = std::min(octets_max, line_->client_buffer.size());
    into.append(line_->client_buffer, 0, size);
    line_->client_buffer.erase(0, size);
    octets_in_ += size;
    co_return size;
  }

  coro::Task<Status> write(std::string bytes) override {
    if (co_await coro::cancelled()) co_return fail(Error::cancelled());
    if (line_->is_cut()) co_return fail(ErrorCode::disconnected, "the line is cut");
    octets_out_ += bytes.size();
    line_->to_server(std::move(bytes));
    co_return Status{};
  }

  coro::Task<Status> start_tls(io::TlsSettings) override {
    co_return fail(ErrorCode::unsupported, "the simulation has no TLS");
  }
  Status start_deflate(std::string) override {
    return fail(ErrorCode::unsupported, "the simulation does not deflate");
  }
  std::optional<io::TlsInfo> tls_info() const override { return std::nullopt; }
  std::uint64_t octets_in() const override { return octets_in_; }
  std::uint64_t octets_out() const override { return octets_out_; }
  void close() override { line_->cut(); }

 private:
  std::shared_ptr<SimLine> line_;
  std::uint64_t octets_in_ = 0;
  std::uint64_t octets_out_ = 0;
};

}  // namespace

SimNetwork::SimNetwork(test::VirtualClock& clock, SeededRandom& random, ServerState& state,
                       Abilities abilities)
    : clock_(clock), random_(random), state_(state), abilities_(abilities) {}

SimNetwork::~SimNetwork() = default;

coro::Task<Result<std::unique_ptr<io::Transport>>> SimNetwork::dial(io::Endpoint) {
  STERNA_CO_CHECK(co_await clock_.sleep(std::chrono::milliseconds(random_.between(1, 50))));
  ++dialled_;
  if (down_) co_return fail(ErrorCode::connect, "the network is down");
  auto line = std::make_shared<SimLine>(*this);
  lines_.push_back(line);
  line->begin();
  co_return std::make_unique<SimTransport>(std::move(line));
}

void SimNetwork::go_down() {
  down_ = true;
  for (const std::weak_ptr<SimLine>& weak : std::exchange(lines_, {})) {
    if (const auto line = weak.lock()) line->cut();
  }
}

void SimNetwork::fall_silent() {
  for (const std::weak_ptr<SimLine>& weak : std::exchange(lines_, {})) {
    if (const auto line = weak.lock()) line->fall_silent();
  }
}

void SimNetwork::tell() {
  std::erase_if(lines_, [](const std::weak_ptr<SimLine>& weak) { return weak.expired(); });
  for (const std::weak_ptr<SimLine>& weak : lines_) {
    if (const auto line = weak.lock()) line->tell();
  }
}

void SimNetwork::tire_of_idle() {
  for (const std::weak_ptr<SimLine>& weak : lines_) {
    if (const auto line = weak.lock()) line->tire_of_idle();
  }
}

std::chrono::nanoseconds SimNetwork::delay() {
  return std::chrono::microseconds(random_.between(50, 20'000));
}

std::size_t SimNetwork::pass(std::size_t octets) {
  if (!octets_left_) return octets;
  const auto passes = static_cast<std::size_t>(std::min<std::uint64_t>(octets, *octets_left_));
  *octets_left_ -= passes;
  if (passes < octets) octets_left_.reset();
  return passes;
}

}  // namespace sterna::simulation
