import Records
import Testing

@testable import Contracts

/// The grammars of the RFCs, by their own examples and their edges.
@Suite struct FormatTests {
  @Test(arguments: [
    (
      Format.dateTime,
      ["2026-11-23T08:15:30Z", "1985-04-12t23:20:50.52z", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.123-08:00"],
      [
        "2026-11-23 08:15:30Z", "2026-11-23T08:15:30", "1998-12-31T22:59:60Z", "2026-02-29T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T08:15:30.Z", "2026-11-23T08:15:30+24:00", "2026-11-23T08:15:61Z", "1963-06-1৪T00:00:00Z",
      ]
    ),
    (.date, ["2024-02-29", "0001-01-01"], ["2023-02-29", "2024-13-01", "2024-1-01", "20240101", "2024-W01-1", ""]),
    (
      .time, ["08:30:06Z", "23:59:60Z", "01:29:60+01:30", "23:29:60+23:30", "15:59:60-08:00", "08:30:06.283185Z"],
      [
        "22:59:60Z", "23:59:60+01:00", "08:30:06", "8:30:06Z", "08:30:06 PST", "01:01:01,1111Z", "24:00:00Z",
        "12:60:00Z",
      ]
    ),
    (
      .duration, ["P4DT12H30M5S", "P4Y", "PT0S", "P0D", "P1M", "PT1M", "PT36H", "P1DT12H", "P2W", "P1Y2M3D"],
      ["PT1D", "4DT12H30M5S", "P", "P1YT", "PT", "P2D1Y", "P1D2H", "P2S", "P1Y2W", "P1", "P1Y2D", "P২Y", "", "P1W1D"]
    ),
    (
      .uuid, ["2EB8AA08-AA98-11EA-B4AA-73B441D16380", "00000000-0000-0000-0000-000000000000"],
      [
        "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08aa9811eab4aa73b441d16380",
        "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380",
        "2eb8aa08-aa98-11ea-b4ga-73b441d16380",
      ]
    ),
    (
      .ipv4, ["192.168.0.1", "0.0.0.0", "255.255.255.255"],
      [
        "127.0.0.0.1", "256.0.0.1", "127.0", "0x7f000001", "087.10.0.1", "1.2.3.4/24", " 1.2.3.4", "1২7.0.0.1",
        "00.0.0.0",
      ]
    ),
    (
      .ipv6,
      [
        "::1", "::", "::abef", "1::", "d6::", "1:2:3:4:5:6:7:8", "1:2::8", "::ffff:192.168.0.1", "1:2::192.168.0.1",
        "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::",
      ],
      [
        "12345::", "::abcef0", "1:1:1:1:1:1:1:1:1", "::laptop", ":2:3:4:5:6:7:8", "1:2:3:4:5:6:7:", "1::d6::42",
        "1:2:3:4:5:6:7",
        "1", "::1.2.3", "1:2:3:4:1.2.3.4", "127.0.0.1", "fe80::a%eth1", "fe80::/64", "1:2:3:4:5:6:7:8::", ":", ":::",
      ]
    ),
    (
      .email,
      [
        "joe.bloggs@example.com", "te~st@example.com", "\"joe bloggs\"@example.com", "\"joe@bloggs\"@example.com",
        "joe@[127.0.0.1]", "joe@[IPv6:::1]", "a@b",
      ],
      [
        "2962", "te..st@example.com", ".test@example.com", "test.@example.com", "joe@invalid=domain.com",
        "joe@[127.0.0.300]",
        "@example.com", "joe@", "joe@-a.com", "a b@c.de", "a@b@c",
      ]
    ),
    (.idnEmail, ["실례@실례.테스트", "a@b.de"], ["2962", "실례"]),
    (
      .hostname, ["www.example.com", "a", "1host", "a-b.c", String(repeating: "a", count: 63)],
      ["-bad", "bad-", "a..b", "", "a_b", "a.", String(repeating: "a", count: 64), "é.de"]
    ),
    (
      .uri,
      [
        "http://foo.bar/?baz=qux#quux", "ftp://ftp.is.co.za/rfc/rfc1808.txt", "urn:oasis:names:docbook:dtd:xml:4.1.2",
        "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John@example.com", "tel:+1-816", "http://a:b@c:80/%20",
        "a:",
        "http://-.~_!$&'()*+,;=:%40:80%2f@example.com",
      ],
      [
        "//foo.bar/", "/abc", "abc", "http:// x", "http://a b", "\\\\WINDOWS", "http://[::1", "http://[12345::]",
        "%41:x", "1a:b",
        "http://a/%zz", "http://a/<>", "http://é.de/", "http://a:8x/", "http://a/^", ":// x", "",
      ]
    ),
    (.uriReference, ["", "/abc", "//foo.bar/?q", "#f", "abc", "a/b:c", "?q"], ["\\\\WINDOWS", "#a\\b", "1a:b", "é"]),
    (
      .iri, ["http://ƒøø.ßår/?∂éœ=πîx#πîüx", "http://a/?\u{e000}"], ["/abc", "http://a/\u{e000}", "âππ", "http://a b"]
    ),
    (.iriReference, ["âππ", "#ƒrägmênt", "/âππ"], ["\\\\WINDOWS\\é"]),
    (
      .uriTemplate, ["http://example.com/dictionary/{term:1}/{term}", "", "{?x,y*}", "{+a.b%20}", "dictionary"],
      ["http://example.com/{term:1}/{term", "{}", "{a b}", "}", "{a:0}", "{a:12345}", "a b"]
    ),
    (.jsonPointer, ["", "/", "/foo/0", "/a~1b", "/m~0n", "//"], ["/~", "/~2", "foo", "#/a", "a/", "/a~"]),
    (
      .relativeJSONPointer, ["1", "0/foo", "2/0/baz", "0#", "120/a"], ["/foo", "-1/a", "01/a", "0##", "", "+1/a", "0a"]
    ),
    (
      .regex, ["a*", "(?=x)y", "[^]", #"\cJ\u{1F600}"#, #"(?<n>a)\k<n>"#, "a{2,3}?", "[]", #"\p{Lu}"#, ""],
      ["^(abc]", #"\a"#, "*a", "a**", "(", "[b-a]", "a{3,2}", #"\"#, "(?x)", #"\Z"#, "[", #"\u12"#]
    ),
  ])
  func agreesWithItsGrammar(_ format: Format, _ right: [String], _ wrong: [String]) throws {
    for text in right { #expect(matches(format, text), "\(format.rawValue): \(text)") }
    for text in wrong { #expect(!matches(format, text), "\(format.rawValue): \(text)") }
  }

  private func matches(_ format: Format, _ text: String) -> Bool {
    var text = text
    return text.withUTF8 { format.matches(UnsafeRawBufferPointer($0)) }
  }

  @Test func isAnAnnotationUntilItIsAsserted() throws {
    let schema = #"{"format": "ipv4"}"#
    #expect(try isValid(#""nonsense""#, schema))
    #expect(try !isValid(#""nonsense""#, schema, formats: .asserted))
    #expect(try isValid("12", schema, formats: .asserted))
  }

  @Test func isReportedWhenItIsAssertedAndNotKnown() throws {
    #expect(try problems(#"{"format": "color"}"#).isEmpty)
    let problem = try #require(problems(#"{"properties": {"c": {"format": "color"}}}"#, formats: .asserted).first)
    #expect(problem.code == .formatUnknown)
    #expect(problem.place == "#/properties/c/format")
  }
}
