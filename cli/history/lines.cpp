#include "history/lines.hpp"

#include <algorithm>
#include <array>
#include <istream>
#include <span>
#include <system_error>

#include "os/interrupt.hpp"

namespace castore::cli {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t block_size = std::size_t{64} * 1024;
constexpr auto byte_order_mark = "\xEF\xBB\xBF"sv;
constexpr auto too_long = "is longer than 256 MiB";

[[noreturn]] void fail_to_read(const std::string& reason) {
  throw StorageError(ErrorCode::storage, "The input cannot be read" + reason);
}

/// Reads as much as is there, at least a byte; nothing at the end.
std::string_view read_block(std::istream& in, std::span<char> block) {
  if (in.bad()) fail_to_read({});
  if (!in.good()) return {};
  std::streambuf& source = *in.rdbuf();
  try {
    if (source.sgetc() == std::streambuf::traits_type::eof()) return {};
    const auto ready = std::clamp<std::streamsize>(source.in_avail(), 1, std::ssize(block));
    return {block.data(), static_cast<std::size_t>(source.sgetn(block.data(), ready))};
  } catch (const std::system_error& error) {
    fail_to_read(": " + error.code().message());
  }
}

std::string piped_through(std::string_view converter) {
  return ": " + std::string(converter) + " FILE | castore-cli …";
}

/// Says by its first bytes how to make text of an input that is none; empty where it may be text.
std::string conversion_of(std::string_view input) {
  struct Compression {
    std::string_view magic;
    std::string_view name;
    std::string_view tool;
  };
  static constexpr std::array<Compression, 4> compressions{{{"\x1F\x8B", "gzip", "zcat"},
                                                            {"\x28\xB5\x2F\xFD", "zstd", "zstdcat"},
                                                            {"\xFD\x37zXZ", "xz", "xzcat"},
                                                            {"BZh", "bzip2", "bzcat"}}};
  for (const auto& [magic, name, tool] : compressions) {
    if (!input.starts_with(magic)) continue;
    return "the input is compressed by " + std::string(name) + piped_through(tool);
  }
  const auto utf = [](const std::string& name) {
    return "the input is " + name.substr(0, 6) + ", not UTF-8" +
           piped_through("iconv -f " + name + " -t UTF-8");
  };
  // that of UTF-16 begins that of UTF-32
  if (input.starts_with("\xFF\xFE\0\0"sv) || input.starts_with("\0\0\xFE\xFF"sv)) {
    return utf("UTF-32");
  }
  if (input.starts_with("\xFF\xFE") || input.starts_with("\xFE\xFF")) return utf("UTF-16");
  if (input.size() < 2) return {};
  if (input[0] != '\0' && input.substr(1).starts_with("\0\0\0"sv)) return utf("UTF-32LE");
  if (input.starts_with("\0\0\0"sv)) return utf("UTF-32BE");
  if (input[0] != '\0' && input[1] == '\0') return utf("UTF-16LE");
  if (input[0] == '\0' && input[1] != '\0') return utf("UTF-16BE");
  return {};
}

/// Says the same of a first line that is no event.
std::string conversion_of_line(std::string_view line) {
  if (std::string text = conversion_of(line); !text.empty()) return text;
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
  if (line.starts_with('[')) {
    return "the input is a JSON array, not one event a line" + piped_through("jq -c '.[]'");
  }
  if (line.ends_with('{') || line.ends_with(',')) {
    return "the event goes on in the next line, but one line has one event" +
           piped_through("jq -c .");
  }
  return {};
}

}  // namespace

EventLineReader::EventLineReader(std::istream& in, const ParseEventLineOptions& options)
    : in_(in), options_(options), block_(block_size) {}

std::optional<PlacedLine> EventLineReader::next() {
  while (auto line = next_line()) {
    ++count_;
    if (count_ == 1 && line->starts_with(byte_order_mark)) line->remove_prefix(3);
    if (auto stored = parse(*line)) return stored;
  }
  return std::nullopt;
}

std::optional<PlacedLine> EventLineReader::parse(std::string_view line) {
  const Location location{Location::Of::line, count_};
  try {
    if (line.size() > longest_line) throw located(InvalidEventError("event", too_long), location);
    auto stored = parse_placed_line(line, location, options_);
    if (stored) is_first_ = false;
    return stored;
  } catch (const Error&) {
    const std::string conversion = is_first_ ? conversion_of_line(line) : "";
    if (conversion.empty()) throw;
    throw located({ErrorCode::invalid_event, "Invalid event: " + conversion, {{"path", "event"}}},
                  location);
  }
}

/// Returns the next line. One that is too long ends where it is too long.
std::optional<std::string_view> EventLineReader::next_line() {
  text_.clear();
  while (text_.size() <= longest_line) {
    if (rest_.empty()) rest_ = read_block(in_, block_);
    if (rest_.empty() && (text_.empty() || InterruptMark::is_set())) return std::nullopt;
    if (rest_.empty()) return text_;
    const std::size_t end = rest_.find('\n');
    const std::string_view piece = rest_.substr(0, end);
    rest_.remove_prefix(std::min(rest_.size(), piece.size() + 1));
    if (end != rest_.npos && text_.empty()) return piece;
    text_ += piece;
    if (end != rest_.npos) return text_;
  }
  return text_;
}

std::optional<PlacedLine> parse_placed_line(std::string_view text, const Location& location,
                                            const ParseEventLineOptions& options) {
  if (text.find_first_not_of(" \t\r") == std::string_view::npos) return std::nullopt;
  try {
    return PlacedLine{location, parse_event_line(text, options)};
  } catch (const Error& error) {
    throw located(error, location);
  }
}

void require_timestamp(const PlacedLine& line) {
  if (line.content.event.timestamp) return;
  throw located(InvalidEventError("event.timestamp", "is missing"), line.location);
}

std::string read_all(std::istream& in) {
  std::string text;
  std::vector<char> block(block_size);
  for (auto part = read_block(in, block); !part.empty(); part = read_block(in, block)) {
    text += part;
    if (text.size() > longest_line) throw InvalidInputError(too_long);
  }
  const std::string conversion = conversion_of(text);
  if (!conversion.empty()) throw InvalidInputError(conversion);
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  return text;
}

}  // namespace castore::cli
