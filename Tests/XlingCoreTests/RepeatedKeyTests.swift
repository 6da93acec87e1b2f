import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite struct RepeatedKeyTests {
  private func found(_ json: String) -> RepeatedKey? { RepeatedKey(in: Data(json.utf8)) }

  @Test func theSecondOneIsNamed() {
    #expect(found(#"{"a": 1, "a": 2}"#) == RepeatedKey(key: "a", offset: 9, line: 1))
    #expect(found("{\"b\": [{\"a\": 1},\n {\"c\": {}, \"c\": 0}]}")?.line == 2)
    // Escapes, and what Unicode holds to be the same text.
    #expect(found(#"{"a\"": 1, "\u0061\"": 2}"#)?.key == "a\"")
    #expect(found("{\"\u{E9}\": 1, \"e\u{301}\": 2}") != nil)
    #expect(found(#"{"": 1, "": 2}"#)?.key == "")
  }

  @Test func keysOfOtherObjectsAndValuesAreNone() {
    for json in [
      #"{"a": {"a": "a"}, "b": ["a", "a", {"a": 1}], "c": "a"}"#, #"[{"a": 1}, {"a": 1}]"#,
      #""a""#, "", "{", #"{"a": "\"a\", \"a\""#, #"{"a"#, #"{"a": 1, "a\"#, "}}}]\",\"\"",
    ] { #expect(found(json) == nil, "\(json)") }
  }

  @Test func aFileIsNamedWithKeyAndPlace() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/state.json"
    try AtomicFile.write("{\"step\": 1,\n \"step\": 2}\n", to: path)
    let failure = #expect(throws: JSONFailure.self) {
      try JSONFile.decode([String: Int].self, from: path)
    }
    #expect(failure?.exitStatus == .badData)
    #expect(
      failure?.description == "\(path), line 2, byte 13: expected every key once, found the key "
        + "\"step\" twice in one object. Keep one of both.")
  }
}
