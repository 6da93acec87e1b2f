import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRetrieval
import XlingRuns
import XlingTensor

/// Fine-tunes a classifier on an aligned model's image side, and measures it: on test pictures of its own
/// data, on shifted data, on classes that it was not trained on (Kim 2022).
public struct FinetuneJob {
  public struct Options: Sendable {
    /// The aligned run's folder.
    public var run: String
    public var data: String
    /// Other data whose test pictures it is measured by.
    public var evaluationData: [String] = []
    public var labels = ConceptLabel.subgroup
    public var followsLinks = false
    public var method: MethodCard
    /// What is thawed besides.
    public var with: [MethodCard] = []
    public var head = ClassHead.Kind.text
    /// The card's, with whatever goes before it.
    public var settings: TrainingSettings
    /// A fine-tuned classifier of the same run.
    public var startFrom: String?
    public var shots: Int?
    public var shotsSeed: UInt64 = 0
    /// Classes with fewer training pictures are left out.
    public var least = 1
    public var heldOut = HeldOutClasses.none
    /// A file of class names; nil: those of the data.
    public var classes: String?
    public var prompts = "plain"
    /// Of the class names; nil: the one aligned on.
    public var language: String?
    /// Rates among which val chooses; none: the settings' is taken.
    public var rates: [Double] = []
    public var output: String?
    /// A classifier that this one is held against.
    public var against: String?
    public var resamples = 1_000
    public var seed: UInt64 = 0
    /// The store beside which a frozen tower's vectors are kept; nil keeps none.
    public var featuresBeside: String?
    public var resumeCommand: String?

    public init(
      run: String, data: String, method: MethodCard, settings: TrainingSettings
    ) {
      (self.run, self.data, self.method, self.settings) = (run, data, method, settings)
    }
  }

  public enum Event {
    /// What is trained on what: pictures, classes, steps.
    case planned(method: String, pictures: Int, classes: Int, heldOut: Int, steps: Int)
    /// Classes with too few training pictures.
    case tooSmall([String])
    case starting(from: String, tensors: Int)
    case tried(RateTry)
    case step(TrainingProgress)
    case trained
    case measuring(String)
    case warning(Warning)
  }

  let options: Options
  let method: FinetuneMethod

  /// Throws `AlignmentFailure`, ``FinetuneFailure`` for a run that is a classifier, `RunFailure`.
  public init(_ options: Options) throws {
    self.options = options
    method = try FinetuneMethod(options.method, with: options.with, head: options.head)
    guard !FinetuneFolder(options.run).exists else {
      throw FinetuneFailure.isFinetuned(path: options.run)
    }
    for key in options.settings.said.map(\.key)
    where !FinetuneConfiguration.options.contains(key) {
      throw AlignmentFailure.configuration(
        reason: "a classifier has no training option \(key). It has "
          + MessageList.of(FinetuneConfiguration.options.sorted()) + ".")
    }
    if case .none = options.heldOut {
    } else if options.head == .linear {
      throw AlignmentFailure.configuration(
        reason:
          "classes are held out for a text head, which knows them by their sentences: a linear "
          + "head has no row for a class that it was not trained on. Give --head text")
    }
  }

  /// Throws `ClassificationFailure`, `DataFailure`, `RunFailure`, ``FinetuneFailure``, `AdapterFailure`,
  /// `AlignmentFailure`, `InterruptionFailure` (a checkpoint is written), and what files throw.
  public func run(_ observe: @escaping (Event) -> Void) throws -> FinetuneResult {
    let run = try LoadedRun(folder: options.run)
    let runHash = try FinetunedModel.hash(ofRun: options.run)
    let data = try FinetuneData(options)
    if !data.tooSmall.isEmpty { observe(.tooSmall(data.tooSmall)) }
    // Before anything is trained: data that are not there are told at once.
    let tests = try data.tests(options)
    let start = try options.startFrom.map {
      try FinetuneStart($0, run: options.run, runHash: runHash)
    }
    let work = try FinetuneWork(
      options: options, method: method, data: data, run: run, runHash: runHash, start: start,
      observe: observe)
    let name = options.output ?? defaultFolder(run, data)
    let folder = FinetuneFolder(name)
    let lock = try FileLock(folder: folder.path)
    defer { lock.release() }
    RunFolder(folder.path).removePartials()
    let (record, classifier) = try work.train(in: folder)
    observe(.trained)
    let measured = try FinetuneMeasuring(work, classifier).measure(tests, in: folder)
    if let damaged = work.damage.warning { observe(.warning(damaged)) }
    let runName = LoadedRun.name(of: folder.path)
    let rows = try measured.flatMap {
      try FinetuneRow.rows(
        $0, runName, record.method, resamples: options.resamples, seed: options.seed)
    }
    let bare = rows.filter { $0.low == nil }.map { "\($0.data) (\($0.part))" }
    if let bare = Warning.withoutIntervals(bare) { observe(.warning(bare)) }
    return FinetuneResult(
      run: runName, folder: folder.path, record: record, tooSmall: data.tooSmall,
      weightsHash: Digest.of(try AtomicFile.read(folder.weights)), rows: rows,
      comparison: try comparison(measured, runName))
  }

  /// `runs/RUN-METHOD-DATA-k5-seed1`, beside the run.
  private func defaultFolder(_ run: LoadedRun, _ data: FinetuneData) -> String {
    let parent = URL(fileURLWithPath: run.folder).standardizedFileURL.deletingLastPathComponent()
    let shots = options.shots.map { "-k\($0)" } ?? ""
    let from = options.startFrom == nil ? "" : "-started"
    let seed = options.settings.seed ?? TrainingSettings.usualSeed
    let head = options.head == .linear ? "-linear" : ""
    let name = "\(run.name)-\(method.name)\(head)\(from)-\(data.all.name)\(shots)-seed\(seed)"
    let here = FileManager.default.currentDirectoryPath + "/"
    let path = parent.appendingPathComponent(name).path
    return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
  }

  private func comparison(
    _ measured: [ClassMeasurement], _ name: String
  ) throws -> [FinetuneComparisonRow] {
    guard let against = options.against else { return [] }
    let folder = FinetuneFolder(against)
    _ = try folder.record()
    let theirs = try FinetuneResults.load(folder)
    let pairs = measured.filter { $0.phase == .after }.compactMap { mine in
      theirs.measured.first { $0.phase == .after && $0.protocolHash == mine.protocolHash }
        .map { (mine, $0) }
    }
    guard !pairs.isEmpty else {
      throw RunFailure.configuration(
        reason: "\(against) was measured on no pictures and classes that this one was measured on. "
          + "Measure it on the same: give its command again with --eval-data")
    }
    var rows = try pairs.map { mine, other in
      FinetuneComparisonRow(
        name, LoadedRun.name(of: against), mine,
        try ClassComparison(mine, other, resamples: options.resamples, seed: options.seed))
    }
    var adjusted = Holm.adjusted(rows.compactMap(\.p))[...]
    for index in rows.indices where rows[index].p != nil {
      rows[index].pHolm = adjusted.popFirst()
    }
    return rows
  }
}
