#include "json_schema/pattern_syntax.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace castore::json_schema {
namespace {

using Node = PatternTree::Node;
using Kind = PatternTree::Kind;

constexpr std::size_t most_states = 20'000;
constexpr std::size_t most_groups_in_groups = 200;  // each needs some of the stack
constexpr char32_t last_code_point = 0x10FFFF;

/// A source that is no expression by the grammar that it was read by.
class NotInGrammar : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

[[noreturn]] void refuse_as_unsupported(const std::string& what) {
  throw std::invalid_argument(what + " is not supported");
}

// --- Characters ---------------------------------------------------------------------------------

bool is_between(char32_t c, char32_t first, char32_t last) { return first <= c && c <= last; }
bool is_digit(char32_t c) { return is_between(c, U'0', U'9'); }
bool is_octal_digit(char32_t c) { return is_between(c, U'0', U'7'); }
bool is_letter(char32_t c) { return is_between(c, U'a', U'z') || is_between(c, U'A', U'Z'); }
bool is_high_surrogate(char32_t c) { return is_between(c, 0xD800, 0xDBFF); }
bool is_low_surrogate(char32_t c) { return is_between(c, 0xDC00, 0xDFFF); }

std::optional<char32_t> hex_digit(char32_t c) {
  if (is_digit(c)) return c - U'0';
  if (is_between(c, U'a', U'f')) return c - U'a' + 10;
  if (is_between(c, U'A', U'F')) return c - U'A' + 10;
  return std::nullopt;
}

/// \returns `c`. \throws std::invalid_argument  half of a character, which no text has
char32_t not_half(char32_t c) {
  if (!is_high_surrogate(c) && !is_low_surrogate(c)) return c;
  throw std::invalid_argument("\\u with half a character: write the character itself");
}

std::string shown(char32_t c) {
  const bool is_printable = is_between(c, U' ', U'~');
  return is_printable ? std::string(1, static_cast<char>(c)) : "that character";
}

CharacterRanges in_order(CharacterRanges ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const CharacterRange& a, const CharacterRange& b) { return a.first < b.first; });
  CharacterRanges merged;
  for (const CharacterRange& range : ranges) {
    if (!merged.empty() && range.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

/// \param ranges  in order
CharacterRanges all_but(const CharacterRanges& ranges) {
  CharacterRanges others;
  char32_t next = 0;
  for (const CharacterRange& range : ranges) {
    if (range.first > next) others.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= last_code_point) others.push_back({next, last_code_point});
  return others;
}

CharacterRanges digits() { return {{U'0', U'9'}}; }
CharacterRanges word_characters() {
  return {{U'0', U'9'}, {U'A', U'Z'}, {U'_', U'_'}, {U'a', U'z'}};
}
CharacterRanges line_ends() { return {{U'\n', U'\n'}, {U'\r', U'\r'}, {0x2028, 0x2029}}; }

/// \returns ECMAScript's WhiteSpace and LineTerminator: Unicode's category Zs, and some
CharacterRanges spaces() {
  return {{U'\t', U'\r'},   {U' ', U' '},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
          {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
}

/// \param letter  of \d, \D, \s, \S, \w or \W
std::optional<CharacterRanges> class_of(char32_t letter) {
  switch (letter) {
    case U'd':
      return digits();
    case U'D':
      return all_but(digits());
    case U's':
      return spaces();
    case U'S':
      return all_but(spaces());
    case U'w':
      return word_characters();
    case U'W':
      return all_but(word_characters());
    default:
      return std::nullopt;
  }
}

// --- The grammars -------------------------------------------------------------------------------

/// A reader by one of the grammars. Its members have the names of the specification, where that has
/// some: https://tc39.es/ecma262/#sec-patterns,
/// https://tc39.es/ecma262/#sec-regular-expressions-patterns
class Parser {
 public:
  /// \param refusal  of the grammar with flag u: without it, by that grammar
  explicit Parser(std::u32string_view source, std::optional<std::string> refusal = {})
      : source_(source), refusal_(std::move(refusal)) {
    count_groups();
  }

  PatternTree pattern() {
    tree_.root = disjunction();
    if (!at_end()) throw NotInGrammar("a ) without its (");
    check_size(tree_.root);
    return std::move(tree_);
  }

 private:
  struct Times {
    std::uint32_t least;
    std::uint32_t most;
  };

  // A character of a class, or one of those that stand for several.
  struct ClassAtom {
    std::optional<char32_t> character;
    CharacterRanges several{};
  };

  void count_groups();
  void skip_class();

  Node disjunction();
  Node alternative();
  Node term();
  Node group();
  Node look(bool ahead, bool negated);
  Node body_of_group();
  Node atom_escape();
  Node character_class();
  ClassAtom class_atom();
  ClassAtom class_escape();
  std::optional<Node> back_reference();
  Node repeated(Node node);
  std::optional<Times> quantifier();
  std::optional<Times> braces();
  std::optional<std::uint32_t> number();
  std::u32string_view group_name();
  char32_t character_escape(bool in_class);
  char32_t control_escape(bool in_class);
  char32_t octal_escape();
  char32_t unicode_escape();
  char32_t unicode_escape_in_braces();
  char32_t whole_character(char32_t unit);
  char32_t identity_escape(bool in_class);
  std::optional<char32_t> hex_digits(std::size_t count);

  [[nodiscard]] Node of_characters(CharacterRanges ranges);
  [[nodiscard]] static Node of_character(char32_t c) {
    return {.kind = Kind::character, .index = c, .states = 1};
  }
  [[nodiscard]] static Node of_kind(Kind kind) { return {.kind = kind, .states = 1}; }
  void check_size(const Node& node) const;

  [[nodiscard]] bool by_annex_b() const noexcept { return refusal_.has_value(); }
  [[nodiscard]] bool at_end() const noexcept { return at_ == source_.size(); }
  /// \returns U+0000 where there is none
  [[nodiscard]] char32_t peek(std::size_t ahead = 0) const noexcept {
    return ahead < source_.size() - at_ ? source_[at_ + ahead] : U'\0';
  }
  [[nodiscard]] bool is_next(std::u32string_view text) const noexcept {
    return source_.substr(at_).starts_with(text);
  }
  bool take(std::u32string_view text) noexcept {
    if (!is_next(text)) return false;
    at_ += text.size();
    return true;
  }

  std::u32string_view source_;
  std::optional<std::string> refusal_;
  std::size_t at_ = 0;
  std::uint32_t groups_ = 0;  ///< that capture
  bool has_names_ = false;
  std::set<std::u32string_view> names_{};
  std::size_t depth_ = 0;
  std::size_t states_of_looks_ = 0;
  PatternTree tree_{};
};

/// Counts ahead: an escape with a digit goes by how many groups there are, also behind it.
void Parser::count_groups() {
  while (!at_end()) {
    const char32_t c = source_[at_++];
    if (c == U'\\' && !at_end()) ++at_;
    if (c == U'[') skip_class();
    if (c != U'(') continue;
    const bool is_named = is_next(U"?<") && peek(2) != U'=' && peek(2) != U'!';
    has_names_ = has_names_ || is_named;
    if (is_named || peek() != U'?') ++groups_;
  }
  at_ = 0;
}

void Parser::skip_class() {
  while (!at_end() && peek() != U']') {
    if (source_[at_++] == U'\\' && !at_end()) ++at_;
  }
}

void Parser::check_size(const Node& node) const {
  if (node.states + states_of_looks_ > most_states) {
    throw std::invalid_argument("too large a regular expression");
  }
}

Node Parser::of_characters(CharacterRanges ranges) {
  tree_.sets.push_back(std::move(ranges));
  return {.kind = Kind::characters,
          .index = static_cast<std::uint32_t>(tree_.sets.size() - 1),
          .states = 1};
}

Node Parser::disjunction() {
  Node first = alternative();
  if (!is_next(U"|")) return first;
  Node all{.kind = Kind::alternatives, .states = first.states};
  all.parts.push_back(std::move(first));
  while (take(U"|")) {
    all.parts.push_back(alternative());
    all.states += all.parts.back().states + 1;
    check_size(all);
  }
  return all;
}

Node Parser::alternative() {
  Node all;
  while (!at_end() && peek() != U'|' && peek() != U')') {
    Node next = term();
    if (next.states == 0) continue;
    all.states += next.states;
    check_size(all);
    all.parts.push_back(std::move(next));
  }
  return all;
}

Node Parser::term() {
  if (take(U"^")) return of_kind(Kind::start);
  if (take(U"$")) return of_kind(Kind::end);
  if (take(U"\\b")) return of_kind(Kind::word_boundary);
  if (take(U"\\B")) return of_kind(Kind::no_word_boundary);
  if (take(U"(?<=")) return look(false, false);
  if (take(U"(?<!")) return look(false, true);
  const bool looks_ahead = is_next(U"(?=") || is_next(U"(?!");
  if (looks_ahead) {
    at_ += 3;
    Node node = look(true, source_[at_ - 1] == U'!');
    return by_annex_b() ? repeated(std::move(node)) : node;
  }
  if (take(U"(")) return repeated(group());
  if (take(U".")) return repeated(of_characters(all_but(line_ends())));
  if (take(U"[")) return repeated(character_class());
  if (take(U"\\")) return repeated(atom_escape());
  if (quantifier()) throw NotInGrammar("nothing that a repetition could repeat");
  const char32_t c = source_[at_++];
  if (!by_annex_b() && (c == U'{' || c == U'}' || c == U']')) {
    throw NotInGrammar("a " + shown(c) + " by itself");
  }
  return repeated(of_character(c));
}

Node Parser::body_of_group() {
  if (++depth_ > most_groups_in_groups) throw std::invalid_argument("groups nest too deeply");
  Node body = disjunction();
  if (!take(U")")) throw NotInGrammar("a ( without its )");
  --depth_;
  return body;
}

Node Parser::group() {
  if (take(U"?<")) {
    if (!names_.insert(group_name()).second) throw NotInGrammar("two groups with one name");
  } else if (is_next(U"?") && !take(U"?:")) {
    throw NotInGrammar("no group begins with (?" + shown(peek(1)));
  }
  return body_of_group();
}

std::u32string_view Parser::group_name() {
  const std::size_t start = at_;
  while (is_letter(peek()) || peek() == U'_' || peek() == U'$' || peek() > U'\x7F' ||
         (at_ > start && is_digit(peek()))) {
    ++at_;
  }
  const std::u32string_view name = source_.substr(start, at_ - start);
  if (name.empty() || !take(U">")) throw NotInGrammar("no name of a group behind <");
  return name;
}

Node Parser::look(bool ahead, bool negated) {
  Node body = body_of_group();
  states_of_looks_ += body.states + 1;
  check_size(body);
  tree_.looks.push_back({ahead, std::move(body)});
  return {.kind = negated ? Kind::no_look : Kind::look,
          .index = static_cast<std::uint32_t>(tree_.looks.size() - 1),
          .states = 1};
}

// --- Repetitions --------------------------------------------------------------------------------

Node Parser::repeated(Node node) {
  const auto times = quantifier();
  if (!times) return node;
  if (times->least > times->most) throw NotInGrammar("a repetition from more times to fewer");
  if (node.states == 0 || times->most == 0) return {};
  const std::size_t required = node.states * times->least;
  const std::size_t optional = times->most == PatternTree::any_number
                                   ? node.states * (times->least == 0 ? 1U : 0U) + 1
                                   : (node.states + 1) * (times->most - times->least);
  Node out{.kind = Kind::repetition,
           .least = times->least,
           .most = times->most,
           .states = required + optional};
  check_size(out);
  out.parts.push_back(std::move(node));
  return out;
}

std::optional<Parser::Times> Parser::quantifier() {
  constexpr std::uint32_t any = PatternTree::any_number;
  std::optional<Times> times;
  if (take(U"*")) times = {0, any};
  if (!times && take(U"+")) times = {1, any};
  if (!times && take(U"?")) times = {0, 1};
  if (!times && is_next(U"{")) times = braces();
  if (times) take(U"?");
  return times;
}

/// \returns none, and takes nothing, if it is something else
std::optional<Parser::Times> Parser::braces() {
  const std::size_t start = at_++;
  const auto least = number();
  auto most = least;
  if (least && take(U",")) {
    most = number();
    if (!most) most = PatternTree::any_number;
  }
  if (least && take(U"}")) return Times{*least, *most};
  at_ = start;
  return std::nullopt;
}

/// Reads a number. Those that are more than an expression can be large count as one of them.
std::optional<std::uint32_t> Parser::number() {
  if (!is_digit(peek())) return std::nullopt;
  constexpr std::uint32_t too_many = 100'000;
  std::uint32_t value = 0;
  for (; is_digit(peek()); ++at_) {
    value = std::min<std::uint32_t>(value * 10 + (peek() - U'0'), too_many);
  }
  return value;
}

// --- Escapes ------------------------------------------------------------------------------------

Node Parser::atom_escape() {
  if (at_end()) throw NotInGrammar("a \\ at the end");
  if (auto several = class_of(peek())) {
    ++at_;
    return of_characters(std::move(*several));
  }
  if (auto nothing = back_reference()) return std::move(*nothing);
  return of_character(character_escape(false));
}

/// Refuses one. \returns none, and takes nothing, if it is something else
std::optional<Node> Parser::back_reference() {
  if (peek() == U'k' && has_names_) refuse_as_unsupported("\\k, a reference back to a group,");
  if (!is_between(peek(), U'1', U'9')) return std::nullopt;
  const std::size_t start = at_;
  const std::string digit = shown(peek());
  if (*number() <= groups_) refuse_as_unsupported("\\" + digit + ", a reference back to a group,");
  if (!by_annex_b()) throw NotInGrammar("\\" + digit + " without such a group");
  at_ = start;
  return std::nullopt;
}

char32_t Parser::character_escape(bool in_class) {
  constexpr std::u32string_view letters = U"fnrtv";
  constexpr std::u32string_view meanings = U"\f\n\r\t\v";
  const char32_t c = source_[at_++];
  if (const std::size_t found = letters.find(c); found != letters.npos) return meanings[found];
  if (c == U'c') return control_escape(in_class);
  if (c == U'0' && !is_digit(peek())) return U'\0';
  if (c == U'x') {
    if (const auto value = hex_digits(2)) return *value;
  }
  if (c == U'u') return unicode_escape();
  --at_;
  if (is_octal_digit(c) && by_annex_b()) return octal_escape();
  return identity_escape(in_class);
}

/// Reads behind \c. Annex B takes the \ for itself where no control character is meant.
char32_t Parser::control_escape(bool in_class) {
  const bool is_control =
      is_letter(peek()) || (by_annex_b() && in_class && (is_digit(peek()) || peek() == U'_'));
  if (is_control) return source_[at_++] % 32;
  if (!by_annex_b()) throw NotInGrammar("\\c without a letter");
  --at_;
  return U'\\';
}

char32_t Parser::octal_escape() {
  constexpr int most_digits = 3;
  constexpr char32_t most = 0377;
  char32_t value = 0;
  for (int i = 0; i < most_digits && is_octal_digit(peek()); ++i) {
    const char32_t longer = value * 8 + (peek() - U'0');
    if (longer > most) break;
    value = longer;
    ++at_;
  }
  return value;
}

char32_t Parser::unicode_escape() {
  if (is_next(U"{")) return unicode_escape_in_braces();
  if (const auto unit = hex_digits(4)) return whole_character(*unit);
  --at_;
  return identity_escape(false);
}

/// Reads \u{…}. To Annex B it is a "u", so many times, which is refused: hardly was that meant.
char32_t Parser::unicode_escape_in_braces() {
  const std::size_t start = at_++;
  char32_t value = 0;
  std::size_t count = 0;
  for (; hex_digit(peek()); ++count) {
    value = std::min(value * 16 + *hex_digit(source_[at_++]), last_code_point + 1);
  }
  const bool is_one = count > 0 && value <= last_code_point && take(U"}");
  if (is_one && by_annex_b()) {
    throw std::invalid_argument("\\u{…} beside what is not allowed with it: " + *refusal_);
  }
  if (is_one) return not_half(value);
  at_ = start - 1;
  return identity_escape(false);
}

/// Takes the other half of a character as well. \param unit  of UTF-16
char32_t Parser::whole_character(char32_t unit) {
  if (!is_high_surrogate(unit) || !take(U"\\u")) return not_half(unit);
  const auto low = hex_digits(4);
  if (!low || !is_low_surrogate(*low)) return not_half(unit);
  return 0x10000 + ((unit - 0xD800) << 10) + (*low - 0xDC00);
}

/// Reads a character that stands for itself behind a \.
char32_t Parser::identity_escape(bool in_class) {
  const char32_t c = source_[at_++];
  if ((c == U'p' || c == U'P') && is_next(U"{")) refuse_as_unsupported("\\" + shown(c));
  constexpr std::u32string_view of_syntax = U"^$\\.*+?()[]{}|/";
  const bool is_allowed = by_annex_b()
                              ? c != U'k' || !has_names_
                              : of_syntax.find(c) != of_syntax.npos || (in_class && c == U'-');
  if (!is_allowed) throw NotInGrammar("a \\ before " + shown(c));
  return c;
}

/// \returns none, and takes nothing, if there are fewer
std::optional<char32_t> Parser::hex_digits(std::size_t count) {
  char32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto digit = hex_digit(peek(i));
    if (!digit) return std::nullopt;
    value = value * 16 + *digit;
  }
  at_ += count;
  return value;
}

// --- Classes ------------------------------------------------------------------------------------

Node Parser::character_class() {
  const bool negated = take(U"^");
  CharacterRanges ranges;
  const auto add = [&ranges](const ClassAtom& atom) {
    ranges.insert(ranges.end(), atom.several.begin(), atom.several.end());
    if (atom.character) ranges.push_back({*atom.character, *atom.character});
  };
  while (!take(U"]")) {
    const ClassAtom first = class_atom();
    const bool is_range = is_next(U"-") && !is_next(U"-]");
    if (!is_range) {
      add(first);
      continue;
    }
    ++at_;
    const ClassAtom last = class_atom();
    if (first.character && last.character) {
      if (*first.character > *last.character) throw NotInGrammar("a range from higher to lower");
      ranges.push_back({*first.character, *last.character});
      continue;
    }
    if (!by_annex_b()) throw NotInGrammar("a range from or to a class such as \\w");
    add(first);
    add({.character = U'-'});
    add(last);
  }
  ranges = in_order(std::move(ranges));
  return of_characters(negated ? all_but(ranges) : std::move(ranges));
}

Parser::ClassAtom Parser::class_atom() {
  if (at_end()) throw NotInGrammar("a [ without its ]");
  if (take(U"\\")) return class_escape();
  return {.character = source_[at_++]};
}

Parser::ClassAtom Parser::class_escape() {
  if (at_end()) throw NotInGrammar("a [ without its ]");
  if (auto several = class_of(peek())) {
    ++at_;
    return {.character = {}, .several = std::move(*several)};
  }
  if (take(U"b")) return {.character = U'\b'};
  return {.character = character_escape(true)};
}

}  // namespace

PatternTree read_pattern(std::u32string_view source) {
  std::string refusal;
  try {
    return Parser(source).pattern();
  } catch (const NotInGrammar& error) {
    refusal = error.what();
  }
  return Parser(source, refusal).pattern();
}

bool is_word_character(char32_t c) noexcept { return is_letter(c) || is_digit(c) || c == U'_'; }

}  // namespace castore::json_schema
