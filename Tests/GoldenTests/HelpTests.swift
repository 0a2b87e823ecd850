import Testing

struct HelpTests {
  private static let commands = [
    [], ["run"], ["backfill"], ["validate"], ["test"], ["dry-run"], ["plan"], ["status"], ["checkpoint"],
    ["checkpoint", "show"],
    ["checkpoint", "set"], ["checkpoint", "rewind"], ["checkpoint", "reset"], ["dead-letters"], ["verify"],
    ["dead-letters", "list"],
    ["dead-letters", "show"], ["dead-letters", "replay"], ["dead-letters", "discard"], ["connectors"], ["functions"],
    ["eval"], ["explain"], ["schema"], ["init"],
    ["completions"],
  ]

  @Test(arguments: commands)
  func `every command has a help with an example`(command: [String]) throws {
    let answer = try Program().start(command + ["--help"]).end()
    #expect(answer.code == 0)
    if !command.isEmpty { #expect(answer.out.contains("Example:")) }
    #expect(answer.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
    try Golden.check(answer.out, "help/\((["millrace"] + command).joined(separator: "-")).txt")
  }

  @Test(arguments: [
    (["rnu"], "did you mean `millrace run`?"), (["deadletters"], "did you mean `millrace dead-letters`?"),
    (["checkpoint", "rest"], "did you mean `millrace checkpoint reset`?"),
    (["frobnicate"], "`millrace --help` lists the commands."), (["run"], "<paths>"),
    (["run", "--onse", "a.yaml"], "--once"),
    (["explain", "config.unknown_kee"], "did you mean `config.unknown_key`?"),
    (["connectors", "fiel"], "did you mean `file`?"), (["dry-run", "a.yaml", "--limit", "0"], "at least 1"),
    (["checkpoint", "set", "a.yaml"], "--accept"), (["init", "a.yaml", "--source", "fil"], "did you mean `file`?"),
  ])
  func `wrong usage ends with 64 and says what is meant`(arguments: [String], says: String) throws {
    let answer = try Program().start(arguments).end()
    #expect(answer.code == 64)
    #expect(answer.err.contains(says))
    #expect(answer.out.isEmpty)
  }

  @Test func `the version is one line`() throws {
    let answer = try Program()("--version")
    #expect(answer.code == 0)
    #expect(answer.out.wholeMatch(of: /millrace \d+\.\d+\.\d+\n/) != nil)
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `completions know the commands`(shell: String) throws {
    let answer = try Program()("completions", shell)
    #expect(answer.code == 0)
    #expect(answer.out.contains("dead-letters"))
  }
}
