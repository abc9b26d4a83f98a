#include <castore/after_commit.hpp>
#include <string>

namespace castore {
namespace detail {
namespace {

thread_local CommitOrder* innermost_order = nullptr;

/// Called in a catch clause. Asks for the error of a cause where that does not say so itself.
template <class MakeError>
[[noreturn]] void rethrow_as(MakeError&& make_error) {
  try {
    throw;
  } catch (const AfterCommitError&) {
    throw;
  } catch (const Error&) {
    throw make_error(std::current_exception());
  }
}

}  // namespace

void rethrow_after_commit(std::string_view event_store_id, std::string_view aggregate_id,
                          Version version) {
  rethrow_as([&](const std::exception_ptr& cause) {
    return AfterCommitError(std::string(event_store_id), std::string(aggregate_id), version, cause);
  });
}

void rethrow_after_commit() {
  rethrow_as([](const std::exception_ptr& cause) { return AfterCommitError(cause); });
}

CommitOrder* CommitOrder::innermost() noexcept { return innermost_order; }

void CommitOrder::set_innermost(CommitOrder* order) noexcept { innermost_order = order; }

void CommitOrder::end(FirstFailure& failure) noexcept {
  if (outer_ != nullptr) {
    outer_->deeper_.splice(outer_->deeper_.end(), own_);
    outer_->deeper_.splice(outer_->deeper_.end(), deeper_);
  }
  while (!deeper_.empty()) {
    std::list<std::function<void()>> first;
    first.splice(first.begin(), deeper_, deeper_.begin());
    const Telling telling;
    failure.keep_of(first.front());
  }
  set_innermost(outer_);
}

}  // namespace detail

void run_after_commit(std::span<const std::function<void()>> actions) {
  detail::CommitOrder::keep([&] {
    const detail::CommitOrder::Acting acting;
    detail::FirstFailure failure;
    for (const auto& action : actions) {
      failure.keep_of([&] {
        try {
          action();
        } catch (...) {
          detail::rethrow_after_commit();
        }
      });
    }
    failure.rethrow();
  });
}

}  // namespace castore
