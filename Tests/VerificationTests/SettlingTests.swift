import Testing

@testable import Verification

@Suite struct SettlingTests {
  @Test func aDifferenceThatStaysIsConfirmed() {
    var settling = Settling(["a": 1])
    settling.look(["a": 1])
    #expect(settling.confirmed == ["a": 1])
    #expect(!settling.isOpen)
  }

  @Test func whatHasArrivedIsNone() {
    var settling = Settling(["a": 1, "b": 2])
    settling.look(["b": 2])
    #expect(settling.confirmed == ["b": 2])
    #expect(settling.open.isEmpty)
  }

  @Test func whatGoesOnChangingStaysOpenUntilTheBound() {
    var settling = Settling(["a": 0])
    var looks = 0
    while settling.isOpen {
      looks += 1
      settling.look(["a": looks])
    }
    #expect(looks == Settling<String, Int>.looksMax)
    #expect(settling.open == ["a": looks])
    #expect(settling.confirmed.isEmpty)
  }
}
