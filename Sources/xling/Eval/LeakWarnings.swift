import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingRuns

/// What an evaluation says, on stderr, of test pictures that the run was trained on.
enum LeakWarnings {
  /// Looks for the evaluator's pictures in the run's training data, and has results given without those
  /// found. `test`: how `xling audit` is told of the test data. Throws what reading both throws.
  static func look(_ run: LoadedRun, _ evaluator: Evaluator, test: [String]) throws {
    guard let folder = run.record.trainingFolder else {
      return tell(
        "run \(run.name) does not record where its training data lay: test pictures were not looked "
          + "for in it. With the folder named, an audit does: xling audit --help")
    }
    guard FileManager.default.fileExists(atPath: folder) else {
      return tell(
        "the training data of run \(run.name), \(folder), is not there: test pictures were not "
          + "looked for in it")
    }
    let pictures = evaluator.dataset
    // Mostly they are one dataset, which is read once. The run's training followed the links there, and the
    // hash below says that it is the same data.
    let train = pictures.isIn(folder) ? pictures : try Dataset.load(folder, followingLinks: true)
    guard run.record.identity.isTrained(on: train) else {
      return tell(
        "\(folder) is not what run \(run.name) was trained on any more: test pictures were not looked "
          + "for in it")
    }
    try RunFolder(run.folder).renew(train.contentHash)
    let leaks = TrainingLeaks(train: train, test: pictures, evaluator.plan.split)
    evaluator.trainingPictures = leaks.all
    guard let example = (leaks.sameNumber + leaks.sameBytes).first else { return }
    tell(
      "warning: \(leaks.all.count) of \(leaks.testPictures) pictures are training pictures of run "
        + "\(run.name) (\(leaks.sameNumber.count) by COCO's or Flickr's number, "
        + "\(leaks.sameBytes.count) by their bytes), such as \(example). Figures without them stand "
        + "beside the others. Altered copies are found by: "
        + ShellWords.command(["xling", "audit", "--train", folder] + test))
  }

  private static func tell(_ text: String) {
    ProgressBar.toStandardError("xling: \(text)\n")
  }
}
