import ConnectorKit
import Glibc
import Records

/// Streams the log over a connection of its own: hands what the server says to the conversation, and what is given out
/// into batches.
final class StreamReader {
  private let connection: PostgresConnection
  private var conversation: StreamConversation
  /// What a description of a table is numbered as; nil where nobody asked for the table.
  private let describe: (RelationMessage, _ isKnown: Bool) throws(ConnectorError) -> Int?
  /// What is given out instead of an update that says what the row's key was; nil: the update itself.
  private let mend: (Int, UnsafeRawBufferPointer) throws(ConnectorError) -> [UInt8]?
  /// The message that the transaction under way began with.
  private var begin: [UInt8] = []
  /// Whether the batch says which transaction its next changes belong to.
  private var saysTransaction = false
  /// Whether the begin of a transaction behind the limit was taken, so that this stream is of no more use.
  private var isAtLimit = false
  /// What ended the stream.
  private var failure: ConnectorError?
  /// When the first transaction was committed of which the batch has changes: microseconds since 2000, UTC.
  private(set) var firstTime: Int64?
  /// Whether the last batch ended inside of a transaction.
  private var wasInside: Bool
  /// Whether the stream has moved since the last batch although no changes came.
  private(set) var hasMoved = false
  /// Whether a transaction that was begun to be given out has changes of a table that is not followed yet.
  private(set) var hasSeenNewTable = false

  init(
    _ connection: PostgresConnection, _ conversation: StreamConversation,
    describe: @escaping (RelationMessage, Bool) throws(ConnectorError) -> Int?,
    mend: @escaping (Int, UnsafeRawBufferPointer) throws(ConnectorError) -> [UInt8]?
  ) {
    self.connection = connection
    self.conversation = conversation
    wasInside = conversation.position.inside != nil
    self.describe = describe
    self.mend = mend
  }

  var position: StreamPosition { conversation.position }
  var received: LSN { conversation.received }

  /// Whether everything that the server began to send has come to its end.
  var isBetweenTransactions: Bool { conversation.isBetweenTransactions }

  /// What ``fill(_:upTo:until:)`` came to.
  enum Filled {
    /// The batch holds as much as it should.
    case full
    /// Nothing more has arrived yet.
    case waiting
    /// Everything that was committed before the limit was given out.
    case limit
  }

  /// Takes what has arrived, until the batch holds so many bytes.
  ///
  /// - Parameter limit: where to stop: transactions that were committed there or later are not begun.
  func fill(_ batch: Batch, upTo bytesMax: Int, until limit: LSN?) throws(ConnectorError) -> Filled {
    if let failure { throw failure }
    if isAtLimit { return .limit }
    do throws(ConnectorError) {
      return try fillOn(batch, upTo: bytesMax, until: limit)
    } catch {
      // What came before it is given out first, so that a stop leaves the checkpoint right before what it is about: the end
      // of a transaction as well, of which the changes were given out and are stored with it.
      failure = error
      if batch.bytes.isEmpty, !(wasInside && conversation.position.inside == nil) { throw error }
      return .full
    }
  }

  private func fillOn(_ batch: Batch, upTo bytesMax: Int, until limit: LSN?) throws(ConnectorError) -> Filled {
    if batch.bytes.isEmpty { saysTransaction = false }
    while batch.bytes.count < bytesMax {
      if let limit, conversation.isBetweenTransactions, conversation.received >= limit { return .limit }
      var end = false
      let received = try connection.receiveFrame { frame throws(ConnectorError) in
        end = try !take(frame, batch, limit)
      }
      if end {
        isAtLimit = true
        return .limit
      }
      switch received {
      case .failure(let error): throw error.streamError(connection.address)
      case .success(.frame): continue
      case .success(.nothingYet): return .waiting
      case .success(.end):
        throw PostgresError(state: "", message: "the server ended the stream").streamError(connection.address)
      }
    }
    return .full
  }

  /// - Returns: false where the limit is reached.
  private func take(_ frame: UnsafeRawBufferPointer, _ batch: Batch, _ limit: LSN?) throws(ConnectorError) -> Bool {
    do {
      switch try ReplicationFrame(frame) {
      case .keepalive(let end, let wantsReply):
        hasMoved = conversation.kept(aliveAt: end) || hasMoved
        if wantsReply { try tell() }
        return true
      case .data(_, let message):
        return try take(message: UnsafeRawBufferPointer(rebasing: frame[message]), batch, limit)
      }
    } catch let fault as WireReader.Fault {
      throw .brokenStream("\(fault)")
    } catch let fault as StreamConversation.Fault {
      throw .brokenStream(fault.text)
    } catch let error as ConnectorError {
      throw error
    } catch {
      throw .brokenStream("\(error)")
    }
  }

  private func take(message: UnsafeRawBufferPointer, _ batch: Batch, _ limit: LSN?) throws -> Bool {
    switch message.first {
    case UInt8(ascii: "I"), UInt8(ascii: "U"), UInt8(ascii: "D"): try change(message, batch)
    default: return try takeControl(message, batch, limit)
    }
    return true
  }

