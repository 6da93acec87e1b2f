import Foundation
import XlingCore
import XlingExperiments
import XlingJobs
import XlingRuns

/// What `xling` alone prints: what is here, what comes next, and where help is. Never an error.
enum Overview {
  static func text() -> String {
    let place: StorePlace?
    do { place = try StoreOption.found(for: []) } catch { place = nil }
    var facts: [(String, String)]
    do {
      facts = try place.map { $0.exists ? try self.facts($0) : none($0) } ?? none(nil)
    } catch {
      facts =
        none(place).prefix(1).map { ($0.0, "\(place?.path ?? "") cannot be read: \(error)") }
        + none(nil).dropFirst()
    }
    let lines = facts.map { name, value in
      name.padding(toLength: 9, withPad: " ", startingAt: 0) + value
    }
    return
      ([
        "xling \(Version.current): align towers on captions of one language, search pictures in all of them"
      ] + lines + ["help     xling --help; the whole way once: xling quickstart"]).joined(
        separator: "\n")
  }

  private static func none(_ place: StorePlace?) -> [(String, String)] {
    [
      ("store", "none yet\(place.map { " (\($0.path))" } ?? "")"), ("runs", "none"),
      ("newest", "none"), ("data", "none; built from packages of the system where none are named"),
      ("results", "none"), ("next", "xling align"),
    ]
  }

  private static func facts(_ place: StorePlace) throws -> [(String, String)] {
    let store = try ExperimentStore(reading: place.path)
    let runs = try store.runs()
    guard let newest = RunLookup.newest(of: runs) else {
      return none(nil).map { $0.0 == "store" ? ("store", place.path) : $0 }
    }
    let counts = Dictionary(grouping: runs, by: \.status).mapValues(\.count)
    let states = [RunStatus.finished, .running, .interrupted, .failed]
      .compactMap { status in counts[status].map { "\($0) \(status.rawValue)" } }
    let results = try runs.map { try store.contents(of: $0.name).evaluations }
    let evaluated = zip(runs, results).filter { $0.0.status == .finished && $0.1 > 0 }.map(\.0)
    let state = try RunState(newest, in: store)
    return [
      ("store", place.path),
      ("runs", "\(runs.count): \(states.joined(separator: ", "))"),
      ("newest", "\(newest.name), \(newest.key.method), \(state.words)"),
      ("data", data(of: newest)),
      (
        "results",
        "\(results.reduce(0, +)) (a language and direction each) of \(evaluated.count) runs"
      ), ("next", next(newest, state, evaluated)),
    ]
  }

  private static func data(of run: Run) -> String {
    guard let origin = RunFolder(run.folder).origin() else {
      return "not known: \(run.folder) is not there"
    }
    let name = origin.trainingFolder.flatMap(OwnData.name(of:)) ?? "not there any more"
    return "\(name), aligned on \(origin.language)" + (origin.fewShot.map { ", \($0)" } ?? "")
  }

  private static func next(_ newest: Run, _ state: RunState, _ evaluated: [Run]) -> String {
    switch newest.status {
    case .interrupted: return state.resume ?? "xling runs"
    case .running, .failed: return "xling runs"
    case .finished: break
    }
    guard evaluated.contains(where: { $0.name == newest.name }) else { return "xling eval" }
    guard evaluated.count == 1 else { return "xling compare" }
    let reference = QuickstartPlan.reference
    return "xling align \(newest.key.method == reference ? "lwa" : reference)"
  }
}
