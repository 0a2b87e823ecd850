import Records
import Synchronization

/// A setting of a connector or a group, declared once: name (the property's, in snake case), type, default, sentence.
///
///     @Setting("File, glob or folder to read.", example: "data/*.ndjson") var path: String
///     @Setting("How the records are written.") var format: Format = .ndjson
///     @Setting("Account to log in with.") var account: Secret?
///
/// Without a default it must be given, unless its type is optional. It must not be read before it was loaded.
@propertyWrapper
package struct Setting<Wrapped: SettingValue>: Sendable {
  private let slot: SettingSlot<Wrapped>
  private let sentence: String
  private let example: String?
  private let range: ClosedRange<Int>?
  private let allowsEmpty: Bool
  private let isTuning: Bool
  private let defaultValue: Wrapped?

  /// - Parameters:
  ///   - sentence: what it is for, one sentence; also the hint when it is missing.
  ///   - example: a value as it could stand in YAML.
  ///   - range: the bounds of a number, or of a size in bytes, a duration in milliseconds.
  ///   - allowsEmpty: whether a text of no characters means something.
  ///   - tuning: whether it may change between runs without changing what positions and rows mean.
  package init(
    _ sentence: String, example: String? = nil, range: ClosedRange<Int>? = nil, allowsEmpty: Bool = false,
    tuning: Bool = false
  ) {
    self.init(nil, sentence, example, range, allowsEmpty, tuning)
  }

  package init(
    wrappedValue: Wrapped, _ sentence: String, example: String? = nil, range: ClosedRange<Int>? = nil,
    allowsEmpty: Bool = false, tuning: Bool = false
  ) {
    self.init(wrappedValue, sentence, example, range, allowsEmpty, tuning)
  }

  private init(
    _ value: Wrapped?, _ sentence: String, _ example: String?, _ range: ClosedRange<Int>?, _ allowsEmpty: Bool,
    _ isTuning: Bool
  ) {
    self.sentence = sentence
    self.example = example
    self.range = range
    self.allowsEmpty = allowsEmpty
    self.isTuning = isTuning
    defaultValue = value
    slot = SettingSlot(value ?? Wrapped.whenMissing)
  }

  package var wrappedValue: Wrapped {
    guard let value = slot.state.withLock({ $0.value }) else {
      preconditionFailure("a required setting was read before it was loaded: \(sentence)")
    }
    return value
  }

  /// The setting itself: `$path.isGiven`.
  package var projectedValue: Setting { self }

  /// Whether the file says it.
  package var isGiven: Bool { slot.state.withLock { $0.isGiven } }
}

/// Holds the value of one setting of one connector; shared by the copies of that connector.
private final class SettingSlot<Wrapped: SettingValue>: Sendable {
  struct State {
    var value: Wrapped?
    var isGiven = false
  }
  let state: Mutex<State>
  init(_ value: Wrapped?) { state = Mutex(State(value: value)) }
}

/// A ``Setting`` of any type, as `Mirror` finds it.
package protocol AnySetting: Sendable {
  func declaration(name: String) -> SettingDeclaration
  /// Takes the value from the file, or reports what is wrong with it.
  func load(_ entry: ConfigEntry, _ loader: inout SettingLoader)
  /// Whether it has a value without the file saying one.
  var mayBeMissing: Bool { get }
  var isGiven: Bool { get }
  /// Whether it decides the meaning of positions and rows: it is given, not tuning, and not what it is by default.
  var isMeaningful: Bool { get }
  /// nil where there is no value.
  var written: Value? { get }
  var identity: Value? { get }
}

extension Setting: AnySetting {
  package func declaration(name: String) -> SettingDeclaration {
    SettingDeclaration(
      name: name, sentence: sentence, example: example, defaultValue: defaultValue?.written,
      isRequired: !mayBeMissing, isTuning: isTuning, range: range, shape: Wrapped.shape)
  }

  package var isMeaningful: Bool { isGiven && !isTuning && written != defaultValue?.written }
  package var mayBeMissing: Bool { defaultValue != nil || Wrapped.whenMissing != nil }
  package var written: Value? { slot.state.withLock { $0.value }?.written }
  package var identity: Value? { slot.state.withLock { $0.value }?.identity }

  package func load(_ entry: ConfigEntry, _ loader: inout SettingLoader) {
    guard let value = Wrapped.read(entry.value, &loader), accepts(value, entry.value, &loader) else { return }
    slot.state.withLock { $0 = .init(value: value, isGiven: true) }
  }

  private func accepts(_ value: Wrapped, _ node: ConfigNode, _ loader: inout SettingLoader) -> Bool {
    if value.isEmptyText, !allowsEmpty {
      loader.error("config.empty", node, "is an empty text", hint: sentence)
      return false
    }
    if let range, let magnitude = value.magnitude, !range.contains(magnitude) {
      loader.error("config.out_of_range", node, "must be \(Wrapped.describe(range))", hint: sentence)
      return false
    }
    return true
  }
}

extension SettingValue {
  /// `between 1 and 1000`, `at least 1`.
  fileprivate static func describe(_ range: ClosedRange<Int>) -> String {
    if range.upperBound == .max { return "at least \(describe(range.lowerBound))" }
    return "between \(describe(range.lowerBound)) and \(describe(range.upperBound))"
  }

  private static func describe(_ bound: Int) -> String {
    let written: Value =
      switch shape {
      case ByteSize.shape: ByteSize(bytes: bound).written
      case Duration.shape: Duration.milliseconds(bound).written
      default: bound.written
      }
    return written.string ?? written.json
  }
}
