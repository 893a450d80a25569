// SPDX-License-Identifier: Apache-2.0
#include "dns_answer.h"

#include <arpa/nameser.h>
#include <resolv.h>

#include <array>
#include <optional>

#include "sterna/net/dns.h"

namespace sterna::net {
namespace {

// Reads the data of one record.
class Data {
 public:
  Data(const ns_msg& message, const ns_rr& record)
      : message_(message), at_(ns_rr_rdata(record)), end_(at_ + ns_rr_rdlen(record)) {}

  std::optional<std::uint16_t> number() {
    if (end_ - at_ < 2) return std::nullopt;
    const std::uint16_t value = static_cast<std::uint16_t>((at_[0] << 8) | at_[1]);
    at_ += 2;
    return value;
  }
  // As text, "" for the root. The last thing in the data.
  std::optional<std::string> name() {
    std::array<char, NS_MAXDNAME> text{};
    const int size = ::ns_name_uncompress(ns_msg_base(message_), ns_msg_end(message_), at_,
                                          text.data(), text.size());
    if (size < 0 || at_ + size > end_) return std::nullopt;
    std::string name = text.data();
    if (name.ends_with('.')) name.pop_back();
    return name;
  }

 private:
  const ns_msg& message_;
  const unsigned char* at_;
  const unsigned char* end_;
};

template <class Take>
void each_record(std::string_view answer, ns_type type, Take take) {
  ns_msg message;
  const auto* octets = reinterpret_cast<const unsigned char*>(answer.data());
  if (answer.empty() || ::ns_initparse(octets, static_cast<int>(answer.size()), &message) != 0)
    return;
  const int count = ns_msg_count(message, ns_s_an);
  for (int i = 0; i < count && i < static_cast<int>(kDnsRecordsMax); ++i) {
    ns_rr record;
    if (::ns_parserr(&message, ns_s_an, i, &record) != 0) return;
    if (ns_rr_type(record) != type || ns_rr_class(record) != ns_c_in) continue;  // such as a CNAME
    take(Data(message, record));
  }
}

}  // namespace

std::vector<io::SrvRecord> parse_srv(std::string_view answer) {
  std::vector<io::SrvRecord> records;
  each_record(answer, ns_t_srv, [&records](Data data) {
    const auto priority = data.number();
    const auto weight = data.number();
    const auto port = data.number();
    auto target = port ? data.name() : std::nullopt;
    if (target) records.push_back({*priority, *weight, *port, std::move(*target)});
  });
  return records;
}

std::vector<io::MxRecord> parse_mx(std::string_view answer) {
  std::vector<io::MxRecord> records;
  each_record(answer, ns_t_mx, [&records](Data data) {
    const auto preference = data.number();
    auto host = preference ? data.name() : std::nullopt;
    if (host) records.push_back({*preference, std::move(*host)});
  });
  return records;
}

}  // namespace sterna::net
