// A bucket in memory, which does what a test says. As every store it may be asked by several
// threads; what a test looks at it looks at when they are done.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/failures.hpp"
#include "storage/driver/object/object_store.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>

namespace pgbraid::test {

using namespace pgbraid::object;

/// Requests between their being asked for and being waited for (or dropped).
struct under_way {
  std::atomic<size_t> now{0};
  std::atomic<size_t> most{0}; ///< at the same time, so far
};

template <class T> class done final : public pending<T> {
public:
  explicit done(result<T> value, std::shared_ptr<under_way> of = std::make_shared<under_way>())
      : value_(std::move(value)), of_(std::move(of)) {
    const auto now = ++of_->now;
    auto most = of_->most.load();
    while (most < now && !of_->most.compare_exchange_weak(most, now)) {
    }
  }
  ~done() override { end(); }
  done(const done&) = delete;
  done& operator=(const done&) = delete;
  bool has_come() const override { return true; }
  result<T> wait() override {
    end();
    return std::move(value_);
  }

private:
  void end() {
    if (of_)
      --of_->now;
    of_.reset();
  }

  result<T> value_;
  std::shared_ptr<under_way> of_;
};

/// Comes so many bytes at a time, and the last of them with the outcome.
class in_parts final : public pending<std::optional<object_piece>> {
public:
  in_parts(asked<std::optional<object_piece>> what, size_t some_bytes)
      : what_(std::move(what)), all_(what_->wait()), some_bytes_(some_bytes) {}
  bool has_come() const override { return true; }
  std::vector<std::byte> some(std::chrono::milliseconds) override {
    if (!all_ || !*all_ || (*all_)->bytes.size() <= some_bytes_)
      return {};
    auto& left = (*all_)->bytes;
    const auto end = left.begin() + static_cast<std::ptrdiff_t>(some_bytes_);
    std::vector<std::byte> out(left.begin(), end);
    left.erase(left.begin(), end);
    return out;
  }
  result<std::optional<object_piece>> wait() override { return std::move(all_); }

private:
  asked<std::optional<object_piece>> what_; ///< under way as long as this is
  result<std::optional<object_piece>> all_;
  const size_t some_bytes_;
};

class memory_store : public object_store {
public:
  size_t some_bytes = 0; ///< reads give so many before the end; 0: none
  std::map<std::string, std::string> objects;
  std::map<std::string, std::map<unsigned, std::string>> uploads;
  std::map<std::string, unfinished_upload> begun; ///< also those that ended
  std::vector<size_t> removals;                   ///< how many keys each had
  std::set<std::string> kept;                     ///< keys that may not be removed
  std::vector<std::string> calls;                 ///< each as `verb key`
  std::function<std::optional<error>(std::string_view verb)> failing = {};
  std::shared_ptr<under_way> asked_for = std::make_shared<under_way>();
  size_t page_most = 1000;
  unsigned empty_pages = 0;       ///< that each list begins with
  std::set<std::string> phantoms; ///< prefixes that lists show, though nothing is there any more
  int64_t now_s = 1000;
  std::map<std::string, int64_t> times; ///< of keys whose time is not now

