// Small objects side by side.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/small_objects.hpp"

#include "storage/storage_path.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

namespace pgbraid::object {

namespace {

class objects_ahead final : public small_reads_ahead {
public:
  objects_ahead(std::shared_ptr<object_store> in, const object_keys& keys,
                std::vector<small_read> files, size_t at_once)
      : in_(std::move(in)), keys_(keys), files_(std::move(files)), at_once_(at_once) {
    ask();
  }

  std::vector<small_read> wait(io::io_engine*) override {
    while (!under_way_.empty()) {
      settle();
      ask();
    }
    return std::move(files_);
  }

private:
  void ask() {
    for (; under_way_.size() < at_once_ && next_ < files_.size(); ++next_)
      if (auto& file = files_[next_]; lost_)
        file.failure = *lost_;
      else if (may_ask(file))
        under_way_.emplace_back(&file, in_->read(keys_.key(file.path), file.offset_bytes,
                                                 std::max<uint64_t>(file.limit_bytes, 1), {}));
  }

  bool may_ask(small_read& file) const {
    file.content.clear();
    file.failure.reset();
    if (auto fine = check_storage_path(file.path); !fine)
      file.failure = fine.failure();
    else if (file.path.empty())
      file.failure = error{errc::file_open, "cannot read '" + keys_.root() + "'"};
    return !file.failure;
  }

  void settle() {
    auto [file, one] = std::move(under_way_.front());
    under_way_.pop_front();
    if (lost_) {
      file->failure = *lost_;
      return;
    }
    auto piece = one->wait();
    if (!piece) {
      file->failure = piece.failure().within("unable to read '" + keys_.shown(file->path) + "'");
      if (file->failure->transient)
        lost_ = file->failure;
    } else if (!*piece)
      file->failure = error{errc::file_missing, "unable to open missing file '" +
                                                    keys_.shown(file->path) + "' for read"};
    else if (file->limit_bytes != 0)
      file->content = std::move((*piece)->bytes);
  }

  const std::shared_ptr<object_store> in_;
  const object_keys& keys_;
  std::vector<small_read> files_;
  const size_t at_once_;
  size_t next_ = 0; ///< the first that was not asked for
  /// Set once one was tried for as long as a store may take: so long each of the others would take.
  std::optional<error> lost_ = {};
  std::deque<std::pair<small_read*, asked<std::optional<object_piece>>>> under_way_;
};

} // namespace

std::unique_ptr<small_reads_ahead> begin_small_objects(std::shared_ptr<object_store> in,
                                                       const object_keys& keys,
                                                       std::vector<small_read> files,
                                                       size_t at_once) {
  return std::make_unique<objects_ahead>(std::move(in), keys, std::move(files), at_once);
}

} // namespace pgbraid::object
