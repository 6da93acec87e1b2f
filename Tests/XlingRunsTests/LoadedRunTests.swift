import Foundation
import Testing
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRuns
import XlingTensor
import XlingTinyModel
import XlingTokenizers

@Suite struct LoadedRunTests {
  let gallery: Gallery

  init() throws { gallery = try Gallery() }

  /// Two steps on the test pictures, which is enough here.
  private func align(_ name: String, _ precision: Precision? = nil) throws -> String {
    var configuration = AlignmentConfiguration(recipe: try .named("projection"), seed: 1, steps: 2)
    configuration.batchSize = 2
    configuration.embeddingWidth = 8
    configuration.precision = precision
    let text = try TowerSource(folder: gallery.folder.path + "/text")
    let image = try TowerSource(folder: gallery.folder.path + "/image")
    let dataset = try Dataset.load(gallery.data)
    let run = RunFolder(gallery.folder.path + "/runs/" + name)
    let trainer = try RunTraining(
      try DualEncoder(text: text, image: image, configuration: configuration),
      identity: RunIdentity(
        text: text, image: image, tokenizerHash: gallery.tokenizer.contentHash,
        dataHash: dataset.contentHash, configuration: configuration),
      training: try DatasetPairs(
        dataset, split: .test, captions: CaptionReading(), tokenizer: gallery.tokenizer),
      validation: nil, run: run)
    try trainer.train()
    return run.path
  }

  @Test func loadsModelTokenizerAndName() throws {
    let folder = try align("one")
    let run = try LoadedRun(folder: folder + "/")
    #expect(run.name == "one")
    #expect(run.record.isFinished)
    #expect(run.tokenizer.contentHash == gallery.tokenizer.contentHash)
    #expect(run.model.embeddingWidth == 8)
  }

  /// Numbers of two precisions have other keys, in the store and beside it.
  @Test func aRunHasItsPrecisionUnlessToldOtherwise() throws {
    let (plain, half) = (try align("one"), try align("two", .bf16))
    #expect(try LoadedRun(folder: plain).model.precision == .fp32)
    let run = try LoadedRun(folder: half)
    #expect(run.model.precision == .bf16)
    // It reaches the towers, and what the heads learn of them.
    #expect(run.model.parameters(of: .text).allSatisfy { $0.parameter.precision == .bf16 })
    #expect(run.model.parameters(of: .image).allSatisfy { $0.parameter.precision == .bf16 })
    let weights = try [plain, half].map { try AtomicFile.read($0 + "/model.safetensors") }
    #expect(weights[0].suffix(256) != weights[1].suffix(256))
    #expect(run.record.blasCore == Precision.bf16.kernels)
    let stored = try LoadedRun.stored(run.record, folder: half, status: .finished).key
    #expect(stored.precision == "bf16" && stored.blasCore == Precision.bf16.kernels)
    let other = try LoadedRun(folder: half, precision: .fp32)
    #expect(other.model.precision == .fp32)
    #expect(try other.modelHash() != run.modelHash())
    #expect(
      try run.record.identity.configuration.differences(
        from: LoadedRun(folder: plain).record.identity.configuration) == ["precision"])
    // As before there was a choice: nothing of it stands in an fp32 run's record.
    let text = String(decoding: try AtomicFile.read(plain + "/run.json"), as: UTF8.self)
    #expect(!text.contains("precision"))
  }

  @Test func theStoredKeyIsThatOfTheRun() throws {
    let record = try LoadedRun(folder: try align("one")).record
    let stored = try LoadedRun.stored(record, folder: "/a/one", status: .finished)
    #expect(stored.name == "one" && stored.key.method == "projection")
    #expect(stored.trainableCount == record.trainedParameters)
    #expect(try LoadedRun.stored(record, folder: "/b/two", status: .running).key == stored.key)
    var other = record
    other.identity.configuration.peakRate *= 2
    #expect(try LoadedRun.stored(other, folder: "/a/one", status: .finished).key != stored.key)
  }

  @Test func aChangedTokenizerIsRefused() throws {
    let folder = try align("one")
    let path = gallery.folder.path + "/text/vocab.txt"
    let pieces = String(decoding: try AtomicFile.read(path), as: UTF8.self)
    try AtomicFile.write(pieces + "more\n", to: path)
    let expected = RunFailure.towerChanged(
      path: gallery.folder.path + "/text", expected: gallery.tokenizer.contentHash,
      found: try BertTokenizer(folder: gallery.folder.path + "/text").contentHash)
    #expect(throws: expected) { try LoadedRun(folder: folder) }
  }
}
