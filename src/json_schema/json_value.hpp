#pragma once

/// \file
/// A value as valijson sees it, borrowed: nlohmann_json's, as parse_exact answers it. valijson has
/// an adapter for that too, but one that does not give back what it stands for, which our own
/// checks need.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <valijson/internal/adapter.hpp>
#include <valijson/internal/basic_adapter.hpp>
#include <valijson/internal/frozen_value.hpp>
#include <valijson/internal/optional.hpp>

#include "json_schema/exact_json.hpp"

namespace castore::json_schema {

class JsonValue;

/// The part that array and object share: elements that are made where they are looked at.
template <class Self, class Element>
class JsonIterator {
 public:
  using iterator_category = std::bidirectional_iterator_tag;
  using value_type = Element;
  using difference_type = std::ptrdiff_t;
  using pointer = Element*;
  using reference = Element&;

  explicit JsonIterator(Json::const_iterator at) : at_(std::move(at)) {}

  valijson::adapters::DerefProxy<Element> operator->() const {
    return valijson::adapters::DerefProxy<Element>(*static_cast<const Self&>(*this));
  }
  bool operator==(const JsonIterator& other) const { return at_ == other.at_; }
  bool operator!=(const JsonIterator& other) const { return at_ != other.at_; }
  Self& operator++() {
    ++at_;
    return static_cast<Self&>(*this);
  }
  Self operator++(int) {
    Self before(at_);
    ++at_;
    return before;
  }
  Self& operator--() {
    --at_;
    return static_cast<Self&>(*this);
  }
  void advance(std::ptrdiff_t count) { at_ += count; }

 protected:
  [[nodiscard]] const Json::const_iterator& at() const { return at_; }

 private:
  Json::const_iterator at_;
};

class JsonArrayIterator : public JsonIterator<JsonArrayIterator, JsonValue> {
 public:
  using JsonIterator::JsonIterator;
  JsonValue operator*() const;
};

using JsonMember = std::pair<std::string, JsonValue>;

class JsonMemberIterator : public JsonIterator<JsonMemberIterator, JsonMember> {
 public:
  using JsonIterator::JsonIterator;
  JsonMember operator*() const;
};

template <class Iterator>
class JsonElements {
 public:
  using const_iterator = Iterator;
  using iterator = Iterator;

  /// By pointer, like all below: to nlohmann_json everything with elements can be made JSON of.
  explicit JsonElements(const Json* json) : json_(json) {}
  [[nodiscard]] Iterator begin() const { return Iterator(json_->cbegin()); }
  [[nodiscard]] Iterator end() const { return Iterator(json_->cend()); }
  [[nodiscard]] std::size_t size() const { return json_->size(); }

 protected:
  [[nodiscard]] const Json& json() const { return *json_; }

 private:
  const Json* json_;
};

class JsonArray : public JsonElements<JsonArrayIterator> {
 public:
  using JsonElements::JsonElements;
  JsonArray() : JsonElements(none()) {}

 private:
  static const Json* none() {
    static const Json array = Json::array();
    return &array;
  }
};

class JsonObject : public JsonElements<JsonMemberIterator> {
 public:
  using JsonElements::JsonElements;
  JsonObject() : JsonElements(none()) {}
  [[nodiscard]] JsonMemberIterator find(const std::string& name) const {
    return JsonMemberIterator(json().find(name));
  }

 private:
  static const Json* none() {
    static const Json object = Json::object();
    return &object;
  }
};

/// The interface that valijson's BasicAdapter wants of a value.
class JsonAccess {
 public:
  explicit JsonAccess(const Json* json) : json_(json) {}

  [[nodiscard]] valijson::adapters::FrozenValue* freeze() const;
  [[nodiscard]] opt::optional<JsonArray> getArrayOptional() const {
    if (!isArray()) return {};
    return JsonArray(json_);
  }
  [[nodiscard]] opt::optional<JsonObject> getObjectOptional() const {
    if (!isObject()) return {};
    return JsonObject(json_);
  }
  bool getArraySize(std::size_t& result) const {
    if (isArray()) result = json_->size();
    return isArray();
  }
  bool getObjectSize(std::size_t& result) const {
    if (isObject()) result = json_->size();
    return isObject();
  }
  bool getBool(bool& result) const {
    if (isBool()) result = json_->get<bool>();
    return isBool();
  }
  bool getDouble(double& result) const {
    if (isDouble()) result = json_->get<double>();
    return isDouble();
  }
  bool getInteger(std::int64_t& result) const {
    if (isInteger()) result = json_->get<std::int64_t>();
    return isInteger();
  }
  bool getString(std::string& result) const {
    if (isString()) result = json_->get<std::string>();
    return isString();
  }

  static bool hasStrictTypes() { return true; }
  [[nodiscard]] bool isArray() const { return json_->is_array(); }
  [[nodiscard]] bool isBool() const { return json_->is_boolean(); }
  [[nodiscard]] bool isDouble() const { return json_->is_number_float(); }
  [[nodiscard]] bool isInteger() const { return json_->is_number_integer(); }
  [[nodiscard]] bool isNull() const { return json_->is_null(); }
  [[nodiscard]] bool isNumber() const { return json_->is_number(); }
  [[nodiscard]] bool isObject() const { return json_->is_object(); }
  [[nodiscard]] bool isString() const { return json_->is_string(); }

 private:
  const Json* json_;
};

class JsonValue : public valijson::adapters::BasicAdapter<JsonValue, JsonArray, JsonMember,
                                                          JsonObject, JsonAccess> {
 public:
  explicit JsonValue(const Json* json) : BasicAdapter(JsonAccess(json)), json_(json) {}

  [[nodiscard]] const Json& json() const { return *json_; }

 private:
  const Json* json_;
};

class FrozenJson : public valijson::adapters::FrozenValue {
 public:
  explicit FrozenJson(Json json) : json_(std::move(json)) {}
  [[nodiscard]] FrozenValue* clone() const override { return new FrozenJson(json_); }
  [[nodiscard]] bool equalTo(const valijson::adapters::Adapter& other, bool strict) const override {
    return JsonValue(&json_).equalTo(other, strict);
  }

 private:
  Json json_;
};

inline valijson::adapters::FrozenValue* JsonAccess::freeze() const {
  return new FrozenJson(*json_);
}
inline JsonValue JsonArrayIterator::operator*() const { return JsonValue(&*at()); }
inline JsonMember JsonMemberIterator::operator*() const {
  return JsonMember(at().key(), JsonValue(&at().value()));
}

}  // namespace castore::json_schema

template <>
struct valijson::adapters::AdapterTraits<castore::json_schema::JsonValue> {
  using DocumentType = const castore::json_schema::Json*;  // what a JsonValue is made of
  static std::string adapterName() { return "castore"; }
};
