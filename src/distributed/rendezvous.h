// How the ranks of a group find each other, before they can exchange anything.
#pragma once

#include <torch/torch.h>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <stop_token>
#include <string>

namespace clipsim {

struct MeetingPoint {
    std::string address;
    int port = 0;
    int rank = 0, size = 1;
    bool serves = false;  // this rank listens there
    std::string attempt;  // a restart by torchrun finds the store with what the first attempt left in it
};

// The store that all ranks share, once all have come. Says who has not after two seconds. Throws
// LostProcessError, which names those missing, when `timeout` is over; Error for a port that is taken, or
// where another program answers; Interrupted.
c10::intrusive_ptr<c10d::Store> meet_at(const MeetingPoint& point, std::chrono::milliseconds timeout,
                                        const std::stop_token& stop);

// "rank 1", "ranks 1 and 3", of those that have not set prefix + their number in the store.
std::string ranks_missing(c10d::Store& store, const std::string& prefix, int size);

}  // namespace clipsim
