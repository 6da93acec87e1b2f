import ArgumentParser
import Foundation
import XlingCore
import XlingJobs
import XlingReports
import XlingStudies

struct StudyStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "How far a study is, and who works on it.",
    discussion: "Looks while others work: it holds no lock for longer than one read.")

  @OptionGroup var options: StudyOptions

  @OptionGroup var json: JSONOption

  private struct Worker: Encodable {
    let cell: String
    let label: String
    let host: String
    let process: Int32
    let since: Date
    let sign: Date
  }

  private struct Trouble: Encodable {
    let cell: String
    let label: String
    let state: String
    let attempts: Int
    let error: String
  }

  private struct Store: Encodable {
    let store: String
    let states: [String: Int]
    let workers: [Worker]
    let troubles: [Trouble]
  }

  private struct Status: Encodable {
    let schema = "xling.study-status/1"
    let study: String
    let stores: [Store]
  }

  func run() throws {
    let place = try options.place()
    let paths =
      (FileManager.default.fileExists(atPath: place.store) ? [place.store] : []) + place.parts
    guard !paths.isEmpty else { throw StudyFailure.nothingDone(path: place.folder) }
    let status = Status(study: try options.design().name, stores: try paths.map(store))
    try json.print(status) { status.stores.map(text).joined(separator: "\n\n") }
  }

  private func store(_ path: String) throws -> Store {
    let store = try StudyStore(looking: path)
    guard let design = try store.design() else { throw StudyFailure.nothingDone(path: path) }
    let (cells, states) = (try store.cells(), try store.states())
    func label(_ cell: StudyTables.Cell) -> String {
      design.label(cell.kind, cell.factors, seed: cell.seed, rate: cell.rate)
    }
    func state(_ cell: StudyTables.Cell) -> CellState { states[cell.hash]?.state ?? cell.state }
    return Store(
      store: path, states: Dictionary(grouping: cells) { state($0).rawValue }.mapValues(\.count),
      workers: cells.compactMap { cell in
        guard state(cell) == .claimed, let claim = states[cell.hash]?.claim else { return nil }
        return Worker(
          cell: String(cell.hash.prefix(StudyCell.shortLength)), label: label(cell),
          host: claim.host,
          process: claim.process.process, since: claim.since, sign: claim.sign)
      },
      troubles: cells.compactMap { cell in
        guard [.failed, .givenUp, .diverged].contains(state(cell)) else { return nil }
        return Trouble(
          cell: String(cell.hash.prefix(StudyCell.shortLength)), label: label(cell),
          state: state(cell).rawValue, attempts: cell.attempts, error: cell.error ?? "")
      })
  }

  private func text(_ store: Store) -> String {
    let known = CellState.allCases.compactMap { state in
      store.states[state.rawValue].map { "\($0) \(state.rawValue)" }
    }
    var lines = ["\(store.store): " + known.joined(separator: ", ")]
    for worker in store.workers {
      lines.append(
        "  \(worker.cell) \(worker.label): process \(worker.process) on \(worker.host), for "
          + ProgressBar.duration(max(0, Date().timeIntervalSince(worker.since))))
    }
    for trouble in store.troubles {
      lines.append(
        "  \(trouble.cell) \(trouble.label): \(trouble.state)"
          + (trouble.attempts > 1 ? " after \(trouble.attempts) attempts" : "")
          + ": \(trouble.error)")
    }
    return lines.joined(separator: "\n")
  }
}
