import Foundation

/// Finds what ships beside the program: language cards, tokenizers, towers.
public enum Assets {
  /// The first existing `name` (a file or folder such as "languages" or "towers/mini-text") in
  /// `$XLING_HOME`, in the folders that enclose the executable (a build inside the checkout), in
  /// the working folder and those that enclose it (tests), in `share/xling` beside the
  /// executable's `bin`, in `/usr/local/share/xling`, and in `/usr/share/xling`. When `XLING_HOME` is set, nothing else is looked at, so that a wrong
  /// setting is seen. Throws ``FileFailure/missing(path:hint:)`` telling where it looked.
  public static func path(
    _ name: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(FileFailure) -> String {
    let homes = homes(environment: environment)
    for home in homes {
      let candidate = home + "/" + name
      if FileManager.default.fileExists(atPath: candidate) { return candidate }
    }
    throw .missing(
      path: name,
      hint: "It ships with xling; looked in: \(homes.joined(separator: ", ")). Set XLING_HOME to "
        + "the folder that holds languages/, methods/, tokenizers/ and towers/, or run `make "
        + "install`.")
  }

  /// The folders that are searched, nearest first, each once.
  static func homes(environment: [String: String]) -> [String] {
    if let home = environment["XLING_HOME"], !home.isEmpty { return [home] }
    var homes: [String] = []
    if let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    {
      let folder = PathParts.folder(of: executable)
      homes += enclosing(folder)
      // `make install PREFIX=/opt/x` puts the binary into bin/ and this beside it.
      homes.append(PathParts.folder(of: folder) + "/share/xling")
    }
    homes += enclosing(FileManager.default.currentDirectoryPath)
    homes += ["/usr/local/share/xling", "/usr/share/xling"]
    var seen: Set<String> = []
    return homes.filter { seen.insert($0).inserted }
  }

  /// `folder` and the folders around it that are a checkout of xling (they hold Package.swift):
  /// a stray `languages/` somewhere above is never taken for ours.
  private static func enclosing(_ folder: String) -> [String] {
    var found: [String] = []
    var current = folder
    while current.count > 1 {
      if FileManager.default.fileExists(atPath: current + "/Package.swift"),
        FileManager.default.fileExists(atPath: current + "/languages")
      {
        found.append(current)
      }
      current = PathParts.folder(of: current)
    }
    return found
  }
}
