#include "json_schema/pattern.hpp"

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <utility>
#include <vector>

#include <castore/json/scanner.hpp>

#include "json_schema/exact_json.hpp"
#include "json_schema/pattern_syntax.hpp"

namespace castore::json_schema {
namespace {

using Node = PatternTree::Node;
using Kind = PatternTree::Kind;

std::u32string code_points(std::string_view utf8) {
  std::u32string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(utf8));
    constexpr unsigned char leading_bits[] = {0x7F, 0x7F, 0x1F, 0x0F, 0x07};
    char32_t c = static_cast<unsigned char>(utf8[0]) & leading_bits[length];
    for (std::size_t i = 1; i < length; ++i) {
      c = c << 6 | (static_cast<unsigned char>(utf8[i]) & 0x3F);
    }
    out += c;
    utf8.remove_prefix(length);
  }
  return out;
}

class CharacterSet {
 public:
  explicit CharacterSet(CharacterRanges ranges) : ranges_(std::move(ranges)) {
    for (char32_t c = 0; c < ascii_.size(); ++c) ascii_[c] = is_in_ranges(c);
  }

  [[nodiscard]] bool contains(char32_t c) const {
    return c < ascii_.size() ? ascii_[c] : is_in_ranges(c);
  }

 private:
  [[nodiscard]] bool is_in_ranges(char32_t c) const {
    const auto range =
        std::partition_point(ranges_.begin(), ranges_.end(),
                             [c](const CharacterRange& candidate) { return candidate.last < c; });
    return range != ranges_.end() && range->first <= c;
  }

  CharacterRanges ranges_;
  std::bitset<128> ascii_;
};

struct State {
  enum class Kind : std::uint8_t {
    character,   ///< takes the code point `operand`
    characters,  ///< takes one of the set `operand`
    branch,      ///< goes on to `operand` as well
    condition,   ///< goes on where `condition` holds
    found,
  };

  Kind kind;
  PatternTree::Kind condition{};
  std::uint32_t operand = 0;
  std::uint32_t next = 0;
};

/// A nondeterministic automaton: it is in any number of its states at once, and so never goes back.
struct Automaton {
  std::vector<State> states;
  std::uint32_t start = 0;
  bool backwards = false;  ///< reads from the end of a text
};

/// Makes the states of an expression from the last to the first.
class Builder {
 public:
  explicit Builder(bool backwards) { automaton_.backwards = backwards; }

  Automaton build(const Node& root) {
    automaton_.start = add(root, push({.kind = State::Kind::found}));
    return std::move(automaton_);
  }

 private:
  std::uint32_t push(const State& state) {
    automaton_.states.push_back(state);
    return static_cast<std::uint32_t>(automaton_.states.size() - 1);
  }

  std::uint32_t branch(std::uint32_t one, std::uint32_t other) {
    return push({.kind = State::Kind::branch, .operand = other, .next = one});
  }

  /// \param next  what comes behind. \returns the first state
  std::uint32_t add(const Node& node, std::uint32_t next) {
    switch (node.kind) {
      case Kind::character:
        return push({.kind = State::Kind::character, .operand = node.index, .next = next});
      case Kind::characters:
        return push({.kind = State::Kind::characters, .operand = node.index, .next = next});
      case Kind::sequence:
        return add_sequence(node.parts, next);
      case Kind::alternatives:
        return add_alternatives(node.parts, next);
      case Kind::repetition:
        return add_repetition(node, next);
      default:
        return push({.kind = State::Kind::condition,
                     .condition = node.kind,
                     .operand = node.index,
                     .next = next});
    }
  }

  std::uint32_t add_sequence(const std::vector<Node>& parts, std::uint32_t next) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      next = add(parts[automaton_.backwards ? i : parts.size() - 1 - i], next);
    }
    return next;
  }

  std::uint32_t add_alternatives(const std::vector<Node>& parts, std::uint32_t next) {
    std::uint32_t any = add(parts[0], next);
    for (std::size_t i = 1; i < parts.size(); ++i) any = branch(any, add(parts[i], next));
    return any;
  }

  std::uint32_t add_repetition(const Node& node, std::uint32_t next) {
    const Node& part = node.parts[0];
    std::uint32_t required = node.least;
    if (node.most == PatternTree::any_number) {
      const std::uint32_t again = branch(next, next);
      const std::uint32_t first = add(part, again);
      automaton_.states[again].operand = first;
      next = required == 0 ? again : first;
      if (required > 0) --required;
    } else {
      const std::uint32_t end = next;
      for (std::uint32_t i = node.least; i < node.most; ++i) next = branch(add(part, next), end);
    }
    for (; required > 0; --required) next = add(part, next);
    return next;
  }

  Automaton automaton_;
};

Automaton build(const Node& root, bool backwards) { return Builder(backwards).build(root); }

