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

  /// A process that is under way.
  final class Running {
    let process: Process
    private let scratch: TemporaryFolder

    fileprivate init(_ process: Process, _ scratch: TemporaryFolder) {
      self.process = process
      self.scratch = scratch
    }

    /// Waits for the end.
    func result() throws -> Result {
      process.waitUntilExit()
      let signalled = process.terminationReason == .uncaughtSignal
      return Result(
        status: process.terminationStatus + (signalled ? 128 : 0),
        stdout: try text(scratch.path + "/stdout"), stderr: try text(scratch.path + "/stderr"))
    }
  }

  /// Runs to the end. `environment` is laid over this process's own; an empty value unsets.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil,
    shell: String? = nil
  ) throws -> Result {
    try start(arguments, environment: environment, in: folder, shell: shell).result()
  }

  /// Output goes to files, not pipes: no length of it can block the child. `shell` are commands of
  /// bash that come first, such as `ulimit -f 8`.
  static func start(
    _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil,
    shell: String? = nil
  ) throws -> Running {
    guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(path: path) }
    let scratch = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: shell == nil ? path : "/bin/bash")
    process.arguments =
      shell.map { ["-c", $0 + "; exec \"$0\" \"$@\"", path] + arguments } ?? arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(environment) { $1 }.filter { !$0.value.isEmpty }
    process.currentDirectoryURL = URL(fileURLWithPath: folder ?? scratch.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try file(scratch.path + "/stdout")
    process.standardError = try file(scratch.path + "/stderr")
    // A child inherits the thread's blocked signals, and the threads of tests block nearly all:
    // it would never hear a SIGINT.
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
    return Running(process, scratch)
  }

  private static func file(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }
}
