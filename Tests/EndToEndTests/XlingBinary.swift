import Foundation
import XlingTestSupport

/// The built command line, run as a user runs it.
enum XlingBinary {
  struct Result: Sendable {
    /// The exit status; 128 + n for signal n, as a shell has it.
    let status: Int32
    let stdout: String
    let stderr: String
  }

  struct Missing: Error, CustomStringConvertible {
    let path: String
    var description: String { "no xling at \(path): run `swift build --build-tests` first" }
  }

  /// Beside the test bundle, so that a debug test run never tests a release binary;
  /// `XLING_BINARY` overrides it (an installed xling).
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["XLING_BINARY"] { return path }
    let bundle =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: bundle).deletingLastPathComponent()
      .appendingPathComponent("xling").path
  }()

  /// Runs to the end. `environment` is laid over this process's own; an empty value unsets. Output
  /// goes to files, not pipes: no length of it can block the child.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil
  ) throws -> Result {
    guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(path: path) }
    let scratch = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(environment) { $1 }.filter { !$0.value.isEmpty }
    process.currentDirectoryURL = URL(fileURLWithPath: folder ?? scratch.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try file(scratch.path + "/stdout")
    process.standardError = try file(scratch.path + "/stderr")
    try process.run()
    process.waitUntilExit()
    let signalled = process.terminationReason == .uncaughtSignal
    return Result(
      status: process.terminationStatus + (signalled ? 128 : 0),
      stdout: try text(scratch.path + "/stdout"), stderr: try text(scratch.path + "/stderr"))
  }

  private static func file(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }
}
