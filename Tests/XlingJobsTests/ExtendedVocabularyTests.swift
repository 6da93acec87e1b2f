import Foundation
import Testing
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRuns
import XlingTokenizers
import XlingTowers

@testable import XlingJobs

@Suite("aligning with an extended vocabulary")
struct ExtendedVocabularyTests {
  let runs: TinyRuns
  private let file: String

  init() throws {
    runs = try TinyRuns()
    try runs.gallery.write([
      #"{"image": "0.png", "split": "train", "captions": {"en": ["dog inek"]}}"#,
      #"{"image": "1.png", "split": "train", "captions": {"en": ["cat"]}}"#,
      #"{"image": "2.png", "split": "train", "captions": {"en": ["cow inek"]}}"#,
      #"{"image": "3.png", "split": "test", "captions": {"en": ["dog cat"], "tr": ["kedi"]}}"#,
      #"{"image": "4.png", "split": "test", "captions": {"en": ["cat dog"], "tr": ["inek"]}}"#,
    ])
    file = runs.gallery.folder.path + "/new.json"
    let base = runs.gallery.tokenizer
    // The second occurs in no caption.
    try VocabularyExtensionFile(
      VocabularyExtension(
        tokenizer: base.contentHash, firstId: base.vocabularySize,
        pieces: [.init(piece: "inek", parts: [1]), .init(piece: "dogcat", parts: [5, 6])]),
      texts: [], saved: [3, 1]
    ).write(to: file)
  }

  private func options(_ name: String, _ method: String = "projection") throws -> AlignJob.Options {
    var settings = TrainingSettings()
    (settings.steps, settings.batchSize, settings.embeddingWidth) = (6, 2, 8)
    settings.checkpointEvery = 2
    settings.weightDecay = 0
    var options = AlignJob.Options(try .named(method), settings, data: runs.gallery.data)
    options.textTower = runs.gallery.folder.path + "/text"
    options.imageTower = runs.gallery.folder.path + "/image"
    options.output = runs.gallery.folder.path + "/runs/" + name
    options.extendsVocabulary = file
    return options
  }

  private struct Killed: Error {}

  private func align(_ options: AlignJob.Options) throws -> AlignResult {
    try AlignJob(options).run(
      storing: { _ in try ExperimentStore(path: runs.store) }, observe: { _ in })
  }

  @Test func onlyNewRowsMoveBesideWhatTheMethodNames() throws {
    let result = try align(try options("one"))
    let run = try LoadedRun(folder: result.run)
    let base = try TextTower.load(runs.gallery.folder.path + "/text")
    // The tower is locked under this method: every old number has its bits.
    for parameter in base.parameters.all {
      let own = try #require(run.model.text.parameters[parameter.name])
      #expect(Array(own.values) == Array(parameter.values), "\(parameter.name)")
    }
    let rows = try #require(run.model.text.addedWords).rows
    let (table, width) = (base.wordEmbeddings.value, 16)
    let unknown = (0..<width).map { table[width + $0] }
    #expect(Array(rows.values.prefix(width)) != unknown, "its row has gradients")
    // No caption has the second: it stays the mean.
    for column in 0..<width {
      let mean = (Double(table[5 * width + column]) + Double(table[6 * width + column])) / 2
      #expect(rows.value[width + column] == Float(mean))
    }
    #expect(run.tokenizer.encode("inek dogcat dog").ids == [10, 11, 5])
    #expect(run.record.identity.tokenizerHash == run.tokenizer.contentHash)
    // Of the two heads, the temperature, and the rows.
    let plain = try options("plain")
    var without = plain
    without.extendsVocabulary = nil
    #expect(try align(without).trainedParameters == result.trainedParameters - 2 * width)
    let named = try CoverageJob.NamedTokenizer(ofRun: result.run)
    #expect(named.tokenizer.contentHash == run.tokenizer.contentHash)
  }

