import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingRuns

/// A classifier on its test pictures: the run as it was aligned, and what was trained.
struct FinetuneMeasuring {
  private let work: FinetuneWork
  /// What was trained; nil measures zero-shot alone.
  private let classifier: PictureClassifier?
  /// Zero-shot; nil where it is not asked for, and of a linear head, which knows nothing before it is trained.
  private let before: PictureClassifier?
  /// The trained image side with the vectors of held-out classes below the trained ones'; nil of a linear head.
  private let unseen: PictureClassifier?

  init(_ work: FinetuneWork, _ classifier: PictureClassifier?, zeroShot: Bool = true) throws {
    (self.work, self.classifier) = (work, classifier)
    before =
      work.vectors != nil && zeroShot
      ? work.plain(try LoadedRun(folder: work.options.run), heldOut: true) : nil
    guard let vectors = work.vectors, let classifier else {
      unseen = nil
      return
    }
    let head = ClassHead.text(
      vectors, temperature: classifier.head.temperature?.value.pointee ?? 1)
    head.weight.value.update(
      from: classifier.head.weight.value, count: classifier.head.weight.count)
    unseen = PictureClassifier(classifier.model, head)
  }

  /// Measures on `tests` and keeps what came out, beside what was measured before, in `folder`. Throws what
  /// reading pictures throws, `FileFailure`.
  func measure(_ tests: [FinetuneData.Test], in folder: FinetuneFolder) throws -> [ClassMeasurement]
  {
    var results = try FinetuneResults.load(folder)
    var measured: [ClassMeasurement] = []
    for test in tests {
      work.observe(.measuring(test.pictures.name))
      measured += try measurements(test)
    }
    for one in measured { results.put(one) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try AtomicFile.write(try encoder.encode(results) + Data("\n".utf8), to: folder.results)
    return measured
  }

  /// Zero-shot, then what was trained, as far as they are asked for. Throws what reading pictures throws.
  func measurements(_ test: FinetuneData.Test) throws -> [ClassMeasurement] {
    var measured: [ClassMeasurement] = []
    if let before { measured.append(try measurement(test, .before, before)) }
    let after = test.part == .seen ? classifier : unseen
    if let after { measured.append(try measurement(test, .after, after)) }
    return measured
  }

  private func measurement(
    _ test: FinetuneData.Test, _ phase: ClassMeasurement.Phase, _ model: PictureClassifier
  ) throws -> ClassMeasurement {
    let trained = work.data.all.classes.count
    let rows = test.part == .seen ? 0..<trained : trained..<work.data.classes.count
    return try ClassMeasurement(
      model, on: test.pictures, rows: Array(rows), part: test.part, phase: phase,
      leftOut: test.others, input: work.input, damage: work.damage)
  }
}
