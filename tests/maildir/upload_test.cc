// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/upload.h"

#include "world.h"

namespace sterna::maildir {
namespace {

class UploadTest : public MaildirTest {
 protected:
  UploadTest() : new_(must(must(root().open_directory("A"))->open_directory("new"))) {}

  static Result<std::string> read_whole(UploadReader& upload, std::size_t piece_octets) {
    std::string wire;
    for (;;) {
      const std::size_t before = wire.size();
      STERNA_TRY(const std::size_t count, upload.read(wire, piece_octets));
      EXPECT_EQ(wire.size() - before, count);
      EXPECT_LE(count, piece_octets);
      if (count == 0) return wire;
    }
  }
  std::string uploaded(std::string_view content, std::size_t piece_octets) {
    const SeenFile seen = put("A/new/x", content);
    UploadReader upload = must(UploadReader::open(*new_, seen));
    const std::uint64_t size = upload.size();
    std::string wire = must(read_whole(upload, piece_octets));
    EXPECT_EQ(wire.size(), size);
    return wire;
  }
  static std::string large() {
    std::string content = "Subject: x\n\n";
    while (content.size() < 3 * kUploadKeptOctetsMax) content += "0123456789\nabc\r\n\r";
    return content;
  }

  std::unique_ptr<io::Directory> new_;
};

TEST_F(UploadTest, GivesEachLineFeedItsCarriageReturn) {
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 2, 3, 5, 100}) {
    EXPECT_EQ(uploaded("", piece), "");
    EXPECT_EQ(uploaded("a\nb\n", piece), "a\r\nb\r\n");
    EXPECT_EQ(uploaded("a\r\nb\n\n", piece), "a\r\nb\r\n\r\n");
    EXPECT_EQ(uploaded("a\r\r\nb\rc\r", piece), "a\r\r\nb\rc\r");
    EXPECT_EQ(uploaded("\n\n", piece), "\r\n\r\n");
    EXPECT_EQ(uploaded("no end", piece), "no end");
  }
}

TEST_F(UploadTest, AFileThatAProgramStillWritesIsNotTaken) {
  const SeenFile seen = put("A/new/x", "Subject: x\n\nhalf");
  disk().open_to_write("mail/A/new/x");
  EXPECT_EQ(code_of(UploadReader::open(*new_, seen)), ErrorCode::changed);
  disk().close_written("mail/A/new/x");
  EXPECT_TRUE(UploadReader::open(*new_, seen));
}

TEST_F(UploadTest, StreamsWhatIsTooLargeToKeep) {
  const std::string content = large();
  std::string wire;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '\n' && content[i - 1] != '\r') wire += '\r';
    wire += content[i];
  }
  for (const std::size_t piece : {std::size_t{4093}, std::size_t{1} << 20}) {
    EXPECT_EQ(uploaded(content, piece), wire);
  }
}

TEST_F(UploadTest, SaysWhatItSends) {
  const SeenFile seen = put("A/new/x", "Message-ID: <1@x>\n\nbody\n");
  disk().set_mtime_ns("mail/A/new/x", 5 * kSecond);
  const UploadReader upload = must(UploadReader::open(*new_, seen));
  EXPECT_EQ(upload.identity().message_id, "<1@x>");
  EXPECT_EQ(upload.stat().mtime_ns, 5 * kSecond);
}

TEST_F(UploadTest, SendsOnlyTheFileThatWasSeen) {
  SeenFile seen = put("A/new/x");
  ++seen.ino;
  EXPECT_EQ(code_of(UploadReader::open(*new_, seen)), ErrorCode::changed);
  disk().unlink("mail/A/new/x");
  EXPECT_EQ(code_of(UploadReader::open(*new_, seen)), ErrorCode::changed);
}

TEST_F(UploadTest, NoticesAChangeWhileItCounts) {
  for (const std::string& content : {std::string("small\n"), large()}) {
    const SeenFile seen = put("A/new/x", content);
    int reads = 0;
    disk().before = [&](DiskOp op, std::string_view) {
      if (op == DiskOp::read && ++reads == 2) disk().write("mail/A/new/x", content + "more");
      return Status();
    };
    EXPECT_EQ(code_of(UploadReader::open(*new_, seen)), ErrorCode::changed);
    disk().before = nullptr;
  }
}

TEST_F(UploadTest, NoticesAChangeBetweenCountingAndSending) {
  const std::string content = large();
  for (const std::string& other :
       {content + "more", content.substr(1), std::string("y") + content.substr(1)}) {
    const SeenFile seen = put("A/new/x", content);
    UploadReader upload = must(UploadReader::open(*new_, seen));
    disk().write("mail/A/new/x", other);
    const auto sent = read_whole(upload, 1 << 16);
    EXPECT_EQ(code_of(sent), ErrorCode::changed);
  }
}

TEST_F(UploadTest, NeverSendsMoreThanItAnnounced) {
  const SeenFile seen = put("A/new/x", large());
  UploadReader upload = must(UploadReader::open(*new_, seen));
  disk().write("mail/A/new/x", std::string(10 * kUploadKeptOctetsMax, '\n'));
  std::string wire;
  for (;;) {
    const auto count = upload.read(wire, 1 << 16);
    if (!count) break;
    ASSERT_GT(*count, 0U);
  }
  EXPECT_LE(wire.size(), upload.size());
}

TEST_F(UploadTest, AFileThatIsRenamedBeforeItIsOpenedAgainIsLookedAtAnew) {
  const SeenFile seen = put("A/new/x", large());
  disk().before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::read && disk().exists("mail/A/new/x")) {
      disk().rename("mail/A/new/x", "mail/A/cur/x:2,S");
    }
    return Status();
  };
  EXPECT_EQ(code_of(UploadReader::open(*new_, seen)), ErrorCode::changed);
}

}  // namespace
}  // namespace sterna::maildir
