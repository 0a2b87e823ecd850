import ConnectorKit
import Connectors
import Status

/// Serves where the pipelines of this process stand, for monitoring and for people.
struct Monitor {
  private static let json = "application/json"

  private let server: PageServer

  init(_ address: PageAddress, _ reporter: Reporter) throws(Failure) {
    do throws(ConnectorError) {
      server = try PageServer(
        address,
        [
          "/": {
            let (pipelines, now) = reporter.standing
            return .init(StatusPage.html(pipelines, at: now), type: "text/html; charset=utf-8")
          },
          "/metrics": {
            let (pipelines, now) = reporter.standing
            return .init(MetricsText.text(pipelines, at: now), type: "text/plain; version=0.0.4; charset=utf-8")
          },
          "/healthz": { .init("{\"alive\": true}\n", type: Self.json) },
          "/readyz": {
            let readiness = Readiness(reporter.standing.pipelines)
            return .init(readiness.json, type: Self.json, status: readiness.isReady ? 200 : 503)
          },
        ])
    } catch {
      throw Failure(error)
    }
  }

  func stop() { server.stop() }
}
