import Foundation
import XlingAlignment
import XlingData
import XlingEvaluation
import XlingRuns

/// Test pictures that a run was trained on.
enum TrainingPictures {
  /// Looks for the evaluator's pictures in the run's training data, and has results given without
  /// those found; nil where none was. `source`: what the test data were called. Throws what reading
  /// the training data throws.
  static func look(
    _ run: LoadedRun, _ evaluator: Evaluator, source: DataSource
  ) throws -> Warning? {
    guard let folder = run.record.trainingFolder else {
      return .trainingNotSearched(run: run.name, .notRecorded)
    }
    guard FileManager.default.fileExists(atPath: folder) else {
      return .trainingNotSearched(run: run.name, .gone(folder: folder))
    }
    let pictures = evaluator.dataset
    // Mostly they are one dataset, which is read once. The run's training followed the links there,
    // and the hash below says that it is the same data.
    let train = pictures.isIn(folder) ? pictures : try Dataset.load(folder, followingLinks: true)
    guard run.record.identity.isTrained(on: train) else {
      return .trainingNotSearched(run: run.name, .changed(folder: folder))
    }
    try RunFolder(run.folder).renew(train.contentHash)
    let leaks = TrainingLeaks(train: train, test: pictures, evaluator.plan.split)
    evaluator.trainingPictures = leaks.all
    guard !leaks.all.isEmpty else { return nil }
    return .trainingPictures(
      run: run.name, folder: folder, leaks, test: source, evaluator.plan.split)
  }
}
