import Foundation

/// Reference data that lies beside a checkout and is never committed. Tests that need it are
/// disabled, saying so, where it is missing:
/// `@Test(.enabled(if: SharedData.exists("fixtures"), "needs ../shared/fixtures"))`.
public enum SharedData {
  /// `../shared`, or `XLING_SHARED`.
  public static let root: String =
    ProcessInfo.processInfo.environment["XLING_SHARED"]
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared").path

  public static func path(_ relative: String) -> String { root + "/" + relative }

  public static func exists(_ relative: String) -> Bool {
    FileManager.default.fileExists(atPath: path(relative))
  }
}

/// A folder of its own for one test, removed when the value goes away.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.path + "/xling-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
