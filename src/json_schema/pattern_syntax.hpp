#pragma once

/// \file
/// Regular expressions as text: what ECMAScript's two grammars take, and what it means, as a tree.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace castore::json_schema {

/// Code points, both ends inclusive.
struct CharacterRange {
  char32_t first;
  char32_t last;
};

/// Ranges in order, none of which touches another.
using CharacterRanges = std::vector<CharacterRange>;

/// An expression and its parts. What only says which of several matches is the one, such as a lazy
/// repetition, is not kept: the question is whether there is any.
struct PatternTree {
  enum class Kind {
    character,      ///< `index`: the code point
    characters,     ///< one of `sets[index]`
    sequence,       ///< of `parts`; may be empty
    alternatives,   ///< one of `parts`
    repetition,     ///< of `parts[0]`, `least` to `most` times
    start,          ///< of the text
    end,            ///< of the text
    word_boundary,  ///< between a word's character and what is none
    no_word_boundary,
    look,     ///< `looks[index]` holds here
    no_look,  ///< it does not
  };

  /// A part of an expression. One without states matches the empty text and nothing else.
  struct Node {
    Kind kind = Kind::sequence;
    std::uint32_t index = 0;
    std::uint32_t least = 0;
    std::uint32_t most = 0;
    std::size_t states = 0;  ///< how many an automaton needs
    std::vector<Node> parts{};
  };

  /// An expression that has to match ahead of a place, or behind it.
  struct Look {
    bool ahead;
    Node body;
  };

  static constexpr std::uint32_t any_number = UINT32_MAX;  ///< of times, as `most`

  Node root;
  std::vector<CharacterRanges> sets;
  std::vector<Look> looks;  ///< each behind those that it contains
};

/// Reads an expression by the grammar with flag u. If it is none, by that of Annex B, which is the
/// one without flags on the web; characters are code points in both.
/// \throws std::invalid_argument  it is neither, is too large or nests too deeply, or has what is
///     not supported
[[nodiscard]] PatternTree read_pattern(std::u32string_view source);

[[nodiscard]] bool is_word_character(char32_t c) noexcept;

}  // namespace castore::json_schema
