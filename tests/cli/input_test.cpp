#include <doctest/doctest.h>
#include <algorithm>
#include <csignal>
#include <istream>
#include <stdexcept>

#include "run_cli.hpp"

#ifndef _WIN32
#include <sys/resource.h>
#include <unistd.h>

#include "support/processes.hpp"
#endif

using namespace castore;
using namespace castore::testing;

namespace {

using namespace std::string_literals;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// Begins as given, and goes on with the same letter, a block at a time. Too much is a failure of
/// the test, before memory is full.
class Endless : public std::streambuf {
 public:
  explicit Endless(std::string beginning) : block_(std::move(beginning)) {
    setg(block_.data(), block_.data(), block_.data() + block_.size());
  }

 protected:
  int_type underflow() override {
    if (++blocks_ > 300) throw std::runtime_error("more is read than a line may have");
    block_.assign(mebibyte, 'x');
    setg(block_.data(), block_.data(), block_.data() + block_.size());
    return traits_type::to_int_type('x');
  }

 private:
  std::string block_;
  int blocks_ = 0;
};

/// Hands out one byte at a time; then the user presses Ctrl-C, which ends the input.
class CutOffByTheUser : public std::streambuf {
 public:
  explicit CutOffByTheUser(std::string text) : text_(std::move(text)) {}

 protected:
  int_type underflow() override {
    if (next_ == text_.size()) {
      std::raise(SIGINT);
      return traits_type::eof();
    }
    char* const at = text_.data() + next_++;
    setg(at, at, at + 1);
    return traits_type::to_int_type(*at);
  }

 private:
  std::string text_;
  std::size_t next_ = 0;
};

std::string with_line_ends_of_windows(const std::string& lines) {
  std::string text;
  for (const char c : lines) text += c == '\n' ? "\r\n"s : std::string(1, c);
  return text;
}

/// ASCII as UTF-16, least significant byte first.
std::string utf16(const std::string& ascii) {
  std::string text;
  for (const char c : ascii) (text += c) += '\0';
  return text;
}

/// The same as UTF-32.
std::string utf32(const std::string& ascii) {
  std::string text;
  for (const char c : ascii) (text += c) += "\0\0\0"s;
  return text;
}

std::string reversed_bytes(std::string text) {
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) std::swap(text[i], text[i + 1]);
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a byte order mark and line ends of Windows are read") {
  const std::string lines =
      "\xEF\xBB\xBF" + with_line_ends_of_windows(stored_line("a", 1) + "\n" + stored_line("a", 2));
  const Cli cli;
  CHECK(cli({"import"}, lines).out == "imported 2, skipped 0\n");
  SUBCASE("from a file") {
    write_file(cli.directory() / "lines", lines);
    CHECK(cli({"import", (cli.directory() / "lines").string()}).out == "imported 0, skipped 2\n");
  }
  SUBCASE("by push-group") {
    const Cli other;
    CHECK(other({"push-group"}, "\xEF\xBB\xBF" + stored_line("a", 1)).exit_code == 0);
  }
  SUBCASE("by push-event") {
    CHECK(cli({"push-event", "S"}, "\xEF\xBB\xBF"s + appeared + "\r\n").exit_code == 0);
  }
  SUBCASE("by nothing but the first line") {
    const Finished second =
        cli({"import"}, stored_line("b", 1) + "\xEF\xBB\xBF" + stored_line("b", 2));
    CHECK(second.exit_code == 6);
    CHECK(contains(second.err, "Line 2: "));
  }
}

