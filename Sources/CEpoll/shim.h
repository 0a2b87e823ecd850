// Linux's own: sockets that are waited for together, which Swift's Glibc module leaves out.
#ifndef MILLRACE_EPOLL_H
#define MILLRACE_EPOLL_H

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

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

#endif
