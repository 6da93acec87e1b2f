import Foundation
import Testing
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingTestSupport

@testable import XlingRuns

/// The key under which a store has a run is of the run, not of the version that wrote it.
@Suite struct StoredKeyTests {
  private let key: RunKey
  private let object: [String: Any]

  init() throws {
    let data = try AtomicFile.read(Fixtures.path("versions/e8eeb39/run.json"))
    let record = try JSONDecoder().decode(RunRecord.self, from: data)
    key = try LoadedRun.stored(record, folder: "/runs/lwa", status: .finished).key
    object =
      try JSONSerialization.jsonObject(with: Data(key.recipe.utf8)) as? [String: Any] ?? [:]
  }

  private func changed(_ change: (inout [String: Any]) -> Void) throws -> RunKey {
    var (other, object) = (key, object)
    change(&object)
    other.recipe = String(
      decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    return other
  }

  @Test(arguments: ["recomputesActivations", "logEvery", "checkpointEvery", "pairSeed", "schedule"])
  func aKeyWithoutADefaultIsTheSame(_ name: String) throws {
    let other = try changed { $0[name] = nil }
    #expect(other != key && other.isSameRun(as: key))
    #expect(other.written(as: key) == key && key.written(as: other) == other)
  }

  @Test(arguments: ["logEvery", "checkpointEvery"])
  func whatChangesNoBitsIsNotCompared(_ name: String) throws {
    #expect(try changed { $0[name] = 5 }.isSameRun(as: key))
  }

  @Test(arguments: ["batchSize", "steps", "validateEvery", "chunkSize"])
  func whatChangesBitsIsAnotherRun(_ name: String) throws {
    let other = try changed { $0[name] = 5 }
    #expect(!other.isSameRun(as: key) && key.written(as: other) == key)
  }

  @Test func otherFieldsAreComparedAsTheyAre() throws {
    var other = key
    other.blasCore = "another"
    #expect(!other.isSameRun(as: key))
    other = key
    other.recipe = "{}"
    #expect(!other.isSameRun(as: key))
  }

  /// What came later is in no key unless it is said.
  @Test func noiseIsInNoKeyWithoutIt() throws {
    let data = try AtomicFile.read(Fixtures.path("versions/e8eeb39/run.json"))
    var configuration = try JSONDecoder().decode(RunRecord.self, from: data)
      .identity.configuration
    let names = ["textNoise", "imageNoise", "headDropout", "captionOrder"]
    func text() throws -> String {
      String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
    }
    let plain = configuration
    #expect(try names.allSatisfy { !(try text().contains($0)) })
    (configuration.textNoise, configuration.imageNoise) = (0.5, 0.25)
    (configuration.headDropout, configuration.captionOrder) = (0.3, .inTurn)
    let decoded = try JSONDecoder().decode(
      AlignmentConfiguration.self, from: Data(try text().utf8))
    #expect(decoded == configuration)
    #expect(try configuration.differences(from: plain) == names.sorted())
  }
}
