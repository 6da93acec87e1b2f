import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite struct JSONFileTests {
  private struct Record: Decodable {
    struct Part: Decodable { let size: Int }
    enum Kind: String, Decodable { case one }
    let name: String
    let parts: [Part]
    let rate: Double?
    let kind: Kind?
  }

  private func place(_ text: String) throws -> String {
    let folder = try TemporaryFolder()
    let path = folder.path + "/record.json"
    try AtomicFile.write(text, to: path)
    let error = #expect(throws: JSONFailure.self) { try JSONFile.decode(Record.self, from: path) }
    guard case .broken(path, let place) = error else {
      Issue.record("another failure: \(String(describing: error))")
      return ""
    }
    #expect(error?.exitStatus == .badData)
    return place
  }

  @Test(arguments: [
    (#"{"parts": []}"#, #"the key "name" is missing"#),
    (#"{"name": "a", "parts": [{"size": 1}, {}]}"#, #"the key "parts[1].size" is missing"#),
    (
      #"{"name": 3, "parts": []}"#, #"key "name": expected text, found another kind of value"#
    ),
    (
      #"{"name": "a", "parts": [{"size": "1"}]}"#,
      #"key "parts[0].size": expected a whole number, found another kind of value"#
    ),
    (#"{"name": null, "parts": []}"#, #"key "name": expected text, found null"#),
    (
      #"{"name": "a", "parts": {}}"#,
      #"key "parts": expected a list, found another kind of value"#
    ),
    (
      #"{"name": "a", "parts": [], "kind": "two"}"#,
      #"key "kind": the value is out of its range or none that it can have"#
    ),
    ("", "expected JSON, found an empty file (byte 0)"),
  ])
  func theKeyThatIsWrongIsNamed(_ text: String, _ expected: String) throws {
    #expect(try place(text) == expected)
  }

  @Test func whatIsCutShortIsNoJSON() throws {
    #expect(try place(#"{"name": "a", "par"#).hasPrefix("no JSON: "))
  }
}
