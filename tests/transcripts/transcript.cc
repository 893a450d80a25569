// SPDX-License-Identifier: Apache-2.0
#include "transcript.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <regex>

#include "sterna/base/bytes.h"

namespace sterna::transcripts {
namespace {

// As normal.py wrote it.
std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i);
    if (rest.starts_with("\\r\\n")) {
      out += "\r\n";
      i += 3;
    } else if (rest.starts_with("\\x")) {
      out += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string message(const std::string& number) {
  return fmt::format(
      "From: Ann <ann@example.org>\r\nSubject: About {0}\r\n"
      "Message-ID: <{0}@example.org>\r\n\r\nText {0}\r\n",
      number);
}

class Player {
 public:
  explicit Player(const simulation::Abilities& abilities) : abilities_(abilities) {
    kept_ = {{"p", ""}, {"/", "/"}, {"user", "ann"}, {"password", "secret word"}};
  }

  void play(Step& step) {
    const std::string kind = step.text.substr(0, step.text.find(' '));
    if (kind == "open") {
      step.answers = responses(open(step.connection).greeting());
    } else if (kind == "keep") {
      keep(step);
    } else if (kind != "listen") {
      if (!sessions_.contains(step.connection)) {
        open(step.connection);
        command(step.connection, "LOGIN \"ann\" \"secret word\"");
      }
      step.answers = command(step.connection, filled(step.command));
    }
    for (const std::string& answer : step.answers) notice(step.connection, answer);
    step.mailbox = mailbox_behind(step);
  }

 private:
  simulation::SimSession& open(int connection) {
    sessions_[connection] = std::make_unique<simulation::SimSession>(state_, abilities_);
    return *sessions_[connection];
  }

  void keep(const Step& step) {
    static const std::regex kKeep("keep (\\w+) = (\\w+) C.");
    std::smatch found;
    if (!std::regex_match(step.text, found, kKeep)) return;
    kept_[found[1]] = told_[{step.connection, found[2]}];
  }

  void notice(int connection, const std::string& answer) {
    static const std::regex kUidValidity("UIDVALIDITY (\\d+)");
    static const std::regex kModSeq("MODSEQ \\(?(\\d+)");
    std::smatch found;
    if (std::regex_search(answer, found, kUidValidity)) {
      told_[{connection, "uidvalidity"}] = found[1];
    }
    if (std::regex_search(answer, found, kModSeq)) {
      told_[{connection, "highestmodseq"}] = found[1];
    }
  }

  std::string mailbox_behind(const Step& step) {
    const bool opens = step.command.starts_with("SELECT") || step.command.starts_with("EXAMINE");
    const std::size_t quote = step.command.find('"');
    if (opens && quote != std::string::npos) {
      const std::string name = filled(step.command.substr(quote + 1));
      selected_[step.connection] = ascii_lower(name.substr(0, name.find('"')));
    }
    return selected_[step.connection];
  }

  std::string filled(std::string text) const {
    for (const auto& [name, value] : kept_) {
      const std::string place = "{" + name + "}";
      for (std::size_t at; (at = text.find(place)) != std::string::npos;) {
        text.replace(at, place.size(), value);
      }
    }
    return text;
  }

  std::vector<std::string> command(int connection, const std::string& text) {
    static const std::regex kLiteral("\\{(message|message\\+|nothing)(?: (\\d+))?\\}");
    simulation::SimSession& session = *sessions_[connection];
    const std::string tag = fmt::format("t{} ", ++tags_);
    std::string sent = tag;
    std::string answers;
    auto from = text.cbegin();
    for (std::sregex_iterator it(text.begin(), text.end(), kLiteral), end; it != end; ++it) {
      const bool waits = (*it)[1] != "message+";
      const std::string octets = (*it)[1] == "nothing" ? "" : message((*it)[2]);
      sent += std::string(from, (*it)[0].first);
      sent += fmt::format("{{{}{}}}\r\n", octets.size(), waits ? "" : "+");
      from = (*it)[0].second;
      if (waits) {
        if (session.ended()) return {"closed"};
        const std::string answer = session.receive(std::exchange(sent, {}));
        answers += answer;
        if (!answer.starts_with('+')) return named(answers, tag);  // refused
      }
      sent += octets;
    }
    if (!session.ended()) {
      answers += session.receive(sent + std::string(from, text.cend()) + "\r\n");
    }
    std::vector<std::string> all = named(answers, tag);
    const bool answered = !all.empty() && all.back().starts_with("tag ");
    if (session.ended() && !answered) all.emplace_back("closed");
    return all;
  }

  static std::vector<std::string> named(const std::string& answers, const std::string& tag) {
    std::vector<std::string> all = responses(answers);
    for (std::string& answer : all) {
      if (answer.starts_with(tag)) answer.replace(0, tag.size(), "tag ");
      const std::size_t quoted = answer.find("\"" + tag.substr(0, tag.size() - 1) + "\"");
      if (quoted != std::string::npos) answer.replace(quoted, tag.size() + 1, "\"tag\"");
    }
    return all;
  }

  static std::vector<std::string> responses(const std::string& octets) {
    std::vector<std::string> all;
    for (std::size_t begin = 0; begin < octets.size();) {
      std::size_t end = octets.find("\r\n", begin);
      while (octets[end - 1] == '}') {
        const std::size_t brace = octets.rfind('{', end);
        const auto size = parse_number(octets.substr(brace + 1, end - brace - 2));
        end = octets.find("\r\n", end + 2 + static_cast<std::size_t>(size.value_or(0)));
      }
      all.push_back(octets.substr(begin, end - begin));
      begin = end + 2;
    }
    return all;
  }

  simulation::Abilities abilities_;
  simulation::ServerState state_;
  std::map<int, std::unique_ptr<simulation::SimSession>> sessions_;
  std::map<int, std::string> selected_;
  std::map<std::string, std::string> kept_;
  std::map<std::pair<int, std::string>, std::string> told_;
  int tags_ = 0;
};

}  // namespace

std::vector<Step> read_transcript(const std::string& path) {
  static const std::regex kStep("C(\\d): (.*)|(?:open|listen) C(\\d)|keep .* C(\\d)");
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::vector<Step> steps;
  std::map<int, std::string> selected;
  for (std::string line; std::getline(in, line);) {
    std::smatch found;
    if (std::regex_match(line, found, kStep)) {
      Step step{.text = line, .connection = 0, .command = found[2], .mailbox = {}, .answers = {}};
      step.connection = std::stoi(found[1].str() + found[3].str() + found[4].str());
      steps.push_back(std::move(step));
    } else {
      EXPECT_TRUE(line.starts_with('S') && !steps.empty()) << path << ": " << line;
      steps.back().answers.push_back(unescape(line.substr(4)));
    }
  }
  return steps;
}

std::vector<Step> play(std::vector<Step> steps, const simulation::Abilities& abilities) {
  Player player(abilities);
  for (Step& step : steps) {
    step.answers.clear();
    player.play(step);
  }
  return steps;
}

}  // namespace sterna::transcripts
