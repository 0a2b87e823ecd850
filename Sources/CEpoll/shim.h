// Linux's own: sockets that are waited for together, and sent to together, which Swift's Glibc module leaves out.
#ifndef MILLRACE_EPOLL_H
#define MILLRACE_EPOLL_H

#include <errno.h>
#include <linux/aio_abi.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Accepts a connection that never blocks; below 0 where none waits.
static inline int epoll_accept(int listener) {
  extern int accept4(int, struct sockaddr *, socklen_t *, int);
  return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// A socket of streams that never blocks; below 0 where there is none.
static inline int epoll_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

/// A descriptor that other threads can make readable.
static inline int epoll_bell(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static inline int epoll_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

/// What one socket is to send, and what came of it.
struct socket_send {
  int descriptor;
  const void *bytes;
  size_t count;
  /// How many bytes it took; below 0 the system's error.
  ssize_t result;
};

/// The most sends of one call.
#define SOCKET_SENDS_MAX 64

/// What sends of many sockets go through together; 0 where the system gives none.
static inline aio_context_t socket_sends_open(void) {
  aio_context_t context = 0;
  return syscall(SYS_io_setup, SOCKET_SENDS_MAX, &context) == 0 ? context : 0;
}

static inline void socket_sends_close(aio_context_t context) {
  if (context) syscall(SYS_io_destroy, context);
}

static inline void socket_send_alone(struct socket_send *one) {
  one->result = send(one->descriptor, one->bytes, one->count, MSG_NOSIGNAL);
  if (one->result < 0) one->result = -errno;
}

/// Sends for sockets that never block, in one call (Linux AIO, which is done with a socket's write when it returns), and
/// those one by one that it did not take. Who writes to a closed connection must not mind SIGPIPE.
static inline void socket_sends(aio_context_t context, struct socket_send *sends, int count) {
  struct iocb blocks[SOCKET_SENDS_MAX], *each[SOCKET_SENDS_MAX];
  struct io_event events[SOCKET_SENDS_MAX];
  int taken = 0;
  if (context && count > 1 && count <= SOCKET_SENDS_MAX) {
    memset(blocks, 0, sizeof(blocks[0]) * (size_t)count);
    for (int place = 0; place < count; place++) {
      struct iocb *block = each[place] = &blocks[place];
      block->aio_data = (uint64_t)place;
      block->aio_lio_opcode = IOCB_CMD_PWRITE;
      block->aio_fildes = (uint32_t)sends[place].descriptor;
      block->aio_buf = (uint64_t)(uintptr_t)sends[place].bytes;
      block->aio_nbytes = sends[place].count;
    }
    long submitted = syscall(SYS_io_submit, context, (long)count, each);
    taken = submitted > 0 ? (int)submitted : 0;
    for (int done = 0; done < taken;) {
      long more = syscall(SYS_io_getevents, context, (long)(taken - done), (long)(taken - done), events, (void *)0);
      if (more < 0 && errno != EINTR) break;
      for (long place = 0; place < more; place++) sends[events[place].data].result = (ssize_t)events[place].res;
      if (more > 0) done += (int)more;
    }
  }
  for (int place = taken; place < count; place++) socket_send_alone(&sends[place]);
}

#endif
