/// What a plan depends on beside its file.
package struct PlanEnvironment: Sendable {
  /// The folder of checkpoints and dead letters that name no path.
  package var stateFolder: String

  package init(stateFolder: String = ".millrace") { self.stateFolder = stateFolder }
}
