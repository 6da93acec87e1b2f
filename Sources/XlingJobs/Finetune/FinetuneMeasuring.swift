import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingRuns

/// What a classifier is measured by: test pictures of its own data and of others, of trained classes and of
/// those held out, with the run as it was aligned and with what was trained.
struct FinetuneMeasuring {
  private let work: FinetuneWork
  /// Models by what they measure; of a linear head nothing before training, of a text head with held-out
  /// classes their vectors below the trained ones'.
  private let models:
    [(part: ClassMeasurement.Part, phase: ClassMeasurement.Phase, PictureClassifier)]

  init(_ work: FinetuneWork, _ classifier: PictureClassifier) throws {
    self.work = work
    var models: [(ClassMeasurement.Part, ClassMeasurement.Phase, PictureClassifier)] = []
    // One class alone is always told rightly.
    let hasUnseen = work.data.heldOut.count > 1
    if let vectors = work.vectors {
      let before = work.plain(try LoadedRun(folder: work.options.run), heldOut: true)
      models += [(.seen, .before, before), (.seen, .after, classifier)]
      if hasUnseen {
        let head = ClassHead.text(
          vectors, temperature: classifier.head.temperature?.value.pointee ?? 1)
        head.weight.value.update(
          from: classifier.head.weight.value, count: classifier.head.weight.count)
        models += [
          (.unseen, .before, before), (.unseen, .after, PictureClassifier(classifier.model, head)),
        ]
      }
    } else {
      models.append((.seen, .after, classifier))
    }
    self.models = models
  }

  /// Measures on the classifier's own data and on the others that are asked for, and keeps what came out,
  /// beside what was measured before, in `folder`. Throws what reading data throws, `FileFailure`.
  func measure(in folder: FinetuneFolder) throws -> [ClassMeasurement] {
    var results = try FinetuneResults.load(folder)
    var measured: [ClassMeasurement] = []
    for name in [work.options.data] + work.options.evaluationData {
      work.observe(.measuring(name))
      for (part, phase, model) in models {
        measured.append(try measurement(name, part, phase, model))
      }
    }
    for one in measured { results.put(one) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try AtomicFile.write(try encoder.encode(results) + Data("\n".utf8), to: folder.results)
    return measured
  }

  private func measurement(
    _ name: String, _ part: ClassMeasurement.Part, _ phase: ClassMeasurement.Phase,
    _ model: PictureClassifier
  ) throws -> ClassMeasurement {
    let data = work.data
    let trained = data.all.classes.count
    let (classes, rows) =
      part == .seen
      ? (data.all.classes, 0..<trained) : (data.heldOut, trained..<trained + data.heldOut.count)
    let (pictures, others) = try FinetuneData.test(name, classes, work.options)
    return try ClassMeasurement(
      model, on: pictures, rows: Array(rows), part: part, phase: phase,
      leftOut: part == .seen ? others.filter { !data.heldOut.contains($0) } : [],
      input: work.input, damage: work.damage)
  }
}
