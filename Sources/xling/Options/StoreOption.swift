import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingRuns

/// Where no store is, or no single one.
enum StoreFailure: Failure, Equatable {
  case none(place: StorePlace)
  case several(run: String, path: String, other: String, otherPath: String)

  var exitStatus: ExitStatus {
    switch self {
    case .none: .missingInput
    case .several: .usage
    }
  }

  var description: String {
    switch self {
    case .none(let place):
      switch place.origin {
      case .option: "there is no store at \(place.path), which --store names. Check the path."
      case .environment:
        "there is no store at \(place.path), which XLING_STORE names. Check the path, or name "
          + "another by --store."
      case .run, .nearest, .new:
        "there is no store: no \(ExperimentStore.defaultPath) lies here or in a folder above. Name "
          + "another by --store or XLING_STORE. The first run makes it; how, says: xling align --help"
      }
    case .several(let run, let path, let other, let otherPath):
      "\(run) belongs to the store \(path), \(other) to \(otherPath). Name by --store the one that has "
        + "the results of both."
    }
  }
}

/// `--store`, for every command that records results or reads them.
struct StoreOption: ParsableArguments {
  @Option(
    name: .customLong("store"),
    help: ArgumentHelp(
      """
      The SQLite file that records runs and results (default: $XLING_STORE, else the xling.sqlite \
      around the run, else the nearest runs/xling.sqlite, here or above).
      """, valueName: "file"))
  var path: String?

  func validate() throws {
    if path?.isEmpty == true { throw ValidationError("--store is empty: name a file") }
  }

  /// Of runs by folder or stored name, or of all where none is named. Where there is no store yet, it
  /// is the one to be made. Says on stderr which it is, where it lies above. Throws
  /// ``StoreFailure/several(run:path:other:otherPath:)``.
  func place(for runs: [String] = []) throws -> StorePlace {
    let place = try given ?? Self.found(for: runs)
    tell(place)
    return place
  }

  /// Of a run that is to be made in `folder`.
  func place(forNew folder: String) -> StorePlace {
    let place =
      given ?? .around(run: folder) ?? .nearest()
      ?? StorePlace(path: ExperimentStore.defaultPath, origin: .new)
    tell(place)
    return place
  }

  /// As ``place(for:)``, for commands that only read. Throws ``StoreFailure``.
  func existing(for runs: [String] = []) throws -> StorePlace {
    let place = try given ?? Self.found(for: runs)
    guard place.exists else { throw StoreFailure.none(place: place) }
    tell(place)
    return place
  }

  /// A run's folder; the store is looked for only where `run` is no folder. Throws as
  /// ``RunLookup/folder(_:store:)``.
  func folder(of run: String) throws -> String {
    if RunFolder(run).exists { return run }
    return try RunLookup.folder(run, store: try place(for: [run]).path)
  }

  private var given: StorePlace? {
    path.map { StorePlace(path: $0, origin: .option) } ?? .environment
  }

  /// Without `--store`.
  static func found(for runs: [String]) throws(StoreFailure) -> StorePlace {
    if let place = StorePlace.environment { return place }
    var first: (run: String, place: StorePlace)?
    for run in runs where RunFolder(run).exists {
      guard let place = StorePlace.around(run: run) else { continue }
      if let first, !StorePlace.isSame(first.place.path, place.path) {
        throw .several(
          run: first.run, path: first.place.path, other: run, otherPath: place.path)
      }
      first = first ?? (run, place)
    }
    if let first { return first.place }
    if let place = StorePlace.nearest() { return place }
    let isNamed = runs.isEmpty || runs.contains { !RunFolder($0).exists }
    return (isNamed ? StorePlace.ofQuickstart() : nil)
      ?? StorePlace(path: ExperimentStore.defaultPath, origin: .new)
  }

  private func tell(_ place: StorePlace) {
    guard place.origin == .nearest, place.path != ExperimentStore.defaultPath else { return }
    ProgressBar.toStandardError("xling: the store is \(place.path)\n")
  }
}
