#pragma once

#include <memory>
#include <utility>

namespace castore::detail {

/// A value that never changes and that its copies share: copying it cannot throw. There is no move,
/// which would leave one without a value.
template <class T>
class Shared {
 public:
  explicit Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}
  Shared(const Shared&) noexcept = default;
  Shared& operator=(const Shared&) noexcept = default;
  ~Shared() = default;

  const T& operator*() const noexcept { return *value_; }
  const T* operator->() const noexcept { return value_.get(); }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace castore::detail
