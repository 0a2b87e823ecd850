import ConnectorKit
import Contracts
import Records

/// A schema file: its value, and where each part of it stands.
struct SchemaDocument {
  /// The most bytes that a schema file may have.
  static let bytesMax = 4 << 20

  let text: SourceText
  let value: Value
  private let batch: Batch

  /// What keeps a file from being one.
  enum Problem: Error {
    case file(FileError)
    /// Something else than a file, or one that is too large; what it is.
    case unfit(String)
    case json(SourceText, JSONProblem)
  }

  static func load(_ path: String) throws(Problem) -> SchemaDocument {
    var bytes: [UInt8]?
    do throws(FileError) { bytes = try read(path) } catch { throw .file(error) }
    guard let bytes else { throw .unfit("is no regular file") }
    guard bytes.count <= bytesMax else { throw .unfit("is larger than \(bytesMax >> 20) MiB") }
    return try SchemaDocument(path, bytes)
  }

  /// nil where it is no regular file; no more than the bound and one byte.
  private static func read(_ path: String) throws(FileError) -> [UInt8]? {
    let file = try DurableFile(path, for: .reading)
    return try file.info().kind == .file ? try file.read(at: 0, count: bytesMax + 1) : nil
  }

  init(_ path: String, _ bytes: [UInt8]) throws(Problem) {
    text = SourceText(file: path, bytes: bytes)
    batch = Batch()
    Self.append(bytes, to: batch)
    let keys = KeyTable()
    var reader = JSONReader(keys: keys)
    do throws(JSONProblem) {
      _ = try reader.read(batch.bytes, 0..<batch.bytes.count, into: &batch.nodes)
      batch.keys = keys.snapshot
      value = try Value(json: batch.bytes.bytes)
    } catch {
      throw .json(text, error)
    }
  }

  private static func append(_ bytes: [UInt8], to batch: Batch) { bytes.withUnsafeBytes { batch.bytes.append($0) } }

  /// The place of the value that a JSON pointer leads to, or of the nearest one above it that is there.
  func place(at pointer: String) -> Place {
    var pointer = pointer[...]
    while true {
      if let node = batch.node(at: String(pointer), from: 0) {
        return text.place(ofByte: Int(batch.nodes[node].offset))
      }
      guard let slash = pointer.lastIndex(of: "/") else { return Place(file: text.file) }
      pointer = pointer[..<slash]
    }
  }
}