/// A text, and what is known of the places between its characters.
struct Subject {
  std::u32string text;
  std::vector<std::vector<bool>> looks{};  ///< where each holds

  [[nodiscard]] bool is_word_at(std::size_t index) const {
    return index < text.size() && is_word_character(text[index]);
  }

  /// \param place  before the character of that index
  [[nodiscard]] bool holds(PatternTree::Kind condition, std::uint32_t look,
                           std::size_t place) const {
    const auto is_boundary = [&] {
      return is_word_at(place) != (place > 0 && is_word_at(place - 1));
    };
    switch (condition) {
      case Kind::start:
        return place == 0;
      case Kind::end:
        return place == text.size();
      case Kind::word_boundary:
        return is_boundary();
      case Kind::no_word_boundary:
        return !is_boundary();
      case Kind::look:
        return looks[look][place];
      default:
        return !looks[look][place];
    }
  }
};

/// One walk of an automaton over a text.
class Walk {
 public:
  Walk(const Automaton& automaton, const std::vector<CharacterSet>& sets, const Subject& subject)
      : automaton_(automaton), sets_(sets), subject_(subject), seen_(automaton.states.size()) {}

  /// Calls `found` with each place where what has begun anywhere before is found, until that
  /// returns false.
  template <class Found>
  void go(const Found& found) {
    const std::size_t length = subject_.text.size();
    for (std::size_t step = 0; step <= length; ++step) {
      const std::size_t place = automaton_.backwards ? length - step : step;
      if (enter(place) && !found(place)) return;
      if (step == length) return;
      take(subject_.text[automaton_.backwards ? place - 1 : place]);
    }
  }

 private:
  /// Follows all that takes no character. \returns whether that led to the end
  bool enter(std::size_t place) {
    ++moment_;
    waiting_.clear();
    reached_.push_back(automaton_.start);
    bool found = false;
    while (!reached_.empty()) {
      const std::uint32_t index = reached_.back();
      reached_.pop_back();
      if (std::exchange(seen_[index], moment_) == moment_) continue;
      const State& state = automaton_.states[index];
      switch (state.kind) {
        case State::Kind::character:
        case State::Kind::characters:
          waiting_.push_back(index);
          break;
        case State::Kind::branch:
          reached_.push_back(state.operand);
          reached_.push_back(state.next);
          break;
        case State::Kind::condition:
          if (subject_.holds(state.condition, state.operand, place)) reached_.push_back(state.next);
          break;
        case State::Kind::found:
          found = true;
          break;
      }
    }
    return found;
  }

  void take(char32_t c) {
    for (const std::uint32_t index : waiting_) {
      const State& state = automaton_.states[index];
      const bool fits = state.kind == State::Kind::character ? state.operand == c
                                                             : sets_[state.operand].contains(c);
      if (fits) reached_.push_back(state.next);
    }
  }

  const Automaton& automaton_;
  const std::vector<CharacterSet>& sets_;
  const Subject& subject_;
  std::vector<std::size_t> seen_;  ///< the moment at which a state was reached last
  std::size_t moment_ = 0;
  std::vector<std::uint32_t> reached_;
  std::vector<std::uint32_t> waiting_;  ///< those that take a character
};

}  // namespace

/// The automata of an expression and of each of its lookarounds. One that looks ahead walks over
/// the text backwards, and so knows all places where it holds after one walk.
class Pattern::Automata {
 public:
  explicit Automata(const PatternTree& tree) : main_(build(tree.root, false)) {
    for (const CharacterRanges& ranges : tree.sets) sets_.emplace_back(ranges);
    for (const PatternTree::Look& look : tree.looks) looks_.push_back(build(look.body, look.ahead));
  }

  [[nodiscard]] bool match(std::u32string text) const {
    Subject subject{.text = std::move(text)};
    for (const Automaton& look : looks_) {
      std::vector<bool> holds(subject.text.size() + 1);
      Walk(look, sets_, subject).go([&](std::size_t place) { return holds[place] = true; });
      subject.looks.push_back(std::move(holds));
    }
    bool found = false;
    Walk(main_, sets_, subject).go([&](std::size_t) {
      found = true;
      return false;
    });
    return found;
  }

 private:
  Automaton main_;
  std::vector<Automaton> looks_;  ///< each behind those that it contains
  std::vector<CharacterSet> sets_;
};

Pattern::Pattern(const std::string& source)
    : automata_(std::make_unique<const Automata>(read_pattern(code_points(source)))) {}

Pattern::~Pattern() = default;

bool Pattern::too_long(std::string_view text) noexcept {
  return text.size() > max_length && length_in_code_points(text) > max_length;
}

bool Pattern::matches(std::string_view text) const { return automata_->match(code_points(text)); }

}  // namespace castore::json_schema
