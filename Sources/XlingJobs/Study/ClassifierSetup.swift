import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingStudies

/// The labelled pictures of a study of classifiers, read once for all its cells.
struct ClassifierSetup: Sendable {
  private let design: ClassifierDesign
  /// As jobs are told it.
  private let data: String
  let training: LabelledPictures
  /// Classes that are trained on.
  private let trained: [String]
  let heldOut: [String]
  let tests: [ClassTest]
  /// Of each test.
  let pictures: [FinetuneData.Test]
  /// By which rates are chosen; nil where none are.
  let val: LabelledPictures?
  /// SHA-256 of the file of class names; nil: those of the data.
  private let namesHash: String?

  /// `prepared`: the name by which jobs take data, which are built where they are not there. Throws
  /// `ClassificationFailure`, and what reading the data throws.
  init(
    _ study: StudyDesign, _ design: ClassifierDesign, _ prepared: (String) throws -> String
  ) throws {
    self.design = design
    data = try prepared(study.data)
    var options = Self.options(design, data: data)
    options.heldOut = design.heldOut > 0 ? .count(design.heldOut) : .none
    namesHash = try design.classes.map { Digest.of(try AtomicFile.read($0)) }
    training = try FinetuneData.train(options)
    let drawn = try FinetuneData(options, read: training)
    (trained, heldOut) = (drawn.all.classes, drawn.heldOut)
    tests = design.allTests
    pictures = try tests.map { [trained, heldOut] test in
      let (found, others) = try FinetuneData.test(
        try prepared(test.data), test.isHeldOut ? heldOut : trained, options)
      return FinetuneData.Test(
        part: test.isHeldOut ? .unseen : .seen, pictures: found,
        others: test.isHeldOut ? [] : others.filter { !heldOut.contains($0) })
    }
    val =
      study.rates == nil
      ? nil : try FinetuneData.test(data, trained, options, split: .val).pictures
  }

  /// By content, for the names of cells. The names of classes decide a text head.
  var content: StudyInputs.Classes {
    StudyInputs.Classes(
      data: training.contentHash + (namesHash.map { " \($0)" } ?? ""), heldOut: heldOut,
      tests: zip(tests, pictures).map { "\($0.name) \($1.pictures.contentHash)" })
  }

  /// A classifier of a run, of this study's data and classes.
  func options(
    run: String, _ card: MethodCard, _ settings: TrainingSettings
  ) -> FinetuneJob.Options {
    var options = Self.options(design, run: run, data: data, card, settings)
    options.heldOut = heldOut.isEmpty ? .none : .named(heldOut)
    return options
  }

  private static func options(
    _ design: ClassifierDesign, run: String = "", data: String,
    _ card: MethodCard = MethodCard(
      recipe: Recipe(name: "", summary: "", text: .locked, image: .locked)),
    _ settings: TrainingSettings = TrainingSettings()
  ) -> FinetuneJob.Options {
    var options = FinetuneJob.Options(run: run, data: data, method: card, settings: settings)
    (options.labels, options.head, options.least) = (design.labels, design.head, design.least)
    options.classes = design.classes
    return options
  }

  /// The alignment that forms about the products of a classifier's training: its image side, and no more.
  func shape(of classifier: CellClassifier, like aligned: CellTraining) throws -> CellTraining {
    guard let card = classifier.method else { return aligned }
    var shape = aligned
    shape.recipe = try FinetuneMethod(card, with: classifier.with, head: design.head).recipe
    shape.settings = classifier.settings
    shape.settings.batchSize = min(
      classifier.settings.batchSize ?? 64, size(shots: classifier.shots).pictures)
    return shape
  }

  /// About how many pictures a cell is trained on, and of how many classes.
  func size(shots: Int?) -> (pictures: Int, classes: Int) {
    let own = zip(training.classes, training.counts).filter { trained.contains($0.0) }
    return (own.reduce(0) { $0 + min($1.1, shots ?? $1.1) }, trained.count)
  }
}