  asked<object_page> list(const list_request& what) override {
    const std::lock_guard held(mutex_);
    if (auto why = note("list", what.prefix))
      return failed<object_page>(*why);
    object_page page;
    const auto seen = what.from.starts_with("empty ") ? std::stoul(what.from.substr(6)) : 0;
    if (what.from.empty() || seen != 0) {
      if (seen < empty_pages) {
        page.next = "empty " + std::to_string(seen + 1);
        return answer(std::move(page));
      }
    }
    std::set<std::string> prefixes;
    for (const auto& one : phantoms)
      if (!what.below && what.from.empty() && one.starts_with(what.prefix))
        prefixes.insert(one);
    size_t count = 0;
    const auto most = std::min<size_t>(what.most, page_most);
    for (auto at =
             objects.lower_bound(std::max(what.prefix, seen != 0 ? std::string() : what.from));
         at != objects.end() && at->first.starts_with(what.prefix); ++at) {
      const auto slash = at->first.find('/', what.prefix.size());
      const auto prefix =
          what.below || slash == std::string::npos ? std::string() : at->first.substr(0, slash + 1);
      if (prefixes.contains(prefix))
        continue;
      if (count++ == most) {
        page.next = at->first;
        break;
      }
      if (prefix.empty())
        page.objects.push_back({at->first, at->second.size(), time_of(at->first)});
      else
        prefixes.insert(prefix);
    }
    page.prefixes.assign(prefixes.begin(), prefixes.end());
    return answer(std::move(page));
  }
  asked<std::optional<object_about>> look(const std::string& key) override {
    using about = std::optional<object_about>;
    const std::lock_guard held(mutex_);
    if (auto why = note("look", key))
      return failed<about>(*why);
    const auto at = objects.find(key);
    return answer(at == objects.end() ? about() : about({at->second.size(), time_of(key)}));
  }
  asked<std::optional<object_piece>> read(const std::string& key, uint64_t offset, uint64_t bytes,
                                          const std::string& tag) override {
    using piece = std::optional<object_piece>;
    const std::lock_guard held(mutex_);
    if (auto why = note("read", key))
      return failed<piece>(*why);
    const auto at = objects.find(key);
    if (at == objects.end())
      return answer(piece());
    const auto now = std::to_string(std::hash<std::string>()(at->second));
    if (!tag.empty() && tag != now)
      return failed<piece>({errc::file_read, "the object changed while it was read"});
    const auto from = std::min<uint64_t>(offset, at->second.size());
    const auto part = as_bytes(std::string_view(at->second).substr(from, bytes));
    auto all = answer(piece({{part.begin(), part.end()}, at->second.size(), now}));
    if (some_bytes == 0)
      return all;
    return std::make_unique<in_parts>(std::move(all), some_bytes);
  }
  asked<nothing> put(const std::string& key, std::vector<std::byte> content) override {
    const std::lock_guard held(mutex_);
    if (auto why = note("put", key))
      return failed<nothing>(*why);
    objects[key] = as_text(content);
    return answer(nothing{});
  }
  asked<std::string> begin_parts(const std::string& key) override {
    const std::lock_guard held(mutex_);
    if (auto why = note("begin", key))
      return failed<std::string>(*why);
    const auto id = "upload" + std::to_string(calls.size());
    uploads[id];
    begun[id] = {key, id, now_s};
    return answer(id);
  }
  asked<upload_page> list_uploads(const list_request& what) override {
    const std::lock_guard held(mutex_);
    if (auto why = note("uploads", what.prefix))
      return failed<upload_page>(*why);
    upload_page page;
    for (auto at = begun.upper_bound(what.from); at != begun.end(); ++at) {
      if (!uploads.contains(at->first) || !at->second.key.starts_with(what.prefix))
        continue;
      if (page.uploads.size() == page_most) {
        page.next = page.uploads.back().upload;
        break;
      }
      page.uploads.push_back(at->second);
    }
    return answer(std::move(page));
  }
  asked<uploaded_part> put_part(const std::string& key, const std::string& upload, unsigned number,
                                std::vector<std::byte> content) override {
    const std::lock_guard held(mutex_);
    if (auto why = note("part", key))
      return failed<uploaded_part>(*why);
    uploads.at(upload)[number] = as_text(content);
    return answer(uploaded_part{number, "tag" + std::to_string(number)});
  }
  asked<nothing> end_parts(const std::string& key, const std::string& upload,
                           std::span<const uploaded_part> parts, uint64_t bytes) override {
    const std::lock_guard held(mutex_);
    if (auto why = note("end", key))
      return failed<nothing>(*why);
    std::string whole;
    for (const auto& one : parts)
      whole += uploads.at(upload).at(one.number);
    uploads.erase(upload);
    if (whole.size() != bytes)
      return failed<nothing>({errc::protocol, "parts and size differ"});
    objects[key] = std::move(whole);
    return answer(nothing{});
  }
  asked<nothing> drop_parts(const std::string& key, const std::string& upload) override {
    const std::lock_guard held(mutex_);
    note("drop", key);
    uploads.erase(upload);
    return answer(nothing{});
  }
  asked<nothing> remove(std::span<const std::string> keys) override {
    const std::lock_guard held(mutex_);
    if (auto why = note("remove", keys.front()))
      return failed<nothing>(*why);
    removals.push_back(keys.size());
    past_holds all;
    for (const auto& key : keys)
      if (kept.contains(key))
        all.goes_on(error{
            .code = errc::protocol, .message = "the store holds '" + key + "'", .held = true});
      else
        objects.erase(key);
    const auto gone = all.outcome();
    return gone ? answer(nothing{}) : failed<nothing>(gone.failure());
  }
  asked<nothing> touch(const std::string& key) override {
    const std::lock_guard held(mutex_);
    note("touch", key);
    return answer(nothing{});
  }
  size_t count(std::string_view verb) const {
    return static_cast<size_t>(std::ranges::count_if(
        calls, [&](const auto& one) { return one.starts_with(std::string(verb) + " "); }));
  }

private:
  int64_t time_of(const std::string& key) const {
    const auto at = times.find(key);
    return at == times.end() ? now_s : at->second;
  }
  template <class T> asked<T> answer(T value) {
    return std::make_unique<done<T>>(std::move(value), asked_for);
  }
  template <class T> asked<T> failed(error why) {
    return std::make_unique<done<T>>(std::move(why), asked_for);
  }
  std::optional<error> note(std::string_view verb, std::string_view key) {
    calls.push_back(std::string(verb) + " " + std::string(key));
    return failing ? failing(verb) : std::nullopt;
  }
  std::mutex mutex_;
};

} // namespace pgbraid::test
