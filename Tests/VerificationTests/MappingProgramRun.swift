import Expressions
import Records

@testable import Verification

/// Maps the record of a batch to the one column `v`.
enum MappingProgramRun {
  static func map(_ batch: Batch) {
    MappingExecutor(MappingProgram(reading: Columns(names: ["v"]))).map(batch)
  }
}
