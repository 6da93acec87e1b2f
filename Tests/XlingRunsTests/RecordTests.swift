import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingRuns

/// `run.json` of other versions: keys that are missing have their defaults, others are errors that name
/// key and file.
@Suite struct RecordTests {
  let folder: TemporaryFolder
  private let old: [String: Any]

  init() throws {
    folder = try TemporaryFolder()
    let data = try AtomicFile.read(Fixtures.path("versions/e8eeb39/run.json"))
    old = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  private func record(_ value: [String: Any]) throws -> RunRecord {
    try AtomicFile.write(
      try JSONSerialization.data(withJSONObject: value), to: folder.path + "/run.json")
    return try RunFolder(folder.path).record()
  }

  /// The file with `value` at a place; nil removes what is there.
  private func changed(
    _ path: [String], to value: Any?, in object: [String: Any]
  ) -> [String: Any] {
    var object = object
    if path.count == 1 {
      object[path[0]] = value
    } else {
      let inner = object[path[0]] as? [String: Any] ?? [:]
      object[path[0]] = changed(Array(path.dropFirst()), to: value, in: inner)
    }
    return object
  }

  private func record(with path: String, _ value: Any?) throws -> RunRecord {
    try record(changed(path.split(separator: ".").map(String.init), to: value, in: old))
  }

  /// A width of -1 was memory of a negative size.
  @Test(arguments: [
    ("batchSize", 0), ("embeddingWidth", -1), ("embeddingWidth", 1 << 40), ("steps", -3),
    ("checkpointEvery", 0), ("validationPairs", -1), ("warmupSteps", Int.max),
    ("captions.maximumTokens", 1), ("captions.maximumWords", -9), ("pairLimit", 0),
  ])
  func numbersThatNoRunHasAreRefused(_ key: String, _ number: Int) throws {
    let error = #expect(throws: JSONFailure.self) {
      try record(with: "identity.configuration." + key, number)
    }
    let said = "\(error as Any)"
    #expect(said.contains("configuration.\(key)") && said.contains("\(number)"), "\(said)")
  }

  @Test func trainingsKnowByWhatTheyWereComputed() throws {
    var record = try record(old)
    let first = record.arithmetic
    let other = Arithmetic(numerics: first.numerics + 1, kernels: "other")
    let changes = [(first, 5), (other, 6), (other, 7), (first, 9)].map { arithmetic, step in
      record.go(on: arithmetic, after: step)
    }
    let expected = [
      nil, ArithmeticChange(before: first, next: Continuation(step: 6, other)), nil,
      ArithmeticChange(before: other, next: Continuation(step: 9, first)),
    ]
    #expect(changes == expected)
    #expect(record.kernelsText == "\(first.kernels), then other, then \(first.kernels)")
    #expect(record.numericsText == "1, then 2, then 1")
    let read = try JSONDecoder().decode(RunRecord.self, from: try RunFolder.encode(record))
    #expect(read == record)
    // Nothing was trained yet: all of it is the other's.
    var begun = try self.record(old)
    let change = begun.go(on: other, after: 0)
    #expect(change == nil && begun.arithmetic == other && begun.continuations == nil)
  }

  @Test func whatNamesNoVersionIsOfTheFirst() throws {
    let record = try record(old)
    #expect(record.program == nil && record.numerics == 1)
  }

  /// Languages and folders are looked up as the whole record has them, by default too.
  @Test(
    arguments: [
      (nil, nil), ("identity.configuration.captions", nil), ("trainingFolder", "/pairs"),
      ("identity.configuration.captions.language", "de"),
    ] as [(String?, String?)])
  func theOriginIsTheRecords(_ path: String?, _ value: String?) throws {
    let whole = try path.map { try record(with: $0, value) } ?? record(old)
    let origin = try #require(RunFolder(folder.path).origin())
    #expect(origin.language == whole.identity.configuration.language)
    #expect(origin.trainingFolder == whole.trainingFolder)
  }

  @Test(arguments: [
    "version", "carried", "emptyCaptions", "identity.configuration.recomputesActivations",
    "identity.configuration.logEvery", "identity.configuration.schedule",
    "identity.configuration.captions", "identity.configuration.captions.hasEndToken",
    "identity.configuration.optimizer.adamW._0.beta2", "identity.configuration.pairSeed",
    "identity.configuration.recipe.summary",
  ])
  func aMissingKeyHasItsDefault(_ path: String) throws {
    var whole = try record(old)
    let part = try record(with: path, nil)
    if path.hasSuffix("summary") { whole.identity.configuration.recipe.summary = "" }
    #expect(part == whole)
  }

  @Test(
    arguments: [
      ("foo", 1, "this xling knows no key \"foo\""),
      ("identity.configuration.foo", 1, "this xling knows no key \"identity.configuration.foo\""),
      (
        "identity.configuration.logEvry", 1,
        "this xling knows no key \"identity.configuration.logEvry\"; there is \"logEvery\""
      ),
      (
        "identity.configuration.optimizer.adamW._0.gamma", 1,
        "this xling knows no key \"identity.configuration.optimizer.adamW._0.gamma\""
      ),
      (
        "identity.configuration.recipe.text.foo", 1,
        "key \"identity.configuration.recipe\": expected the keys start"
      ),
      (
        "identity.configuration.batchSize", "many",
        "key \"identity.configuration.batchSize\": expected a whole number, found another kind"
      ),
      ("identity.configuration.logEvery", NSNull(), "key \"identity.configuration.logEvery\""),
      ("isFinished", "yes", "key \"isFinished\": expected true or false, found another kind"),
      ("identity", nil, "the key \"identity\" is missing"),
      ("version", 99, "\"version\" is 99, this xling knows 1"),
    ] as [(String, (any Sendable)?, String)])
  func whatIsWrongIsNamed(_ path: String, _ value: (any Sendable)?, _ words: String) throws {
    let error = #expect(throws: JSONFailure.self) { try record(with: path, value) }
    let message = error?.description ?? ""
    #expect(error?.exitStatus == .badData)
    #expect(message.hasPrefix(folder.path + "/run.json: ") && message.contains(words), "\(message)")
  }
}
