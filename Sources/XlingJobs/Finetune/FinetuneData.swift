import XlingCore
import XlingData
import XlingEvaluation

/// Which classes are never trained on.
public enum HeldOutClasses: Sendable, Equatable {
  case none
  /// So many, drawn by the draw's seed.
  case count(Int)
  /// By name, as the data have them.
  case named([String])
}

/// The pictures of a fine-tuning: what is trained on, of which classes, and what it is measured by.
struct FinetuneData {
  let folder: String
  /// All training pictures of the classes that are trained.
  let all: LabelledPictures
  /// Those that were drawn.
  let training: LabelledPictures
  let draw: ShotDraw
  let heldOut: [String]
  /// Classes with fewer training pictures than `least`, which are no classes here.
  let tooSmall: [String]

  /// The classes' own order: trained, then held out.
  var classes: [String] { all.classes + heldOut }

  /// `read`: the training pictures, where they were read before. Throws `ClassificationFailure`, and what reading
  /// the data throws.
  init(_ options: FinetuneJob.Options, read: LabelledPictures? = nil) throws {
    folder = try EmbeddedDataset.resolve(options.data)
    let train = try read ?? Self.train(options)
    let counted = zip(train.classes, train.counts)
    tooSmall = counted.filter { $1 < max(1, options.least) }.map(\.0)
    let large = counted.filter { $1 >= max(1, options.least) }.map(\.0)
    guard large.count > 1 else {
      throw ClassificationFailure.fewClasses(
        path: options.data, classes: large,
        why: tooSmall.isEmpty ? "" : ", having left out those with under \(options.least) pictures")
    }
    let heldOut = try Self.heldOut(options, of: large)
    self.heldOut = heldOut
    let kept = large.filter { !heldOut.contains($0) }
    guard kept.count > 1 else {
      throw ClassificationFailure.fewClasses(
        path: options.data, classes: kept, why: ", having held out \(heldOut.count) classes")
    }
    all = train.limited(to: kept)
    let places = try ShotDraw.places(of: all, shots: options.shots, seed: options.shotsSeed)
    draw = try ShotDraw(all, places: places, shots: options.shots, seed: options.shotsSeed)
    training = all.selected(places.flatMap { $0 }.sorted())
  }

  static func train(_ options: FinetuneJob.Options) throws -> LabelledPictures {
    try LabelledPictures.load(
      try EmbeddedDataset.resolve(options.data), split: .train, labels: options.labels,
      followingLinks: options.followsLinks)
  }

  private static func heldOut(
    _ options: FinetuneJob.Options, of classes: [String]
  ) throws(ClassificationFailure) -> [String] {
    switch options.heldOut {
    case .none: return []
    case .count(let count):
      guard count < classes.count - 1 else {
        let left = Array(classes.prefix(max(0, classes.count - count)))
        throw .fewClasses(
          path: options.data, classes: left,
          why: ", having held out \(count) of \(classes.count) classes")
      }
      return RandomStream(seed: options.shotsSeed, "held-out classes").shuffled(classes)
        .prefix(count).sorted()
    case .named(let names):
      let unknown = names.filter { !classes.contains($0) }
      guard unknown.isEmpty else {
        throw .unknownHeldOut(classes: unknown, path: options.data, known: classes)
      }
      return Array(Set(names)).sorted()
    }
  }

  /// Test pictures that a classifier is measured by.
  struct Test {
    let part: ClassMeasurement.Part
    let pictures: LabelledPictures
    /// Classes of the data that are none of the classifier's.
    let others: [String]
  }

  /// Of each data that is asked for: those of trained classes and, where there are two held-out classes to tell
  /// apart, of these. Throws as ``test(_:_:_:split:)``.
  func tests(_ options: FinetuneJob.Options) throws -> [Test] {
    try ([options.data] + options.evaluationData).flatMap { name in
      let (seen, others) = try Self.test(name, all.classes, options)
      let left = others.filter { !heldOut.contains($0) }
      let own = [Test(part: .seen, pictures: seen, others: left)]
      guard heldOut.count > 1 else { return own }
      let unseen = try Self.test(name, heldOut, options).pictures
      return own + [Test(part: .unseen, pictures: unseen, others: [])]
    }
  }

  /// The test pictures of `data`, of those `classes` that it has, and its other classes. Throws
  /// ``ClassificationFailure/fewClasses(path:classes:why:)`` where it has none of them.
  static func test(
    _ data: String, _ classes: [String], _ options: FinetuneJob.Options, split: Split = .test
  ) throws -> (pictures: LabelledPictures, others: [String]) {
    let pictures = try LabelledPictures.load(
      try EmbeddedDataset.resolve(data), split: split, labels: options.labels,
      followingLinks: options.followsLinks)
    let limited = pictures.limited(to: classes)
    guard !limited.pictures.isEmpty else {
      throw ClassificationFailure.fewClasses(
        path: data, classes: [],
        why: ": it has none of the \(classes.count) classes that are trained")
    }
    return (limited, pictures.classes.filter { !classes.contains($0) })
  }
}
