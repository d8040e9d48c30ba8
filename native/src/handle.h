#ifndef FOURNINES_HANDLE_H_
#define FOURNINES_HANDLE_H_

#include <linux/netlink.h>

#include <memory>
#include <set>

#include "ethtool.h"
#include "generic.h"
#include "links.h"
#include "netlink.h"
#include "qdiscs.h"
#include "queues.h"
#include "stall-sampler.h"

namespace fournines {

struct Handle;

// The handles of one environment that own descriptors. Shared between the environment's cleanup hook and the handles'
// finalizers, since Node promises no order between them.
using OpenHandles = std::set<Handle*>;

// What one facade owns: its sockets, and tables reused from call to call.
struct Handle {
  explicit Handle(std::shared_ptr<OpenHandles> handles) : open(std::move(handles)) { open->insert(this); }
  ~Handle() { open->erase(this); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Twice does nothing.
  void close() {
    isClosed = true;
    route.close();
    netdev.close();
    ethtool.close();
    // Joins its thread.
    stalls.reset();
  }

  const std::shared_ptr<OpenHandles> open;
  bool isClosed = false;
  NetlinkSocket route{NETLINK_ROUTE};
  GenericFamily netdev{kNetdevFamily};
  Ethtool ethtool;
  LinkReader links;
  QdiscReader qdiscs;
  QueueReader queues;
  std::unique_ptr<StallSampler> stalls;
};

}  // namespace fournines

#endif  // FOURNINES_HANDLE_H_
