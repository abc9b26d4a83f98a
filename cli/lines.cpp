#include "lines.hpp"

#include <istream>

namespace castore::cli {
namespace {

void check_readable(const std::istream& in) {
  if (in.bad()) throw StorageError(ErrorCode::storage, "The input cannot be read");
}

}  // namespace

std::optional<StoredLine> StoredEventReader::next() {
  while (std::getline(in_, text_)) {
    if (auto line = parse_stored_line(text_, {Place::Of::line, ++count_})) return line;
  }
  check_readable(in_);
  return std::nullopt;
}

std::optional<StoredLine> parse_stored_line(std::string_view text, const Place& place) {
  if (text.find_first_not_of(" \t\r") == std::string_view::npos) return std::nullopt;
  try {
    return StoredLine{place, parse_stored_event(text)};
  } catch (const Error& error) {
    throw at_place(error, place);
  }
}

void require_timestamp(const StoredLine& line) {
  if (line.stored.event.timestamp) return;
  throw at_place(InvalidEventError("event.timestamp", "is missing"), line.place);
}

std::string read_all(std::istream& in) {
  std::string text;
  char block[8192];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
  }
  check_readable(in);
  return text;
}

}  // namespace castore::cli
