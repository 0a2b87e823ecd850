import ConnectorKit
import Expressions
import Records

/// What a pipeline file means once it is checked: everything a run needs, and nothing that a run decides.
///
/// Pure: the same file gives the same plan. Secrets are still references here; ``resolved(with:)`` gives the plan that a
/// run starts from.
package struct Plan: Sendable {
  package var name: String
  package var description: String?
  /// The pipeline file, as the user named it.
  package var file: String
  /// The folder of the file, where relative paths of its settings start from.
  package var folder: String
  /// A hash of what decides the meaning of positions and rows (source, transforms, mappings, target), without secrets
  /// and without what may change between runs (retry, limits). Stands in the checkpoint and in dead letters.
  package var fingerprint: String

  /// The words in `type:`.
  package var sourceType: String
  package var targetType: String
  package var source: any SourceConnector
  package var target: any TargetConnector
  /// nil where any event will do.
  package var contract: ContractPlan?
  /// What becomes of the events, by the tables that they are about; one where the file has no `streams`.
  package var streams: [StreamPlan]

  /// Parallel writers; one key always takes the same lane.
  package var lanes = 1
  package var batch = BatchPolicy()
  package var retry = RetryPolicy()
  package var deadLetters: DeadLetterPolicy
  package var checkpoint: CheckpointPolicy
  package var limits = Limits()
  package var tests: [PipelineTest] = []
  /// Which of the source's rows are read; all but for some backfills.
  package var part = SourcePart()
  /// Whether only rows that exist are read, not what comes later.
  package var isBackfill = false
  /// Of a part of what a pipeline follows, that pipeline's name, where its target lets both store in turns.
  package var beside: String?

  /// What the plan was made of; nil for one that the program made itself.
  var origin: Origin?

  package init(
    name: String, folder: String, source: any SourceConnector, target: any TargetConnector, streams: [StreamPlan],
    deadLetters: DeadLetterPolicy, checkpoint: CheckpointPolicy
  ) {
    self.name = name
    file = ""
    self.folder = folder
    fingerprint = ""
    self.source = source
    self.target = target
    sourceType = Swift.type(of: source).about.type
    targetType = Swift.type(of: target).about.type
    precondition(!streams.isEmpty, "a pipeline has at least one stream")
    self.streams = streams
    self.deadLetters = deadLetters
    self.checkpoint = checkpoint
  }
}

extension Plan {
  // Of the first stream, for whatever looks at a pipeline that has no others.

  package var transforms: [Transform] { streams[0].transforms }
  package var mapping: Mapping { streams[0].mapping }
  package var columns: Columns { streams[0].columns }

  /// Its `dedupe` steps, in the order of their numbers.
  package var dedupes: [Dedupe] { streams.flatMap(\.transforms.dedupes) }

  /// Whether the file tells tables apart.
  package var hasStreams: Bool { streams[0].pattern != nil }
}

/// How rows are gathered into one write.
package struct BatchPolicy: Sendable, Equatable {
  package var records = 5_000
  package var bytes = 8 << 20
  /// How long a started batch waits for more.
  package var wait: Duration = .milliseconds(200)
  package init() {}
}

/// How often a failing write is tried again, and when the target counts as down.
package struct RetryPolicy: Sendable, Equatable {
  package enum Delays: Sendable, Equatable {
    case list([Duration])
    case exponential(first: Duration, factor: Double, max: Duration, attempts: Int)
  }
  package var delays: Delays = .exponential(first: .milliseconds(200), factor: 2, max: .seconds(30), attempts: 8)
  /// The share of a delay that chance may take away or add, 0 … 1.
  package var jitter = 0.2
  package var breaker = BreakerPolicy()
  /// How long an outage may last before the run stops with exit 3; nil: for ever.
  package var giveUpAfter: Duration?
  /// How long a record that the target fails for is tried while others are stored; then it is a dead letter. nil: for ever.
  package var parkFor: Duration? = .seconds(15 * 60)
  package init() {}
}

package struct BreakerPolicy: Sendable, Equatable {
  /// So many failures within so long open the circuit for so long; then one probe goes through.
  package var failures = 5
  package var within: Duration = .seconds(60)
  package var openFor: Duration = .seconds(30)
  package init() {}
}

package struct DeadLetterPolicy: Sendable, Equatable {
  /// Path of the NDJSON file.
  package var path: String
  /// How long open ones are kept; nil: until somebody works through them.
  package var keepsFor: Duration?
  /// The most that they take, in bytes; nil: whatever they take.
  package var bytesMax: Int?
  package init(path: String) { self.path = path }
}

package struct CheckpointPolicy: Sendable, Equatable {
  package var path: String
  package var every: Duration = .seconds(1)
  package init(path: String) { self.path = path }

  /// The folder of what `dedupe` steps remember.
  package var keysFolder: String {
    let ending = ".checkpoint.json"
    return (path.hasSuffix(ending) ? String(path.dropLast(ending.count)) : path) + ".dedupe"
  }
}

package struct Limits: Sendable, Equatable {
  /// The most bytes of batches between the source and the checkpoint.
  package var inFlightBytes = 24 << 20
  /// The most events a second; nil: no limit.
  package var rate: Double?
  package init() {}
}
