import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingEvaluation

/// Embeddings and gold of others, mutated.
@Suite struct ReaderFuzzTests {
  /// Files are written and read: fewer rounds.
  private static let rounds = max(200, Mutations.rounds / 10)

  @Test(arguments: ["f2.npy", "f4.npy", "fortran.npy", "packed.npz"])
  func embeddings(name: String) throws {
    let folder = try TemporaryFolder()
    let seed = [UInt8](try AtomicFile.read(Fixtures.path("retrieval/" + name)))
    let path = folder.path + "/" + name
    let suffix = name.hasSuffix("npz") ? "#wide" : ""
    let refused = try Mutations.refusals(of: [seed], at: path, name, rounds: Self.rounds) {
      _ = try EmbeddingFile(path + suffix).rows.array()
    }
    #expect(refused > 0 && refused < Self.rounds)
  }

  @Test func gold() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/gold.jsonl"
    let seed = Array(
      "{\"text\": 0, \"images\": [0, 2]}\r\n{\"images\":[1],\"text\":1}\n".utf8)
    let refused = try Mutations.refusals(of: [seed], at: path, "gold", rounds: Self.rounds) {
      _ = try GoldFile(path, texts: 2, images: 3, allowMissing: true)
    }
    #expect(refused > 0 && refused < Self.rounds)
  }
}
