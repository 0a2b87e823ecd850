import Foundation
import Synchronization

/// Stands between clients and a server on this machine, passes bytes on, and lets connections fail when a test says so.
///
/// One thread serves all connections. A fault strikes those that are there; later ones pass, unless ``refuse()`` was
/// called.
package final class FaultProxy: Sendable {
  /// Where clients connect, on 127.0.0.1.
  package let port: UInt16
  private let loop: ProxyLoop

  /// - Parameter server: the port on 127.0.0.1 that the connections lead to.
  package init(to server: UInt16) throws(SocketFailure) {
    let listener = try Socket.listening()
    port = listener.port
    loop = try ProxyLoop(listener, server: server)
    let thread = Thread { [loop] in loop.run() }
    thread.name = "fault proxy"
    thread.start()
  }

  deinit { loop.order(.end) }

  /// Lets the fault befall every connection that is there now.
  package func strike(_ fault: Fault) { loop.order(.strike(fault)) }

  /// Lets the fault befall the first connection that passes so many more bytes in that direction, behind just these.
  package func strike(_ fault: Fault, after bytes: Int, _ direction: Direction) {
    loop.order(.arm(Trap(fault: fault, direction: direction, bytes: bytes)))
  }

  /// Lets stalled and vanished connections go on.
  package func heal() { loop.order(.heal) }

  /// From now on new connections are reset at once.
  package func refuse() { loop.order(.accept(false)) }

  package func accept() { loop.order(.accept(true)) }

  /// What has happened so far.
  package var history: History { loop.history }

  package struct History: Sendable {
    /// Connections that were accepted.
    package internal(set) var accepted = 0
    /// Connections that a fault befell.
    package internal(set) var struck = 0
    package internal(set) var bytesToServer = 0
    package internal(set) var bytesToClient = 0
  }
}

/// A fault that waits for its moment.
struct Trap: Sendable {
  var fault: Fault
  var direction: Direction
  /// How many are still to pass.
  var bytes: Int
}
