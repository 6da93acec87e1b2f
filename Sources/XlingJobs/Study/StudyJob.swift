import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRuns
import XlingStudies

/// Does a study's cells, those that nobody has done: several processes share one store without a server, and a
/// killed one loses at most the steps since the last checkpoint.
public struct StudyJob {
  public struct Options {
    public var place: StudyPlace
    /// The cells to be done, of the plan; the others stay.
    public var cells: [StudyCell]
    /// Cells that were given up are begun anew, with all their attempts; otherwise they stay given up.
    public var retriesGivenUp = false
    /// The first cell that fails ends everything.
    public var failsFast = false
    public var allowsNetwork = false
    /// The store is that of a shard, and holds its cells alone.
    public var isPart = false
    /// How the runs were begun, for whoever goes on with them.
    public var command: RunCommand?

    public init(_ place: StudyPlace, cells: [StudyCell]) {
      (self.place, self.cells) = (place, cells)
    }
  }

  public enum CellEvent {
    case align(AlignJob.Event)
    case evaluate(LanguageEvent)
    case finetune(FinetuneJob.Event)
  }

  public enum Event {
    /// What the plan changed in a store that had another.
    case changed(StudyStore.Change)
    /// Cells that had been given up begin anew.
    case renewed(Int)
    case began(StudyCell, label: String, done: Int, of: Int)
    case cell(CellEvent)
    case ended(StudyCell, label: String, CellState, done: Int, of: Int, words: String?)
    /// Nothing is left to begin: others are at work on the rest.
    case waiting(cells: Int)
  }

  public struct Result: Codable, Sendable, Equatable {
    public private(set) var schema = "xling.study-run/1"
    public let study: String
    public let store: String
    /// Of the cells asked for, without tries of learning rates.
    public let cells: Int
    public let done: Int
    public let diverged: Int
    public let givenUp: Int
    public let tries: Int
    /// What this process did itself.
    public var finishedHere: Int
  }

  let setup: StudySetup
  let options: Options

  public init(_ setup: StudySetup, _ options: Options) {
    (self.setup, self.options) = (setup, options)
  }

  /// Throws `StudyFailure`, `ExperimentFailure`, `InterruptionFailure` (the claim is given back), and what a cell
  /// failed with under `failsFast`.
  public func run(_ observe: @escaping (Event) -> Void) throws -> Result {
    let store = try StudyStore(path: options.place.store, allowsNetwork: options.allowsNetwork)
    observe(
      .changed(try store.take(setup.design, options.isPart ? options.cells : setup.plan.all)))
    let results = try ExperimentStore(path: options.place.results)
    let trunks = StudyTrunks(options.isPart ? options.cells : setup.plan.all, setup)
    let worker = StudyWorker(
      setup: setup, place: options.place, results: results, trunks: trunks,
      command: options.command, observe: { observe(.cell($0)) })
    let round = StudyRound(
      job: self, cells: trunks.ordered(options.cells), store: store, worker: worker,
      observe: observe)
    if options.retriesGivenUp {
      observe(.renewed(try store.renewGivenUp(Set(options.cells.map(\.hash)))))
    }
    let finished = try round.finish()
    let (known, costs) = (
      try store.costs(), StudyCosts(setup: setup, place: options.place)
    )
    let all = try costs.complete(known)
    if all != known { try store.keep(all) }
    return try result(store, finished)
  }

  private func result(_ store: StudyStore, _ finished: Int) throws -> Result {
    let states = try store.states()
    let own = options.cells.filter { $0.kind == .cell }
    func count(_ state: CellState) -> Int { own.count { states[$0.hash]?.state == state } }
    if let first = try store.firstGivenUp(Set(options.cells.map(\.hash))) {
      let cell = options.cells.first { $0.hash == first.hash }
      let label = cell.map { Self.label($0, setup.design) } ?? first.hash
      throw StudyFailure.failedCells(
        count: options.cells.count { states[$0.hash]?.state == .givenUp }, of: options.cells.count,
        first: label, words: first.words, status: first.status)
    }
    return Result(
      study: setup.design.name, store: store.path, cells: own.count, done: count(.done),
      diverged: count(.diverged), givenUp: count(.givenUp),
      tries: options.cells.count { $0.kind == .attempt }, finishedHere: finished)
  }

  /// What a cell is called on a line.
  static func label(_ cell: StudyCell, _ design: StudyDesign) -> String {
    design.label(cell.kind, cell.factors, seed: cell.seed, rate: cell.rate)
  }
}
