// The far side of a telemetry socket, driven by a test: it decides nothing itself.
//
//     telemetry-peer PATH
//
// Lines in: "say N HEX" sends a datagram to client N, "shut N" closes it, "deaf" stops listening.
// Lines out: "listening", "open N", "got N HEX", "end N"; and "early N" for a client that went while an answer (or the
// handshake) was still to come.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

struct Client {
  int fd = -1;
  // Datagrams to come from us: the handshake, then one for each command.
  int owed = 1;
};

std::string fromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(strtol(hex.substr(i, 2).c_str(), nullptr, 16));
  }
  return bytes;
}

void tell(const char* what, size_t client, const char* bytes = nullptr, size_t count = 0) {
  printf("%s %zu", what, client);
  for (size_t i = 0; i < count; i++) printf(i == 0 ? " %02x" : "%02x", static_cast<unsigned char>(bytes[i]));
  printf("\n");
  fflush(stdout);
}

void obey(const std::string& line, int* listener, std::vector<Client>* clients) {
  if (line == "deaf") {
    close(*listener);
    *listener = -1;
    return;
  }
  const size_t space = line.find(' ', 5);
  const size_t client = strtoul(line.c_str() + 4, nullptr, 10);
  if (client >= clients->size() || (*clients)[client].fd < 0) return;
  Client* const one = &(*clients)[client];
  if (line.rfind("shut", 0) == 0) {
    close(one->fd);
    one->fd = -1;
    return;
  }
  const std::string bytes = fromHex(line.substr(space + 1));
  if (write(one->fd, bytes.data(), bytes.size()) < 0) perror("write");
  one->owed--;
}

// False at the end of the input.
bool takeLines(std::string* input, int* listener, std::vector<Client>* clients) {
  char bytes[65536];
  const ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
  if (got <= 0) return false;
  input->append(bytes, static_cast<size_t>(got));
  for (size_t end = 0; (end = input->find('\n')) != std::string::npos; input->erase(0, end + 1)) {
    obey(input->substr(0, end), listener, clients);
  }
  return true;
}

void hear(size_t client, std::vector<Client>* clients) {
  char bytes[4096];
  Client* const one = &(*clients)[client];
  const ssize_t got = read(one->fd, bytes, sizeof(bytes));
  if (got > 0) {
    one->owed++;
    tell("got", client, bytes, static_cast<size_t>(got));
    return;
  }
  close(one->fd);
  one->fd = -1;
  tell(one->owed > 0 ? "early" : "end", client);
}

}  // namespace

int main(int count, char** arguments) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (count != 2 || strlen(arguments[1]) >= sizeof(address.sun_path)) return 2;
  strcpy(address.sun_path, arguments[1]);
  unlink(address.sun_path);
  int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || listen(listener, 1) != 0) {
    perror("listen");
    return 1;
  }
  printf("listening\n");
  fflush(stdout);
  std::vector<Client> clients;
  std::string input;
  for (;;) {
    std::vector<pollfd> waits = {{STDIN_FILENO, POLLIN, 0}, {listener, POLLIN, 0}};
    for (const Client& client : clients) waits.push_back({client.fd, POLLIN, 0});
    if (poll(waits.data(), waits.size(), -1) < 0) return 1;
    if (waits[1].revents != 0) {
      clients.push_back({accept(listener, nullptr, nullptr)});
      tell("open", clients.size() - 1);
    }
    for (size_t i = 2; i < waits.size(); i++) {
      if (waits[i].revents != 0 && clients[i - 2].fd >= 0) hear(i - 2, &clients);
    }
    if (waits[0].revents != 0 && !takeLines(&input, &listener, &clients)) return 0;
  }
}
