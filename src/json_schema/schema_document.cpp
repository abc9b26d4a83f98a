#include "json_schema/schema_document.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <stdexcept>
#include <utility>

#include "json_schema/keywords.hpp"
#include "json_schema/uri.hpp"

namespace castore::json_schema {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// Walks a graph depth first, without a call for each step: a schema may be a long chain.
/// \param next  next(node, i) is where the first edge from the i-th on leads, with `i` moved behind
///     it; `none` if there is no more
/// \param leave  called for each node behind all it leads to
/// \param back  called for an edge to a node that is not left yet

template <class Next, class Leave, class Back>
void walk(std::size_t node_count, Next&& next, Leave&& leave, Back&& back) {
  enum class State : char { new_, entered, left };
  std::vector<State> states(node_count, State::new_);
  std::vector<std::pair<std::size_t, std::size_t>> path;  // node, its next edge
  for (std::size_t start = 0; start < node_count; ++start) {
    if (states[start] == State::new_) path.emplace_back(start, 0);
    while (!path.empty()) {
      auto& [node, edge] = path.back();
      states[node] = State::entered;
      const std::size_t to = next(node, edge);
      if (to == none) {
        states[node] = State::left;
        leave(node);
        path.pop_back();
      } else if (states[to] == State::entered) {
        back(to);
      } else if (states[to] == State::new_) {
        path.emplace_back(to, 0);
      }
    }
  }
}

}  // namespace

class SchemaDocument::Reader {
 public:
  explicit Reader(SchemaDocument& document) : document_(document) {}

  void read() {
    const Json& root = document_.root_;
    resources_.emplace("", Resource{&root, ""});
    scan(root, "", "");
    std::size_t followed = 0;
    while (followed < references_.size()) follow(references_[followed++]);  // which may find more
    measure_chains();
    put_in_order();
  }

 private:
  struct Edge {
    std::size_t to;
    bool in_place;
  };
  struct Node {
    const Json* schema;
    std::string pointer;
    std::string base;  ///< what its references are relative to
    std::vector<Edge> edges{};
    bool is_reference = false;
  };
  struct Resource {
    const Json* schema;
    std::string pointer;
  };

  /// Takes a schema and those in it. \return its node
  std::size_t scan(const Json& schema, const std::string& pointer, const std::string& base) {
    const auto [known, is_new] = nodes_by_place_.try_emplace(&schema, nodes_.size());
    const std::size_t node = known->second;
    if (!is_new) return node;
    nodes_.push_back({&schema, pointer, base});
    if (schema.is_boolean()) return node;
    if (!schema.is_object()) {
      refuse(pointer, "expected a schema (an object, true or false), found " + excerpt(schema));
    }
    if (schema.contains("$ref")) {
      scan_reference(node);
    } else {
      check_keywords(schema, pointer);
      if (schema.contains("$id")) identify(node);
      for_each_schema_in(
          schema, pointer, [&](const Json& child, const std::string& place, bool in_place) {
            const std::size_t to = scan(child, place, std::string(nodes_[node].base));
            nodes_[node].edges.push_back({to, in_place});
          });
    }
    return node;
  }

  /// All else beside "$ref" is ignored, says draft 7; not so for the draft itself.
  void scan_reference(std::size_t node) {
    const Json& schema = *nodes_[node].schema;
    for (const char* keyword : {"$schema", "$ref"}) {
      if (!schema.contains(keyword)) continue;
      if (!schema[keyword].is_string()) {
        refuse(nodes_[node].pointer + token(keyword),
               "expected a string, found " + excerpt(schema[keyword]));
      }
    }
    if (schema.contains("$schema")) {
      check_keywords({{"$schema", schema["$schema"]}}, nodes_[node].pointer);
    }
    nodes_[node].is_reference = true;
    references_.push_back(node);
  }

  void identify(std::size_t node) {
    Node& at = nodes_[node];
    const UriReference id = split(node, "$id");
    const Resource resource{at.schema, at.pointer};
    if (!id.uri.empty()) at.base = resolve(at.base, id.uri);
    bool is_new = true;
    if (!id.fragment.empty()) {
      is_new = anchors_.emplace(std::pair(at.base, id.fragment), resource).second;
    } else if (!id.uri.empty()) {
      is_new = resources_.emplace(at.base, resource).second;
    }
    if (!is_new) refuse(at.pointer + "/$id", "another schema has the same");
  }

