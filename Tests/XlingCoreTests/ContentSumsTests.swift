import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite struct ContentSumsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// `sha256sum` reads it: "abc" is the standard's own example.
  private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  private func path(_ name: String) -> String { folder.path + "/" + name }

  @Test func aFileIsWhatItWasOrIsNamed() throws {
    #expect(try ContentSums.sums(of: folder.path) == [:])
    try AtomicFile.write("abc", to: path("two words"))
    #expect(try !ContentSums.check(path("two words")))
    try ContentSums.write(["two words"], coming: ["next": Self.abc], in: folder.path)
    #expect(
      try AtomicFile.read(path("SHA256SUMS"))
        == Data("\(Self.abc)  next\n\(Self.abc)  two words\n".utf8))
    #expect(try ContentSums.check(path("two words")))
    try AtomicFile.write("abd", to: path("two words"))
    let found = try ContentSums.hash(path("two words"))
    #expect(
      throws: ContentFailure.changed(path: path("two words"), expected: Self.abc, found: found)
    ) { try ContentSums.check(path("two words")) }
  }

  @Test(arguments: [
    "\(abc) one space", "\(abc.dropLast())  short", "\(abc.uppercased())  upper", "x",
  ])
  func aLineOfAnotherFormIsNamed(_ line: String) throws {
    try AtomicFile.write("\(Self.abc)  good\n\(line)\n", to: path("SHA256SUMS"))
    #expect(throws: ContentFailure.sums(path: path("SHA256SUMS"), line: 2)) {
      try ContentSums.sums(of: folder.path)
    }
  }

  @Test func filesLargerThanABlockAreHashedWhole() throws {
    let data = Data((0..<(1 << 20) + 7).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    try AtomicFile.write(data, to: path("large"))
    #expect(try ContentSums.hash(path("large")) == Digest.of(data))
  }
}