  @Test func resumesToTheSameBits() throws {
    let whole = try align(try options("whole", "lwa"))
    var cut = try options("cut", "lwa")
    #expect(throws: Killed.self) {
      try RunTraining.kill(cut, runs, at: 3)
    }
    cut.resumes = true
    let resumed = try align(cut)
    #expect(resumed.checkpoint == whole.checkpoint)
    // Without the pieces it is another run.
    cut.extendsVocabulary = nil
    #expect(words { _ = try align(cut) }?.contains("tokenizer") == true)
  }

  @Test func isEvaluatedAndExportedWithItsOwnTokenizer() throws {
    let result = try align(try options("one", "full"))
    let store = try ExperimentStore(path: runs.store)
    let found = try EvaluateJob(runs.evaluation(result.run)).run(in: store)
    #expect(Set(found.languages.map(\.language)) == ["en", "tr"])
    let root = runs.gallery.folder.path
    try RunExport(run: result.run).write(.folder, to: root + "/exported")
    let exported = try LoadedRun(folder: root + "/exported")
    let run = try LoadedRun(folder: result.run)
    #expect(try exported.modelHash() == run.modelHash())
    #expect(exported.tokenizer.contentHash == run.tokenizer.contentHash)
    // As one table, in other programs' layout.
    try RunExport(run: result.run).write(.sentenceTransformers, to: root + "/st")
    let tokenizer = try TokenizerSource.load(root + "/st")
    #expect(tokenizer.contentHash == run.tokenizer.contentHash)
    let tower = try TextTower.load(root + "/st")
    #expect(tower.configuration.vocabularySize == 12)
    let added = try #require(run.model.text.addedWords).rows
    #expect(Array(tower.wordEmbeddings.values.suffix(added.count)) == Array(added.values))
    #expect(
      words { try RunExport(run: result.run).write(.lilt, to: root + "/lilt") }?
        .contains("vocabulary is extended") == true)
    // Half-way between the mean and what was trained.
    let half = try RunInterpolation(run: result.run).write(
      text: 0.5, image: 0.5, to: root + "/half")
    #expect(half.identity.configuration.vocabulary?.pieces.count == 2)
    _ = try LoadedRun(folder: root + "/half")
  }

  @Test func filesThatDoNotFitAreRefusedBeforeAnything() throws {
    func refused(_ change: (inout VocabularyExtension) -> Void) throws -> String? {
      var read = try VocabularyExtensionFile.read(file)
      change(&read.extension)
      var bad = try options("bad")
      bad.extendsVocabulary = runs.gallery.folder.path + "/bad.json"
      try read.write(to: bad.extendsVocabulary ?? "")
      return words { _ = try align(bad) }
    }
    #expect(try refused { $0.tokenizer = "0" }?.contains("pieces for the tokenizer") == true)
    #expect(try refused { $0.pieces[0].piece = "dog" }?.contains("which it has") == true)
    #expect(try refused { $0.pieces = [] }?.contains("found none") == true)
    #expect(!FileManager.default.fileExists(atPath: runs.gallery.folder.path + "/runs/bad"))
  }
}

extension RunTraining {
  fileprivate static func kill(_ options: AlignJob.Options, _ runs: TinyRuns, at step: Int) throws {
    let job = try AlignJob(options)
    let dataset = try Dataset.load(runs.gallery.data)
    let identity = try job.identity(on: dataset)
    let towers = try TowerPair(
      text: options.textTower, image: options.imageTower, extension: options.extendsVocabulary)
    let training = try RunTraining(
      try DualEncoder(
        text: identity.text, image: identity.image, configuration: identity.configuration),
      identity: identity,
      training: try DatasetPairs(
        dataset, split: .train, tokenizer: towers.tokenizer, configuration: identity.configuration,
        damage: PictureDamage()),
      validation: nil, run: RunFolder(options.output ?? ""))
    try training.train { if $0.step == step { throw ExtendedVocabularyTests.stop } }
  }
}

extension ExtendedVocabularyTests {
  fileprivate static var stop: any Error { Killed() }
}
