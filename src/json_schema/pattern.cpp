#include "json_schema/pattern.hpp"

#include <algorithm>
#include <castore/json_scanner.hpp>
#include <cstdint>
#include <locale>
#include <stdexcept>
#include <vector>

#include "json_schema/exact_json.hpp"

namespace castore::json_schema {
namespace {

// What libstdc++ needs of the stack grows with these, when it compiles and when it matches.
constexpr std::size_t most_groups_in_groups = 200;
constexpr std::size_t most_states = 20'000;

constexpr std::wstring_view known_escapes = L"bBdDsSwWfnrtvux";
constexpr std::wstring_view surrogates = L"89abcdefABCDEF";  // D800 to DFFF

void append(std::wstring& out, std::uint32_t code_point) {
  if constexpr (sizeof(wchar_t) == 2) {
    if (code_point >= 0x10000) {
      out += static_cast<wchar_t>(0xD800 + ((code_point - 0x10000) >> 10));
      code_point = 0xDC00 + ((code_point - 0x10000) & 0x3FF);
    }
  }
  out += static_cast<wchar_t>(code_point);
}

std::wstring widen(std::string_view utf8) {
  std::wstring wide;
  wide.reserve(utf8.size());
  while (!utf8.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(utf8));
    constexpr unsigned char leading_bits[] = {0x7F, 0x7F, 0x1F, 0x0F, 0x07};
    std::uint32_t code_point = static_cast<unsigned char>(utf8[0]) & leading_bits[length];
    for (std::size_t i = 1; i < length; ++i) {
      code_point = code_point << 6 | (static_cast<unsigned char>(utf8[i]) & 0x3F);
    }
    append(wide, code_point);
    utf8.remove_prefix(length);
  }
  return wide;
}

/// Walks a regular expression, to know about how large its automaton will be: std::regex multiplies
/// out what is repeated by number. What is no regular expression may pass.
class Size {
 public:
  explicit Size(const std::wstring& source) : source_(source) {
    while (at_ < source_.size()) take(source_[at_++]);
  }

 private:
  void take(wchar_t c) {
    if (c == L'(') return open();
    if (c == L')') return close();
    if (c == L'{') return repeat();
    if (c == L'\\') skip_escape();
    if (c == L'[') skip_class();
    add(1);
  }

  void open() {
    outer_.push_back(states_);
    if (outer_.size() > most_groups_in_groups)
      throw std::invalid_argument("groups nest too deeply");
    states_ = 4;
  }

  void close() {
    if (outer_.empty()) return;
    const std::size_t group = states_;
    states_ = outer_.back();
    outer_.pop_back();
    add(group);
  }

  void repeat() {
    std::size_t count = 1;
    while (at_ < source_.size() && source_[at_] != L'}') {
      const wchar_t c = source_[at_++];
      if (c >= L'0' && c <= L'9') count = std::max(count, number(c));
    }
    add(last_ * (count - 1));
  }

  std::size_t number(wchar_t digit) {
    auto value = static_cast<std::size_t>(digit - L'0');
    for (; at_ < source_.size() && source_[at_] >= L'0' && source_[at_] <= L'9'; ++at_) {
      value = std::min(value * 10 + static_cast<std::size_t>(source_[at_] - L'0'), most_states + 2);
    }
    return value;
  }

  /// Refuses what std::regex takes for something else than JavaScript does.
  void skip_escape() {
    const std::wstring_view rest = std::wstring_view(source_).substr(at_++);
    if (rest.empty()) return;
    const bool letter =
        (rest[0] >= L'a' && rest[0] <= L'z') || (rest[0] >= L'A' && rest[0] <= L'Z');
    if (letter && known_escapes.find(rest[0]) == std::wstring_view::npos) {
      throw std::invalid_argument(std::string("\\") + static_cast<char>(rest[0]) +
                                  " is not supported");
    }
    if (rest.size() >= 3 && (rest.starts_with(L"ud") || rest.starts_with(L"uD")) &&
        surrogates.find(rest[2]) != std::wstring_view::npos) {
      throw std::invalid_argument("\\u with half a character: write the character itself");
    }
  }

  void skip_class() {
    while (at_ < source_.size() && source_[at_] != L']') {
      if (source_[at_++] == L'\\') skip_escape();
    }
    ++at_;
  }

  void add(std::size_t states) {
    last_ = states;
    states_ += states;
    if (states_ > most_states) throw std::invalid_argument("too large a regular expression");
  }

  const std::wstring& source_;
  std::size_t at_ = 0;
  std::size_t states_ = 0;
  std::size_t last_ = 0;  ///< what a repetition would repeat
  std::vector<std::size_t> outer_;
};

#ifdef __GLIBCXX__
// By default libstdc++ backtracks, and calls itself for every character: 20,000 of them overflow a
// stack of 8 MB. Its other executor does neither. It looks for a match from each character anew,
// which "anything, then a match" spares it.
constexpr auto syntax = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;
constexpr auto how = std::regex_constants::match_continuous;
std::wstring found_anywhere(const std::wstring& source) { return L"[^]*(?:" + source + L")"; }
#else
constexpr auto syntax = std::regex_constants::ECMAScript;
constexpr auto how = std::regex_constants::match_default;
std::wstring found_anywhere(const std::wstring& source) { return source; }
#endif

}  // namespace

Pattern::Pattern(const std::string& source) try {
  const std::wstring wide = widen(source);
  static_cast<void>(Size(wide));
  regex_.imbue(std::locale::classic());  // \w is ASCII, whatever the host's locale
  regex_.assign(wide, syntax);           // alone first: "a)(b" is none
  regex_.assign(found_anywhere(wide), syntax);
} catch (const std::regex_error& error) {
  throw std::invalid_argument(error.what());
}

bool Pattern::too_long(std::string_view text) noexcept {
  return text.size() > max_length && length_in_code_points(text) > max_length;
}

bool Pattern::matches(std::string_view text) const try {
  return std::regex_search(widen(text), regex_, how);
} catch (const std::regex_error&) {
  return false;  // a library that gives up where its stack or patience ends
}

}  // namespace castore::json_schema
