import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation

/// What an evaluation says, on stderr, of test pictures that the run was trained on.
enum LeakWarnings {
  /// Looks for the evaluator's pictures in the run's training data, and has results given without
  /// those found. Throws what reading both throws.
  static func look(_ run: EvaluatedRun, _ evaluator: Evaluator) throws {
    guard let folder = run.record.trainingFolder else {
      return tell(
        "run \(run.name) does not record where its training data lay: test pictures were not looked "
          + "for in it (`xling audit` does)")
    }
    guard FileManager.default.fileExists(atPath: folder) else {
      return tell(
        "the training data of run \(run.name), \(folder), is not there: test pictures were not "
          + "looked for in it")
    }
    let test = evaluator.dataset
    // Mostly they are one dataset, which is read once.
    let train = test.isIn(folder) ? test : try Dataset.load(folder)
    guard run.record.identity.isTrained(on: train) else {
      return tell(
        "\(folder) is not what run \(run.name) was trained on any more: test pictures were not looked "
          + "for in it")
    }
    try RunFolder(run.folder).renew(train.contentHash)
    let leaks = TrainingLeaks(train: train, test: test, evaluator.plan.split)
    evaluator.trainingPictures = leaks.all
    guard let example = (leaks.sameNumber + leaks.sameBytes).first else { return }
    tell(
      "warning: \(leaks.all.count) of \(leaks.testPictures) pictures are training pictures of run "
        + "\(run.name) (\(leaks.sameNumber.count) by COCO's or Flickr's number, "
        + "\(leaks.sameBytes.count) by their bytes), such as \(example). Figures without them stand "
        + "beside the others; `xling audit` looks for altered copies too")
  }

  private static func tell(_ text: String) {
    ProgressBar.toStandardError("xling: \(text)\n")
  }
}
