import ConnectorKit

extension SourceText {
  /// The most bytes a configuration file may have.
  package static let bytesMax = 4 << 20

  /// Reads a file; nil and a diagnostic where it is no text that YAML could stand in. Reads no more than the bound.
  static func load(_ path: String, _ diagnostics: inout Diagnostics) -> SourceText? {
    do throws(FileError) {
      guard let bytes = try boundedBytes(of: path, &diagnostics) else { return nil }
      return text(file: path, bytes, &diagnostics)
    } catch {
      diagnostics.add(Diagnostic(error))
      return nil
    }
  }

  /// The text of a file that was read before; nil where that is no longer so.
  package static func read(_ path: String) -> SourceText? {
    var diagnostics = Diagnostics()
    return load(path, &diagnostics)
  }

  /// The text of bytes; nil where YAML could not stand in them.
  package static func of(_ bytes: [UInt8], file: String) -> SourceText? {
    var diagnostics = Diagnostics()
    return text(file: file, bytes, &diagnostics)
  }

  private static func boundedBytes(of path: String, _ diagnostics: inout Diagnostics) throws(FileError) -> [UInt8]? {
    let file = try DurableFile(path, for: .reading)
    switch try file.info().kind {
    case .file: break
    case .folder:
      diagnostics.add(
        whole(path, "config.file_is_folder", "is a folder, not a pipeline file", hint: "name the file in it"))
      return nil
    case .pipe, .other:
      diagnostics.add(
        whole(path, "config.file_not_regular", "is not a regular file", hint: "write the pipeline to a file"))
      return nil
    }
    let bytes = try file.read(at: 0, count: bytesMax + 1)
    guard bytes.count <= bytesMax else {
      diagnostics.add(
        whole(
          path, "config.file_too_large", "is larger than the \(bytesMax >> 20) MiB that a pipeline file may have",
          hint: "is it data rather than a pipeline?"))
      return nil
    }
    return bytes
  }

  /// The text of bytes that are UTF-8.
  static func text(file: String, _ bytes: [UInt8], _ diagnostics: inout Diagnostics) -> SourceText? {
    if let reason = otherEncoding(bytes) {
      diagnostics.add(
        whole(file, "yaml.not_utf8", reason, hint: "save the file as UTF-8: iconv -f UTF-16 -t UTF-8 OLD > NEW"))
      return nil
    }
    var content = bytes
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
      content.removeFirst(3)
      diagnostics.add(
        whole(
          file, "yaml.byte_order_mark", "begins with a byte order mark", hint: "save it without one", severity: .warning
        ))
    }
    let source = SourceText(file: file, bytes: content)
    if let problem = source.firstBadByte() {
      diagnostics.add(problem)
      return nil
    }
    return source
  }

  /// Bytes that are none of YAML's UTF-8: what is not UTF-8, and NUL.
  private func firstBadByte() -> Diagnostic? {
    if let nul = bytes.firstIndex(of: 0) {
      return Diagnostic(
        code: "yaml.nul_byte", place: place(ofByte: nul), message: "the file holds a NUL byte",
        hint: "is it a text file at all?")
    }
    guard let bad = Self.firstInvalid(bytes) else { return nil }
    return Diagnostic(
      code: "yaml.not_utf8", place: place(ofByte: bad), message: "the file is not UTF-8 here",
      hint: "save the file as UTF-8; Latin-1 and Windows-1252 look like this: iconv -f CP1252 -t UTF-8 OLD > NEW")
  }

  /// Where the first byte stands that no UTF-8 has there.
  private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
    do {
      _ = try UTF8Span(validating: bytes.span)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }

  private static func otherEncoding(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) { return "is UTF-16" }
    if bytes.starts(with: [0, 0, 0xfe, 0xff]) { return "is UTF-32" }
    // Latin text in UTF-16 without a mark: every other byte is zero.
    guard bytes.count >= 4 else { return nil }
    let head = bytes.prefix(4).map { $0 == 0 }
    return head == [false, true, false, true] || head == [true, false, true, false]
      ? "looks like UTF-16 without a byte order mark" : nil
  }

  private static func whole(
    _ file: String, _ code: String, _ message: String, hint: String,
    severity: Diagnostic.Severity = .error
  ) -> Diagnostic {
    Diagnostic(severity, code: code, place: Place(file: file), message: message, hint: hint)
  }
}

extension Diagnostic {
  /// What the system says about a configuration file.
  init(_ error: FileError) {
    let place = Place(file: error.path)
    switch error.code {
    case "file.not_found":
      self.init(code: "config.file_not_found", place: place, message: "no such file", hint: "check the path")
    default:
      self.init(
        code: "config.file_unreadable", place: place, message: "cannot be read: \(error.reason)",
        hint: "check its permissions")
    }
  }
}
