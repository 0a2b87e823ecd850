import Flows

/// How the program ends, as its caller sees it.
struct ExitStatus: Equatable {
  var code: Int32

  static let done = ExitStatus(code: 0)
  static let failed = ExitStatus(code: 1)
  /// The pipeline file is wrong, or an expression.
  static let pipeline = ExitStatus(code: 2)
  static let surroundings = ExitStatus(code: 3)
  /// Done, but some records were dead-lettered.
  static let deadLetters = ExitStatus(code: 4)
  /// sysexits.h, EX_USAGE
  static let usage = ExitStatus(code: 64)

  /// Ended by a signal before it could drain.
  static func signal(_ number: Int32) -> ExitStatus { ExitStatus(code: 128 + number) }

  init(code: Int32) { self.code = code }

  /// - Parameter signal: the last one that asked for the end.
  init(_ exit: FlowError.Class, signal: Int32?) {
    switch exit {
    case .failed: self = .failed
    case .pipeline: self = .pipeline
    case .surroundings: self = .surroundings
    case .interrupted: self = signal.map(Self.signal) ?? .failed
    }
  }

  /// What several runs of one process end with: the worst.
  static func worst(of all: [ExitStatus]) -> ExitStatus {
    all.max { $0.gravity < $1.gravity } ?? .done
  }

  private var gravity: Int32 {
    switch self {
    case .done: 0
    case .deadLetters: 1
    case .pipeline: 2
    case .surroundings: 3
    case .failed: 4
    default: code
    }
  }
}
