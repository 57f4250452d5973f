// A transaction of a database.
#pragma once

#include <exception>

namespace clipsim {

// All or nothing: rolled back unless committed. The connection has execute(sql), and in `begin` how its
// transactions usually begin.
template <typename Connection>
class Transaction {
  public:
    explicit Transaction(Connection& connection, const char* begin = Connection::begin)
        : connection_(connection) {
        connection_.execute(begin);
    }
    ~Transaction() {
        if (done_) return;
        try {
            connection_.execute("ROLLBACK");
        } catch (const std::exception&) {
            // There is nothing to undo: the database has done it itself, or the connection is gone.
        }
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit() {
        connection_.execute("COMMIT");
        done_ = true;
    }

  private:
    Connection& connection_;
    bool done_ = false;
};

}  // namespace clipsim
