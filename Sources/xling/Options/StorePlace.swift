import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments

/// The file that records runs and results, and what led to it.
struct StorePlace: Equatable {
  enum Origin: Equatable {
    /// `--store`.
    case option
    /// `XLING_STORE`.
    case environment
    /// A folder that holds the run.
    case run
    /// `runs/xling.sqlite` here, or in the nearest folder above.
    case nearest
    /// None is there: this one is to be made.
    case new
  }

  /// As messages and hints name it: relative where it lies below or above here.
  let path: String
  let origin: Origin

  var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// What a hint has to say of the store, so that its command on `run` finds this one.
  func words(for run: String) -> [String] {
    let found = try? StoreOption.found(for: [run])
    return found.map { Self.isSame($0.path, path) } == true ? [] : ["--store", path]
  }

  /// The environment's store; an empty name is none.
  static var environment: StorePlace? {
    let named = ProcessInfo.processInfo.environment["XLING_STORE"] ?? ""
    return named.isEmpty ? nil : StorePlace(path: named, origin: .environment)
  }

  /// The nearest `xling.sqlite` in a folder that holds `run`, which need not be there yet.
  static func around(run: String) -> StorePlace? {
    let folder = URL(fileURLWithPath: run).standardizedFileURL.deletingLastPathComponent().path
    return upwards(from: folder, "xling.sqlite").map {
      StorePlace(path: shortened($0), origin: .run)
    }
  }

  /// The nearest `runs/xling.sqlite`, here or above.
  static func nearest() -> StorePlace? {
    if FileManager.default.fileExists(atPath: ExperimentStore.defaultPath) {
      return StorePlace(path: ExperimentStore.defaultPath, origin: .nearest)
    }
    let here = FileManager.default.currentDirectoryPath
    guard let path = upwards(from: here, ExperimentStore.defaultPath) else { return nil }
    let folder = path.dropLast(ExperimentStore.defaultPath.utf8.count + 1)
    let steps = here.dropFirst(folder.count).split(separator: "/").count
    return StorePlace(
      path: String(repeating: "../", count: steps) + ExperimentStore.defaultPath, origin: .nearest)
  }

  /// The one that earlier versions made for `xling quickstart` alone.
  static func ofQuickstart(_ folder: String = "runs/quickstart") -> StorePlace? {
    let place = StorePlace(path: folder + "/xling.sqlite", origin: .run)
    return place.exists ? place : nil
  }

  static func isSame(_ one: String, _ other: String) -> Bool {
    func whole(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
    return whole(one) == whole(other)
  }

  /// `folder` and those around it. One that everybody may write to, as /tmp, is passed over: what lies there
  /// may be anybody's.
  private static func upwards(from folder: String, _ name: String) -> String? {
    var folder = folder
    while true {
      let path = (folder == "/" ? "" : folder) + "/" + name
      if FileManager.default.fileExists(atPath: path), !isEverybodys(folder) { return path }
      guard folder.count > 1 else { return nil }
      folder = PathParts.folder(of: folder)
    }
  }

  private static func isEverybodys(_ folder: String) -> Bool {
    var status = stat()
    return stat(folder, &status) == 0 && status.st_mode & mode_t(S_IWOTH) != 0
  }

  private static func shortened(_ path: String) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
  }
}