  private func takeControl(_ message: UnsafeRawBufferPointer, _ batch: Batch, _ limit: LSN?) throws -> Bool {
    switch try OutputReader.read(message).message {
    case .begin(let begin):
      if let limit, begin.commit >= limit { return false }
      try conversation.began(begin)
      self.begin = Array(message)
      saysTransaction = false
    case .origin(let name): conversation.came(from: name)
    case .commit(let commit): try conversation.committed(commit)
    case .relation(let relation): conversation.described(relation.id, as: try number(relation))
    case .type, .message: break
    case .truncate(let relations, _, _):
      for relation in try conversation.truncated(relations) {
        sayTransaction(batch)
        StreamFrames.append(.truncate, number: relation, count: conversation.changes, to: &batch.bytes)
      }
    case .beginPrepare(let prepare), .prepare(let prepare), .streamPrepare(let prepare):
      throw StreamConversation.Fault.prepared(prepare.name)
    default: throw StreamConversation.Fault.unexpected("a message that was not asked for")
    }
    return true
  }

  private func number(_ relation: RelationMessage) throws(ConnectorError) -> Int? {
    do throws(ConnectorError) {
      return try describe(relation, conversation.passesOver)
    } catch {
      if error.code == ConnectorError.tablesChangedCode, conversation.position.inside != nil {
        hasSeenNewTable = true
        return nil
      }
      guard error.code == ConnectorError.schemaChangedCode, conversation.changes > 0 else { throw error }
      var stop = error
      stop.hint =
        "It changes in the middle of a transaction, which is stored as a whole or not at all: change the target and the "
        + "mappings where they need it, and set `on_schema_change: follow` until the run is past it."
      throw stop
    }
  }

  private func change(_ message: UnsafeRawBufferPointer, _ batch: Batch) throws {
    var reader = WireReader(message, at: 1)
    guard case .given(let relation) = try conversation.changed(try reader.uint32()) else { return }
    sayTransaction(batch)
    let count = conversation.changes
    if message.count > 5, message[0] == UInt8(ascii: "U"), message[5] == UInt8(ascii: "K"),
      let mended = try mend(relation, message)
    {
      mended.withUnsafeBytes { StreamFrames.append(.change, number: relation, count: count, $0, to: &batch.bytes) }
    } else {
      StreamFrames.append(.change, number: relation, count: count, message, to: &batch.bytes)
    }
  }

  private func sayTransaction(_ batch: Batch) {
    if saysTransaction { return }
    saysTransaction = true
    firstTime = firstTime ?? conversation.begin?.time
    begin.withUnsafeBytes { StreamFrames.append(.transaction, $0, to: &batch.bytes) }
  }

  // MARK: - The server

  /// The place up to which a batch that ends now was read.
  func takePosition() -> StreamPosition {
    hasMoved = false
    firstTime = nil
    wasInside = conversation.position.inside != nil
    return conversation.position
  }

  func acknowledged(_ position: StreamPosition) throws(ConnectorError) {
    conversation.acknowledged(position)
    try tell()
  }

  /// Says that this side is alive, and up to where everything is durable.
  func tell(wantsReply: Bool = false) throws(ConnectorError) {
    do throws(PostgresError) {
      try connection.tell(conversation.status(wantsReply: wantsReply))
    } catch {
      throw error.streamError(connection.address)
    }
  }

  /// The server has said nothing for so long, although it was asked.
  func giveUp(after silence: Duration) -> ConnectorError {
    connection.giveUp(after: silence).streamError(connection.address)
  }

  /// Waits until something arrives, no longer than so many milliseconds.
  func wait(_ milliseconds: Int32) throws(ConnectorError) -> Bool {
    do throws(PostgresError) {
      return try connection.waitForInput(milliseconds)
    } catch {
      throw error.streamError(connection.address)
    }
  }
}

extension PostgresError {
  func streamError(_ address: PostgresAddress) -> ConnectorError {
    var error = connectorError("The stream of \(address)")
    // What the slot still needs was removed, or its publication.
    switch state {
    case "55000", "58P01":
      error.remedy = .stop
      error.hint = "The slot may be lost: look at pg_replication_slots."
    case "42704":
      error = ConnectorError(
        "postgres.publication_missing", "The stream of \(address): \(message).", remedy: .stop,
        hint: "The publication was dropped, or made after changes that are still to be read: load the tables anew with "
          + "`millrace checkpoint reset`.")
    default: break
    }
    return error
  }
}

extension StreamConversation.Fault {
  var text: String {
    switch self {
    case .unexpected(let what): what
    case .unknownRelation(let id): "a change of a table that was never described (\(id))"
    case .gap(let expected, let found):
      "the transaction that was committed at \(expected) did not come again; the next one is at \(found)"
    case .prepared(let name): "the transaction \(name) was prepared and not committed"
    }
  }
}

extension ConnectorError {
  static func brokenStream(_ what: String) -> ConnectorError {
    ConnectorError(
      "postgres.stream_broken", "The server's stream of changes cannot be followed: \(what).", remedy: .stop,
      hint: "The checkpoint stands before it. Please report it with the server's version.")
  }
}
