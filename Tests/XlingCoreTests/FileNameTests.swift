import Testing
import XlingCore

@Suite struct FileNameTests {
  @Test(arguments: [
    ("tr.text-to-image", "tr.text-to-image"), ("../../evil", "..%2F..%2Fevil"), ("..", "%2E%2E"),
    (".", "%2E"), ("", "%"), ("a\n\u{202E}b", "a%0A%E2%80%AEb"), ("50%", "50%25"), ("日本", "日本"),
  ])
  func neverLeavesTheFolder(name: String, encoded: String) {
    #expect(FileName.encoded(name) == encoded)
  }

  @Test func longNamesStayApart() {
    let long = String(repeating: "é", count: 300)
    #expect(FileName.encoded(long).utf8.count <= 200)
    #expect(FileName.encoded(long) != FileName.encoded(long + "a"))
  }
}
