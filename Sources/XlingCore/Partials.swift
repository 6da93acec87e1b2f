import Foundation

/// What is written lies under `NAME.partial-PROCESS` until it is whole. Where that process died, whoever
/// comes by next removes what it left.
public enum Partials {
  /// The name under which this process writes the file or folder `path`.
  public static func path(of path: String) -> String { "\(path).partial-\(getpid())" }

  /// Removes what dead processes left of the file or folder `path`. What cannot be removed stays.
  public static func sweep(of path: String) {
    let name = PathParts.name(of: path)
    remove(in: PathParts.folder(of: path)) { $0 == name }
  }

  /// Removes what dead processes left of anything in `folder`.
  public static func sweep(folder: String) {
    remove(in: folder) { _ in true }
  }

  private static func remove(in folder: String, where isMeant: (Substring) -> Bool) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names {
      guard let range = name.range(of: ".partial-", options: .backwards),
        let process = Int32(name[range.upperBound...]), isMeant(name[..<range.lowerBound]),
        !ProcessMark.isAlive(process)
      else { continue }
      try? FileManager.default.removeItem(atPath: folder + "/" + name)
    }
  }
}
