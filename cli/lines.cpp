#include "lines.hpp"

#include <istream>

namespace castore::cli {
namespace {

void check_readable(const std::istream& in) {
  if (in.bad()) throw StorageError(ErrorCode::storage, "The input cannot be read");
}

}  // namespace

std::optional<StoredEvent> StoredEventReader::next() {
  if (!next_line()) return std::nullopt;
  try {
    return parse_stored_event(text_);
  } catch (const Error& error) {
    throw at_place(error, place());
  }
}

bool StoredEventReader::next_line() {
  while (std::getline(in_, text_)) {
    ++line_;
    if (text_.find_first_not_of(" \t\r") != std::string::npos) return true;
  }
  check_readable(in_);
  return false;
}

void require_timestamp(const NewEventDetail& event, const Place& place) {
  if (event.timestamp) return;
  throw at_place(InvalidEventError("event.timestamp", "is missing"), place);
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
