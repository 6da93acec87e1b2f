import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRuns
import XlingTestSupport
import XlingTinyModel
import XlingTokenizers

@testable import XlingJobs

/// Runs of two steps on the gallery's test pictures, which is enough here, and a store for them.
struct TinyRuns {
  let gallery: Gallery

  init() throws { gallery = try Gallery() }

  var store: String { gallery.folder.path + "/runs/xling.sqlite" }
  var data: DataSource { DataSource(gallery.data) }

  /// The folder of a run of this name.
  @discardableResult
  func align(_ name: String, seed: UInt64 = 1, steps: Int = 2) throws -> String {
    var configuration = AlignmentConfiguration(
      recipe: try .named("projection"), seed: seed, steps: steps)
    configuration.batchSize = 2
    configuration.embeddingWidth = 8
    let text = try TowerSource(folder: gallery.folder.path + "/text")
    let image = try TowerSource(folder: gallery.folder.path + "/image")
    let dataset = try Dataset.load(gallery.data)
    let run = RunFolder(gallery.folder.path + "/runs/" + name)
    let training = try RunTraining(
      try DualEncoder(text: text, image: image, configuration: configuration),
      identity: RunIdentity(
        text: text, image: image, tokenizerHash: gallery.tokenizer.contentHash,
        dataHash: dataset.contentHash, configuration: configuration),
      training: try DatasetPairs(
        dataset, split: .test, captions: CaptionReading(), tokenizer: gallery.tokenizer),
      validation: nil, run: run)
    try training.train()
    return run.path
  }

  func subject(_ run: String, _ languages: [String] = ["en", "tr"]) -> EvaluationSubject {
    EvaluationSubject(run: run, data: data, languages: languages)
  }

  func evaluation(_ run: String, _ languages: [String] = ["en", "tr"]) -> EvaluateJob.Options {
    var options = EvaluateJob.Options(subject(run, languages))
    options.resamples = 200
    return options
  }
}

/// The words of the failure that `work` ends with; nil where it ends well.
func words(of work: () throws -> Void) -> String? {
  do {
    try work()
    return nil
  } catch {
    return "\(error)"
  }
}

/// As the result leaves the process and comes back.
func coded<Value: Codable>(_ value: Value) throws -> Value {
  try JSONDecoder().decode(Value.self, from: try JSONEncoder().encode(value))
}