  [[nodiscard]] UriReference split(std::size_t node, const char* keyword) const try {
    return split_fragment((*nodes_[node].schema)[keyword].get_ref<const std::string&>());
  } catch (const std::invalid_argument& error) {
    refuse(nodes_[node].pointer + token(keyword), error.what());
  }

  void follow(std::size_t node) {
    const UriReference reference = split(node, "$ref");
    const std::string uri = resolve(nodes_[node].base, reference.uri);
    const auto resource = resources_.find(uri);
    if (resource == resources_.end()) cannot_follow(node, "; nothing is fetched from elsewhere");
    const Resource target = find(node, uri, resource->second, reference.fragment);
    const std::size_t to = scan(*target.schema, target.pointer, uri);
    nodes_[node].edges.push_back({to, true});
  }

  [[nodiscard]] Resource find(std::size_t node, const std::string& uri, const Resource& resource,
                              const std::string& fragment) const {
    if (fragment.empty()) return resource;
    if (fragment[0] != '/') {
      const auto anchor = anchors_.find(std::pair(uri, fragment));
      if (anchor == anchors_.end()) cannot_follow(node);
      return anchor->second;
    }
    try {
      return {&resource.schema->at(Json::json_pointer(fragment)), resource.pointer + fragment};
    } catch (const Json::exception&) {
      cannot_follow(node);
    }
  }

  [[noreturn]] void cannot_follow(std::size_t node, const std::string& hint = {}) const {
    const Node& at = nodes_[node];
    refuse(at.pointer + "/$ref",
           excerpt((*at.schema)["$ref"]) + " is not within this schema" + hint);
  }

  /// A schema that leads back to itself for the same value would never be done with it.
  void measure_chains() {
    std::vector<int> lengths(nodes_.size());
    const auto next = [&](std::size_t node, std::size_t& edge) {
      const std::vector<Edge>& edges = nodes_[node].edges;
      while (edge < edges.size() && !edges[edge].in_place) ++edge;
      return edge < edges.size() ? edges[edge++].to : none;
    };
    const auto leave = [&](std::size_t node) {
      int longest = 0;
      for (const Edge& edge : nodes_[node].edges) {
        if (edge.in_place) longest = std::max(longest, lengths[edge.to]);
      }
      lengths[node] = longest + (nodes_[node].is_reference ? 0 : 1);
      document_.longest_chain_ = std::max(document_.longest_chain_, lengths[node]);
    };
    walk(nodes_.size(), next, leave, [&](std::size_t to) {
      refuse(nodes_[to].pointer,
             "the schema leads back to itself without going down into the value");
    });
  }

  void put_in_order() {
    const auto next = [&](std::size_t node, std::size_t& edge) {
      const std::vector<Edge>& edges = nodes_[node].edges;
      return edge < edges.size() ? edges[edge++].to : none;
    };
    const auto leave = [&](std::size_t node) {
      if (nodes_[node].is_reference) return;
      document_.indices_.emplace(nodes_[node].schema, document_.order_.size());
      document_.order_.push_back(nodes_[node].schema);
    };
    walk(nodes_.size(), next, leave, [](std::size_t) {});
    for (const std::size_t node : references_) {
      std::size_t to = node;
      while (nodes_[to].is_reference) to = nodes_[to].edges.front().to;
      document_.indices_.emplace(nodes_[node].schema, document_.index_of(*nodes_[to].schema));
    }
  }

  SchemaDocument& document_;
  std::vector<Node> nodes_;
  std::unordered_map<const Json*, std::size_t> nodes_by_place_;
  std::vector<std::size_t> references_;
  std::map<std::string, Resource> resources_;
  std::map<std::pair<std::string, std::string>, Resource> anchors_;
};

SchemaDocument::SchemaDocument(std::string_view text) try : root_(parse_exact(text)) {
  Reader(*this).read();
} catch (const std::invalid_argument& error) {
  refuse("", error.what());
}

std::size_t SchemaDocument::index_of(const Json& place) const {
  const auto found = indices_.find(&place);
  assert(found != indices_.end());
  return found->second;
}

}  // namespace castore::json_schema
