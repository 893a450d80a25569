// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "sterna/base/bytes.h"
#include "transcript.h"

namespace sterna::transcripts {
namespace {

constexpr std::string_view kModelsNow = "13-Sep-2020 12:26:40 +0000";  // an APPEND without a date

// A value of a response: a word, a string, a literal, or a list of them.
struct Value {
  std::string text;
  bool list = false;
  std::vector<Value> items;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Value> all() {
    std::vector<Value> values;
    while (!at_end() && text_[at_] != ')') {
      if (text_[at_] == ' ') {
        ++at_;
      } else {
        values.push_back(one());
      }
    }
    return values;
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }

  Value one() {
    Value value;
    if (text_[at_] == '(') {
      ++at_;
      value.list = true;
      value.items = all();
      ++at_;
    } else if (text_[at_] == '"') {
      const std::size_t end = text_.find('"', at_ + 1);
      value.text = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else if (text_[at_] == '{') {
      const std::size_t end = text_.find("\r\n", at_);
      const auto size = parse_number(text_.substr(at_ + 1, end - at_ - 2)).value_or(0);
      value.text = text_.substr(end + 2, static_cast<std::size_t>(size));
      at_ = end + 2 + static_cast<std::size_t>(size);
    } else {
      word(value);
    }
    return value;
  }

  // "BODY[HEADER.FIELDS (DATE)]" is one word.
  void word(Value& value) {
    int brackets = 0;
    for (; !at_end(); ++at_) {
      const char c = text_[at_];
      if (brackets == 0 && (c == ' ' || c == '(' || c == ')')) break;
      if (c == '[') ++brackets;
      if (c == ']') --brackets;
      value.text += c;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string print(const Value& value);

std::string print_sorted(const std::vector<Value>& values) {
  std::vector<std::string> texts;
  for (const Value& value : values) {
    if (value.list || !ascii_iequals(value.text, "\\Recent")) texts.push_back(print(value));
  }
  std::ranges::sort(texts);
  return fmt::format("{}", fmt::join(texts, " "));
}

std::string print(const Value& value) {
  return value.list ? "(" + print_sorted(value.items) + ")" : value.text;
}

// "UID 1 FLAGS (\Seen)" in the order of the names.
std::string print_pairs(const std::vector<Value>& values) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    std::string text = print(values[i + 1]);
    if (values[i].text == "INTERNALDATE" && text.starts_with(' ')) text[0] = '0';
    if (text == kModelsNow) text = "now";
    texts.push_back(values[i].text + " " + text);
  }
  std::ranges::sort(texts);
  return fmt::format("({})", fmt::join(texts, " "));
}

bool says_nothing(const std::string& attribute) {
  static const std::set<std::string> kOf{"\\HasChildren", "\\HasNoChildren", "\\Marked",
                                         "\\UnMarked", "\\Unmarked"};
  return kOf.contains(attribute);
}

// Of "[CODE words] text" the code, if it is one that the model has.
std::string code_of(const std::string& text) {
  static const std::set<std::string> kNotPlayed{"MAILBOXID", "URLMECH", "ANNOTATIONS", "MYRIGHTS"};
  const std::size_t end = text.find(']');
  if (!text.starts_with('[') || end == std::string::npos) return "";
  const std::string inside = text.substr(1, end - 1);
  const std::string name = inside.substr(0, inside.find(' '));
  if (name == "CAPABILITY") return "";
  if (kNotPlayed.contains(name)) return "";
  if (!inside.contains('(')) return " [" + inside + "]";
  const std::vector<Value> words = Reader(inside.substr(name.size())).all();
  return fmt::format(" [{} {}]", name, print(words.at(0)));
}

std::string print_response(const std::string& answer) {
  static const std::regex kCondition("(tag|\\*) (OK|NO|BAD|BYE|PREAUTH) ?([^]*)");
  std::smatch found;
  if (std::regex_match(answer, found, kCondition)) {
    std::string code = code_of(found[3]);
    if (found[1] == "*" && code.empty() && found[2] == "OK") return "";
    return fmt::format("{} {}{}", found[1].str(), found[2].str(), code);
  }
  if (answer.starts_with('+')) return "+";
  if (answer.starts_with("* CAPABILITY") || answer.ends_with(" RECENT")) return "";
  if (answer.starts_with("* ID ")) return "* ID";
  std::vector<Value> values = Reader(answer).all();
  const std::string name = values.size() > 1 ? ascii_upper(values[1].text) : "";
  const std::string second = values.size() > 2 ? ascii_upper(values[2].text) : "";
  if (second == "FETCH") {
    return fmt::format("* {} FETCH {}", name, print_pairs(values.at(3).items));
  }
  if (name == "STATUS")
    return fmt::format("* STATUS {} {}", values[2].text, print_pairs(values.at(3).items));
  if (name == "FLAGS") return "* FLAGS " + print(values.at(2));
  if (name == "ENABLED") return "* ENABLED " + print_sorted({values.begin() + 2, values.end()});
  if (name == "LIST") {
    std::erase_if(values.at(2).items, [](const Value& one) { return says_nothing(one.text); });
    return fmt::format("* LIST {} {} {}", print(values[2]), values.at(3).text, values.at(4).text);
  }
  return answer;
}

// v1, v2, ... and m1, m2, ...: as normal.py.
class Names {
 public:
  explicit Names(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      for (const std::string& answer : step.answers) {
        for (std::sregex_iterator it(answer.begin(), answer.end(), modseq()), end; it != end;
             ++it) {
          modseqs_[mailbox_of(answer, step)].insert(std::stoull((*it)[3]));
        }
      }
    }
  }

  std::string named(const std::string& answer, const Step& step) {
    std::string text = replaced(answer, modseq(), [&](const std::smatch& found) {
      const auto& own = modseqs_[mailbox_of(answer, step)];
      const auto rank = std::distance(own.begin(), own.find(std::stoull(found[3]))) + 1;
      return fmt::format("MODSEQ {}m{}", found[2].str(), rank);
    });
    static const std::regex kUidValidity("(UIDVALIDITY|APPENDUID|COPYUID) (v?\\d+)");
    return replaced(text, kUidValidity, [&](const std::smatch& found) {
      const auto [it, fresh] = uidvalidities_.try_emplace(found[2], uidvalidities_.size() + 1);
      return fmt::format("{} v{}", found[1].str(), it->second);
    });
  }

 private:
  static const std::regex& modseq() {
    static const std::regex kModSeq("(MODSEQ) (\\(?)(\\d+)");
    return kModSeq;
  }

  static std::string mailbox_of(const std::string& answer, const Step& step) {
    if (!answer.starts_with("* STATUS ")) return step.mailbox;
    return ascii_lower(Reader(answer).all().at(2).text);
  }

  template <class Instead>
  static std::string replaced(const std::string& text, const std::regex& what, Instead instead) {
    std::string out;
    auto from = text.cbegin();
    for (std::sregex_iterator it(text.begin(), text.end(), what), end; it != end; ++it) {
      out.append(from, (*it)[0].first);
      out += instead(*it);
      from = (*it)[0].second;
    }
    return out.append(from, text.cend());
  }

  std::map<std::string, std::set<std::uint64_t>> modseqs_;
  std::map<std::string, std::size_t> uidvalidities_;
};

// What the numbers of the answers behind it depend on keeps its place.
bool is_barrier(const std::string& line) {
  return line.ends_with(" EXPUNGE") || line.starts_with("* VANISHED ") ||
         line.starts_with("tag ") || line == "+" || line == "closed";
}

std::string ordered(std::vector<std::string> lines) {
  auto begin = lines.begin();
  for (auto it = lines.begin(); it != lines.end(); ++it) {
    if (!is_barrier(*it)) continue;
    std::sort(begin, it);
    begin = it + 1;
  }
  std::sort(begin, lines.end());
  return fmt::format("{}", fmt::join(lines, "\n"));
}

// STATUS by mailbox, so that the order in which a LIST has them names no UIDVALIDITY.
std::vector<std::string> statuses_sorted(const std::vector<std::string>& answers) {
  std::map<std::string, std::string> statuses;
  std::vector<std::string> others;
  for (const std::string& answer : answers) {
    if (answer.starts_with("* STATUS ")) {
      statuses[Reader(answer).all().at(2).text] = answer;
    } else {
      others.push_back(answer);
    }
  }
  std::vector<std::string> all;
  for (const auto& [name, answer] : statuses) all.push_back(answer);
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

}  // namespace

std::vector<std::string> comparable(const std::vector<Step>& steps) {
  Names names(steps);
  std::vector<std::string> all;
  for (const Step& step : steps) {
    std::vector<std::string> lines;
    for (const std::string& answer : statuses_sorted(step.answers)) {
      lines.push_back(print_response(names.named(answer, step)));
    }
    std::erase(lines, "");
    all.push_back(ordered(std::move(lines)));
  }
  return all;
}

}  // namespace sterna::transcripts
