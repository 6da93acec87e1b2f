import Foundation
import XlingCore
import XlingExperiments
import XlingStudies

/// The loop of one process over a study's cells, until nothing is left to do, by it or by others.
final class StudyRound {
  private let job: StudyJob
  /// In the order in which they are begun.
  private let cells: [StudyCell]
  private let store: StudyStore
  private let worker: StudyWorker
  private let observe: (StudyJob.Event) -> Void
  private var finishedHere = 0
  private var isWaiting = false
  /// Cells whose run's folder another process holds, and until when they are left alone.
  private var held: [String: Double] = [:]

  init(
    job: StudyJob, cells: [StudyCell], store: StudyStore, worker: StudyWorker,
    observe: @escaping (StudyJob.Event) -> Void
  ) {
    (self.job, self.store, self.worker, self.observe) = (job, store, worker, observe)
    self.cells = cells
  }

  /// How many cells this process finished. Throws as ``StudyJob/run(_:)``.
  func finish() throws -> Int {
    while true {
      try Interruption.check("the study's finished cells are stored")
      let states = try store.states()
      let open = cells.filter { states[$0.hash]?.state.isFinished == false }
      if open.isEmpty { return finishedHere }
      let now = ProgressBar.uptime()
      if let next = open.first(where: { isReady($0, states) && (held[$0.hash] ?? 0) <= now }) {
        isWaiting = false
        try take(next, states, done: cells.count - open.count)
      } else {
        if !isWaiting { observe(.waiting(cells: open.count)) }
        isWaiting = true
        // Half a second: whoever is killed meanwhile is noticed then.
        usleep(500_000)
      }
    }
  }

  private func isReady(_ cell: StudyCell, _ states: [String: CellStanding]) -> Bool {
    guard let state = states[cell.hash]?.state, state == .planned || state == .failed else {
      return false
    }
    return cell.needs.allSatisfy { states[$0]?.state.isFinished != false }
  }

  private func take(_ cell: StudyCell, _ states: [String: CellStanding], done: Int) throws {
    guard let ticket = try store.claim(cell.hash) else { return }
    let label = StudyJob.label(cell, job.setup.design)
    observe(.began(cell, label: label, done: done, of: cells.count))
    let pulse = ClaimPulse(store, cell.hash)
    defer { pulse.stop() }
    do {
      let outcome = try outcome(cell)
      pulse.stop()
      if try store.complete(
        ticket.hash, outcome.state, outcome.result, outcome.measured, error: outcome.words)
        == .stored
      {
        finishedHere += 1
      }
      observe(
        .ended(
          cell, label: label, outcome.state, done: done + 1, of: cells.count, words: outcome.words))
    } catch {
      pulse.stop()
      try settle(error, cell, label, done: done)
    }
  }

  private func outcome(_ cell: StudyCell) throws -> StudyWorker.Outcome {
    guard cell.aligned != nil else { return try worker.work(cell, rate: try rate(cell), on: nil) }
    let ground = try store.cells().filter { [cell.aligned, cell.start].contains($0.hash) }
    if let lost = ground.first(where: { $0.state == .diverged }) {
      return StudyWorker.Outcome(
        state: .diverged, words: "what it is made of diverged: \(lost.error ?? lost.hash)")
    }
    func folder(_ hash: String?) throws -> String? {
      guard let hash else { return nil }
      guard let found = ground.first(where: { $0.hash == hash }), let run = found.result?.run else {
        let words = ground.first { $0.hash == hash }?.error
        throw NoGround(words: words ?? "the store does not have it")
      }
      return job.options.place.folder + "/" + run
    }
    let start = try folder(cell.start)
    return try worker.work(
      cell, rate: try rate(cell),
      on: try folder(cell.aligned).map { ClassifierGround(run: $0, start: start) })
  }

  /// What a cell's error means for the study: another cell goes on, unless nothing could.
  private func settle(
    _ error: any Error, _ cell: StudyCell, _ label: String, done: Int
  ) throws {
    switch error {
    case is LockFailure:
      try store.giveBack(cell.hash)
      held[cell.hash] = ProgressBar.uptime() + 2
      return
    case is InterruptionFailure:
      try store.giveBack(cell.hash)
      throw error
    case let failure as any Failure where failure.exitStatus == .inputOutput:
      // A full disk fails every cell there is: it is no cell's fault.
      try? store.giveBack(cell.hash)
      throw StudyStop(label: label, words: failure.description, folder: job.options.place.folder)
    default: break
    }
    let status = (error as? any Failure)?.exitStatus ?? .internal
    try store.fail(
      cell.hash, words: "\(error)", status: status,
      retries: job.options.failsFast ? 0 : job.setup.design.retries)
    let state = try store.states()[cell.hash]?.state ?? .failed
    observe(.ended(cell, label: label, state, done: done, of: cells.count, words: "\(error)"))
    if job.options.failsFast { throw error }
  }

  /// Chosen among the tries; nil where the study chooses none. Of tries that all diverged the lowest; throws
  /// where all failed.
  private func rate(_ cell: StudyCell) throws -> String? {
    guard !cell.tries.isEmpty else { return nil }
    let tries = try store.cells().filter { cell.tries.contains($0.hash) }
    let done = tries.filter { $0.state == .done || $0.state == .diverged }
    guard !done.isEmpty else { throw NoRate(words: tries.first?.error ?? "") }
    var values: [String: [Double]] = [:]
    for one in done { values[one.rate ?? "", default: []].append(one.result?.value ?? 0) }
    // A try that diverged found nothing; of equals the lower rate.
    let means = values.map { (rate: $0.key, mean: $0.value.reduce(0, +) / Double($0.value.count)) }
      .sorted { (Double($0.rate) ?? 0) < (Double($1.rate) ?? 0) }
    return means.max { $0.mean < $1.mean }.map { best in
      means.first { $0.mean == best.mean }?.rate ?? best.rate
    }
  }
}

/// Every try of a cell's learning rate failed.
struct NoRate: Failure {
  let words: String
  var exitStatus: ExitStatus { .internal }
  var description: String { "every try of its learning rate failed; the first: \(words)" }
}

/// The run that a classifier is made of, or the classifier that it starts from, failed.
struct NoGround: Failure {
  let words: String
  var exitStatus: ExitStatus { .internal }
  var description: String { "what it is made of was not done: \(words)" }
}

/// The study cannot go on for a reason that is no cell's.
struct StudyStop: Failure {
  let label: String
  let words: String
  let folder: String
  var exitStatus: ExitStatus { .inputOutput }

  var description: String {
    "\(label) could not go on: \(words) What is finished is stored, and the same command goes on. `xling study "
      + "clean` removes the checkpoints of finished cells from \(folder)."
  }
}

/// A sign of life every quarter of a minute, from a thread of its own.
private final class ClaimPulse {
  private let timer: any DispatchSourceTimer

  init(_ store: StudyStore, _ hash: String) {
    timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
    timer.schedule(deadline: .now() + 15, repeating: 15)
    // A sign that cannot be written is no reason to stop: on this machine the process itself is the sign.
    timer.setEventHandler { try? store.sign(hash) }
    timer.resume()
  }

  func stop() { timer.cancel() }
}
