// Text that must not be left behind in memory: passphrases.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace pgbraid {

/// A passphrase. Its memory is overwritten when it goes or is replaced; there is no way to print it
/// by accident, because reading it takes `view()`.
class secret {
public:
  secret() = default;
  explicit secret(std::string_view text) : text_(text) {}
  secret(const secret& other) : text_(other.text_) {}
  secret(secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  secret& operator=(const secret& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  secret& operator=(secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  ~secret() { wipe(); }

  bool empty() const { return text_.empty(); }
  std::string_view view() const { return text_; }
  friend bool operator==(const secret& a, const secret& b) { return a.text_ == b.text_; }

private:
  void wipe() {
    // Short texts live in the object itself, so the whole capacity is cleared.
    text_.resize(text_.capacity());
    explicit_bzero(text_.data(), text_.size());
    text_.clear();
  }
  std::string text_;
};

/// How the files of a repository are encrypted.
enum class cipher_type : unsigned char { none, aes_256_cbc };

/// `none` or `aes-256-cbc`.
constexpr std::string_view cipher_type_name(cipher_type type) {
  return type == cipher_type::none ? "none" : "aes-256-cbc";
}

} // namespace pgbraid
