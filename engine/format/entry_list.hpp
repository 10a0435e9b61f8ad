// A list of very many entries that never move.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace pgbraid::format {

/// Like a vector, but it grows by pieces of a fixed size: nothing is copied, no room is kept for
/// twice as many, and references to entries (not iterators) stay valid while others are added.
template <class Entry> class entry_list {
  static_assert(std::is_trivially_copyable_v<Entry>);
  static constexpr size_t piece_entries = 2048;

  struct piece_end {
    void operator()(Entry* piece) const {
      std::allocator<Entry>().deallocate(piece, piece_entries);
    }
  };
  using piece = std::unique_ptr<Entry, piece_end>;

  template <class Value> class place {
  public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = Value*;
    using reference = Value&;

    place() = default;
    place(const piece* pieces, size_t at)
        : pieces_(pieces), at_(static_cast<difference_type>(at)) {}
    operator place<const Value>() const requires(!std::is_const_v<Value>) {
      return {pieces_, static_cast<size_t>(at_)};
    }

    Value& operator*() const { return entry_at(pieces_, static_cast<size_t>(at_)); }
    Value* operator->() const { return &**this; }
    Value& operator[](difference_type by) const { return *(*this + by); }
    place& operator+=(difference_type by) {
      at_ += by;
      return *this;
    }
    place& operator-=(difference_type by) { return *this += -by; }
    place& operator++() { return *this += 1; }
    place& operator--() { return *this -= 1; }
    place operator++(int) { return std::exchange(*this, *this + 1); }
    place operator--(int) { return std::exchange(*this, *this - 1); }
    friend place operator+(place at, difference_type by) { return at += by; }
    friend place operator+(difference_type by, place at) { return at += by; }
    friend place operator-(place at, difference_type by) { return at -= by; }
    friend difference_type operator-(const place& a, const place& b) { return a.at_ - b.at_; }
    friend bool operator==(const place& a, const place& b) { return a.at_ == b.at_; }
    friend auto operator<=>(const place& a, const place& b) { return a.at_ <=> b.at_; }

  private:
    const piece* pieces_ = nullptr;
    difference_type at_ = 0;
  };

public:
  using value_type = Entry;
  using iterator = place<Entry>;
  using const_iterator = place<const Entry>;

  entry_list() = default;
  entry_list(entry_list&& from) noexcept
      : pieces_(std::move(from.pieces_)), size_(std::exchange(from.size_, 0)) {}
  entry_list& operator=(entry_list&& from) noexcept {
    pieces_ = std::move(from.pieces_);
    size_ = std::exchange(from.size_, 0);
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Entry& operator[](size_t at) { return entry_at(pieces_.data(), at); }
  const Entry& operator[](size_t at) const { return entry_at(pieces_.data(), at); }
  Entry& back() { return (*this)[size_ - 1]; }
  const Entry& back() const { return (*this)[size_ - 1]; }
  iterator begin() { return {pieces_.data(), 0}; }
  iterator end() { return {pieces_.data(), size_}; }
  const_iterator begin() const { return {pieces_.data(), 0}; }
  const_iterator end() const { return {pieces_.data(), size_}; }

  void push_back(const Entry& entry) {
    const Entry kept = entry; // it may be one of the list
    if (size_ == pieces_.size() * piece_entries)
      pieces_.emplace_back(std::allocator<Entry>().allocate(piece_entries));
    std::construct_at(&entry_at(pieces_.data(), size_), kept);
    ++size_;
  }
  /// Leaves the first ones; gives back the memory of the others.
  void cut(size_t size) {
    size_ = std::min(size_, size);
    pieces_.resize((size_ + piece_entries - 1) / piece_entries);
  }
  void pop_back() { cut(size_ - 1); }
  void clear() { cut(0); }
  template <class Predicate> void remove_if(Predicate&& is_out) {
    cut(static_cast<size_t>(std::remove_if(begin(), end(), is_out) - begin()));
  }

  /// Puts the entry with the index `order[i]` in place `i`, for each of them.
  void reorder(std::vector<uint32_t> order) {
    assert(order.size() == size_);
    for (uint32_t first = 0; first < order.size(); ++first) {
      if (order[first] == first)
        continue;
      const Entry moved = (*this)[first];
      auto to = first;
      for (auto from = order[to]; from != first; from = order[to]) {
        (*this)[to] = (*this)[from];
        order[to] = to;
        to = from;
      }
      (*this)[to] = moved;
      order[to] = to;
    }
  }

private:
  static Entry& entry_at(const piece* pieces, size_t at) {
    return pieces[at / piece_entries].get()[at % piece_entries];
  }

  std::vector<piece> pieces_;
  size_t size_ = 0;
};

} // namespace pgbraid::format
