import ConnectorKit
import Records

extension DirectusSourceConnector: SourceConnectionCheck {
  /// Asks for a row of everything that a run asks for.
  func check(_ context: Context) -> SourceCheck {
    let page = JSONPage()
    do throws(ConnectorError) {
      let api = try DirectusAPI(server(context), wallTime: context.wallTime)
      var problems: [Problem] = []
      for (setting, query) in probes {
        do throws(ConnectorError) {
          _ = try api.items(query, into: page)
        } catch {
          // A server that is away, or does not know who asks, says the same to every question.
          guard error.setting(else: setting) == setting else { throw error }
          let problem = Problem(setting, error)
          if !problems.contains(problem) { problems.append(problem) }
        }
      }
      return SourceCheck(problems: problems)
    } catch {
      return SourceCheck(problems: [Problem(error.setting(else: "url"), error)])
    }
  }

  /// What a run asks for, each with the setting that it comes from.
  private var probes: [(setting: String, query: DirectusQuery)] {
    func query(_ fields: [String], _ filters: [Value], sort: [String] = []) -> DirectusQuery {
      DirectusQuery(collection: collection, fields: fields, filters: filters, sort: sort, limit: 1)
    }
    var probes = [("fields", query(fields.contains("*") ? fields : fields + [key], [], sort: [key]))]
    if let filter { probes.append(("filter", query([key], [filter]))) }
    guard goesOn else { return probes }
    probes += changed.map { ("changed", query([key, $0], [], sort: [$0, key])) }
    if deletesFrom == .activity {
      let deletes = DirectusQuery.condition("action", "_eq", "delete")
      let fields = ["id", "item", "timestamp"]
      probes.append(
        (
          "deletes_from",
          DirectusQuery(collection: "directus_activity", fields: fields, filters: [deletes], sort: [], limit: 1)
        ))
    }
    return probes
  }
}

extension DirectusTargetConnector: TargetConnectionCheck {
  /// What is there is asked for before each write; whether the role may write shows only when it does.
  func check(_ context: Context, _ streams: [TargetStream]) -> [[Problem]] {
    streams.map { stream in
      let own = (stream.settings as? DirectusTargetConnector) ?? self
      guard stream.columns.key.count == 1 else { return [Problem("key", DirectusEncoder.needsKey)] }
      let query = DirectusQuery(
        collection: own.collection, fields: [stream.columns.names[stream.columns.key[0]]], filters: [], sort: [],
        limit: 1)
      do throws(ConnectorError) {
        _ = try DirectusAPI(own.server(context), wallTime: context.wallTime).items(query, into: JSONPage())
        return []
      } catch {
        return [Problem(error.setting(else: "collection"), error)]
      }
    }
  }
}

extension ConnectorError {
  /// Which setting it is about; the other one where Directus answered that what was asked for is not there.
  fileprivate func setting(else other: String) -> String {
    switch code {
    case "directus.unauthorized": "auth"
    case "directus.forbidden", "directus.refused", "directus.no_key": other
    case "http.tls": "tls"
    default: "url"
    }
  }
}
