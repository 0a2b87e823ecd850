import ConnectorKit
import Connectors
import Expressions
import Pipelines
import Records

extension CodeBook {
  /// Every code that the program raises.
  static let all = pipelines + settings + paths
}
