// Several processes that work on one training or one index, started by torchrun or any launcher that sets
// RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT. No torch in this header.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "clipsim/core/error.h"

namespace clipsim {

// Another process of the group ended, or did not answer in time (exit code 1).
class LostProcessError : public Error {
  public:
    using Error::Error;
};

// Every process makes the same calls in the same order; each waits for the others. Not thread-safe.
class ProcessGroup {
  public:
    // This process alone: rank 0 of 1.
    ProcessGroup();
    // Joins the group that the environment names, over LibTorch's Gloo; alone where WORLD_SIZE is 1 or not
    // set. `timeout_s`: how long this one waits for the others. Throws UsageError for a variable that
    // is missing or wrong, LostProcessError when the others do not come.
    // A port that is taken, or a foreign one, is an Error; a stop request ends the wait with Interrupted.
    static std::shared_ptr<ProcessGroup> from_environment(double timeout_s, const std::stop_token& stop = {});
    ~ProcessGroup();
    ProcessGroup(const ProcessGroup&) = delete;
    ProcessGroup& operator=(const ProcessGroup&) = delete;

    int rank() const { return rank_; }
    int size() const { return size_; }
    bool is_first() const { return rank_ == 0; }  // the one that writes

    // This rank's part of [0, count): [first, last), parts in the order of the ranks, as equal in size as
    // possible.
    std::pair<std::size_t, std::size_t> share_of(std::size_t count) const;

    // Whether any rank says so.
    bool any(bool value);
    // What each rank gives, in the order of the ranks.
    std::vector<std::string> gather(const std::string& bytes);
    void wait_for_all() { any(false); }
    // The same, for what may take long: says after two seconds which ranks are waited for, and why, and
    // throws Interrupted after a stop request. `what`: "to find out what has to be embedded".
    void meet(const std::string& what);
    // What the work depends on, and what it is for this rank: "train.margin" and "0.2". Throws UsageError in
    // every rank, naming what differs, unless all say the same. To be called before any work: ranks that do
    // different things answer each other's messages with others of the wrong size.
    void require_same(const std::vector<std::pair<std::string, std::string>>& facts);

    struct Impl;
    Impl* impl() { return impl_.get(); }  // null: alone

  private:
    int rank_ = 0, size_ = 1;
    std::unique_ptr<Impl> impl_;
};

// "auto" and "cuda" to this process's own GPU, by LOCAL_RANK; anything else as it is.
std::string device_of_process(const std::string& device);
// 0, one thread per core, to this process's part of the cores, by LOCAL_WORLD_SIZE.
int threads_of_process(int threads);

}  // namespace clipsim
