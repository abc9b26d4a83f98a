#pragma once

#include <pthread.h>

#include <cstddef>
#include <stdexcept>

namespace castore::testing {

/// While it lives, no thread can be started: there is no address space for so large a stack. Of
/// glibc.
class NoNewThreads {
 public:
  NoNewThreads() {
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, std::size_t{1} << 60);
    const bool set =
        pthread_getattr_default_np(&usual_) == 0 && pthread_setattr_default_np(&huge) == 0;
    pthread_attr_destroy(&huge);
    if (!set) throw std::runtime_error("threads can be started still");
  }
  NoNewThreads& operator=(NoNewThreads&&) = delete;
  ~NoNewThreads() {
    pthread_setattr_default_np(&usual_);
    pthread_attr_destroy(&usual_);
  }

 private:
  pthread_attr_t usual_{};
};

}  // namespace castore::testing
