import Records

/// A request; its texts stand in the bytes that it was read from.
struct HTTPRequest: Equatable {
  enum Method: Equatable {
    case get, head, post, put, options, other

    init(_ name: UnsafeRawBufferPointer) {
      self =
        if name.elementsEqual("POST".utf8) {
          .post
        } else if name.elementsEqual("GET".utf8) {
          .get
        } else if name.elementsEqual("PUT".utf8) {
          .put
        } else if name.elementsEqual("HEAD".utf8) {
          .head
        } else if name.elementsEqual("OPTIONS".utf8) {
          .options
        } else {
          .other
        }
    }
  }

  struct Header: Equatable {
    var name: Range<Int>
    var value: Range<Int>
  }

  var method = Method.other
  /// The path, without a query.
  var path = 0..<0
  var headers: [Header] = []
  var body = 0..<0
  /// Whether the connection may serve another one after this.
  var isKeptAlive = true
  /// Whether the caller waits for a word before it sends the body.
  var expectsContinue = false
}

/// What a caller hears where it did not get what it asked for.
struct HTTPRefusal: Error, Equatable {
  var status: Int
  var message: String
  /// Whether the rest of what the caller sends cannot be understood any more.
  var ends: Bool

  init(_ status: Int, _ message: String, ends: Bool = true) {
    self.status = status
    self.message = message
    self.ends = ends
  }
}

extension HTTPRequest {
  /// The value of a header, its name in lower case; nil where it is not there, the first of several.
  func value(_ name: StaticString, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
    headers.first { Self.isEqual(bytes, $0.name, name) }?.value
  }

  /// - Parameter name: in lower case.
  static func isEqual(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ name: StaticString) -> Bool {
    guard range.count == name.utf8CodeUnitCount else { return false }
    for index in 0..<range.count where lower(bytes[range.lowerBound + index]) != name.utf8Start[index] { return false }
    return true
  }

  static func lower(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }
}
