#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

namespace castore::testing {

/// A fresh directory that is gone with the object, whatever is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(make()) {}

  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }

 private:
  /// `create_directory` decides who gets a name: several test programs may run at once.
  static std::filesystem::path make() {
    static std::atomic<unsigned> count{0};
    for (;;) {
      const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
      auto path = std::filesystem::temp_directory_path() /
                  ("castore-test-" + std::to_string(now) + "-" + std::to_string(++count));
      if (std::filesystem::create_directory(path)) return path;
    }
  }

  std::filesystem::path path_;
};

}  // namespace castore::testing
