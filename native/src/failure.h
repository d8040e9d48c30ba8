#ifndef FOURNINES_FAILURE_H_
#define FOURNINES_FAILURE_H_

namespace fournines {

// Outcome of a call that may fail: which system call or request, and its errno. C++ exceptions are off, so every
// function that can fail returns one and every caller has to look at it.
struct [[nodiscard]] Failure {
  const char* call = nullptr;
  int error = 0;

  bool failed() const { return call != nullptr; }
};

inline Failure success() { return {}; }

}  // namespace fournines

#endif  // FOURNINES_FAILURE_H_
