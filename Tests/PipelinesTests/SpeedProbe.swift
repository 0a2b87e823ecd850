import Pipelines
import Testing
@Suite struct SpeedProbe {
  @Test func probe() {
    for _ in 0..<3 {
      let began = ContinuousClock.now
      for _ in 0..<100 { _ = read(PlanTests.full) }
      print("PROBE 100 files", ContinuousClock.now - began)
    }
    let fields = (0..<20_000).map { "  f\($0): {from: record.f\($0), trim: true}\n" }.joined()
    let yaml = pipeline(mappings: "\n\(fields)")
    let began = ContinuousClock.now
    _ = read(yaml)
    print("PROBE 20000 fields", ContinuousClock.now - began, yaml.utf8.count)
  }
}
