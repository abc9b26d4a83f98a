#include "merged_object.hpp"

#include <algorithm>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <random>

namespace castore::cli {
namespace {

constexpr std::uint64_t prime = (std::uint64_t{1} << 31) - 1;

bool is_any(std::string_view) { return true; }

/// Makes room for `size` more at once, without giving up that it doubles.
void make_room(std::string& text, std::size_t size) {
  if (text.capacity() - text.size() >= size) return;
  text.reserve(std::max(text.size() + size, 2 * text.capacity()));
}

}  // namespace

MergedObject::MergedObject()
    : objects_(1), slots_(16, none), seed_(1 + std::random_device{}() % (prime - 1)) {}

void MergedObject::apply(std::string_view patch) {
  make_room(text_, patch.size());
  JsonScanner scanner(patch);
  merge(scanner, max_json_depth, root);
  const std::size_t all = text_.size() + members_.size() * sizeof(Member);
  constexpr std::size_t little = 1 << 16;
  if (garbage_ > little && garbage_ > all / 2) collect_garbage();
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by depth
void MergedObject::merge(JsonScanner& patch, int depth, Index owner) {
  patch.object(depth, [&](std::string_view name) {
    name_.clear();
    append_json_string(name_, name);  // "a" and "\u0061" are one name
    Index index = find(name_, owner);
    if (patch.null()) {
      if (index != none) remove(members_[index]);
      return;
    }
    if (index == none) index = add(name_, owner);
    Member& member = members_[index];
    if (patch.peek() != '{') {
      set_text(member, name_, patch.value(depth));
      return;
    }
    if (member.object == none) {
      remove_value(member);
      member.object = add_object();
    }
    merge(patch, depth - 1, member.object);
  });
}

void MergedObject::set_text(Member& member, std::string_view name, std::string_view value) {
  remove_value(member);
  const bool is_last = member.text_at + member.name_size + 1 == text_.size();
  if (!is_last) {
    garbage_ += member.name_size + 1;
    member.text_at = text_.size();
    text_.append(name) += ':';
  }
  const std::size_t value_at = text_.size();
  if (value.front() == '[') {
    append_compact_json(text_, value);
  } else {
    text_ += value;
  }
  member.value_size = static_cast<std::uint32_t>(text_.size() - value_at);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by the depth of the patches
void MergedObject::remove(Member& member) {
  remove_value(member);
  garbage_ += sizeof(Member) + member.name_size + 1;
  member.owner = none;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by the depth of the patches
void MergedObject::remove_value(Member& member) {
  garbage_ += member.value_size;
  member.value_size = 0;
  if (member.object == none) return;
  for (Index i = objects_[member.object].first; i != none; i = members_[i].next) {
    if (members_[i].owner != none) remove(members_[i]);
  }
  garbage_ += sizeof(Object);
  member.object = none;
}

MergedObject::Index MergedObject::add(std::string_view name, Index owner) {
  const auto index = static_cast<Index>(members_.size());
  Member& member = members_.emplace_back();
  member.text_at = text_.size();
  member.name_size = static_cast<std::uint32_t>(name.size());
  member.owner = owner;
  member.hash = hash_of(name, owner);
  text_.append(name) += ':';
  Object& object = objects_[owner];
  (object.last == none ? object.first : members_[object.last].next) = index;
  object.last = index;
  if (members_.size() * 4 > slots_.size() * 3) {
    grow_slots();
  } else {
    insert_slot(index);
  }
  return index;
}

MergedObject::Index MergedObject::add_object() {
  objects_.emplace_back();
  return static_cast<Index>(objects_.size() - 1);
}

MergedObject::Index MergedObject::find(std::string_view name, Index owner) const {
  const std::uint32_t hash = hash_of(name, owner);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot] != none; slot = (slot + 1) & mask) {
    const Member& member = members_[slots_[slot]];
    if (member.hash == hash && member.owner == owner && name_of(member) == name) {
      return slots_[slot];
    }
  }
  return none;
}

void MergedObject::insert_slot(Index member) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = members_[member].hash & mask;
  while (slots_[slot] != none) slot = (slot + 1) & mask;
  slots_[slot] = member;
}

void MergedObject::grow_slots() {
  slots_.assign(slots_.size() * 2, none);
  for (Index i = 0; i < members_.size(); ++i) {
    if (members_[i].owner != none) insert_slot(i);
  }
}

std::string_view MergedObject::name_of(const Member& member) const {
  return {text_.data() + member.text_at, member.name_size};
}

/// Evaluates a polynomial at a point that nobody knows: two names of n bytes are the same by chance
/// only, one in 2^31 / n. The bits are mixed for the slots, where neighbours would run together.
std::uint32_t MergedObject::hash_of(std::string_view name, Index owner) const {
  std::uint64_t hash = owner + std::uint64_t{1};
  for (const char c : name) hash = (hash * seed_ + static_cast<unsigned char>(c)) % prime;
  hash *= 0x9E3779B97F4A7C15;
  return static_cast<std::uint32_t>(hash >> 32);
}

void MergedObject::collect_garbage() {
  MergedObject lean;
  lean.seed_ = seed_;
  copy_members(root, lean, root);
  *this = std::move(lean);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by the depth of the patches
void MergedObject::copy_members(Index from, MergedObject& target, Index to) const {
  for (Index i = objects_[from].first; i != none; i = members_[i].next) {
    const Member& member = members_[i];
    if (member.owner == none) continue;
    Member& copy = target.members_[target.add(name_of(member), to)];
    if (member.object != none) {
      copy.object = target.add_object();
      copy_members(member.object, target, copy.object);
    } else {
      target.text_.append(text_, member.text_at + member.name_size + 1, member.value_size);
      copy.value_size = member.value_size;
    }
  }
}

bool MergedObject::print_members(const IsWanted& is_wanted, std::string_view lead,
                                 const TextSink& out) const {
  return print_members_of(root, is_wanted, lead, out);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by the depth of the patches
bool MergedObject::print_members_of(Index object, const IsWanted& is_wanted, std::string_view lead,
                                    const TextSink& out) const {
  bool any = false;
  for (Index i = objects_[object].first; i != none; i = members_[i].next) {
    const Member& member = members_[i];
    if (member.owner == none || !is_wanted(name_of(member))) continue;
    out(any ? "," : lead);
    any = true;
    out({text_.data() + member.text_at, member.name_size + 1 + member.value_size});
    if (member.object == none) continue;
    out("{");
    print_members_of(member.object, is_any, "", out);
    out("}");
  }
  return any;
}

}  // namespace castore::cli