TEST_CASE("input of another format says how to convert it") {
  const std::string events = stored_line("a", 1);
  const Cli cli;
  const auto check_converted_by = [&](const std::string& input, const std::string& converter) {
    CAPTURE(converter);
    const Finished imported = cli({"import", "--format", "json"}, input);
    CHECK(imported.exit_code == 6);
    CHECK(contains(imported.err, R"("code":"InvalidEvent")"));
    CHECK(contains(imported.err, R"("message":"Line 1: Invalid event: the )"));
    CHECK(contains(imported.err, R"("path":"event","line":1,)"));
    CHECK(contains(imported.err, ": " + converter + " FILE | castore-cli"));
    CHECK(cli({"push-group"}, input).err.find(converter) != std::string::npos);
  };
  const auto check_no_text = [&](const std::string& input, const std::string& converter) {
    check_converted_by(input, converter);
    const Finished pushed = cli({"push-event", "S"}, input);
    CHECK(pushed.exit_code == 6);
    CHECK(contains(pushed.err, "Invalid input: the input is "));
    CHECK(contains(pushed.err, converter));
  };
  check_no_text("\x1F\x8B\x08\x00...\n..."s, "zcat");
  check_no_text("\x28\xB5\x2F\xFD..."s, "zstdcat");
  check_no_text("\xFD\x37zXZ\x00..."s, "xzcat");
  check_no_text("BZh91AY...", "bzcat");
  check_no_text("\xFF\xFE" + utf16(events), "iconv -f UTF-16 -t UTF-8");
  check_no_text("\xFE\xFF" + reversed_bytes(utf16(events)), "iconv -f UTF-16 -t UTF-8");
  check_no_text(utf16(events), "iconv -f UTF-16LE -t UTF-8");
  check_no_text(reversed_bytes(utf16(events)), "iconv -f UTF-16BE -t UTF-8");
  const std::string big_endian = "\0\0\0"s + utf32(events);  // and some bytes
  check_no_text("\xFF\xFE\0\0"s + utf32(events), "iconv -f UTF-32 -t UTF-8");
  check_no_text("\0\0\xFE\xFF"s + big_endian, "iconv -f UTF-32 -t UTF-8");
  check_no_text(utf32(events), "iconv -f UTF-32LE -t UTF-8");
  check_no_text(big_endian, "iconv -f UTF-32BE -t UTF-8");
  check_converted_by("[" + events + "]", "jq -c '.[]'");
  check_converted_by("[\n" + events + "]\n", "jq -c '.[]'");
  check_converted_by("{\n  \"eventStoreId\": \"S\",\n", "jq -c .");
  check_converted_by("{ \"eventStoreId\": \"S\",\r\n", "jq -c .");
  CHECK_FALSE(cli.has_file());
  SUBCASE("but what has begun well is not of another format") {
    const Finished stopped = cli({"import"}, events + "[\n");
    CHECK(stopped.exit_code == 6);
    CHECK_FALSE(contains(stopped.err, "castore-cli …"));
  }
}

TEST_CASE("a line longer than 256 MiB is refused before memory is full") {
  const Cli cli;
  SUBCASE("by its number") {
    Endless lines(stored_line("a", 1) + "\"");
    std::istream input(&lines);
    const Finished refused = cli.with_input({"import", "--batch", "1"}, input);
    CHECK(refused.exit_code == 6);
    CHECK(refused.err ==
          "castore-cli: Line 2: Invalid event: event is longer than 256 MiB "
          "(imported 1, skipped 0; committed up to line 1)\n");
  }
  SUBCASE("as is an event and the input of a command") {
    Endless text("\"");
    std::istream input(&text);
    const Finished refused = cli.with_input({"push-event", "S"}, input);
    CHECK(refused.exit_code == 6);
    CHECK(contains(refused.err, "is longer than 256 MiB"));
  }
}

TEST_CASE("an import that is interrupted in the middle of a line is interrupted") {
  const Cli cli;
  CutOffByTheUser lines(stored_line("a", 1) + "{\"half");
  std::istream input(&lines);
  const Finished stopped = cli.with_input({"import", "--batch", "1"}, input);
  CHECK(stopped.exit_code == 130);
  CHECK(stopped.err ==
        "castore-cli: Interrupted (imported 1, skipped 0; committed up to line 1)\n");
}

#ifndef _WIN32

TEST_CASE("a folder is no input") {
  const Cli cli;
  const std::string folder = cli.directory().path().string();
  const Finished refused = cli({"import", folder, "--format", "json"});
  CHECK(refused.exit_code == 1);
  CHECK(refused.err == R"({"error":{"code":"Storage","message":"Unable to read )" + folder +
                           R"(: Is a directory","path":")" + folder + "\"}}\n");
}

TEST_CASE("an input that may not be read is not taken for one that is missing") {
  const Cli cli;
  const std::string lines = (cli.directory() / "lines").string();
  write_file(lines, stored_line("a", 1));
  std::filesystem::permissions(lines, std::filesystem::perms::none);
  std::filesystem::permissions(cli.directory().path(), std::filesystem::perms::all);
  CHECK(ended_well(start_process([&] {
    // permissions mean nothing to root
    if (geteuid() == 0 && setuid(65534) != 0) throw std::runtime_error("still root");
    const Finished refused = cli({"import", lines, "--format", "json"});
    if (refused.exit_code != 1 || refused.err != R"({"error":{"code":"PermissionDenied",)"
                                                 R"("message":"no permission to read )" +
                                                     lines + R"(","path":")" + lines + "\"}}\n") {
      throw std::runtime_error(refused.err);
    }
  })));
  CHECK_FALSE(cli.has_file());
}

TEST_CASE("an input that cannot be opened is told with the reason of the system") {
  const Cli cli;
  const std::string lines = (cli.directory() / "lines").string();
  write_file(lines, stored_line("a", 1));
  CHECK(ended_well(start_process([&] {
    // UBSan needs descriptors to see the type of the first exception of each.
    static_cast<void>(cli({"import", cli.directory().path().string()}));
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0) throw std::runtime_error("no limit");
    if (!contains(cli({"import", lines}).err, ": Too many open files")) {
      throw std::runtime_error("another reason");
    }
  })));
}

#endif
