import Foundation
import XlingCore
import XlingRuns
import XlingStudies

/// Gives the disk back what finished cells no longer need.
public struct StudyCleaning: Codable, Sendable, Equatable {
  public private(set) var schema = "xling.study-clean/1"
  public let folder: String
  public let runs: Int
  public let bytes: Int

  /// Of a study's folder and of its shards'. Throws `StudyFailure`, `ExperimentFailure`.
  public static func clean(_ place: StudyPlace) throws -> StudyCleaning {
    let places = [place] + place.parts.map { StudyPlace(folder: PathParts.folder(of: $0)) }
    let there = places.filter { FileManager.default.fileExists(atPath: $0.store) }
    guard !there.isEmpty else { throw StudyFailure.nothingDone(path: place.folder) }
    var (runs, bytes) = (0, 0)
    for place in there {
      for cell in try StudyStore(looking: place.store).cells()
      where cell.state == .done && cell.kind != .tower {
        guard let run = cell.result?.run else { continue }
        let folder = place.folder + "/" + run
        // A run that another cell goes on with is held.
        guard FileManager.default.fileExists(atPath: folder), !FileLock.isHeld(folder: folder)
        else { continue }
        let classifier = FinetuneFolder(folder)
        let removed =
          try
          (classifier.exists
          ? classifier.removeCheckpoints() : RunFolder(folder).removeCheckpoints())
        if removed > 0 { (runs, bytes) = (runs + 1, bytes + removed) }
      }
    }
    return StudyCleaning(folder: place.folder, runs: runs, bytes: bytes)
  }

  init(folder: String, runs: Int, bytes: Int) {
    (self.folder, self.runs, self.bytes) = (folder, runs, bytes)
  }
}
