// Lists of versions made into lists of objects.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/past_store.hpp"

#include "storage/driver/object/past_choice.hpp"

#include <deque>

namespace pgbraid::object {

namespace {

/// Between the way on of the store and what is kept of the choice.
constexpr char way_end = '\n';
/// Enough to find one that was there in most cases, little where many are asked at once.
constexpr unsigned look_most = 100;
/// A list of versions that is longer is one that never ends.
constexpr unsigned pages_most = 1000;
/// Prefixes that are looked into side by side.
constexpr size_t looks_at_once = 16;

struct past {
  std::shared_ptr<version_store> in;
  int64_t time_s = 0;

  past_choice choice() const { return past_choice(time_s, in->order()); }
};

/// Lists of versions below a prefix, until the first object that was there. Of a key: all of its
/// versions, which come before those of longer keys.
class first_object final : public pending<std::optional<object_version>> {
public:
  first_object(past of, std::string prefix, bool is_key)
      : of_(std::move(of)), choice_(of_.choice()),
        is_key_(is_key), what_{.prefix = std::move(prefix),
                               .below = true,
                               .most = is_key ? 1000 : look_most},
        page_(of_.in->list_versions(what_)) {}

  bool has_come() const override { return page_->has_come(); }
  result<std::optional<object_version>> wait() override {
    for (unsigned pages = 0; pages < pages_most; ++pages) {
      auto page = page_->wait();
      if (!page)
        return page.failure();
      for (auto& one : choice_.take(*page))
        if (!is_key_ || one.key == what_.prefix)
          return std::optional(std::move(one));
      const bool is_behind =
          is_key_ && !page->versions.empty() && page->versions.back().key != what_.prefix;
      if (page->next.empty() || is_behind)
        return std::optional<object_version>();
      what_.from = std::move(page->next);
      page_ = of_.in->list_versions(what_);
    }
    return error{errc::protocol,
                 "the store's list of the versions of '" + what_.prefix + "' does not end"};
  }

private:
  const past of_;
  past_choice choice_;
  const bool is_key_;
  object_store::list_request what_;
  asked<version_page> page_;
};

class past_list final : public pending<object_page> {
public:
  past_list(past of, object_store::list_request what)
      : of_(std::move(of)), choice_(of_.choice()), what_(std::move(what)) {
    const auto end = what_.from.find(way_end);
    if (end != std::string::npos) {
      begun_ = choice_.go_on_from(std::string_view(what_.from).substr(end + 1));
      what_.from.resize(end);
    }
    if (begun_)
      page_ = of_.in->list_versions(what_);
  }

  bool has_come() const override { return !begun_ || page_->has_come(); }
  result<object_page> wait() override {
    if (!begun_)
      return begun_.failure();
    auto page = page_->wait();
    if (!page)
      return page.failure();
    object_page out;
    for (auto& one : choice_.take(*page))
      out.objects.push_back(
          {std::move(one.key), one.size_bytes, one.from_s, std::move(one.version)});
    if (!page->next.empty())
      out.next = page->next + way_end + choice_.kept();
    auto there = with_content(std::move(page->prefixes));
    if (!there)
      return there.failure();
    out.prefixes = std::move(*there);
    return out;
  }

private:
  result<std::vector<std::string>> with_content(std::vector<std::string> prefixes) const {
    std::vector<std::string> out;
    std::deque<first_object> looks;
    size_t next = 0;
    for (auto& prefix : prefixes) {
      for (; next < prefixes.size() && looks.size() < looks_at_once; ++next)
        looks.emplace_back(of_, prefixes[next], false);
      auto found = looks.front().wait();
      looks.pop_front();
      if (!found)
        return found.failure();
      if (*found)
        out.push_back(std::move(prefix));
    }
    return out;
  }

  const past of_;
  past_choice choice_;
  object_store::list_request what_;
  result<void> begun_ = success();
  asked<version_page> page_;
};

class past_look final : public pending<std::optional<object_about>> {
public:
  past_look(past of, std::string key) : found_(std::move(of), std::move(key), true) {}
  bool has_come() const override { return found_.has_come(); }
  result<std::optional<object_about>> wait() override {
    auto found = found_.wait();
    if (!found)
      return found.failure();
    if (!*found)
      return std::optional<object_about>();
    return std::optional(
        object_about{(*found)->size_bytes, (*found)->from_s, std::move((*found)->version)});
  }

private:
  first_object found_;
};

/// Which version it is, and then some bytes of it.
class past_read final : public pending<std::optional<object_piece>> {
public:
  past_read(past of, std::string key, uint64_t offset, uint64_t bytes, std::string version)
      : of_(std::move(of)), key_(std::move(key)), offset_(offset), bytes_(bytes),
        version_(std::move(version)) {
    if (version_.empty())
      found_.emplace(of_, key_, true);
    else
      begin();
  }

  bool has_come() const override { return piece_ ? piece_->has_come() : found_->has_come(); }
  result<std::optional<object_piece>> wait() override {
    if (found_) {
      auto found = found_->wait();
      if (!found)
        return found.failure();
      if (!*found)
        return std::optional<object_piece>();
      version_ = std::move((*found)->version);
      begin();
    }
    auto piece = piece_->wait();
    if (piece && *piece)
      (*piece)->tag = version_;
    return piece;
  }

private:
  void begin() { piece_ = of_.in->read_version(key_, version_, offset_, bytes_); }

  const past of_;
  const std::string key_;
  const uint64_t offset_;
  const uint64_t bytes_;
  std::string version_;
  std::optional<first_object> found_;
  asked<std::optional<object_piece>> piece_;
};

template <class T> class refused final : public pending<T> {
public:
  bool has_come() const override { return true; }
  result<T> wait() override {
    return error{errc::option_invalid, "nothing is written to a repository as it was at a time"};
  }
};
template <class T> asked<T> refuse() {
  return std::make_unique<refused<T>>();
}

class past_store final : public object_store {
public:
  explicit past_store(past of) : of_(std::move(of)) {}

  asked<object_page> list(const list_request& what) override {
    return std::make_unique<past_list>(of_, what);
  }
  asked<std::optional<object_about>> look(const std::string& key) override {
    return std::make_unique<past_look>(of_, key);
  }
  asked<std::optional<object_piece>> read(const std::string& key, uint64_t offset, uint64_t bytes,
                                          const std::string& tag) override {
    return std::make_unique<past_read>(of_, key, offset, bytes, tag);
  }
  asked<nothing> put(const std::string&, std::vector<std::byte>) override {
    return refuse<nothing>();
  }
  asked<std::string> begin_parts(const std::string&) override { return refuse<std::string>(); }
  asked<uploaded_part> put_part(const std::string&, const std::string&, unsigned,
                                std::vector<std::byte>) override {
    return refuse<uploaded_part>();
  }
  asked<nothing> end_parts(const std::string&, const std::string&, std::span<const uploaded_part>,
                           uint64_t) override {
    return refuse<nothing>();
  }
  asked<nothing> drop_parts(const std::string&, const std::string&) override {
    return refuse<nothing>();
  }
  asked<nothing> remove(std::span<const std::string>) override { return refuse<nothing>(); }
  asked<nothing> touch(const std::string&) override { return refuse<nothing>(); }

private:
  const past of_;
};

} // namespace

std::shared_ptr<object_store> make_past_store(std::shared_ptr<version_store> in, int64_t time_s) {
  return std::make_shared<past_store>(past{std::move(in), time_s});
}

} // namespace pgbraid::object
