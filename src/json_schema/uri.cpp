#include "json_schema/uri.hpp"

#include <cstddef>
#include <stdexcept>

namespace castore::json_schema {
namespace {

/// Each part with the separators that belong to it, so that they only need to be joined.
struct Parts {
  std::string_view scheme;     // "http:"
  std::string_view authority;  // "//host"
  std::string_view path;
  std::string_view query;  // "?…"
};

std::string_view take(std::string_view& rest, std::size_t size) {
  const std::string_view front = rest.substr(0, size);
  rest.remove_prefix(front.size());
  return front;
}

Parts split(std::string_view uri) {
  Parts parts;
  const std::size_t end = uri.find_first_of(":/?");
  if (end != std::string_view::npos && end > 0 && uri[end] == ':') {
    parts.scheme = take(uri, end + 1);
  }
  if (uri.starts_with("//")) parts.authority = take(uri, uri.find_first_of("/?", 2));
  parts.path = take(uri, uri.find('?'));
  parts.query = uri;
  return parts;
}

void remove_last_segment(std::string& path) {
  const std::size_t slash = path.rfind('/');
  path.erase(slash == std::string::npos ? 0 : slash);
}

/// RFC 3986, 5.2.4
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./") || path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/." || path == "/..") {
      if (path == "/..") remove_last_segment(out);
      path = "/";
    } else if (path.starts_with("/../")) {
      path.remove_prefix(3);
      remove_last_segment(out);
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      out += take(path, path.find('/', 1));
    }
  }
  return out;
}

std::string merge(const Parts& base, std::string_view path) {
  const std::size_t slash = base.path.rfind('/');
  std::string_view folder = slash == std::string_view::npos ? "" : base.path.substr(0, slash + 1);
  if (!base.authority.empty() && base.path.empty()) folder = "/";
  std::string merged(folder);
  return merged.append(path);
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  throw std::invalid_argument("a '%' without two hexadecimal digits");
}

char decode_byte(std::string_view digits) {
  return static_cast<char>(hex(digits.empty() ? '%' : digits[0]) * 16 +
                           hex(digits.size() < 2 ? '%' : digits[1]));
}

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += decode_byte(text.substr(i + 1, 2));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string join(std::string_view scheme, std::string_view authority, std::string_view path,
                 std::string_view query) {
  std::string uri(scheme);
  return uri.append(authority).append(path).append(query);
}

}  // namespace

UriReference split_fragment(std::string_view reference) {
  const std::size_t hash = reference.find('#');
  if (hash == std::string_view::npos) return {std::string(reference), {}};
  return {std::string(reference.substr(0, hash)), decode(reference.substr(hash + 1))};
}

std::string resolve(std::string_view base_uri, std::string_view reference) {
  if (reference.empty()) return std::string(base_uri);
  const Parts base = split(base_uri);
  const Parts to = split(reference);
  if (!to.scheme.empty()) return join(to.scheme, to.authority, without_dots(to.path), to.query);
  if (!to.authority.empty()) {
    return join(base.scheme, to.authority, without_dots(to.path), to.query);
  }
  if (to.path.empty()) return join(base.scheme, base.authority, base.path, to.query);
  const std::string path = to.path.starts_with("/") ? std::string(to.path) : merge(base, to.path);
  return join(base.scheme, base.authority, without_dots(path), to.query);
}

}  // namespace castore::json_schema
