#include "nearest.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace castore::cli {
namespace {

/// The longest text to compare, which takes the product of two lengths: nobody types more by hand.
constexpr std::size_t longest_name = 200;
constexpr std::size_t most_suggestions = 3;
constexpr std::size_t most_listed = 5;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Counts the letters that are to be inserted, left out, changed or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t k = 0; k <= b.size(); ++k) last[k] = k;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const auto same = [&](std::size_t x, std::size_t y) { return lower(a[x]) == lower(b[y]); };
      row[k] = std::min({last[k] + 1, row[k - 1] + 1, last[k - 1] + (same(i - 1, k - 1) ? 0 : 1)});
      if (i > 1 && k > 1 && same(i - 1, k - 2) && same(i - 2, k - 1)) {
        row[k] = std::min(row[k], before_last[k - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

/// Returns the distance, if `text` may be a misspelling of `name`: of a short one, less is.
bool is_near(std::string_view text, std::string_view name, std::size_t& far) {
  if (text == name || text.size() > longest_name || name.size() > longest_name) return false;
  const std::size_t most = text.size() < 6 ? 1 : 2;
  const std::size_t shorter = std::min(text.size(), name.size());
  const std::size_t longer = std::max(text.size(), name.size());
  if (longer - shorter > most) return false;
  far = distance(text, name);
  return far <= most && far < longer;
}

/// Returns the names without those that came before.
std::vector<std::string> each_once(const std::vector<std::string>& names) {
  std::vector<std::string> once;
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (seen.insert(name).second) once.push_back(name);
  }
  return once;
}

}  // namespace

std::vector<std::string> nearest(std::string_view text, const std::vector<std::string>& names) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : names) {
    std::size_t far = 0;
    if (is_near(text, name, far)) near.emplace_back(far, name);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  if (near.size() > most_suggestions) near.resize(most_suggestions);
  std::vector<std::string> suggestions;
  suggestions.reserve(near.size());
  for (auto& [far, name] : near) suggestions.push_back(std::move(name));
  return suggestions;
}

std::string join(const std::vector<std::string>& names, std::string_view last) {
  std::string text;
  for (const std::string& name : names) {
    if (&name != &names.front()) {
      if (&name == &names.back()) {
        text.append(" ").append(last).append(" ");
      } else {
        text += ", ";
      }
    }
    text += name;
  }
  return text;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string>& names) {
  const auto near = nearest(text, names);
  return near.empty() ? std::string() : "; did you mean " + join(near, "or") + '?';
}

std::string did_you_mean_or_list(std::string_view text, const std::vector<std::string>& names) {
  std::string near = did_you_mean(text, names);
  if (!near.empty() || names.empty()) return near;
  std::vector<std::string> listed = each_once(names);
  if (listed.size() > most_listed + 1) {
    const std::size_t more = listed.size() - most_listed;
    listed.resize(most_listed);
    listed.push_back(std::to_string(more) + " more");
  }
  return (listed.size() == 1 ? "; there is " : "; there are ") + join(listed, "and");
}

}  // namespace castore::cli
